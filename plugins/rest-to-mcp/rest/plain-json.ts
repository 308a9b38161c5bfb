// JSON as requests carry it: no white space, members in the order of their names, numbers without an exponent.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { GjsonPath } from "as-proxy-wasm-sdk/gjson";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";

/** Zeros that are written out; a number beyond keeps its exponent. */
const MOST_ZEROS: i32 = 400;

class Order {
  static path: GjsonPath = GjsonPath.compile('@pretty:{"sortKeys":true,"indent":"","width":-1}|@ugly');
}

/** The value's JSON in this form. */
export function plainJson(value: Json): Span {
  if (value.kind == JsonKind.Number) return plainNumber(value.raw());
  return value.kind < JsonKind.Array ? value.raw() : Order.path.select(value.raw());
}

/** As templates see what Go has marshalled: also `<`, `>` and `&` escaped. */
export function templateJson(value: Json): Span {
  const json = plainJson(value);
  if (value.kind < JsonKind.Array) return json;
  const out = new Buffer(json.size + 32);
  for (let i = 0; i < json.size; i++) {
    const byte = json.at(i);
    // They stand in strings only.
    if (byte == 0x3c) out.text("\\u003c");
    else if (byte == 0x3e) out.text("\\u003e");
    else if (byte == 0x26) out.text("\\u0026");
    else out.push(byte);
  }
  return out.span();
}

/** What stands for the value in a path, a query, a header, a cookie or a form. */
export function plainText(value: Json): Span {
  return value.kind == JsonKind.String ? value.bytes() : plainJson(value);
}

/** `1e3` becomes `1000`; the digits stay as they are. */
export function plainNumber(number: Span): Span {
  let at = number.indexOf(0x65);
  if (at < 0) at = number.indexOf(0x45);
  if (at < 0) return number;
  let exponent = 0;
  const isSmall = number.at(at + 1) == 0x2d;
  for (let i = at + 1; i < number.size; i++) {
    const digit = number.at(i) - 0x30;
    if (<u32>digit < 10) exponent = min(exponent * 10 + digit, MOST_ZEROS + 1);
  }
  if (exponent > MOST_ZEROS) return number;
  const isNegative = number.at(0) == 0x2d;
  const digits = new Buffer(at);
  let point = 0;
  let isPast = false;
  for (let i = isNegative ? 1 : 0; i < at; i++) {
    const byte = number.at(i);
    if (byte == 0x2e) isPast = true;
    else {
      digits.push(byte);
      if (!isPast) point++;
    }
  }
  return written(digits.span(), point + (isSmall ? -exponent : exponent), isNegative);
}

/** Digits with a point before the one at `point`, zeros that say nothing left out. */
function written(digits: Span, point: i32, isNegative: bool): Span {
  let first = 0;
  while (first < digits.size && first < point - 1 && digits.at(first) == 0x30) first++;
  let last = digits.size;
  while (last > point && last > first && digits.at(last - 1) == 0x30) last--;
  const out = new Buffer(64);
  if (isNegative) out.push(0x2d);
  if (point <= 0) out.push(0x30);
  for (let i = first; i < point; i++) out.push(i < digits.size ? digits.at(i) : 0x30);
  if (last > max(point, 0) || (point < 0 && last > 0)) {
    out.push(0x2e);
    for (let i = point; i < 0; i++) out.push(0x30);
    out.append(digits.slice(max(point, 0), last));
  }
  return out.span();
}
