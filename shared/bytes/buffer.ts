// Owned, growing bytes. Appending is amortised O(1), so is dropping from the front; the content is borrowed
// with `span()`. What would pass `Buffer.MAX_SIZE` is refused and recorded in
// `overflowed`; so is what the VM has no room for, where `watchRoom` was called.

import { takesRoom } from "../runtime/room";
import { Span } from "./span";
import { unfilled } from "./unfilled";
import { encodeUtf8Unchecked, utf8Size } from "./utf8";

/** Capacity of the smallest buffer that has memory. */
const LEAST: i32 = 16;

export class Buffer {
  /** 512 MiB: the host allows 1 GiB for the whole VM, and growing holds the old and the new memory. */
  static readonly MAX_SIZE: i32 = 1 << 29;

  // [ dropped | content | room ]
  //           ^ head    ^ head + length
  private bytes: ArrayBuffer;
  private head: i32 = 0;
  private length: i32 = 0;
  private refused: bool = false;

  /** 0: memory is taken when something is written. */
  constructor(capacity: i32 = 64) {
    const wanted = min(capacity > 0 ? max(capacity, LEAST) : 0, Buffer.MAX_SIZE);
    this.bytes = unfilled(takesRoom(wanted) ? wanted : LEAST);
  }

  @inline get size(): i32 {
    return this.length;
  }

  @inline get isEmpty(): bool {
    return this.length == 0;
  }

  /** Address of the first byte; it moves when the buffer is written to. */
  @inline get start(): usize {
    return changetype<usize>(this.bytes) + <usize>this.head;
  }

  /** True once bytes were refused because the content would have passed `MAX_SIZE` or had no room; `clear` resets it. */
  @inline get overflowed(): bool {
    return this.refused;
  }

  /** The content. The span stays valid and unchanged until the buffer is next written to or cleared. */
  span(): Span {
    return new Span(this.bytes, this.start, this.length);
  }

  clear(): void {
    this.head = 0;
    this.length = 0;
    this.refused = false;
  }

  /**
   * Makes room for `count` more bytes and returns the address to write them to; call `wrote` afterwards.
   * Returns 0 when `count` is negative, or the content would pass `MAX_SIZE` or has no room.
   */
  reserve(count: i32): usize {
    if (count < 0 || count > Buffer.MAX_SIZE - this.length) {
      this.refused = true;
      return 0;
    }
    const capacity = this.bytes.byteLength;
    if (count > capacity - this.head - this.length) {
      const needed = this.length + count;
      // Moving pays off only when at least half is dropped; else a slow drip would move the rest each time.
      // It also leaves the content's old place as it was, so that `append` may read from there.
      if (needed <= capacity && this.head >= this.length) {
        memory.copy(changetype<usize>(this.bytes), this.start, <usize>this.length);
      } else {
        const doubled = max(max(needed, LEAST), min(capacity, Buffer.MAX_SIZE >> 1) << 1);
        if (!takesRoom(doubled)) {
          this.refused = true;
          return 0;
        }
        const grown = unfilled(doubled);
        memory.copy(changetype<usize>(grown), this.start, <usize>this.length);
        this.bytes = grown;
      }
      this.head = 0;
    }
    return this.start + <usize>this.length;
  }

  /** Counts bytes written to the room that `reserve` gave. */
  wrote(count: i32): void {
    this.length += min(max(count, 0), this.bytes.byteLength - this.head - this.length);
  }

  push(byte: i32): void {
    const room = this.reserve(1);
    if (room == 0) return;
    store<u8>(room, <u8>byte);
    this.length++;
  }

  /** Appends bytes, which may be of this buffer's own content. */
  append(bytes: Span): void {
    if (bytes.size <= 0) return;
    const room = this.reserve(bytes.size);
    if (room == 0) return;
    memory.copy(room, bytes.start, <usize>bytes.size);
    this.length += bytes.size;
  }

  /** Appends a string as UTF-8; a lone surrogate becomes U+FFFD. */
  text(value: string): void {
    const size = utf8Size(value);
    const room = this.reserve(size);
    if (room == 0) return;
    encodeUtf8Unchecked(value, room);
    this.length += size;
  }

  /** Removes the first `count` bytes. Spans of the rest stay valid. */
  drop(count: i32): void {
    const dropped = min(max(count, 0), this.length);
    this.head += dropped;
    this.length -= dropped;
    if (this.length == 0) this.head = 0;
  }

  /** Hands the content over and starts again without memory: the returned span is never overwritten. */
  take(): Span {
    const taken = this.span();
    this.bytes = unfilled(0);
    this.clear();
    return taken;
  }
}
