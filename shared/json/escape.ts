// Writing text as string content: what stands between the quotes.

import { Buffer, Span, brokenEnd, validEnd } from "../bytes";
import { findSpecial } from "./scan";

/**
 * Appends UTF-8 text as string content, escaped as little as `JSON.stringify` does. Invalid UTF-8 becomes
 * U+FFFD. The quotes are the caller's.
 */
export function escapeInto(out: Buffer, text: Span): void {
  escape(out, text, false);
}

/** As `escapeInto`, and `<`, `>`, `&`, U+2028 and U+2029 as Go's `encoding/json` escapes them for HTML. */
export function escapeHtmlInto(out: Buffer, text: Span): void {
  escape(out, text, true);
}

function escape(out: Buffer, text: Span, html: bool): void {
  const end = text.end;
  for (let at = text.start; at < end;) {
    const stop = validEnd(at, end);
    if (html) escapeValidHtml(out, at, stop);
    else escapeValid(out, at, stop);
    if (stop >= end) return;
    out.text("\ufffd");
    at = brokenEnd(stop, end);
  }
}

function escapeValid(out: Buffer, start: usize, end: usize): void {
  let at = start;
  while (true) {
    const stop = findSpecial(at, end);
    copy(out, at, stop);
    if (stop >= end) return;
    escapeByte(out, load<u8>(stop));
    at = stop + 1;
  }
}

function escapeValidHtml(out: Buffer, start: usize, end: usize): void {
  let run = start;
  for (let at = run; at < end; at++) {
    const byte = <u32>load<u8>(at);
    let size: usize = 1;
    if (byte == 0xe2 && load<u8>(at, 1) == 0x80 && (load<u8>(at, 2) & 0xfe) == 0xa8) {
      copy(out, run, at);
      size = 3;
      unicodeEscape(out, 0x2028 | (load<u8>(at, 2) & 1));
    } else if (byte == 0x3c || byte == 0x3e || byte == 0x26) {
      copy(out, run, at);
      unicodeEscape(out, byte);
    } else if (byte < 0x20 || byte == 0x22 || byte == 0x5c) {
      copy(out, run, at);
      escapeByte(out, byte);
    } else continue;
    run = at + size;
    at = run - 1;
  }
  copy(out, run, end);
}

function copy(out: Buffer, from: usize, to: usize): void {
  const size = <i32>(to - from);
  if (size <= 0) return;
  const room = out.reserve(size);
  if (room == 0) return;
  memory.copy(room, from, <usize>size);
  out.wrote(size);
}

function escapeByte(out: Buffer, byte: u32): void {
  let letter: u32 = 0;
  switch (byte) {
    case 0x22:
    case 0x5c:
      letter = byte;
      break;
    case 0x08:
      letter = 0x62;
      break;
    case 0x09:
      letter = 0x74;
      break;
    case 0x0a:
      letter = 0x6e;
      break;
    case 0x0c:
      letter = 0x66;
      break;
    case 0x0d:
      letter = 0x72;
      break;
    default:
      unicodeEscape(out, byte);
      return;
  }
  const room = out.reserve(2);
  if (room == 0) return;
  store<u16>(room, 0x5c | (letter << 8));
  out.wrote(2);
}

function unicodeEscape(out: Buffer, unit: u32): void {
  const room = out.reserve(6);
  if (room == 0) return;
  store<u16>(room, 0x755c);
  for (let i: usize = 0; i < 4; i++) {
    const digit = (unit >> (12 - 4 * <u32>i)) & 15;
    store<u8>(room + i, digit < 10 ? 0x30 + digit : 0x57 + digit, 2);
  }
  out.wrote(6);
}
