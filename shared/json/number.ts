// Numbers as text: the grammar of RFC 8259 section 6, and reading what it stands for.

import { JsonError } from "./error";
import { Scan, isDelimiter } from "./scan";

const MAX_DIGITS: i32 = 19;
const MAX_EXPONENT: i32 = 1 << 20;

/** The number read last: (-1)^negative * digits * 10^exponent, `digits` without zeros at its end. */
export class Decimal {
  static negative: bool = false;
  static digits: u64 = 0;
  static exponent: i32 = 0;
  /** False when digits beyond the nineteenth were dropped. */
  static exact: bool = true;

  /** The value as an integer where it is one and fits; else `fallback`. `1e3` and `1.0` are integers. */
  static integer(fallback: i64): i64 {
    let value = Decimal.digits;
    if (value == 0) return 0;
    if (!Decimal.exact || Decimal.exponent < 0 || Decimal.exponent >= MAX_DIGITS) return fallback;
    for (let i = Decimal.exponent; i > 0; i--) {
      if (value > u64.MAX_VALUE / 10) return fallback;
      value *= 10;
    }
    if (Decimal.negative) return value <= (<u64>1) << 63 ? -(<i64>value) : fallback;
    return value <= <u64>i64.MAX_VALUE ? <i64>value : fallback;
  }

  /** The value without its fraction; the nearest integer of 64 bits where it does not fit. */
  static truncated(): i64 {
    let value = Decimal.digits;
    const limit = <u64>i64.MAX_VALUE + <u64>Decimal.negative;
    for (let i = Decimal.exponent; i < 0 && value != 0; i++) value /= 10;
    for (let i = Decimal.exponent; i > 0 && value != 0; i--) {
      if (value > limit / 10) {
        value = limit;
        break;
      }
      value *= 10;
    }
    value = min(value, limit);
    return Decimal.negative ? -(<i64>value) : <i64>value;
  }

  /** The value in decimal notation without an exponent; "" where that needs more than 330 zeros. */
  static text(): string {
    const sign = Decimal.negative ? "-" : "";
    if (Decimal.digits == 0) return sign + "0";
    const digits = Decimal.digits.toString();
    const exponent = Decimal.exponent;
    if (exponent < -330 || exponent > 330) return "";
    if (exponent >= 0) return sign + digits + "0".repeat(exponent);
    const whole = digits.length + exponent;
    if (whole > 0) return sign + digits.substring(0, whole) + "." + digits.substring(whole);
    return sign + "0." + "0".repeat(-whole) + digits;
  }

  /**
   * The value, or an infinity. Correctly rounded for up to nineteen digits with at most 27 zeros after them,
   * or at most 27 digits after the point; beyond, within a few units in the last place.
   */
  static float(): f64 {
    const value = magnitude(Decimal.digits, Decimal.exponent);
    return Decimal.negative ? -value : value;
  }
}

/**
 * Reads the number that starts at `at` into `Decimal` and returns the address after it, or 0 (`Number`).
 * What follows must be a delimiter.
 */
export function readNumber(at: usize, end: usize): usize {
  const start = at;
  Decimal.digits = 0;
  Decimal.exact = true;
  Decimal.negative = at < end && load<u8>(at) == 0x2d;
  if (Decimal.negative) at++;

  let position = 0; // digits seen
  let absorbed = 0; // digits seen when the last one was taken into `digits`
  let point = -1; // digits before the point
  let significant = 0;
  let previous: u32 = 0;
  for (; at < end; at++) {
    const byte = <u32>load<u8>(at);
    const digit = byte - 0x30;
    if (digit < 10) {
      // A leading zero stands alone.
      if (position == 1 && point < 0 && previous == 0x30) return Scan.fail(JsonError.Number, start);
      position++;
      if (digit != 0) {
        let gap = Decimal.digits == 0 ? 1 : position - absorbed;
        if (significant + gap <= MAX_DIGITS) {
          significant += gap;
          absorbed = position;
          let digits = Decimal.digits;
          for (; gap > 0; gap--) digits *= 10;
          Decimal.digits = digits + digit;
        } else {
          Decimal.exact = false;
        }
      }
    } else if (byte == 0x2e && point < 0 && position > 0) {
      point = position;
    } else break;
    previous = byte;
  }
  if (position == 0 || previous == 0x2e) return Scan.fail(JsonError.Number, start);

  let exponent = 0;
  if (at < end && (load<u8>(at) | 0x20) == 0x65) {
    at++;
    const sign = at < end ? load<u8>(at) : 0;
    if (sign == 0x2b || sign == 0x2d) at++;
    const first = at;
    for (; at < end; at++) {
      const digit = <u32>load<u8>(at) - 0x30;
      if (digit > 9) break;
      exponent = min(exponent * 10 + <i32>digit, MAX_EXPONENT);
    }
    if (at == first) return Scan.fail(JsonError.Number, start);
    if (sign == 0x2d) exponent = -exponent;
  }
  if (at < end && !isDelimiter(load<u8>(at))) return Scan.fail(JsonError.Number, start);
  Decimal.exponent = (point < 0 ? position : point) - absorbed + exponent;
  return at;
}

function magnitude(digits: u64, exponent: i32): f64 {
  if (digits == 0) return 0;
  for (; exponent > 27 && digits <= u64.MAX_VALUE / 10; exponent--) digits *= 10;
  const large = exponent < 0 ? -exponent : exponent;
  if (large <= 22 && digits <= (<u64>1) << 53) {
    // Both are exact in a double, so one operation rounds once.
    return exponent < 0 ? <f64>digits / power(large) : <f64>digits * power(large);
  }
  if (exponent < -400 || exponent > 330) return exponent < 0 ? 0 : Infinity;
  if (large <= 27) return exponent < 0 ? divide(digits, large) : multiply(digits, large);
  let value = <f64>digits;
  for (let left = large; left > 0; left -= 22) {
    const step = power(min(left, 22));
    value = exponent < 0 ? value / step : value * step;
  }
  return value;
}

function power(exponent: i32): f64 {
  let value: f64 = 1;
  for (; exponent > 0; exponent--) value *= 10;
  return value;
}

function powerOfFive(exponent: i32): u64 {
  let value: u64 = 1;
  for (; exponent > 0; exponent--) value *= 5;
  return value;
}

/** value * 2^exponent for the exponents met here, none of which leaves the normal range. */
function scale(value: u64, exponent: i32): f64 {
  return <f64>value * reinterpret<f64>((<u64>(1023 + exponent)) << 52);
}

/** digits * 10^exponent, rounded once: the 128 bits of digits * 5^exponent are exact. */
function multiply(digits: u64, exponent: i32): f64 {
  const factor = powerOfFive(exponent);
  const low = (digits & 0xffffffff) * (factor & 0xffffffff);
  const cross = (digits >> 32) * (factor & 0xffffffff) + (low >> 32);
  const other = (digits & 0xffffffff) * (factor >> 32) + (cross & 0xffffffff);
  const high = (digits >> 32) * (factor >> 32) + (cross >> 32) + (other >> 32);
  const rest = (other << 32) | (low & 0xffffffff);
  if (high == 0) return scale(rest, exponent);
  const shift = clz(high);
  let top = shift > 0 ? (high << shift) | (rest >> (64 - shift)) : high;
  // A last bit that stands for all bits below keeps the rounding right.
  if (rest << shift) top |= 1;
  return scale(top, 64 - <i32>shift + exponent);
}

/** digits / 10^exponent, rounded once: 64 bits of the quotient, and one that stands for the remainder. */
function divide(digits: u64, exponent: i32): f64 {
  const divisor = powerOfFive(exponent);
  let quotient = digits / divisor;
  let rest = digits % divisor;
  let shift = 0;
  for (; quotient >> 63 == 0; shift++) {
    quotient <<= 1;
    rest <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
  }
  if (rest != 0) quotient |= 1;
  return scale(quotient, -shift - exponent);
}
