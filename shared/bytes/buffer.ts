// Owned, growing bytes. Appending is amortised O(1); the content is borrowed with `span()`.

import { Span } from "./span";

export class Buffer {
  private bytes: ArrayBuffer;
  private length: i32 = 0;

  constructor(capacity: i32 = 64) {
    this.bytes = new ArrayBuffer(max(capacity, 16));
  }

  @inline get size(): i32 {
    return this.length;
  }

  @inline get isEmpty(): bool {
    return this.length == 0;
  }

  /** The content. The span stays valid and unchanged until the buffer is next written to or cleared. */
  span(): Span {
    return new Span(this.bytes, changetype<usize>(this.bytes), this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes and returns the address to write them to; call `wrote` afterwards. */
  reserve(count: i32): usize {
    const needed = this.length + count;
    if (needed > this.bytes.byteLength) {
      const grown = new ArrayBuffer(max(needed, this.bytes.byteLength * 2));
      memory.copy(changetype<usize>(grown), changetype<usize>(this.bytes), <usize>this.length);
      this.bytes = grown;
    }
    return changetype<usize>(this.bytes) + <usize>this.length;
  }

  @inline wrote(count: i32): void {
    this.length += count;
  }

  push(byte: i32): void {
    store<u8>(this.reserve(1), <u8>byte);
    this.length++;
  }

  append(bytes: Span): void {
    if (bytes.size == 0) return;
    memory.copy(this.reserve(bytes.size), bytes.start, <usize>bytes.size);
    this.length += bytes.size;
  }

  /** Appends a string as UTF-8. */
  text(value: string): void {
    const length = value.length;
    const room = this.reserve(length * 3);
    this.length += <i32>String.UTF8.encodeUnsafe(changetype<usize>(value), length, room);
  }

  /** Removes the first `count` bytes. */
  drop(count: i32): void {
    const dropped = min(max(count, 0), this.length);
    const base = changetype<usize>(this.bytes);
    memory.copy(base, base + <usize>dropped, <usize>(this.length - dropped));
    this.length -= dropped;
  }

  /** Hands the content over and starts again with fresh memory: the returned span is never overwritten. */
  take(): Span {
    const taken = this.span();
    this.bytes = new ArrayBuffer(64);
    this.length = 0;
    return taken;
  }
}
