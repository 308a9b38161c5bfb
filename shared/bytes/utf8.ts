// UTF-8 as the WHATWG decoder reads it: https://encoding.spec.whatwg.org/#utf-8-decoder
// (The standard library's decoder accepts overlong forms and surrogates, its encoder writes surrogates.)

import { takesRoom } from "../runtime/room";
import { findNonAscii } from "./find";
import { Span } from "./span";

const REPLACEMENT: u16 = 0xfffd;

// The longest text an AssemblyScript string can hold, with room for its header.
const MAX_TEXT_UNITS: i32 = (1 << 29) - 64;

/** True when the bytes are valid UTF-8. A byte order mark is a character like any other. */
export function isUtf8(bytes: Span): bool {
  return validEnd(bytes.start, bytes.end) >= bytes.end;
}

/** Address of the first ill-formed sequence, or `end`. */
export function validEnd(start: usize, end: usize): usize {
  let at = findNonAscii(start, end);
  while (at < end) {
    const size = sequence(at, end);
    if (size < 0) return at;
    at += <usize>size;
    if (at < end && load<u8>(at) < 0x80) at = findNonAscii(at, end);
  }
  return at;
}

/** Address after the ill-formed sequence at `at`, for which one U+FFFD stands. */
export function brokenEnd(at: usize, end: usize): usize {
  return at + <usize>-sequence(at, end);
}

/**
 * The text of the bytes. Each maximal part of an ill-formed sequence becomes one U+FFFD, as
 * `TextDecoder("utf-8", { ignoreBOM: true })` does it. Input beyond 2^29 bytes is cut.
 */
export function decodeLossy(bytes: Span): string {
  const size = min(bytes.size, MAX_TEXT_UNITS);
  if (size <= 0 || !takesRoom(size << 1)) return "";
  // A byte makes at most one UTF-16 unit; the rest is given back below.
  const text = __new((<usize>size) << 1, idof<string>());
  const end = bytes.start + <usize>size;
  let at = bytes.start;
  let out = text;
  while (at < end) {
    const ascii = findNonAscii(at, end);
    out = widen(at, ascii, out);
    at = ascii;
    while (at < end && load<u8>(at) >= 0x80) {
      const length = sequence(at, end);
      if (length < 0) {
        store<u16>(out, REPLACEMENT);
        at += <usize>-length;
      } else {
        const point = codePoint(at, length);
        if (point > 0xffff) {
          store<u16>(out, <u16>(0xd7c0 + (point >> 10)));
          out += 2;
          store<u16>(out, <u16>(0xdc00 | (point & 0x3ff)));
        } else {
          store<u16>(out, <u16>point);
        }
        at += <usize>length;
      }
      out += 2;
    }
  }
  return changetype<string>(__renew(text, out - text));
}

/** Size in bytes of the text as UTF-8; a lone surrogate counts as U+FFFD. */
export function utf8Size(text: string): i32 {
  const start = changetype<usize>(text);
  const end = start + ((<usize>text.length) << 1);
  let at = start;
  if (ASC_FEATURE_SIMD) while (at + 16 <= end && areAscii(v128.load(at))) at += 16;
  let size = <i32>((at - start) >> 1);
  for (; at < end; at += 2) {
    const unit = <u32>load<u16>(at);
    if (unit < 0x80) size += 1;
    else if (unit < 0x800) size += 2;
    else if (isPair(unit, at, end)) {
      size += 4;
      at += 2;
    } else size += 3;
  }
  return size;
}

/** Writes the text as UTF-8 to `out`, which must have room for `utf8Size(text)` bytes. Answers the end. */
export function encodeUtf8Unchecked(text: string, out: usize): usize {
  let at = changetype<usize>(text);
  const end = at + ((<usize>text.length) << 1);
  if (ASC_FEATURE_SIMD) {
    for (; at + 16 <= end; at += 16) {
      const block = v128.load(at);
      if (!areAscii(block)) break;
      v128.store64_lane(out, i8x16.narrow_i16x8_u(block, block), 0);
      out += 8;
    }
  }
  for (; at < end; at += 2) {
    let unit = <u32>load<u16>(at);
    if (unit < 0x80) {
      store<u8>(out, unit);
      out += 1;
    } else if (unit < 0x800) {
      store<u8>(out, 0xc0 | (unit >> 6));
      store<u8>(out, 0x80 | (unit & 0x3f), 1);
      out += 2;
    } else if (isPair(unit, at, end)) {
      at += 2;
      unit = 0x10000 + ((unit & 0x3ff) << 10) + ((<u32>load<u16>(at)) & 0x3ff);
      store<u8>(out, 0xf0 | (unit >> 18));
      store<u8>(out, 0x80 | ((unit >> 12) & 0x3f), 1);
      store<u8>(out, 0x80 | ((unit >> 6) & 0x3f), 2);
      store<u8>(out, 0x80 | (unit & 0x3f), 3);
      out += 4;
    } else {
      if ((unit & 0xf800) == 0xd800) unit = <u32>REPLACEMENT;
      store<u8>(out, 0xe0 | (unit >> 12));
      store<u8>(out, 0x80 | ((unit >> 6) & 0x3f), 1);
      store<u8>(out, 0x80 | (unit & 0x3f), 2);
      out += 3;
    }
  }
  return out;
}

/** Whether all eight UTF-16 units are below 0x80. */
function areAscii(units: v128): bool {
  return !v128.any_true(v128.and(units, i16x8.splat(<i16>0xff80)));
}

function isPair(unit: u32, at: usize, end: usize): bool {
  return (unit & 0xfc00) == 0xd800 && at + 4 <= end && ((<u32>load<u16>(at, 2)) & 0xfc00) == 0xdc00;
}

/** Size of the well-formed sequence at `at < end`, or minus the size of the part that one U+FFFD replaces. */
function sequence(at: usize, end: usize): i32 {
  const lead = <u32>load<u8>(at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4 || at + 1 >= end) return -1;
  // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  const lower: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const upper: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  const second = <u32>load<u8>(at, 1);
  if (second < lower || second > upper) return -1;
  if (lead < 0xe0) return 2;
  if (at + 2 >= end || (load<u8>(at, 2) & 0xc0) != 0x80) return -2;
  if (lead < 0xf0) return 3;
  if (at + 3 >= end || (load<u8>(at, 3) & 0xc0) != 0x80) return -3;
  return 4;
}

/** The code point of a well-formed sequence of 2 to 4 bytes. */
function codePoint(at: usize, size: i32): u32 {
  const lead = <u32>load<u8>(at);
  const second = (<u32>load<u8>(at, 1)) & 0x3f;
  if (size == 2) return ((lead & 0x1f) << 6) | second;
  const third = (<u32>load<u8>(at, 2)) & 0x3f;
  if (size == 3) return ((lead & 0x0f) << 12) | (second << 6) | third;
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | ((<u32>load<u8>(at, 3)) & 0x3f);
}

/** Copies the ASCII bytes `[at, end)` as UTF-16 units to `out`. Answers the end of what was written. */
function widen(at: usize, end: usize, out: usize): usize {
  if (ASC_FEATURE_SIMD) {
    while (at + 16 <= end) {
      const block = v128.load(at);
      v128.store(out, i16x8.extend_low_i8x16_u(block));
      v128.store(out, i16x8.extend_high_i8x16_u(block), 16);
      at += 16;
      out += 32;
    }
  }
  while (at < end) {
    store<u16>(out, <u16>load<u8>(at));
    at += 1;
    out += 2;
  }
  return out;
}
