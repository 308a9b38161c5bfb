// Characters in UTF-8 that may be broken: a byte that belongs to none counts as one U+FFFD.

import { Buffer, Span } from "../bytes";
import { CodePoint } from "../regex/threads";

const point = new CodePoint();

/** Size in bytes of the character at an offset of the text; at least 1. */
export function pointSize(text: Span, at: i32): i32 {
  point.read(text, at);
  return max(point.width, 1);
}

export function pointAt(text: Span, at: i32): u32 {
  point.read(text, at);
  return <u32>point.value;
}

export function encodePoint(out: Buffer, value: u32): void {
  if (value > 0x10ffff || (value & 0xfffff800) == 0xd800) value = 0xfffd;
  if (value < 0x80) {
    out.push(value);
    return;
  }
  if (value < 0x800) out.push(0xc0 | (value >> 6));
  else {
    if (value < 0x10000) out.push(0xe0 | (value >> 12));
    else {
      out.push(0xf0 | (value >> 18));
      out.push(0x80 | ((value >> 12) & 0x3f));
    }
    out.push(0x80 | ((value >> 6) & 0x3f));
  }
  out.push(0x80 | (value & 0x3f));
}

/** The value of a hexadecimal digit, or -1. */
export function digitValue(byte: i32): i32 {
  if (<u32>(byte - 0x30) < 10) return byte - 0x30;
  const letter = (byte | 0x20) - 0x61;
  return <u32>letter < 6 ? letter + 10 : -1;
}
