// The one hot loop: to the end of a string or of a container, by its quotes and brackets. It can stop after any
// byte and go on in the next window.

import { findEither } from "../bytes/find";
import { JsonError } from "./error";
import { Scan } from "./scan";

/** Arrays and objects inside each other. */
export const MAX_DEPTH: i32 = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where `skim` stands inside a value; a reader of windows keeps this between two of them. */
export class Skim {
  static depth: i32 = 0;
  /** All ones inside a string, else 0. */
  static inString: u64 = 0;
  /** 1 when a backslash shields the next byte, else 0. */
  static afterBackslash: u64 = 0;

  /** Stands after the opening quote of a string (`depth` 0) or the opening bracket of a container (1). */
  static start(depth: i32): void {
    Skim.depth = depth;
    Skim.inString = depth == 0 ? ~(<u64>0) : 0;
    Skim.afterBackslash = 0;
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

/**
 * Walks on inside a string (`depth` 0, `inString` set) or a container (`depth` > 0) and returns the address
 * after its closing quote or bracket. Returns 0 when `end` comes first (the state then fits the next window),
 * or when `depth` has passed MAX_DEPTH. A backslash shields a quote or backslash after it wherever it stands.
 */
export function skim(at: usize, end: usize): usize {
  return ASC_FEATURE_SIMD ? skimBlocks(at, end) : skimBytes(at, end);
}

function skimBlocks(at: usize, end: usize): usize {
  let depth = Skim.depth;
  let inString = Skim.inString;
  let afterBackslash = Skim.afterBackslash;
  const quote = i8x16.splat(<i8>QUOTE);
  const backslash = i8x16.splat(<i8>BACKSLASH);
  while (at < end) {
    if (inString != 0 && afterBackslash == 0) {
      // Long texts have few of both.
      at = findEither(at, end, QUOTE, BACKSLASH);
      if (at == end) break;
    }
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
    let quotes = Skim.bits(quoteA, quoteB, quoteC, quoteD) & inside;
    if (afterBackslash != 0 || v128.any_true(slashes)) {
      // Odd runs of backslashes, found without a loop (Langdale and Lemire 2019, section 3.1.1).
      const even: u64 = 0x5555555555555555;
      const offset = <u64>(at - base);
      const first = afterBackslash << offset;
      const runs = Skim.bits(slashA, slashB, slashC, slashD) & inside & ~first;
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
    const strings = Skim.running(quotes) ^ inString;
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
      Skim.bits(
        i8x16.eq(lowerA, open),
        i8x16.eq(lowerB, open),
        i8x16.eq(lowerC, open),
        i8x16.eq(lowerD, open),
      );
    const closes =
      outside &
      Skim.bits(
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
          Skim.depth = depth;
          return Scan.fail(JsonError.Depth, base + index);
        }
      } else if (--depth == 0) return base + index + 1;
    }
  }
  Skim.depth = depth;
  Skim.inString = inString;
  Skim.afterBackslash = afterBackslash;
  return 0;
}

function skimBytes(at: usize, end: usize): usize {
  let depth = Skim.depth;
  let inString = Skim.inString != 0;
  let afterBackslash = Skim.afterBackslash != 0;
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
          Skim.depth = depth;
          return Scan.fail(JsonError.Depth, at);
        }
      } else if (lower == 0x7d && --depth == 0) return at + 1;
    }
  }
  Skim.depth = depth;
  Skim.inString = inString ? ~(<u64>0) : 0;
  Skim.afterBackslash = afterBackslash ? 1 : 0;
  return 0;
}
