// Numbers as Go writes them in source: 12, 0x1F, 0b101, 0o17, 017, 1_000, 1.5e3.

import { Buffer, Span } from "../bytes";
import { floatOf } from "../gjson/float";
import { digitValue } from "./code-point";
import { Value } from "./value";

/** The value of the literal; missing where it is none. */
export function readNumberLiteral(text: Span): Value {
  const plain = new Buffer(text.size);
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if (byte != 0x5f) plain.push(byte);
    // An underscore stands between digits, or after the prefix of a base.
    else if (i == 0 || digitValue(text.at(i + 1)) < 0 || text.at(i - 1) == 0x5f) return Value.missing();
  }
  const number = plain.span();
  const negative = number.at(0) == 0x2d;
  const start = negative || number.at(0) == 0x2b ? 1 : 0;
  const prefix = number.at(start) == 0x30 ? number.at(start + 1) | 0x20 : 0;
  let base = 10;
  if (prefix == 0x78) base = 16;
  else if (prefix == 0x6f) base = 8;
  else if (prefix == 0x62) base = 2;
  if (base != 10) return integer(number.slice(start + 2), base, negative);
  const isDecimal = isFloat(number);
  if (!isDecimal && number.at(start) == 0x30 && number.size > start + 1) {
    return integer(number.slice(start + 1), 8, negative);
  }
  if (!isDecimal) return integer(number.slice(start), 10, negative);
  const value = floatOf(number, NaN);
  if (!isFinite(value)) return Value.missing();
  const isWhole = floor(value) == value && abs(value) < 9.2e18;
  return isWhole ? Value.integer(<i64>value) : Value.float(value);
}

function isFloat(text: Span): bool {
  for (let i = 0; i < text.size; i++) if (text.at(i) == 0x2e || (text.at(i) | 0x20) == 0x65) return true;
  return false;
}

function integer(digits: Span, base: i32, negative: bool): Value {
  let value: i64 = 0;
  for (let i = 0; i < digits.size; i++) {
    const digit = digitValue(digits.at(i));
    if (digit < 0 || digit >= base || value > (i64.MAX_VALUE - <i64>digit) / <i64>base)
      return Value.missing();
    value = value * <i64>base + <i64>digit;
  }
  return digits.isEmpty ? Value.missing() : Value.integer(negative ? -value : value);
}
