// A borrowed run of bytes. It keeps the memory it points into alive, so it is safe to keep, and it never
// traps: every index outside the run answers -1 or an empty span.

import { decodeLossy } from "./utf8";

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

  /** The UTF-8 bytes of a string. */
  static text(value: string): Span {
    return Span.of(String.UTF8.encode(value));
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
    return this.size == text.length && this.startsWithAscii(text);
  }

  startsWithAscii(text: string): bool {
    if (text.length > this.size) return false;
    for (let i = 0; i < text.length; i++) {
      if (<i32>load<u8>(this.start + <usize>i) != text.charCodeAt(i)) return false;
    }
    return true;
  }

  endsWithAscii(text: string): bool {
    return this.slice(this.size - text.length).equalsAscii(text);
  }

  /** Index of the first `byte` at or after `from`, or -1. */
  indexOf(byte: i32, from: i32 = 0): i32 {
    for (let i = max(from, 0); i < this.size; i++) {
      if (<i32>load<u8>(this.start + <usize>i) == byte) return i;
    }
    return -1;
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
    if (text.length == 0) return max(from, 0);
    const first = text.charCodeAt(0);
    for (let i = this.indexOf(first, from); i >= 0; i = this.indexOf(first, i + 1)) {
      if (this.slice(i).startsWithAscii(text)) return i;
    }
    return -1;
  }

  /** A copy that owns its bytes, for keeping a small part of a large buffer. */
  copy(): Span {
    const bytes = new ArrayBuffer(this.size);
    memory.copy(changetype<usize>(bytes), this.start, <usize>this.size);
    return Span.of(bytes);
  }

  /** For configuration, logs and other text a person reads: invalid UTF-8 becomes U+FFFD. */
  toString(): string {
    return decodeLossy(this);
  }
}
