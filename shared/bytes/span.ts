// A borrowed run of bytes. It keeps the memory it points into alive, so it is safe to keep, and it never
// traps: every index outside the run answers -1 or an empty span.

import { takesRoom } from "../runtime/room";
import { findApart, findByte } from "./find";
import { unfilled } from "./unfilled";
import { decodeLossy, encodeUtf8Unchecked, utf8Size } from "./utf8";

export class Span {
  /** `owner` may be null only for bytes that are never collected (static data). */
  constructor(
    public owner: ArrayBuffer | null,
    /** Address of the first byte. */
    public start: usize,
    public size: i32,
  ) {}

  static empty(): Span {
    return new Span(null, 0, 0);
  }

  static of(bytes: ArrayBuffer): Span {
    return new Span(bytes, changetype<usize>(bytes), bytes.byteLength);
  }

  /** The UTF-8 bytes of a string; a lone surrogate becomes U+FFFD. */
  static text(value: string): Span {
    const size = utf8Size(value);
    if (!takesRoom(size)) return Span.empty();
    const bytes = unfilled(size);
    encodeUtf8Unchecked(value, changetype<usize>(bytes));
    return Span.of(bytes);
  }

  @inline get end(): usize {
    return this.start + <usize>this.size;
  }

  @inline get isEmpty(): bool {
    return this.size == 0;
  }

  /** The byte at `index`, or -1 outside the run. */
  at(index: i32): i32 {
    return <u32>index < <u32>this.size ? <i32>load<u8>(this.start + <usize>index) : -1;
  }

  /** Bytes from `from` up to, not including, `to`; both are clipped to the run. */
  slice(from: i32, to: i32 = i32.MAX_VALUE): Span {
    const first = min(max(from, 0), this.size);
    const last = min(max(to, first), this.size);
    return new Span(this.owner, this.start + <usize>first, last - first);
  }

  equals(other: Span): bool {
    return this.size == other.size && memory.compare(this.start, other.start, <usize>this.size) == 0;
  }

  /** Compares with a string that must be ASCII: nothing is allocated. */
  equalsAscii(text: string): bool {
    return this.size == text.length && this.hasAscii(0, text);
  }

  startsWithAscii(text: string): bool {
    return text.length <= this.size && this.hasAscii(0, text);
  }

  endsWithAscii(text: string): bool {
    return text.length <= this.size && this.hasAscii(this.size - text.length, text);
  }

  /** Index of the first `byte` at or after `from`, or -1. */
  indexOf(byte: i32, from: i32 = 0): i32 {
    if (from >= this.size) return -1;
    const found = findByte(this.start + <usize>max(from, 0), this.end, byte);
    return found < this.end ? <i32>(found - this.start) : -1;
  }

  /** Index of the last `byte`, or -1. */
  lastIndexOf(byte: i32): i32 {
    for (let i = this.size - 1; i >= 0; i--) {
      if (<i32>load<u8>(this.start + <usize>i) == byte) return i;
    }
    return -1;
  }

  /** Index of the first occurrence of an ASCII text at or after `from`, or -1. */
  indexOfAscii(text: string, from: i32 = 0): i32 {
    if (text.length == 0) return min(max(from, 0), this.size);
    if (this.size < text.length) return -1;
    const distance = text.length >> 1;
    const first = text.charCodeAt(0);
    const middle = text.charCodeAt(distance);
    const end = this.end - <usize>(text.length - 1);
    let at = this.start + <usize>max(from, 0);
    // Many places have the first byte of a word, few another one besides; both ends may be quotes.
    while (at < end) {
      at = findApart(at, end, first, middle, <usize>distance);
      const index = <i32>(at - this.start);
      if (at < end && this.hasAscii(index, text)) return index;
      at++;
    }
    return -1;
  }

  /** A copy that owns its bytes, for keeping a small part of a large buffer. */
  copy(): Span {
    if (!takesRoom(this.size)) return Span.empty();
    const bytes = unfilled(this.size);
    memory.copy(changetype<usize>(bytes), this.start, <usize>this.size);
    return Span.of(bytes);
  }

  /** For configuration, logs and other text a person reads: invalid UTF-8 becomes U+FFFD. */
  toString(): string {
    return decodeLossy(this);
  }

  /** True when `text` stands at `from`; `from + text.length` must lie within the run. */
  private hasAscii(from: i32, text: string): bool {
    let at = this.start + <usize>from;
    let unit = changetype<usize>(text);
    for (const end = unit + ((<usize>text.length) << 1); unit < end; unit += 2) {
      if (<u16>load<u8>(at++) != load<u16>(unit)) return false;
    }
    return true;
  }
}
