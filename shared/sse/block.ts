// What the lines of one block of an event stream said, and what lasts from block to block.

import { Buffer } from "../bytes/buffer";
import { Span } from "../bytes/span";
import { Field, fieldName, fieldValue, hasNull, readRetry } from "./field";

const LF: u8 = 0x0a;

// Memory kept for the next use; larger memory is given back.
const KEPT_BYTES: i32 = 8192;

export class SseBlock {
  // Offsets count from the block's first byte, since the block may move in memory between two lines.
  nameStart: i32 = 0;
  nameSize: i32 = 0;
  dataStart: i32 = 0;
  dataSize: i32 = 0;
  dataLines: i32 = 0;
  /** The data when it has several lines. */
  joined: Buffer = new Buffer();

  /** The stream's last id. */
  id: Buffer = new Buffer();
  retryMs: i64 = -1;

  private hasFields: bool = false;

  clear(): void {
    this.nameSize = 0;
    this.dataSize = 0;
    this.dataLines = 0;
    this.hasFields = false;
    recycle(this.joined);
  }

  /**
   * Reads one line that is not blank: the bytes from `from` to `to` of the block that is at `base`.
   * False for a comment before the first field.
   */
  readLine(base: usize, from: i32, to: i32): bool {
    const start = base + <usize>from;
    const end = base + <usize>to;
    const field = fieldName(start, end);
    if (field == Field.Comment) return this.hasFields;
    this.hasFields = true;
    if (field == Field.Unknown) return true;
    const value = fieldValue(field, start, end);
    const size = <i32>(end - value);
    if (field == Field.Data) {
      this.addData(base, <i32>(value - base), size);
    } else if (field == Field.Event) {
      this.nameStart = <i32>(value - base);
      this.nameSize = size;
    } else if (field == Field.Id) {
      if (hasNull(value, end)) return true;
      recycle(this.id);
      this.id.append(new Span(null, value, size));
    } else {
      this.retryMs = readRetry(value, end, this.retryMs);
    }
    return true;
  }

  private addData(base: usize, start: i32, size: i32): void {
    if (this.dataLines == 0) {
      this.dataStart = start;
      this.dataSize = size;
    } else {
      if (this.dataLines == 1) {
        this.joined.append(new Span(null, base + <usize>this.dataStart, this.dataSize));
      }
      this.joined.push(LF);
      this.joined.append(new Span(null, base + <usize>start, size));
    }
    this.dataLines++;
  }
}

/** Empties a buffer, and gives its memory back when that is large. */
export function recycle(buffer: Buffer): void {
  if (buffer.size > KEPT_BYTES) buffer.take();
  else buffer.clear();
}
