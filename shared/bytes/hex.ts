// Base 16 (RFC 4648 §8). Written in lower case, read in either.

import { takesRoom } from "../runtime/room";
import { Buffer } from "./buffer";
import { Span } from "./span";

/** Appends two lower-case digits for each byte. */
export function encodeHex(out: Buffer, bytes: Span): void {
  for (let at = bytes.start; at < bytes.end; at++) {
    const byte = <i32>load<u8>(at);
    out.push(hexDigit(byte >> 4));
    out.push(hexDigit(byte & 15));
  }
}

/** The bytes that the digits stand for, or null for an odd number of digits or another character. */
export function decodeHex(text: Span): Span | null {
  if ((text.size & 1) != 0 || !takesRoom(text.size >> 1)) return null;
  const bytes = new ArrayBuffer(text.size >> 1);
  let out = changetype<usize>(bytes);
  for (let at = text.start; at < text.end; at += 2) {
    const byte = hexPair(at);
    if (byte < 0) return null;
    store<u8>(out++, <u8>byte);
  }
  return Span.of(bytes);
}

/** The lower-case digit of a value of 0 to 15. */
export function hexDigit(value: i32): i32 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

/** The byte that the two digits at `at` stand for, or -1; two bytes must be readable. */
export function hexPair(at: usize): i32 {
  const high = hexValue(load<u8>(at));
  const low = hexValue(load<u8>(at, 1));
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

function hexValue(digit: u8): i32 {
  if (<u8>(digit - 0x30) < 10) return <i32>digit - 0x30;
  const letter = <u8>((digit | 0x20) - 0x61);
  return letter < 6 ? <i32>letter + 10 : -1;
}
