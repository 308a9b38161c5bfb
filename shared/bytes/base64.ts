// Base 64 (RFC 4648 §4 and §5).

import { takesRoom } from "../runtime/room";
import { Buffer } from "./buffer";
import { Span } from "./span";

export const enum Base64 {
  /** `+/`, padded with `=`. */
  Standard = 0,
  /** `-_`, without padding. */
  Url = 1,
  /** `+/`, without padding. */
  StandardUnpadded = 2,
  /** `-_`, padded with `=`. */
  UrlPadded = 3,
}

/** Appends the bytes in base 64. */
export function encodeBase64(out: Buffer, bytes: Span, form: Base64 = Base64.Standard): void {
  const isUrl = form == Base64.Url || form == Base64.UrlPadded;
  const isPadded = form == Base64.Standard || form == Base64.UrlPadded;
  const tail = bytes.size % 3;
  const groups = bytes.size / 3;
  // Beyond the size of a buffer the product would wrap; `reserve` refuses the largest number.
  const size = <i64>groups * 4 + (tail == 0 ? 0 : isPadded ? 4 : tail + 1);
  const room = out.reserve(<i32>min<i64>(size, i32.MAX_VALUE));
  if (room == 0) return;
  let at = bytes.start;
  let to = room;
  for (let i = 0; i < groups; i++, at += 3, to += 4) {
    const bits = ((<u32>load<u8>(at)) << 16) | ((<u32>load<u8>(at, 1)) << 8) | (<u32>load<u8>(at, 2));
    store<u8>(to, digit(bits >> 18, isUrl));
    store<u8>(to, digit((bits >> 12) & 63, isUrl), 1);
    store<u8>(to, digit((bits >> 6) & 63, isUrl), 2);
    store<u8>(to, digit(bits & 63, isUrl), 3);
  }
  if (tail > 0) {
    const bits = ((<u32>load<u8>(at)) << 16) | (tail == 2 ? (<u32>load<u8>(at, 1)) << 8 : 0);
    store<u8>(to++, digit(bits >> 18, isUrl));
    store<u8>(to++, digit((bits >> 12) & 63, isUrl));
    if (tail == 2) store<u8>(to++, digit((bits >> 6) & 63, isUrl));
    if (isPadded) {
      store<u8>(to++, 0x3d);
      if (tail == 1) store<u8>(to, 0x3d);
    }
  }
  out.wrote(<i32>size);
}

/**
 * The bytes that a base 64 text stands for, with or without padding. Null for anything that no encoder writes:
 * the other alphabet, white space, a wrong length or padding, bits set after the last byte (so that no two
 * texts of one padding stand for the same bytes: signed tokens rely on it).
 */
export function decodeBase64(text: Span, form: Base64 = Base64.Standard): Span | null {
  const isUrl = form == Base64.Url || form == Base64.UrlPadded;
  let size = text.size;
  if (size >= 4 && (size & 3) == 0 && text.at(size - 1) == 0x3d) size -= text.at(size - 2) == 0x3d ? 2 : 1;
  const tail = size & 3;
  if (tail == 1) return null;
  const count = (size >> 2) * 3 + (tail == 0 ? 0 : tail - 1);
  if (!takesRoom(count)) return null;
  const bytes = new ArrayBuffer(count);
  let to = changetype<usize>(bytes);
  let at = text.start;
  for (const end = at + <usize>(size - tail); at < end; at += 4, to += 3) {
    const bits =
      (value(load<u8>(at), isUrl) << 18) |
      (value(load<u8>(at, 1), isUrl) << 12) |
      (value(load<u8>(at, 2), isUrl) << 6) |
      value(load<u8>(at, 3), isUrl);
    // A value of -1 survives the shifts and ors as a sign bit.
    if (bits < 0) return null;
    store<u8>(to, bits >> 16);
    store<u8>(to, bits >> 8, 1);
    store<u8>(to, bits, 2);
  }
  if (tail > 0) {
    const third = tail == 3 ? value(load<u8>(at, 2), isUrl) : 0;
    const bits = (value(load<u8>(at), isUrl) << 18) | (value(load<u8>(at, 1), isUrl) << 12) | (third << 6);
    if (bits < 0 || (bits & (tail == 3 ? 0xff : 0xffff)) != 0) return null;
    store<u8>(to, bits >> 16);
    if (tail == 3) store<u8>(to, bits >> 8, 1);
  }
  return Span.of(bytes);
}

/** The character of six bits. */
function digit(bits: u32, isUrl: bool): u32 {
  if (bits < 26) return bits + 0x41;
  if (bits < 52) return bits + 0x47;
  if (bits < 62) return bits - 4;
  return isUrl ? (bits == 62 ? 0x2d : 0x5f) : bits == 62 ? 0x2b : 0x2f;
}

/** The six bits of a character, or -1. */
function value(character: u8, isUrl: bool): i32 {
  const code = <i32>character;
  if (<u32>(code - 0x41) < 26) return code - 0x41;
  if (<u32>(code - 0x61) < 26) return code - 0x47;
  if (<u32>(code - 0x30) < 10) return code + 4;
  if (code == (isUrl ? 0x2d : 0x2b)) return 62;
  if (code == (isUrl ? 0x5f : 0x2f)) return 63;
  return -1;
}
