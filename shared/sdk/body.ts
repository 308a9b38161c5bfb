// A message body as one callback sees it: all that is held after `Flow.Hold`, else only this chunk. Bytes stay
// with the host until asked for; edits are made there too.

import * as host from "../abi/messages";
import { BufferKind, Status } from "../abi/codes";
import { Span } from "../bytes/span";

/** Bytes fetched at a time when a body is only looked at. */
export const WINDOW = 64 * 1024;
const PAST_THE_END = 0x7fffffff;
/** Made when first used: most plugins never look through a window. */
let windowMemory = new ArrayBuffer(0);
const windowSpan = Span.empty();
/** The body that `windowSpan` shows; small bodies are read with one call of the host, however often they are asked. */
let shown: Body | null = null;
const nothing = Span.empty();

/** The window is memory alone: what it shows may be changed from now on. Called by the SDK after each callback. */
export function closeWindow(): void {
  shown = null;
}

export class Body {
  /** Where the window stands. */
  private windowStart: i32 = 0;

  constructor(
    private buffer: BufferKind,
    /** What the host said is visible. Older hosts count one chunk short: never use it as the exact length. */
    public announcedSize: i32,
  ) {}

  /** Up to `length` bytes from `start`; shorter at the end. */
  read(start: i32, length: i32 = WINDOW): Span {
    const from = start - this.windowStart;
    if (shown === this && from >= 0 && length >= 0) {
      const end = this.endInWindow(from, length);
      if (end >= from) return windowSpan.slice(from, end).copy();
    }
    return host.bufferBytes(this.buffer, start, length);
  }

  /** As `read`, in memory and a span that the next call uses again: for walking over a large body. At most `WINDOW` bytes. */
  window(start: i32): Span {
    if (shown === this) {
      if (start == this.windowStart) return windowSpan;
      if (windowSpan.size < WINDOW && start == this.windowStart + windowSpan.size) return nothing;
    }
    this.windowStart = start;
    shown = this;
    if (windowMemory.byteLength == 0) windowMemory = new ArrayBuffer(WINDOW);
    return host.bufferBytesInto(windowMemory, windowSpan, this.buffer, start);
  }

  /** Where in the window `length` bytes from `from` end, or the body before them; -1 when they are not all there. */
  private endInWindow(from: i32, length: i32): i32 {
    const size = windowSpan.size;
    if (from <= size && length <= size - from) return from + length;
    return size < WINDOW && from <= size ? size : -1;
  }

  /** Everything visible. */
  all(): Span {
    return host.bufferBytes(this.buffer, 0, PAST_THE_END);
  }

  /** Everything visible becomes `bytes`. False when the host refuses. */
  replace(bytes: Span): bool {
    closeWindow();
    return host.setBufferBytes(this.buffer, 0, PAST_THE_END, bytes) == Status.Ok;
  }

  /** The first `count` bytes become `bytes`; the rest is not touched or copied. */
  replacePrefix(count: i32, bytes: Span): bool {
    closeWindow();
    return host.setBufferBytes(this.buffer, 0, count, bytes) == Status.Ok;
  }

  append(bytes: Span): bool {
    closeWindow();
    return host.setBufferBytes(this.buffer, PAST_THE_END, 0, bytes) == Status.Ok;
  }

  /** Holds this chunk back: the host sends nothing for it. */
  clear(): bool {
    return this.replace(Span.empty());
  }
}
