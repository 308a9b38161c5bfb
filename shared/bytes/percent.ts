// Percent-encoding of URL parts (RFC 3986 §2.1).

import { Buffer } from "./buffer";
import { hexDigit, hexPair } from "./hex";
import { Span } from "./span";

/**
 * Appends the bytes with everything but the unreserved characters (letters, digits, `-._~`) written as %XX.
 * With `keepsSlash` a `/` stays too, as in a whole path.
 */
export function percentEncode(out: Buffer, bytes: Span, keepsSlash: bool = false): void {
  for (let at = bytes.start; at < bytes.end; at++) {
    const byte = <i32>load<u8>(at);
    if (isUnreserved(byte) || (keepsSlash && byte == 0x2f)) {
      out.push(byte);
    } else {
      out.push(0x25);
      out.push(upperHexDigit(byte >> 4));
      out.push(upperHexDigit(byte & 15));
    }
  }
}

/**
 * The bytes with each %XX replaced by its byte; a `%` without two digits stays, as in the URL standard.
 * Borrowed when there is none. The result may hold any byte, a slash or a line break included.
 */
export function percentDecode(bytes: Span): Span {
  const first = bytes.indexOf(0x25);
  if (first < 0) return bytes;
  const decoded = bytes.copy();
  let out = decoded.start + <usize>first;
  for (let at = bytes.start + <usize>first; at < bytes.end; at++) {
    let byte = <i32>load<u8>(at);
    if (byte == 0x25 && at + 2 < bytes.end) {
      const pair = hexPair(at + 1);
      if (pair >= 0) {
        byte = pair;
        at += 2;
      }
    }
    store<u8>(out++, <u8>byte);
  }
  return decoded.slice(0, <i32>(out - decoded.start));
}

function isUnreserved(byte: i32): bool {
  return (
    <u32>(byte | 0x20) - 0x61 < 26 ||
    <u32>byte - 0x30 < 10 ||
    byte == 0x2d ||
    byte == 0x2e ||
    byte == 0x5f ||
    byte == 0x7e
  );
}

// RFC 3986 §2.1 asks for upper case.
function upperHexDigit(value: i32): i32 {
  const digit = hexDigit(value);
  return digit > 0x60 ? digit - 0x20 : digit;
}
