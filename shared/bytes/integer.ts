// Decimal integers in byte strings, both ways, without a string in between.

import { Buffer } from "./buffer";
import { Span } from "./span";

export const enum IntegerError {
  None = 0,
  /** Not a decimal integer: empty, a stray character, a sign where none is allowed. */
  Malformed = 1,
  /** A decimal integer outside the range; `value` is the bound it passed. */
  OutOfRange = 2,
}

export class Integer {
  constructor(
    public readonly value: i64,
    public readonly error: IntegerError,
  ) {}

  @inline get failed(): bool {
    return this.error != IntegerError.None;
  }
}

/** Reads digits only, as `content-length` has them: no sign, no white space. `value` is 0 when malformed. */
export function readUnsigned(bytes: Span, maximum: i64 = i64.MAX_VALUE): Integer {
  return readDigits(bytes, false, 0, maximum);
}

/** Reads an optional `-` and digits: no `+`, no white space. `value` is 0 when malformed. */
export function readInteger(
  bytes: Span,
  minimum: i64 = i64.MIN_VALUE,
  maximum: i64 = i64.MAX_VALUE,
): Integer {
  return bytes.at(0) == 0x2d
    ? readDigits(bytes.slice(1), true, minimum, maximum)
    : readDigits(bytes, false, minimum, maximum);
}

function readDigits(digits: Span, isNegative: bool, minimum: i64, maximum: i64): Integer {
  if (digits.isEmpty) return new Integer(0, IntegerError.Malformed);
  const limit: u64 = isNegative ? 1 << 63 : <u64>i64.MAX_VALUE;
  let magnitude: u64 = 0;
  let isBeyond = false;
  for (let at = digits.start; at < digits.end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return new Integer(0, IntegerError.Malformed);
    // Every character is judged, so that a long number is told apart from one with a stray character.
    if (isBeyond) continue;
    if (magnitude > (limit - <u64>digit) / 10) isBeyond = true;
    else magnitude = magnitude * 10 + <u64>digit;
  }
  const value = isNegative ? <i64>(0 - magnitude) : <i64>magnitude;
  if (isBeyond ? isNegative : value < minimum) return new Integer(minimum, IntegerError.OutOfRange);
  if (isBeyond || value > maximum) return new Integer(maximum, IntegerError.OutOfRange);
  return new Integer(value, IntegerError.None);
}

/** Appends the decimal digits of `value`. */
export function writeInteger(out: Buffer, value: i64): void {
  // 2^63 has no positive i64, so the magnitude is unsigned.
  let rest: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  let size = value < 0 ? 2 : 1;
  for (let more = rest / 10; more != 0; more /= 10) size++;
  const room = out.reserve(size);
  if (room == 0) return;
  let at = room + <usize>size;
  do {
    at--;
    store<u8>(at, 0x30 + <u8>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (value < 0) store<u8>(room, 0x2d);
  out.wrote(size);
}
