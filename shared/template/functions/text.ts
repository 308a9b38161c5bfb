// Text: sprig's string functions. https://masterminds.github.io/sprig/strings.html

import { Buffer, Span } from "../../bytes";
import { LARGE, takesRoom } from "../../runtime/room";
import { pointAt, pointSize } from "../code-point";
import { quoteInto } from "../escape";
import { Execution } from "../execution";
import { Value } from "../value";
import { countOf, plainText, textOf } from "./argument";
import { camelCase, delimitedCase } from "./case";

/** Bytes of text whose case is changed at once. */
const PIECE: i32 = 1 << 14;

export const textFunctions =
  "trim upper lower title untitle nospace swapcase snakecase camelcase kebabcase initials plural:3 trimAll:2 " +
  "trimPrefix:2 trimSuffix:2 trunc:2 substr:3 repeat:2 replace:3 abbrev:2 abbrevboth:3 wrap:2 wrapWith:3 indent:2 " +
  "nindent:2 quote:0+ squote:0+ cat:0+ contains:2 hasPrefix:2 hasSuffix:2 toString trimall:2";

export function callText(place: i32, values: Value[], x: Execution): Value {
  const count = values.length;
  if (place >= 25 && place <= 27) return Value.string(all(place, values));
  const last = values[count - 1];
  if (place == 31) return Value.string(last.isNil ? Span.empty() : plainText(last));
  if (place == 11) return countOf(last, x) == 1 ? values[0] : values[1];
  const text = textOf(last, x);
  if (x.failed) return last;
  if (place <= 10) return Value.string(changed(place, text));
  const first = values[0];
  const second = count > 1 ? values[1] : first;
  switch (place) {
    case 12:
    case 32:
      return Value.string(trimSet(text, textOf(first, x), x));
    case 13: {
      const prefix = textOf(first, x);
      return Value.string(text.slice(0, prefix.size).equals(prefix) ? text.slice(prefix.size) : text);
    }
    case 14: {
      const suffix = textOf(first, x);
      const at = text.size - suffix.size;
      return Value.string(at >= 0 && text.slice(at).equals(suffix) ? text.slice(0, at) : text);
    }
    case 15: {
      const size = countOf(first, x);
      if (size < 0 && -size <= text.size) return Value.string(text.slice(text.size + size));
      return Value.string(size >= 0 ? text.slice(0, size) : text);
    }
    case 16: {
      const from = countOf(first, x);
      const to = countOf(second, x);
      if (from < 0) return Value.string(text.slice(0, to < 0 ? text.size : to));
      return Value.string(text.slice(from, to < 0 ? text.size : to));
    }
    case 17:
      return repeat(text, countOf(first, x), x);
    case 18:
      return Value.string(replaceAll(text, textOf(first, x), textOf(second, x), x));
    case 19:
      return Value.string(abbreviate(text, 0, countOf(first, x)));
    case 20:
      return Value.string(abbreviate(text, countOf(first, x), countOf(second, x)));
    case 21:
      return Value.string(wrap(text, countOf(first, x), Span.text("\n"), false));
    case 22:
      return Value.string(wrap(text, countOf(first, x), textOf(second, x), true));
    case 23:
    case 24:
      return indent(text, countOf(first, x), place == 24, x);
  }
  const part = textOf(first, x);
  if (place == 28) return Value.bool(find(text, part, 0) >= 0);
  if (place == 29) return Value.bool(text.slice(0, part.size).equals(part));
  return Value.bool(part.size <= text.size && text.slice(text.size - part.size).equals(part));
}

/** Offset of the part at or after `from`, or -1. */
export function find(text: Span, part: Span, from: i32): i32 {
  if (part.isEmpty) return min(from, text.size);
  // Knuth, Morris, Pratt: linear whatever the texts are.
  const size = part.size;
  if (!takesRoom(size << 2)) return -1;
  const back = new StaticArray<i32>(size);
  for (let i = 1, matched = 0; i < size; i++) {
    while (matched > 0 && part.at(i) != part.at(matched)) matched = back[matched - 1];
    if (part.at(i) == part.at(matched)) matched++;
    back[i] = matched;
  }
  for (let i = from, matched = 0; i < text.size; i++) {
    while (matched > 0 && text.at(i) != part.at(matched)) matched = back[matched - 1];
    if (text.at(i) == part.at(matched)) matched++;
    if (matched == size) return i - size + 1;
  }
  return -1;
}

function changed(place: i32, text: Span): Span {
  switch (place) {
    case 0:
      return trimSpace(text);
    case 1:
    case 2:
      return cased(text, place == 1);
    case 7:
      return delimitedCase(text, 0x5f);
    case 8:
      return camelCase(text);
    case 9:
      return delimitedCase(text, 0x2d);
  }
  const out = new Buffer(text.size + 8);
  let startsWord = true;
  for (let i = 0; i < text.size;) {
    const size = pointSize(text, i);
    const point = text.slice(i, i + size);
    const isBlank = isSpace(pointAt(text, i));
    if (place == 3) append(out, point, startsWord ? 1 : 0);
    else if (place == 4) append(out, point, startsWord ? 2 : 0);
    else if (place == 5 && !isBlank) out.append(point);
    else if (place == 6) {
      const isLower = !lowerOf(point).equals(point) ? false : !upperOf(point).equals(point);
      append(out, point, isLower ? 1 : 2);
    } else if (place == 10 && startsWord && !isBlank) out.append(point);
    startsWord = isBlank;
    i += size;
  }
  return out.span();
}

/** In upper or lower case, piece by piece: changing the case of a string takes six times its size. */
function cased(text: Span, isUpper: bool): Span {
  const out = new Buffer(text.size);
  for (let from = 0; from < text.size && takesRoom(LARGE);) {
    let to = min(from + PIECE, text.size);
    while (to < text.size && to > from + 4 && (text.at(to) & 0xc0) == 0x80) to--;
    const piece = text.slice(from, to).toString();
    out.text(isUpper ? piece.toUpperCase() : piece.toLowerCase());
    from = to;
  }
  return out.span();
}

function append(out: Buffer, point: Span, change: i32): void {
  out.append(change == 0 ? point : change == 1 ? upperOf(point) : lowerOf(point));
}

function upperOf(point: Span): Span {
  return Span.text(point.toString().toUpperCase());
}

function lowerOf(point: Span): Span {
  return Span.text(point.toString().toLowerCase());
}

export function isSpace(point: u32): bool {
  return (
    point == 0x20 ||
    (point >= 9 && point <= 13) ||
    point == 0x85 ||
    point == 0xa0 ||
    point == 0x3000 ||
    (point >= 0x2000 && point <= 0x200a) ||
    point == 0x2028 ||
    point == 0x2029
  );
}

export function trimSpace(text: Span): Span {
  let from = 0;
  let to = text.size;
  while (from < to && isSpace(pointAt(text, from))) from += pointSize(text, from);
  while (to > from && isSpace(<u32>text.at(to - 1)) && text.at(to - 1) < 0x80) to--;
  return text.slice(from, to);
}

function trimSet(text: Span, set: Span, x: Execution): Span {
  let from = 0;
  let to = text.size;
  while (x.spend(set.size) && from < to && find(set, text.slice(from, from + pointSize(text, from)), 0) >= 0)
    from += pointSize(text, from);
  while (to > from && x.spend(set.size)) {
    let start = to - 1;
    while (start > from && (text.at(start) & 0xc0) == 0x80) start--;
    if (find(set, text.slice(start, to), 0) < 0) break;
    to = start;
  }
  return text.slice(from, to);
}

function repeat(text: Span, count: i32, x: Execution): Value {
  if (count < 0) return x.fail("strings: negative Repeat count");
  if (<i64>text.size * <i64>count > <i64>x.budget.maxBytes) return x.fail("the output is too large");
  const out = new Buffer(text.size * count);
  for (let i = 0; i < count && !text.isEmpty; i++) out.append(text);
  return Value.string(out.span());
}

export function replaceAll(text: Span, old: Span, replacement: Span, x: Execution): Span {
  const out = new Buffer(text.size + 16);
  let at = 0;
  while (at <= text.size && !x.failed) {
    let found = old.isEmpty ? at : find(text, old, at);
    if (found < 0) break;
    out.append(text.slice(at, found));
    out.append(replacement);
    if (old.isEmpty) {
      const size = at < text.size ? pointSize(text, at) : 1;
      out.append(text.slice(at, at + size));
      found += size;
    }
    at = found + old.size;
    x.spend(replacement.size);
    if (out.size > x.budget.maxBytes) x.spend(out.size);
  }
  out.append(text.slice(min(at, text.size)));
  return out.span();
}

/** `width` bytes at most, the left part cut from `offset`; three dots stand for what is left out. */
function abbreviate(text: Span, offset: i32, width: i32): Span {
  if (width < 4 || (offset > 0 && width < 7) || text.size <= width) return text;
  offset = min(offset, text.size);
  if (text.size - offset < width - 3) offset = text.size - (width - 3);
  const out = new Buffer(width);
  if (offset <= 4) {
    out.append(text.slice(0, width - 3));
    out.text("...");
  } else {
    out.text("...");
    if (offset + width - 3 < text.size) {
      out.append(text.slice(offset, offset + width - 6));
      out.text("...");
    } else out.append(text.slice(text.size - (width - 3)));
  }
  return out.span();
}

/** Lines of at most `width` bytes where words allow; with `splits` longer words are cut. */
function wrap(text: Span, width: i32, separator: Span, splits: bool): Span {
  const out = new Buffer(text.size + 16);
  width = max(width, 1);
  let at = 0;
  while (text.size - at > width) {
    if (text.at(at) == 0x20) {
      at++;
      continue;
    }
    let space = at + width;
    while (space > at && text.at(space) != 0x20) space--;
    if (space <= at) {
      space = splits ? at + width : text.indexOf(0x20, at + width);
      if (space < 0) break;
    }
    out.append(text.slice(at, space));
    out.append(separator);
    at = text.at(space) == 0x20 ? space + 1 : space;
  }
  out.append(text.slice(at));
  return out.span();
}

function indent(text: Span, count: i32, breaks: bool, x: Execution): Value {
  const out = new Buffer(text.size + 16);
  if (breaks) out.push(0x0a);
  let at = 0;
  while (at <= text.size && x.spend(max(count, 0)) && out.size <= x.budget.maxBytes) {
    for (let i = 0; i < count; i++) out.push(0x20);
    const end = text.indexOf(0x0a, at);
    out.append(text.slice(at, end < 0 ? text.size : end + 1));
    if (end < 0) break;
    at = end + 1;
  }
  return Value.string(out.span());
}

/** `quote`, `squote` and `cat`: nothing and null are left out. */
function all(place: i32, values: Value[]): Span {
  const out = new Buffer(64);
  for (let i = 0; i < values.length; i++) {
    if (values[i].isNil) continue;
    if (!out.isEmpty) out.push(0x20);
    if (place == 25) quoteInto(out, plainText(values[i]));
    else if (place == 26) {
      out.push(0x27);
      out.append(plainText(values[i]));
      out.push(0x27);
    } else out.append(plainText(values[i]));
  }
  return out.span();
}
