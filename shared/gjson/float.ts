// Decimal text as people and Go write it, which JSON does not allow: `+5`, `.5`, `5.`, `007`.

import { Buffer, Span } from "../bytes";
import { Decimal, readNumber } from "../json/number";

/** The value of the text, or `fallback` where it is no decimal number. */
export function floatOf(text: Span, fallback: f64): f64 {
  const out = new Buffer(text.size + 2);
  let at = 0;
  if (text.at(0) == 0x2b || text.at(0) == 0x2d) at++;
  if (text.at(0) == 0x2d) out.push(0x2d);
  let first = at;
  while (isDigit(text.at(at))) at++;
  const whole = at - first;
  while (first < at - 1 && text.at(first) == 0x30) first++;
  if (whole == 0) out.push(0x30);
  out.append(text.slice(first, at));
  if (text.at(at) == 0x2e) {
    const point = at++;
    while (isDigit(text.at(at))) at++;
    if (at - point > 1) out.append(text.slice(point, at));
    if (whole + at - point == 1) return fallback;
  } else if (whole == 0) return fallback;
  out.append(text.slice(at));
  const normal = out.span();
  if (readNumber(normal.start, normal.end) != normal.end) return fallback;
  return Decimal.float();
}

function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}
