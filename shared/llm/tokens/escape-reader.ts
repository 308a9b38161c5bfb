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
    this.unit = (this.unit << 4) | digitsOf(byte);
    this.step = this.step < 5 ? this.step + 1 : 0;
    return this.step == 0 ? this.take(this.unit) : NONE;
  }

  /** The character of an escape that stands whole at `at`: six bytes for `\u`, else two; or a negative number. */
  whole(at: usize): i32 {
    const letter = <u32>load<u8>(at, 1);
    if (letter != 0x75) return plain(letter);
    // Four digits at once, the first of which is the lowest byte.
    const digits = digitsOf(load<u32>(at, 2));
    return this.take(((digits & 0xff) << 12) | (digits & 0xff00) | ((digits >> 12) & 0xff0) | (digits >> 24));
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

/** Of hexadecimal digits, one in each byte. */
function digitsOf(bytes: u32): u32 {
  return (bytes & 0x0f0f0f0f) + ((bytes >> 6) & 0x01010101) * 9;
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
