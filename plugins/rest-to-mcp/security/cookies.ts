// The pairs of a Cookie header. https://www.rfc-editor.org/rfc/rfc6265#section-4.2

import { Buffer, percentEncode, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";

/** The value of the first cookie of this name, or null. */
export function cookieIn(header: Span, name: Span): Span | null {
  for (let from = 0; from <= header.size;) {
    const pair = pairAt(header, from);
    if (isNamed(pair, name)) return pair.slice(name.size + 1);
    from += lengthAt(header, from) + 1;
  }
  return null;
}

/** The header without the cookies of this name. */
export function withoutCookie(header: Span, name: Span): Span {
  const out = new Buffer(header.size);
  for (let from = 0; from <= header.size;) {
    const pair = pairAt(header, from);
    if (!pair.isEmpty && !isNamed(pair, name)) join(out, pair);
    from += lengthAt(header, from) + 1;
  }
  return out.span();
}

/** Appends a cookie; what would end its value early is percent-encoded. */
export function addCookie(out: Buffer, name: Span, value: Span): void {
  join(out, name);
  out.push(0x3d);
  for (let i = 0; i < value.size; i++) {
    const byte = value.at(i);
    const isPlain =
      byte > 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x2c && byte != 0x3b && byte != 0x5c;
    if (isPlain) out.push(byte);
    else percentEncode(out, value.slice(i, i + 1));
  }
}

function join(out: Buffer, pair: Span): void {
  if (!out.isEmpty) out.text("; ");
  out.append(pair);
}

function lengthAt(header: Span, from: i32): i32 {
  const end = header.indexOf(0x3b, from);
  return (end < 0 ? header.size : end) - from;
}

function pairAt(header: Span, from: i32): Span {
  return trimAscii(header.slice(from, from + lengthAt(header, from)));
}

function isNamed(pair: Span, name: Span): bool {
  return pair.at(name.size) == 0x3d && pair.slice(0, name.size).equals(name);
}
