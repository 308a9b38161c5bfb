// Scanning kernels over raw addresses [at, end). They find where a value ends by its quotes and brackets
// alone and judge nothing else. Every kernel reads 16 or 64 bytes at a time where the build has SIMD; without
// (`--disable simd`) the answers are the same.

import { JsonError, JsonKind } from "./error";
import { MAX_DEPTH, Skim, skim } from "./skim";

/** What the kernels tell besides their result. */
export class Scan {
  static error: JsonError = JsonError.None;
  /** Address of the error. */
  static errorAt: usize = 0;
  /** True when the string `stringEnd` last walked over holds a backslash. */
  static escaped: bool = false;

  /** Notes an error and returns 0. */
  static fail(error: JsonError, at: usize): usize {
    Scan.error = error;
    Scan.errorAt = at;
    return 0;
  }

  /** Notes an error and returns false. */
  static refuse(error: JsonError, at: usize): bool {
    Scan.error = error;
    Scan.errorAt = at;
    return false;
  }

  /** As `skipSpace`, without a call where there is no white space. */
  @inline static space(at: usize, end: usize): usize {
    return at < end && load<u8>(at) <= 0x20 ? skipSpace(at, end) : at;
  }
}

/** The kind of a value by its first byte; `Missing` where none starts so. */
export function kindOf(first: u32): JsonKind {
  if (first == 0x22) return JsonKind.String;
  if (first == 0x7b) return JsonKind.Object;
  if (first == 0x5b) return JsonKind.Array;
  if (first == 0x2d || first - 0x30 < 10) return JsonKind.Number;
  if (first == 0x74 || first == 0x66) return JsonKind.Bool;
  return first == 0x6e ? JsonKind.Null : JsonKind.Missing;
}

/** The first byte at or after `at` that is not white space, or `end`. */
export function skipSpace(at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at);
    if (byte > 0x20 || (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09)) break;
    at++;
  }
  return at;
}

/** True for what may follow a number or a literal: white space, comma, closing bracket. */
export function isDelimiter(byte: u32): bool {
  // Bits 9, 10, 13, 32 and 44.
  const low: u64 = 0x100100002600;
  return byte <= 0x2c ? ((low >> (<u64>byte)) & 1) != 0 : (byte | 0x20) == 0x7d;
}

/** Where the document's value should start: after a byte order mark and white space. */
export function documentStart(at: usize, end: usize): usize {
  if (at + 3 <= end && load<u16>(at) == 0xbbef && load<u8>(at, 2) == 0xbf) at += 3;
  return skipSpace(at, end);
}

/** The first quote, backslash or control character at or after `at`, or `end`. */
export function findSpecial(at: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) {
    while (at + 16 <= end) {
      const bytes = v128.load(at);
      const found = i8x16.bitmask(
        v128.or(
          v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
          i8x16.lt_u(bytes, i8x16.splat(0x20)),
        ),
      );
      if (found != 0) return at + <usize>ctz(found);
      at += 16;
    }
  }
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x22 || byte == 0x5c || byte < 0x20) break;
  }
  return at;
}

/**
 * Address of the quote that closes the string whose content starts at `at`, or 0 (`Truncated`).
 * Sets `Scan.escaped`.
 */
export function stringEnd(at: usize, end: usize): usize {
  Scan.escaped = false;
  if (ASC_FEATURE_SIMD) {
    while (at + 16 <= end) {
      const bytes = v128.load(at);
      const found = i8x16.bitmask(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      );
      if (found != 0) {
        at += <usize>ctz(found);
        break;
      }
      at += 16;
    }
  }
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x22) return at;
    if (byte == 0x5c) {
      Scan.escaped = true;
      Skim.start(0);
      const after = skim(at, end);
      return after != 0 ? after - 1 : Scan.fail(JsonError.Truncated, end);
    }
  }
  return Scan.fail(JsonError.Truncated, end);
}

/** Address after the literal `true`, `false` or `null` at `at`, or 0 (`Syntax`). */
export function literalEnd(at: usize, end: usize): usize {
  let after = at + 4;
  if (after <= end) {
    const word = load<u32>(at);
    // "true", "null" and "fals", read as little-endian words.
    if (word == 0x736c6166 && after < end && load<u8>(after) == 0x65) after++;
    else if (word != 0x65757274 && word != 0x6c6c756e) after = 0;
    if (after != 0 && (after == end || isDelimiter(load<u8>(after)))) return after;
  }
  return Scan.fail(JsonError.Syntax, at);
}

/** Address after the value that starts at `at`, or 0 with `Scan.error` set. */
export function skipValue(at: usize, end: usize): usize {
  if (at >= end) return Scan.fail(JsonError.Truncated, end);
  const kind = kindOf(load<u8>(at));
  if (kind == JsonKind.Missing) return Scan.fail(JsonError.Syntax, at);
  at++;
  if (kind == JsonKind.String) {
    const quote = stringEnd(at, end);
    return quote != 0 ? quote + 1 : 0;
  }
  if (kind >= JsonKind.Array) {
    Skim.start(1);
    const after = skim(at, end);
    if (after != 0 || Skim.depth > MAX_DEPTH) return after;
    return Scan.fail(JsonError.Truncated, end);
  }
  while (at < end && !isDelimiter(load<u8>(at))) at++;
  return at;
}
