// A whole document against RFC 8259, in one pass and without recursion.

import { Span, isUtf8 } from "../bytes";
import { JsonError, JsonKind } from "./error";
import { readNumber } from "./number";
import { Scan, documentStart, kindOf, literalEnd } from "./scan";
import { MAX_DEPTH } from "./skim";
import { Content, contentEnd } from "./string";

/** True when the bytes are one JSON value; else `Scan.error` and `Scan.errorAt` tell. */
export function checkDocument(bytes: Span): bool {
  const end = bytes.end;
  let at = documentStart(bytes.start, end);
  if (at >= end) return Scan.refuse(JsonError.Empty, end);
  // One bit for each open container, the innermost lowest: 1 for an object.
  let outer: u64 = 0;
  let inner: u64 = 0;
  let depth = 0;
  while (true) {
    // `at` is where a value has to start.
    if (at >= end) return Scan.refuse(JsonError.Truncated, end);
    const first = load<u8>(at);
    if ((first | 0x20) == 0x7b) {
      if (++depth > MAX_DEPTH) return Scan.refuse(JsonError.Depth, at);
      const isObject = first == 0x7b;
      outer = (outer << 1) | (inner >> 63);
      inner = (inner << 1) | (<u64>isObject);
      at = Scan.space(at + 1, end);
      if (at >= end || load<u8>(at) != first + 2) {
        if (isObject && (at = afterName(at, end)) == 0) return false;
        continue;
      }
    } else {
      at = scalarEnd(at, end, first);
      if (at == 0) return false;
    }
    // `at` is after a value, or on the bracket of an empty container.
    while (true) {
      at = Scan.space(at, end);
      if (depth == 0) {
        if (at < end) return Scan.refuse(JsonError.Trailing, at);
        // Bytes above 0x7f can only stand in strings by now.
        return isUtf8(bytes) || Scan.refuse(JsonError.Utf8, bytes.start);
      }
      if (at >= end) return Scan.refuse(JsonError.Truncated, end);
      const byte = <u32>load<u8>(at);
      const isObject = (inner & 1) != 0;
      if (byte == 0x2c) {
        at = Scan.space(at + 1, end);
        if (isObject && (at = afterName(at, end)) == 0) return false;
        break;
      }
      if (byte != (isObject ? 0x7d : 0x5d)) return Scan.refuse(JsonError.Syntax, at);
      depth--;
      inner = (inner >> 1) | (outer << 63);
      outer >>= 1;
      at++;
    }
  }
}

/** Where the value of the member starts whose name has to start at `at`, or 0. */
function afterName(at: usize, end: usize): usize {
  if (at >= end) return Scan.fail(JsonError.Truncated, end);
  if (load<u8>(at) != 0x22) return Scan.fail(JsonError.Syntax, at);
  const quote = stringEnd(at + 1, end);
  if (quote == 0) return 0;
  if (Content.hasLoneSurrogate) return Scan.fail(JsonError.Surrogate, at + 1);
  at = Scan.space(quote + 1, end);
  if (at >= end) return Scan.fail(JsonError.Truncated, end);
  return load<u8>(at) == 0x3a ? Scan.space(at + 1, end) : Scan.fail(JsonError.Syntax, at);
}

/** Address after the string, number or literal at `at`, or 0. */
function scalarEnd(at: usize, end: usize, first: u32): usize {
  if (first == 0x22) {
    const quote = stringEnd(at + 1, end);
    return quote != 0 ? quote + 1 : 0;
  }
  return kindOf(first) == JsonKind.Number ? readNumber(at, end) : literalEnd(at, end);
}

/** Address of the quote that ends the content at `at`, or 0. */
function stringEnd(at: usize, end: usize): usize {
  const quote = contentEnd(at, end);
  return quote != end ? quote : Scan.fail(JsonError.Truncated, end);
}
