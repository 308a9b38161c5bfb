// The host's form of a map (compat "Map"): u32 count, sizes of each name and value, then name NUL value NUL.

import { Span } from "../bytes/span";
import { HeaderName, markOf } from "./names";

/** Marks are compared sixteen at a time. */
const STEP = 16;

/** A map with a mark per name: most names that are asked for are not there, and no mark is like theirs. */
export class PairIndex {
  private pairs: Span = Span.empty();
  private count: i32 = 0;
  /** Of each name; 0 behind the last. */
  private marks: StaticArray<u8> = new StaticArray<u8>(2 * STEP);
  /** Where each name starts. */
  private places: StaticArray<u32> = new StaticArray<u32>(2 * STEP);

  get isEmpty(): bool {
    return this.count == 0;
  }

  clear(): void {
    this.pairs = Span.empty();
    this.count = 0;
  }

  /** Indexes a map; one whose names and values do not all lie inside the bytes is left empty. */
  read(pairs: Span): void {
    this.clear();
    const size = <u64>pairs.size;
    if (size < 4) return;
    const count = <u64>load<u32>(pairs.start);
    let place = 4 + count * 8;
    if (place > size) return;
    if (count > <u64>this.places.length) this.grow(<i32>count);
    for (let i: usize = 0; i < <usize>count; i++) {
      const named = load<u32>(pairs.start + 4 + i * 8);
      const next = place + <u64>named + <u64>load<u32>(pairs.start + 8 + i * 8) + 2;
      if (next > size) return;
      const name = pairs.start + <usize>place;
      store<u8>(changetype<usize>(this.marks) + i, markOf(name, named));
      store<u32>(changetype<usize>(this.places) + i * 4, <u32>place);
      place = next;
    }
    for (let i = <i32>count; i % STEP != 0; i++) store<u8>(changetype<usize>(this.marks) + <usize>i, 0);
    this.pairs = pairs;
    this.count = <i32>count;
  }

  private grow(count: i32): void {
    const room = (count + STEP - 1) & ~(STEP - 1);
    this.marks = new StaticArray<u8>(room);
    this.places = new StaticArray<u32>(room);
  }

  /** Where the first value of `name` is, -1 when there is none. */
  indexOf(name: HeaderName): i32 {
    if (name.mark == 0) return -1;
    for (let i = 0; i < this.count; i += STEP) {
      let hits = marked(changetype<usize>(this.marks) + <usize>i, name.mark);
      for (; hits != 0; hits &= hits - 1) {
        const index = i + ctz(hits);
        const place = <usize>load<u32>(changetype<usize>(this.places) + <usize>index * 4);
        if (name.isAt(this.pairs.start + place, this.sizeAt(index, 0))) return index;
      }
    }
    return -1;
  }

  /** The value at an index that `indexOf` told. */
  value(index: i32): Span {
    const pairs = this.pairs;
    const place = <usize>load<u32>(changetype<usize>(this.places) + <usize>index * 4);
    const start = pairs.start + place + <usize>this.sizeAt(index, 0) + 1;
    return new Span(pairs.owner, start, this.sizeAt(index, 4));
  }

  /** `offset` 0: of the name at `index`; 4: of its value. */
  private sizeAt(index: i32, offset: usize): i32 {
    return load<i32>(this.pairs.start + 4 + <usize>index * 8 + offset);
  }
}

/** Bit n: the mark at n is `mark`. */
function marked(marks: usize, mark: u8): i32 {
  if (ASC_FEATURE_SIMD) {
    return i8x16.bitmask(i8x16.eq(v128.load(marks), i8x16.splat(mark)));
  } else {
    let hits = 0;
    for (let i = 0; i < STEP; i++) if (load<u8>(marks + <usize>i) == mark) hits |= 1 << i;
    return hits;
  }
}
