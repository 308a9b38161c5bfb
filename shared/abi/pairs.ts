// The host's form of a map (compat "Map"): u32 count, sizes of each name and value, then name NUL value NUL.

import { Span } from "../bytes/span";

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
      const mark = named == 0 ? 0 : markOf(load<u8>(name), load<u8>(name + <usize>named - 1), named);
      store<u8>(changetype<usize>(this.marks) + i, mark);
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

  /** First value of `name`, ASCII in any case; null when there is none. */
  value(name: string): Span | null {
    const size = <u32>name.length;
    if (size == 0) return null;
    const mark = markOf(<u8>name.charCodeAt(0), <u8>name.charCodeAt(size - 1), size);
    for (let i = 0; i < this.count; i += STEP) {
      let hits = marked(changetype<usize>(this.marks) + <usize>i, mark);
      for (; hits != 0; hits &= hits - 1) {
        const value = this.valueAt(<usize>(i + ctz(hits)), name);
        if (value !== null) return value;
      }
    }
    return null;
  }

  /** The value at `index` when that is its name. */
  private valueAt(index: usize, name: string): Span | null {
    const pairs = this.pairs;
    if (load<i32>(pairs.start + 4 + index * 8) != name.length) return null;
    const place = load<i32>(changetype<usize>(this.places) + index * 4);
    if (!isText(pairs.start + <usize>place, name)) return null;
    const start = place + name.length + 1;
    return pairs.slice(start, start + load<i32>(pairs.start + 8 + index * 8));
  }
}

/** Never 0. */
function markOf(first: u8, last: u8, size: u32): u8 {
  return <u8>(((<u32>lower(first) * 7) ^ (<u32>lower(last) * 29) ^ size) | 0x80);
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

/** True when the lower-case bytes are `text` in any case. */
function isText(address: usize, text: string): bool {
  for (let i: usize = 0; i < <usize>text.length; i++) {
    const byte = <i32>load<u8>(address + i);
    const character = <i32>load<u16>(changetype<usize>(text) + i * 2);
    if (byte != character && byte != lower(character)) return false;
  }
  return true;
}

/** Names of headers are equal in any case. */
export function isSameName(one: string, other: string): bool {
  if (one.length != other.length) return false;
  for (let i = 0; i < one.length; i++) {
    if (lower(one.charCodeAt(i)) != lower(other.charCodeAt(i))) return false;
  }
  return true;
}

function lower(character: i32): i32 {
  return character >= 0x41 && character <= 0x5a ? character | 0x20 : character;
}
