// Doubles as decimal text, exact to the last digit: Go's `%f`, `%e` and `%g`.

import { Buffer } from "../bytes";

/** The digits of a finite, positive double: all of them, without zeros around. */
class Digits {
  digits: i32[] = [];
  /** Digits before the point. */
  point: i32 = 0;

  constructor(value: f64) {
    if (value != 0) this.read(value);
  }

  private read(value: f64): void {
    const bits = reinterpret<u64>(value);
    let exponent = <i32>((bits >> 52) & 0x7ff);
    let mantissa = bits & 0xfffffffffffff;
    if (exponent == 0) exponent = 1;
    else mantissa |= (<u64>1) << 52;
    exponent -= 1075;
    while ((mantissa & 1) == 0) {
      mantissa >>= 1;
      exponent++;
    }
    // The value is mantissa * 2^exponent; with 2^-n = 5^n / 10^n only multiplication is needed.
    const limbs: u32[] = [];
    for (; mantissa != 0; mantissa /= 1000000000) limbs.push(<u32>(mantissa % 1000000000));
    for (let left = abs(exponent); left > 0;) {
      const step = exponent < 0 ? min(left, 12) : min(left, 29);
      multiply(limbs, exponent < 0 ? <u64>244140625 / power(5, 12 - step) : (<u64>1) << step);
      left -= step;
    }
    const digits = this.digits;
    for (let i = limbs.length - 1; i >= 0; i--) {
      const limb = <u64>limbs[i];
      for (let place: u64 = 100000000; place > 0; place /= 10) {
        const digit = <i32>((limb / place) % 10);
        if (digit != 0 || digits.length > 0) digits.push(digit);
      }
    }
    this.point = digits.length + min(exponent, 0);
    this.trim();
  }

  /** Keeps `count` digits, rounded half to even. */
  round(count: i32): void {
    const digits = this.digits;
    if (count >= digits.length) return;
    let up = false;
    if (count >= 0) {
      up = digits[count] > 5 || (digits[count] == 5 && count + 1 < digits.length);
      if (digits[count] == 5 && count + 1 == digits.length) up = count > 0 && (digits[count - 1] & 1) == 1;
    }
    digits.length = max(count, 0);
    if (up) {
      let i = count - 1;
      while (i >= 0 && digits[i] == 9) i--;
      digits.length = i + 1;
      if (i >= 0) digits[i]++;
      else {
        digits.push(1);
        this.point++;
      }
    }
    this.trim();
  }

  at(index: i32): i32 {
    return 0x30 + (index >= 0 && index < this.digits.length ? this.digits[index] : 0);
  }

  private trim(): void {
    const digits = this.digits;
    let size = digits.length;
    while (size > 0 && digits[size - 1] == 0) size--;
    digits.length = size;
    if (size == 0) this.point = 0;
  }
}

function power(base: u64, exponent: i32): u64 {
  let value: u64 = 1;
  for (; exponent > 0; exponent--) value *= base;
  return value;
}

function multiply(limbs: u32[], factor: u64): void {
  let carry: u64 = 0;
  for (let i = 0; i < limbs.length; i++) {
    carry += <u64>limbs[i] * factor;
    limbs[i] = <u32>(carry % 1000000000);
    carry /= 1000000000;
  }
  for (; carry != 0; carry /= 1000000000) limbs.push(<u32>(carry % 1000000000));
}

/** Appends `NaN`, `+Inf`, `-Inf` or a minus; true where digits have to follow. */
function sign(out: Buffer, value: f64): bool {
  if (isNaN(value)) out.text("NaN");
  else if (!isFinite(value)) out.text(value > 0 ? "+Inf" : "-Inf");
  else {
    if (reinterpret<i64>(value) < 0) out.push(0x2d);
    return true;
  }
  return false;
}

/** `%.{precision}f` */
export function writeFixed(out: Buffer, value: f64, precision: i32): void {
  if (!sign(out, value)) return;
  const digits = new Digits(abs(value));
  digits.round(digits.point + precision);
  if (digits.point <= 0) out.push(0x30);
  for (let i = 0; i < digits.point; i++) out.push(digits.at(i));
  if (precision > 0) out.push(0x2e);
  for (let i = 0; i < precision; i++) out.push(digits.at(digits.point + i));
}

/** `%.{precision}e` */
export function writeExponent(out: Buffer, value: f64, precision: i32): void {
  if (!sign(out, value)) return;
  const digits = new Digits(abs(value));
  digits.round(precision + 1);
  exponentForm(out, digits, precision + 1);
}

/** `%g` and, with a precision of 0 or more, `%.{precision}g`; `large` is the first exponent written as one. */
export function writeGeneral(out: Buffer, value: f64, precision: i32, large: i32): void {
  if (!sign(out, value)) return;
  const digits = new Digits(abs(value));
  let shown = max(precision, 1);
  if (precision < 0) {
    digits.round(shortest(abs(value)));
    shown = digits.digits.length;
  } else {
    digits.round(shown);
    large = max(shown, digits.digits.length > shown ? digits.digits.length : shown);
    shown = digits.digits.length;
  }
  const exponent = digits.digits.length > 0 ? digits.point - 1 : 0;
  if (exponent < -4 || exponent >= large) {
    exponentForm(out, digits, shown);
    return;
  }
  if (digits.point <= 0) out.push(0x30);
  for (let i = 0; i < digits.point; i++) out.push(digits.at(i));
  const places = max(shown - digits.point, 0);
  if (places > 0) out.push(0x2e);
  for (let i = 0; i < places; i++) out.push(digits.at(digits.point + i));
}

function exponentForm(out: Buffer, digits: Digits, shown: i32): void {
  out.push(digits.at(0));
  if (shown > 1) out.push(0x2e);
  for (let i = 1; i < shown; i++) out.push(digits.at(i));
  const exponent = digits.digits.length > 0 ? digits.point - 1 : 0;
  out.push(0x65);
  out.push(exponent < 0 ? 0x2d : 0x2b);
  const size = abs(exponent);
  if (size < 10) out.push(0x30);
  out.text(size.toString());
}

/** How many digits tell the value from every other double. */
function shortest(value: f64): i32 {
  const text = value.toString();
  let count = 0;
  let zeros = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit == 0x65 - 0x30) break;
    if (<u32>digit > 9 || (digit == 0 && count == 0)) continue;
    zeros = digit == 0 ? zeros + 1 : 0;
    count++;
  }
  return max(count - zeros, 1);
}
