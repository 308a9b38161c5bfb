// Scanning kernels over raw addresses [at, end). They find where a value ends by its quotes and brackets
// alone and judge nothing else. Every kernel reads 16 or 64 bytes at a time where the target has SIMD; the
// scalar twin (a build with `--disable simd`) gives the same answers.

import { JsonError, JsonKind } from "./error";

/** Arrays and objects inside each other, as in Go's and Python's limits an order of magnitude above real bodies. */
export const MAX_DEPTH: i32 = 128;

/** What the kernels keep besides their result: the reason of a 0, and where `skim` stands inside a value. */
export class Scan {
  static error: JsonError = JsonError.None;
  /** Address of the error. */
  static errorAt: usize = 0;
  /** True when the string `stringEnd` last walked over holds a backslash. */
  static escaped: bool = false;

  // State of `skim`; a reader of windows keeps these between two windows.
  static depth: i32 = 0;
  /** All ones inside a string, else 0. */
  static inString: u64 = 0;
  /** 1 when the next byte is escaped by the one before it, else 0. */
  static afterBackslash: u64 = 0;

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

  /** 64 bits, one for each byte of four vectors whose top bit is set. */
  @inline static bits(a: v128, b: v128, c: v128, d: v128): u64 {
    return (
      (<u64>(<u32>(i8x16.bitmask(a) | (i8x16.bitmask(b) << 16)))) |
      ((<u64>(<u32>(i8x16.bitmask(c) | (i8x16.bitmask(d) << 16)))) << 32)
    );
  }

  /** Bit i of the result is the exclusive or of bits 0 to i. */
  @inline static running(bits: u64): u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ (bits << 32);
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
  return byte <= 0x2c ? ((low >> <u64>byte) & 1) != 0 : (byte | 0x20) == 0x7d;
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
      Scan.depth = 0;
      Scan.inString = ~(<u64>0);
      Scan.afterBackslash = 0;
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
    Scan.depth = 1;
    Scan.inString = 0;
    Scan.afterBackslash = 0;
    const after = skim(at, end);
    if (after != 0 || Scan.depth > MAX_DEPTH) return after;
    return Scan.fail(JsonError.Truncated, end);
  }
  while (at < end && !isDelimiter(load<u8>(at))) at++;
  return at;
}

/**
 * Walks on inside a string (`depth` 0, `inString` set) or a container (`depth` > 0) and returns the address
 * after its closing quote or bracket. Returns 0 when `end` comes first (the state then fits the next window),
 * or when `depth` has passed MAX_DEPTH. A backslash shields a quote or backslash after it wherever it stands.
 */
export function skim(at: usize, end: usize): usize {
  return ASC_FEATURE_SIMD ? skimBlocks(at, end) : skimBytes(at, end);
}

function skimBlocks(at: usize, end: usize): usize {
  let depth = Scan.depth;
  let inString = Scan.inString;
  let afterBackslash = Scan.afterBackslash;
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  while (at < end) {
    let base = at;
    let inside = ~(<u64>0);
    if (end - at < 64) {
      // The last block ends with the last byte; what lies before `at` is masked out.
      base = end - 64;
      inside <<= 64 - <u64>(end - at);
    }
    const a = v128.load(base);
    const b = v128.load(base, 16);
    const c = v128.load(base, 32);
    const d = v128.load(base, 48);
    const quoteA = i8x16.eq(a, quote);
    const quoteB = i8x16.eq(b, quote);
    const quoteC = i8x16.eq(c, quote);
    const quoteD = i8x16.eq(d, quote);
    const slashA = i8x16.eq(a, backslash);
    const slashB = i8x16.eq(b, backslash);
    const slashC = i8x16.eq(c, backslash);
    const slashD = i8x16.eq(d, backslash);
    const slashes = v128.or(v128.or(slashA, slashB), v128.or(slashC, slashD));
    let quotes = Scan.bits(quoteA, quoteB, quoteC, quoteD) & inside;
    if (afterBackslash != 0 || v128.any_true(slashes)) {
      // Odd runs of backslashes, found without a loop (Langdale and Lemire 2019, section 3.1.1).
      const even: u64 = 0x5555555555555555;
      const first = afterBackslash << (<u64>(at - base));
      const runs = Scan.bits(slashA, slashB, slashC, slashD) & inside & ~first;
      const carried = runs + (runs & ~even & ~(runs << 1));
      afterBackslash = <u64>(carried < runs);
      quotes &= ~(first | ((even ^ (carried << 1)) & (runs << 1)));
    }
    at = base + 64;
    if (depth == 0) {
      if (quotes != 0) return base + <usize>ctz(quotes) + 1;
      continue;
    }
    if (inString != 0 && quotes == 0) continue;
    const strings = Scan.running(quotes) ^ inString;
    inString = <u64>((<i64>strings) >> 63);
    const space = i8x16.splat(0x20);
    const open = i8x16.splat(0x7b);
    const close = i8x16.splat(0x7d);
    const lowerA = v128.or(a, space);
    const lowerB = v128.or(b, space);
    const lowerC = v128.or(c, space);
    const lowerD = v128.or(d, space);
    const outside = inside & ~strings;
    const opens =
      outside &
      Scan.bits(
        i8x16.eq(lowerA, open),
        i8x16.eq(lowerB, open),
        i8x16.eq(lowerC, open),
        i8x16.eq(lowerD, open),
      );
    const closes =
      outside &
      Scan.bits(
        i8x16.eq(lowerA, close),
        i8x16.eq(lowerB, close),
        i8x16.eq(lowerC, close),
        i8x16.eq(lowerD, close),
      );
    const opened = <i32>popcnt(opens);
    const closed = <i32>popcnt(closes);
    if (closed < depth && depth + opened <= MAX_DEPTH) {
      depth += opened - closed;
      continue;
    }
    for (let brackets = opens | closes; brackets != 0; brackets &= brackets - 1) {
      const index = <usize>ctz(brackets);
      if ((opens >> (<u64>index)) & 1) {
        if (++depth > MAX_DEPTH) {
          Scan.depth = depth;
          return Scan.fail(JsonError.Depth, base + index);
        }
      } else if (--depth == 0) return base + index + 1;
    }
  }
  Scan.depth = depth;
  Scan.inString = inString;
  Scan.afterBackslash = afterBackslash;
  return 0;
}

function skimBytes(at: usize, end: usize): usize {
  let depth = Scan.depth;
  let inString = Scan.inString != 0;
  let afterBackslash = Scan.afterBackslash != 0;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    const shielded = afterBackslash;
    afterBackslash = byte == 0x5c && !shielded;
    if (byte == 0x22) {
      if (shielded) continue;
      if (depth == 0) return at + 1;
      inString = !inString;
    } else if (!inString) {
      const lower = byte | 0x20;
      if (lower == 0x7b) {
        if (++depth > MAX_DEPTH) {
          Scan.depth = depth;
          return Scan.fail(JsonError.Depth, at);
        }
      } else if (lower == 0x7d && --depth == 0) return at + 1;
    }
  }
  Scan.depth = depth;
  Scan.inString = inString ? ~(<u64>0) : 0;
  Scan.afterBackslash = afterBackslash ? 1 : 0;
  return 0;
}
