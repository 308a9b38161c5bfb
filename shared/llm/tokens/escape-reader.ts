// Reads the escapes of JSON strings, which may be cut anywhere.

import { BROKEN } from "./text-meter";

/** More of the escape, or of a surrogate pair, has to come. */
const NONE: i32 = -1;

export class EscapeReader {
  /** 0 for none, 1 after the backslash, 2 to 5 for the digits of `\u`. */
  private step: i32 = 0;
  private unit: u32 = 0;
  /** The first half of a surrogate pair. */
  private half: u32 = 0;

  /** The next byte belongs to an escape. */
  get isOpen(): bool {
    return this.step != 0;
  }

  /** Another string begins. */
  reset(): void {
    this.step = 0;
    this.half = 0;
  }

  /** A backslash was read. */
  open(): void {
    this.step = 1;
  }

  /** Takes the next byte of an escape that is open. The character that is complete, or a negative number. */
  next(byte: u32): i32 {
    if (this.step == 1) {
      this.step = 0;
      if (byte != 0x75) return plain(byte);
      this.step = 2;
      this.unit = 0;
      return NONE;
    }
    this.unit = (this.unit << 4) | digitOf(byte);
    this.step = this.step < 5 ? this.step + 1 : 0;
    return this.step == 0 ? this.take(this.unit) : NONE;
  }

  /** The character of an escape that starts at `at`, whose length is `lengthAt(at)`; or a negative number. */
  whole(at: usize): i32 {
    const letter = <u32>load<u8>(at, 1);
    if (letter != 0x75) return plain(letter);
    let unit: u32 = 0;
    for (let i: usize = 2; i < 6; i++) unit = (unit << 4) | digitOf(<u32>load<u8>(at + i));
    return this.take(unit);
  }

  /** Bytes of a whole escape. */
  static lengthAt(at: usize): usize {
    return load<u8>(at, 1) == 0x75 ? 6 : 2;
  }

  /** A unit of UTF-16. */
  private take(unit: u32): i32 {
    const half = this.half;
    this.half = 0;
    if ((unit & 0xfc00) == 0xdc00)
      return half != 0 ? 0x10000 + ((half & 0x3ff) << 10) + (unit & 0x3ff) : BROKEN;
    if ((unit & 0xfc00) != 0xd800) return unit;
    this.half = unit;
    return NONE;
  }
}

/** Of a hexadecimal digit. */
function digitOf(byte: u32): u32 {
  const letter = (byte | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : (byte - 0x30) & 15;
}

/** What a backslash and `letter` stand for. */
function plain(letter: u32): i32 {
  switch (letter) {
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    case 0x62:
    case 0x66:
      return 0x20;
  }
  return letter;
}
