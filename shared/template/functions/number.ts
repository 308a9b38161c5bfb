// Arithmetic: sprig's number functions. Integers have 64 bits; strings are read as numbers.

import { Buffer } from "../../bytes";
import { Execution } from "../execution";
import { Value } from "../value";
import { integerOf } from "./argument";

export const numberFunctions =
  "add:0+ add1 sub:2 mul:1+ div:2 mod:2 max:1+ min:1+ biggest:1+ addf:0+ subf:1+ mulf:1+ divf:1+ maxf:1+ minf:1+ " +
  "add1f ceil floor round:2-3 int int64 float64 atoi toDecimal seq:1-3 randInt:2 until untilStep:3";

export function callNumber(place: i32, values: Value[], x: Execution): Value {
  if (place <= 8) return integers(place, values, x);
  if (place <= 15) return floats(place, values);
  const value = values[0];
  const number = value.number();
  switch (place) {
    case 16:
      return Value.float(ceil(number));
    case 17:
      return Value.float(floor(number));
    case 18:
      return Value.float(round(number, values[1].number(), values.length > 2 ? values[2].number() : 0.5));
    case 19:
    case 20:
      return Value.integer(value.integer());
    case 21:
      return Value.float(number);
    case 22:
      return Value.integer(value.integer());
    case 23: {
      let octal: i64 = 0;
      const text = value.text;
      for (let i = 0; i < min(text.size, 21); i++) {
        const digit = text.at(i) - 0x30;
        if (<u32>digit > 7) return Value.integer(0);
        octal = octal * 8 + digit;
      }
      return Value.integer(octal);
    }
    case 24:
      return sequence(values, x, 0x20, true);
    case 25: {
      const low = integerOf(value, x);
      const high = integerOf(values[1], x);
      if (high <= low) return x.fail("invalid argument to Intn");
      return Value.integer(low + <i64>(x.context.random() % <u64>(high - low)));
    }
  }
  return sequence(values, x, 0x2c, false);
}

function integers(place: i32, values: Value[], x: Execution): Value {
  let total: i64 = place == 1 ? 1 : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i].integer();
    if (place <= 1) total += value;
    else if (i == 0) total = value;
    else if (place == 2) total -= value;
    else if (place == 3) total *= value;
    else if (place <= 5) {
      if (value == 0) return x.fail("runtime error: integer divide by zero");
      // The least integer by -1 has no result of 64 bits.
      if (value == -1) total = place == 4 ? 0 - total : 0;
      else total = place == 4 ? total / value : total % value;
    } else if (place == 7) total = min(total, value);
    else total = max(total, value);
  }
  return Value.integer(total);
}

function floats(place: i32, values: Value[]): Value {
  let total: f64 = place == 15 ? 1 : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i].number();
    if (place == 9 || place == 15) total += value;
    else if (i == 0) total = value;
    else if (place == 10) total -= value;
    else if (place == 11) total *= value;
    else if (place == 12) total /= value;
    else if (place == 13) total = max(total, value);
    else total = min(total, value);
  }
  return Value.float(total);
}

function round(value: f64, places: f64, half: f64): f64 {
  const power = powerOfTen(places);
  const scaled = value * power;
  const whole = floor(scaled);
  const result = (scaled - whole >= half ? ceil(scaled) : whole) / power;
  return isFinite(result) ? result : value;
}

/** Numbers from, to and by a step: with spaces, ends included; else as a list without its end. */
function sequence(values: Value[], x: Execution, separator: i32, isSpaced: bool): Value {
  const count = values.length;
  let from: i64 = isSpaced ? 1 : 0;
  let to = integerOf(values[0], x);
  if (count > 1) {
    from = to;
    to = integerOf(values[isSpaced ? count - 1 : 1], x);
  }
  let step: i64 = to < from ? -1 : 1;
  if (count > 2) step = integerOf(values[isSpaced ? 1 : 2], x);
  const out = new Buffer(64);
  const limit = isSpaced ? to + (step > 0 ? 1 : -1) : to;
  if (!isSpaced) out.push(0x5b);
  const first = out.size;
  for (let i = from; step != 0 && (step > 0 ? i < limit : i > limit) && x.spend(out.size >> 4); i += step) {
    if (out.size > first) out.push(separator);
    out.append(Value.integer(i).text);
    if (out.size > x.budget.maxBytes) x.spend(out.size);
    if (step > 0 ? i > i64.MAX_VALUE - step : i < i64.MIN_VALUE - step) break;
  }
  if (!isSpaced) out.push(0x5d);
  return isSpaced ? Value.string(out.span()) : Value.json(out.span());
}

function powerOfTen(exponent: f64): f64 {
  let value: f64 = 1;
  for (let left = min(abs(exponent), 300); left >= 1; left--) value *= 10;
  return exponent < 0 ? 1 / value : value;
}
