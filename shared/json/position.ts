// Line and column of a byte offset, for messages a person reads.

import { Span } from "../bytes";

export class JsonPosition {
  constructor(
    /** From 1. Lines end at LF. */
    readonly line: i32,
    /** From 1, counted in code points. */
    readonly column: i32,
  ) {}

  toString(): string {
    return `${this.line}:${this.column}`;
  }
}

/** Line and column of the byte at `offset`; an offset outside the document means its nearest end. */
export function positionOf(bytes: Span, offset: i32): JsonPosition {
  const end = bytes.start + <usize>min(max(offset, 0), bytes.size);
  let line = 1;
  let column = 1;
  for (let at = bytes.start; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x0a) {
      line++;
      column = 1;
    } else if ((byte & 0xc0) != 0x80) column++;
  }
  return new JsonPosition(line, column);
}
