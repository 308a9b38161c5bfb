// Reading a value of any kind as the type asked for, as gjson does: configuration written for Higress's Go
// plugins relies on it (a port as a string, one object where a list is expected).

import { Span, equalsAsciiIgnoreCase, readInteger } from "../bytes";
import { JsonKind } from "./error";
import { Decimal, readNumber } from "./number";
import { Json } from "./view";

export function lenientText(value: Json): string {
  if (value.kind == JsonKind.String) return value.text();
  if (value.kind <= JsonKind.Null) return "";
  const raw = value.raw();
  if (value.kind == JsonKind.Number && !isInteger(raw)) {
    readNumber(raw.start, raw.end);
    const text = Decimal.text();
    if (text.length > 0) return text;
  }
  return raw.toString();
}

export function lenientInteger(value: Json): i64 {
  if (value.kind == JsonKind.Bool) return <i64>value.isTrue;
  if (value.kind == JsonKind.String) {
    // The value is 0 where the text is malformed and the nearest bound where it does not fit.
    return readInteger(value.bytes()).value;
  }
  if (value.kind != JsonKind.Number) return 0;
  const raw = value.raw();
  readNumber(raw.start, raw.end);
  return Decimal.truncated();
}

export function lenientNumber(value: Json): f64 {
  if (value.kind == JsonKind.Bool) return <f64>value.isTrue;
  if (value.kind != JsonKind.String) return value.number(0);
  const text = value.bytes();
  if (readNumber(text.start, text.end) != text.end) return 0;
  const number = Decimal.float();
  return isFinite(number) ? number : 0;
}

export function lenientBool(value: Json): bool {
  if (value.kind == JsonKind.Number) return lenientNumber(value) != 0;
  if (value.kind != JsonKind.String) return value.isTrue;
  const text = value.bytes();
  return text.equalsAscii("1") || equalsAsciiIgnoreCase(text, "t") || equalsAsciiIgnoreCase(text, "true");
}

/** Digits only, with or without a minus. */
function isInteger(text: Span): bool {
  let at = text.at(0) == 0x2d ? 1 : 0;
  if (at == text.size) return false;
  for (; at < text.size; at++) {
    if (<u32>(text.at(at) - 0x30) > 9) return false;
  }
  return true;
}
