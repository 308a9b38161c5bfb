// String content: what stands between the quotes. Checking, comparing and unescaping it.
// https://www.rfc-editor.org/rfc/rfc8259#section-7

import { Buffer, Span, isUtf8 } from "../bytes";
import { JsonError } from "./error";
import { Scan, findSpecial } from "./scan";

/** What the last `contentEnd` met. */
export class Content {
  static hasEscape: bool = false;
  /** An escape for half of a surrogate pair. */
  static hasLoneSurrogate: bool = false;
}

/** The size of `\\u0061`: no escape is longer for a byte of what it stands for. */
export const LONGEST_ESCAPE: usize = 6;

const unescapedKey = new Buffer(256);

/**
 * Address of the first bare quote at or after `at`, or `end`; 0 where a control character or an escape that
 * does not exist comes before it (`Scan.error` tells). UTF-8 is not looked at.
 */
export function contentEnd(at: usize, end: usize): usize {
  Content.hasEscape = false;
  Content.hasLoneSurrogate = false;
  while ((at = findSpecial(at, end)) < end) {
    const byte = load<u8>(at);
    if (byte == 0x22) return at;
    if (byte != 0x5c) return Scan.fail(JsonError.Control, at);
    Content.hasEscape = true;
    const size = escapeSize(at, end);
    if (size == 0) return Scan.fail(JsonError.Escape, at);
    at += size;
  }
  return end;
}

/** True when [at, end) is the content of a string: no bare quote, no control character, only true escapes. */
export function checkContent(at: usize, end: usize): bool {
  const stop = contentEnd(at, end);
  if (stop == 0) return false;
  return stop == end || Scan.refuse(JsonError.Control, stop);
}

/** As `checkContent`, for the name of a member: half of a surrogate pair is an error too. */
export function checkKey(at: usize, end: usize): bool {
  return checkContent(at, end) && (!Content.hasLoneSurrogate || Scan.refuse(JsonError.Surrogate, at));
}

/**
 * Compares the name [at, end) of a member with a name given as UTF-8: 1 when equal, 0 when not, -1 when it
 * is escaped and broken (`Scan.error` tells).
 */
export function compareKey(at: usize, end: usize, escaped: bool, name: usize, nameSize: usize): i32 {
  if (escaped) {
    if (!checkKey(at, end)) return -1;
    // This also keeps the buffer small, whatever comes.
    if (end - at > LONGEST_ESCAPE * nameSize) return 0;
    unescapedKey.clear();
    const room = unescapedKey.reserve(<i32>(end - at));
    if (room == 0) return 0;
    end = unescapeUnchecked(at, end, room);
    at = room;
  }
  return <i32>(end - at == nameSize && memory.compare(at, name, nameSize) == 0);
}

/**
 * Appends the text that string content stands for: `{\"a\":1}` gives `{"a":1}`. Half of a surrogate pair
 * becomes U+FFFD. Returns why nothing was appended: `Control`, `Escape`, `Utf8`, or `Limit` when the buffer
 * is full.
 */
export function unescapeInto(out: Buffer, content: Span): JsonError {
  if (!checkContent(content.start, content.end)) return Scan.error;
  if (!isUtf8(content)) return JsonError.Utf8;
  const room = out.reserve(content.size);
  if (room == 0) return JsonError.Limit;
  out.wrote(<i32>(unescapeUnchecked(content.start, content.end, room) - room));
  return JsonError.None;
}

/**
 * Unescapes content that `checkContent` accepts to `to`, where there is room for `end - at` bytes: no escape
 * is shorter than what it stands for. Returns the end of what was written.
 */
export function unescapeUnchecked(at: usize, end: usize, to: usize): usize {
  while (true) {
    const stop = findSpecial(at, end);
    memory.copy(to, at, stop - at);
    to += stop - at;
    if (stop >= end) return to;
    at = stop + 2;
    const letter = load<u8>(stop, 1);
    if (letter != 0x75) {
      store<u8>(to++, shortEscape(letter));
      continue;
    }
    let point = <u32>hexUnit(stop, end);
    at = stop + 6;
    if ((point & 0xf800) == 0xd800) {
      const low = hexUnit(at, end);
      if (isHigh(point) && isLow(low)) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
        at += 6;
      } else {
        point = 0xfffd;
      }
    }
    to = writePoint(point, to);
  }
}

function writePoint(point: u32, to: usize): usize {
  if (point < 0x80) {
    store<u8>(to, point);
    return to + 1;
  }
  if (point < 0x800) {
    store<u8>(to, 0xc0 | (point >> 6));
  } else {
    if (point < 0x10000) {
      store<u8>(to, 0xe0 | (point >> 12));
    } else {
      store<u8>(to++, 0xf0 | (point >> 18));
      store<u8>(to, 0x80 | ((point >> 12) & 0x3f));
    }
    store<u8>(++to, 0x80 | ((point >> 6) & 0x3f));
  }
  store<u8>(to, 0x80 | (point & 0x3f), 1);
  return to + 2;
}

/** Size of the escape whose backslash is at `at`, a surrogate pair counting as one; 0 when it is none. */
function escapeSize(at: usize, end: usize): usize {
  if (at + 1 >= end) return 0;
  const letter = load<u8>(at, 1);
  if (letter != 0x75) return shortEscape(letter) != 0 ? 2 : 0;
  const unit = hexUnit(at, end);
  if (unit < 0) return 0;
  if (isHigh(unit) && isLow(hexUnit(at + 6, end))) return 12;
  if ((unit & 0xf800) == 0xd800) Content.hasLoneSurrogate = true;
  return 6;
}

/** The byte that a backslash and `letter` stand for, or 0. */
function shortEscape(letter: u32): u32 {
  switch (letter) {
    case 0x22:
    case 0x2f:
    case 0x5c:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
  }
  return 0;
}

/** The UTF-16 unit of the `\uXXXX` at `at`, or -1. */
function hexUnit(at: usize, end: usize): i32 {
  if (at + 6 > end || load<u16>(at) != 0x755c) return -1;
  let unit = 0;
  for (let i: usize = 2; i < 6; i++) {
    const byte = <i32>load<u8>(at + i);
    const letter = (byte | 0x20) - 0x61;
    const digit = <u32>(byte - 0x30) < 10 ? byte - 0x30 : <u32>letter < 6 ? letter + 10 : -1;
    if (digit < 0) return -1;
    unit = (unit << 4) | digit;
  }
  return unit;
}

function isHigh(unit: i32): bool {
  return (unit & 0xfffffc00) == 0xd800;
}

function isLow(unit: i32): bool {
  return (unit & 0xfffffc00) == 0xdc00;
}
