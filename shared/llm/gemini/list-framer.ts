// The items of a JSON list that comes in pieces: `[{…},{…}]`. A lone object counts as a list of one.

import { Buffer, Span } from "../../bytes";

export class ListFramer {
  /** An item was longer than the bound: no further ones are found. */
  overflowed: bool = false;

  private readonly item: Buffer = new Buffer();
  private pending: Span = Span.empty();
  private depth: i32 = 0;
  private isInString: bool = false;
  private isEscaped: bool = false;

  constructor(private readonly maxItemBytes: i32) {}

  /** Takes the next bytes, which must stay as they are until `next` answers null. */
  feed(chunk: Span): void {
    this.pending = chunk;
  }

  /** The next complete item, valid until the next call; null when more bytes are needed. */
  next(): Span | null {
    if (this.depth == 0) this.item.clear();
    const chunk = this.pending;
    for (let i = 0; i < chunk.size; i++) {
      const byte = chunk.at(i);
      if (this.isInString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte == 0x5c) this.isEscaped = true;
        else if (byte == 0x22) this.isInString = false;
      } else if (byte == 0x22) {
        this.isInString = true;
      } else if (byte == 0x7b || (byte == 0x5b && this.depth > 0)) {
        this.depth++;
      } else if (this.depth > 0) {
        if ((byte == 0x7d || byte == 0x5d) && --this.depth == 0) {
          this.item.push(byte);
          this.pending = chunk.slice(i + 1);
          return this.item.span();
        }
      }
      if (this.depth == 0) continue;
      this.item.push(byte);
      if (this.item.size <= this.maxItemBytes) continue;
      this.overflowed = true;
      break;
    }
    this.pending = Span.empty();
    return null;
  }
}
