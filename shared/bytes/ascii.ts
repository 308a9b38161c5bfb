// Letters and white space of ASCII in byte strings. Bytes above 0x7f are left as they are.

import { findNonAscii } from "./find";
import { Span } from "./span";

export function isAscii(bytes: Span): bool {
  return findNonAscii(bytes.start, bytes.end) == bytes.end;
}

/** The bytes with A-Z made a-z; borrowed when there is nothing to change. */
export function lowerAscii(bytes: Span): Span {
  let first = 0;
  while (first < bytes.size && !isUpper(load<u8>(bytes.start + <usize>first))) first++;
  if (first == bytes.size) return bytes;
  const lowered = bytes.copy();
  for (let at = lowered.start + <usize>first; at < lowered.end; at++) store<u8>(at, lower(load<u8>(at)));
  return lowered;
}

/** The bytes with a-z made A-Z. */
export function upperAscii(bytes: Span): Span {
  const raised = bytes.copy();
  for (let at = raised.start; at < raised.end; at++) {
    const byte = load<u8>(at);
    if (<u8>(byte - 0x61) < 26) store<u8>(at, byte & 0xdf);
  }
  return raised;
}

/** Index of the first `character`, a UTF-16 unit, in a text at or after `from`, or -1. */
export function indexOfCharacter(text: string, character: i32, from: i32 = 0): i32 {
  const start = changetype<usize>(text);
  const end = start + ((<usize>text.length) << 1);
  let at = start + ((<usize>max(from, 0)) << 1);
  if (ASC_FEATURE_SIMD) {
    const wanted = i16x8.splat(<i16>character);
    for (; at + 16 <= end; at += 16) {
      const hits = i16x8.bitmask(i16x8.eq(v128.load(at), wanted));
      if (hits) return ((<i32>(at - start)) >> 1) + ctz(hits);
    }
  }
  for (; at < end; at += 2) if (<i32>load<u16>(at) == character) return (<i32>(at - start)) >> 1;
  return -1;
}

/** Compares two runs of bytes, taking A-Z and a-z as equal. */
export function equalsIgnoreCase(left: Span, right: Span): bool {
  if (left.size != right.size) return false;
  for (let i = 0; i < left.size; i++) {
    if (lower(load<u8>(left.start + <usize>i)) != lower(load<u8>(right.start + <usize>i))) return false;
  }
  return true;
}

/** Compares bytes with a string that must be ASCII, taking A-Z and a-z as equal. */
export function equalsAsciiIgnoreCase(bytes: Span, text: string): bool {
  if (bytes.size != text.length) return false;
  for (let i = 0; i < bytes.size; i++) {
    const unit = load<u16>(changetype<usize>(text) + ((<usize>i) << 1));
    if (unit > 0x7f || lower(load<u8>(bytes.start + <usize>i)) != lower(<u8>unit)) return false;
  }
  return true;
}

/** The bytes without white space (SP, TAB, LF, FF, CR) at both ends; borrowed. */
export function trimAscii(bytes: Span): Span {
  let first = 0;
  let last = bytes.size;
  while (first < last && isSpace(load<u8>(bytes.start + <usize>first))) first++;
  while (last > first && isSpace(load<u8>(bytes.start + <usize>(last - 1)))) last--;
  return bytes.slice(first, last);
}

function isUpper(byte: u8): bool {
  return <u8>(byte - 0x41) < 26;
}

function lower(byte: u8): u8 {
  return isUpper(byte) ? byte | 0x20 : byte;
}

function isSpace(byte: u8): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 || byte == 0x0c;
}
