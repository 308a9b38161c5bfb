// Which of many keys a run of bytes is, and where it came: requests may name hundreds of thousands of tools.

import { fnv1a64 } from "./fnv";
import { Span } from "./span";

/** Places in the table; a power of two. */
const LEAST_PLACES: i32 = 16;

/** Keys in the order in which they came. The index keeps the spans it is given, not copies. */
export class SpanIndex {
  private readonly keys: Span[] = [];
  /** Number of a key + 1, at the place its hash says or behind it; 0: none. Made with the first key, and kept half empty. */
  private places: StaticArray<i32> = [];

  get size(): i32 {
    return this.keys.length;
  }

  /** The number of a key, -1 for one that is not there. */
  indexOf(key: Span): i32 {
    return this.keys.length == 0 ? -1 : this.places[this.placeOf(key)] - 1;
  }

  /** Takes a key. False where it is there already. */
  add(key: Span): bool {
    if (this.keys.length * 2 >= this.places.length) this.grow();
    const place = this.placeOf(key);
    if (this.places[place] != 0) return false;
    this.keys.push(key);
    this.places[place] = this.keys.length;
    return true;
  }

  /** Where the key is, or would be. */
  private placeOf(key: Span): i32 {
    const last = this.places.length - 1;
    let place = (<i32>(fnv1a64(key) >> 32)) & last;
    while (this.places[place] != 0 && !this.keys[this.places[place] - 1].equals(key))
      place = (place + 1) & last;
    return place;
  }

  private grow(): void {
    this.places = new StaticArray<i32>(max(this.places.length * 2, LEAST_PLACES));
    for (let i = 0; i < this.keys.length; i++) this.places[this.placeOf(this.keys[i])] = i + 1;
  }
}
