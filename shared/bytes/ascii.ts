// Letters and white space of ASCII in byte strings. Bytes above 0x7f are left as they are.

import { Span } from "./span";

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
