// String content between two JSON documents. It travels as it stands between the quotes, escapes included, so
// that carrying it over is a copy.

import { Buffer, Span } from "../bytes";
import { Json, JsonError, JsonKind, unescapeInto } from "../json";

/** No bytes: stands for an absent text or value. */
export const NONE: Span = Span.empty();

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** Writes `"content"`. */
export function writeQuoted(out: Buffer, escaped: Span): void {
  out.push(QUOTE);
  out.append(escaped);
  out.push(QUOTE);
}

/**
 * Writes a JSON value as string content: `{"a": 1}` gives `{\"a\":1}`. White space between its tokens is left
 * out. The value must have been checked.
 */
export function writeValueEscaped(out: Buffer, value: Span): void {
  // Every byte becomes at most two.
  let to = out.reserve(value.size << 1);
  if (to == 0) return;
  const start = to;
  let inString = false;
  for (let at = value.start, end = value.end; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == BACKSLASH) {
      store<u16>(to, 0x5c5c);
      to += 2;
      if (++at >= end) break;
      // The escaped byte: a quote or a backslash needs a backslash of its own.
      const next = load<u8>(at);
      if (next == QUOTE || next == BACKSLASH) store<u8>(to++, BACKSLASH);
      store<u8>(to++, next);
    } else if (byte == QUOTE) {
      inString = !inString;
      store<u16>(to, 0x225c);
      to += 2;
    } else if (inString || byte > 0x20) {
      store<u8>(to++, byte);
    }
  }
  out.wrote(<i32>(to - start));
}

/** Writes a checked JSON value without the white space between its tokens. */
export function writeCompact(out: Buffer, value: Span): void {
  let to = out.reserve(value.size);
  if (to == 0) return;
  const start = to;
  let inString = false;
  for (let at = value.start, end = value.end; at < end; at++) {
    const byte = load<u8>(at);
    if (byte <= 0x20 && !inString) continue;
    store<u8>(to++, byte);
    if (byte == QUOTE) inString = !inString;
    else if (byte == BACKSLASH && ++at < end) store<u8>(to++, load<u8>(at));
  }
  out.wrote(<i32>(to - start));
}

/** The JSON object whose text the escaped content holds, or an empty span when it holds none. */
export function objectInText(escaped: Span): Span {
  if (escaped.isEmpty) return NONE;
  const text = new Buffer(escaped.size);
  if (unescapeInto(text, escaped) != JsonError.None) return NONE;
  const value = Json.checked(text.span());
  return value.kind == JsonKind.Object ? value.raw() : NONE;
}

/** True when the escaped text has nothing but white space. */
export function isBlank(escaped: Span): bool {
  for (let i = 0; i < escaped.size; i++) {
    const byte = escaped.at(i);
    if (byte == 0x20) continue;
    if (byte != BACKSLASH) return false;
    const letter = escaped.at(++i);
    // \n, \r, \t
    if (letter != 0x6e && letter != 0x72 && letter != 0x74) return false;
  }
  return true;
}

/** The escaped text without the white space at its end. */
export function withoutTrailingSpace(escaped: Span): Span {
  let size = escaped.size;
  while (size > 0) {
    if (escaped.at(size - 1) == 0x20) size--;
    else if (endsWithSpaceEscape(escaped, size)) size -= 2;
    else break;
  }
  return escaped.slice(0, size);
}

/** True when the text of this size ends with `\n`, `\r` or `\t` whose backslash is no escaped one. */
function endsWithSpaceEscape(escaped: Span, size: i32): bool {
  const letter = escaped.at(size - 1);
  if (letter != 0x6e && letter != 0x72 && letter != 0x74) return false;
  let slashes = 0;
  while (escaped.at(size - 2 - slashes) == BACKSLASH) slashes++;
  return (slashes & 1) == 1;
}

/** Number of characters (code points) of the escaped text. */
export function characterCount(escaped: Span): i64 {
  let count: i64 = 0;
  const end = escaped.end;
  for (let at = escaped.start; at < end; at++) {
    const byte = load<u8>(at);
    if (byte != BACKSLASH) {
      if ((byte & 0xc0) != 0x80) count++;
    } else if (at + 6 <= end && load<u8>(at + 1) == 0x75) {
      // The second half of a surrogate pair (\udc00 to \udfff) is no character of its own.
      if ((load<u8>(at + 2) | 0x20) != 0x64 || (load<u8>(at + 3) | 0x20) < 0x63) count++;
      at += 5;
    } else {
      count++;
      at++;
    }
  }
  return count;
}

/** Number of characters in the first `bytes` bytes that the escaped text means; -1 when it has less. */
export function charactersWithin(escaped: Span, bytes: i64): i64 {
  let count: i64 = 0;
  const end = escaped.end;
  for (let at = escaped.start; bytes > 0; at++) {
    if (at >= end) return -1;
    const byte = load<u8>(at);
    let size = 1;
    let isNext = (byte & 0xc0) == 0x80;
    if (byte == BACKSLASH && at + 6 <= end && load<u8>(at + 1) == 0x75) {
      const high = load<u8>(at + 2) | 0x20;
      const low = load<u8>(at + 3) | 0x20;
      const isHalf = high == 0x64 && low > 0x37;
      if (isHalf) size = 2;
      else if (high != 0x30 || low > 0x37) size = 3;
      else if (low != 0x30 || load<u8>(at + 4) > 0x37) size = 2;
      isNext = isHalf && low > 0x62;
      at += 5;
    } else if (byte == BACKSLASH) {
      at++;
    }
    bytes -= size;
    if (!isNext) count++;
  }
  return count;
}

/** String content of a value; empty when it is no string. */
export function textOf(value: Json): Span {
  return value.kind == JsonKind.String ? value.escaped() : NONE;
}

/** Bytes of a value; empty when it is missing or null. */
export function rawOf(value: Json): Span {
  return value.kind > JsonKind.Null ? value.raw() : NONE;
}

/** Appends the text to a joined text, with an escaped separator such as `\\n` between the two. */
export function joinText(out: Buffer, separator: string, escaped: Span): void {
  if (!out.isEmpty) out.text(separator);
  out.append(escaped);
}

/** Base64 of either alphabet in the one that is not for URLs: Google's client for Python writes all bytes in the other. */
export function standardBase64(data: Span): Span {
  const isPadded = (data.size & 3) == 0;
  if (!isPadded || (data.indexOf(0x2d) < 0 && data.indexOf(0x5f) < 0)) return data;
  const out = new Buffer(data.size);
  for (let i = 0; i < data.size; i++) {
    const byte = data.at(i);
    out.push(byte == 0x2d ? 0x2b : byte == 0x5f ? 0x2f : byte);
  }
  return out.span();
}
