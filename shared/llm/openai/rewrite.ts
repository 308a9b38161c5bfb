// Replacing parts of a body in one pass, front to back; all other bytes stay as they are.

import { Buffer, Span } from "../../bytes";

export class Rewrite {
  private readonly out: Buffer;
  private from: i32 = 0;

  constructor(private readonly body: Span) {
    this.out = new Buffer(body.size);
  }

  /** Bytes `start` up to, not including, `end` give way to the bytes; calls go front to back. */
  replace(start: i32, end: i32, bytes: Span): void {
    this.out.append(this.body.slice(this.from, start));
    this.out.append(bytes);
    this.from = end;
  }

  /** The new body; the very same span when nothing was replaced. */
  finish(): Span {
    if (this.from == 0) return this.body;
    this.out.append(this.body.slice(this.from));
    return this.out.span();
  }
}
