// DER, as far as keys need it: nested elements of definite length (X.690 §8, §10).

import { Span } from "../bytes";

export const enum DerTag {
  Integer = 0x02,
  OctetString = 0x04,
  ObjectIdentifier = 0x06,
  Sequence = 0x30,
}

/** Walks over elements that stand one behind the other. */
export class DerReader {
  private at: i32 = 0;

  constructor(private bytes: Span) {}

  /** The content of the next element, null when it has another tag or does not end within the bytes. */
  next(tag: DerTag): Span | null {
    if (this.bytes.at(this.at) != tag) return null;
    let size = this.bytes.at(this.at + 1);
    let start = this.at + 2;
    if (size >= 0x80) {
      // A key has less than 64 KiB: longer lengths, and the indefinite one, are not looked at.
      const count = size - 0x80;
      if (count < 1 || count > 2) return null;
      size = 0;
      for (let i = 0; i < count; i++) {
        const byte = this.bytes.at(start++);
        if (byte < 0) return null;
        size = (size << 8) | byte;
      }
    }
    if (size < 0 || size > this.bytes.size - start) return null;
    this.at = start + size;
    return this.bytes.slice(start, this.at);
  }

  /** The next element as an unsigned integer: big-endian, without leading zeros; null when it is none. */
  unsigned(): Span | null {
    const content = this.next(DerTag.Integer);
    if (content === null || content.isEmpty || content.at(0) > 0x7f) return null;
    let first = 0;
    while (content.at(first) == 0) first++;
    return content.slice(first);
  }
}
