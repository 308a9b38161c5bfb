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

export class Body {
  constructor(
    private buffer: BufferKind,
    /** What the host said is visible. Older hosts count one chunk short: never use it as the exact length. */
    public announcedSize: i32,
  ) {}

  /** Up to `length` bytes from `start`; shorter at the end. */
  read(start: i32, length: i32 = WINDOW): Span {
    return host.bufferBytes(this.buffer, start, length);
  }

  /** As `read`, in memory and a span that the next call uses again: for walking over a large body. At most `WINDOW` bytes. */
  window(start: i32): Span {
    if (windowMemory.byteLength == 0) windowMemory = new ArrayBuffer(WINDOW);
    return host.bufferBytesInto(windowMemory, windowSpan, this.buffer, start);
  }

  /** Everything visible. */
  all(): Span {
    return host.bufferBytes(this.buffer, 0, PAST_THE_END);
  }

  /** Everything visible becomes `bytes`. False when the host refuses. */
  replace(bytes: Span): bool {
    return host.setBufferBytes(this.buffer, 0, PAST_THE_END, bytes) == Status.Ok;
  }

  /** The first `count` bytes become `bytes`; the rest is not touched or copied. */
  replacePrefix(count: i32, bytes: Span): bool {
    return host.setBufferBytes(this.buffer, 0, count, bytes) == Status.Ok;
  }

  append(bytes: Span): bool {
    return host.setBufferBytes(this.buffer, PAST_THE_END, 0, bytes) == Status.Ok;
  }

  /** Holds this chunk back: the host sends nothing for it. */
  clear(): bool {
    return this.replace(Span.empty());
  }
}
