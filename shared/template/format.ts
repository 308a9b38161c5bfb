// printf as Go's fmt has it: https://pkg.go.dev/fmt. Whole numbers arrive as int, others as float64, lists and
// objects as their JSON text.

import { Buffer, Span, writeInteger } from "../bytes";
import { JsonKind } from "../json";
import { encodePoint, pointAt, pointSize } from "./code-point";
import { quoteInto } from "./escape";
import { Execution } from "./execution";
import { writeExponent, writeFixed, writeGeneral } from "./float-text";
import { Value } from "./value";

/** Go reads no larger width. */
const MAX_WIDTH = 1000000;

class Verb {
  isLeft: bool = false;
  hasPlus: bool = false;
  hasSpace: bool = false;
  hasZero: bool = false;
  isSharp: bool = false;
  width: i32 = 0;
  precision: i32 = -1;
  letter: i32 = 0;
}

/** Appends the text with its verbs replaced by values from the second on. */
export function format(out: Buffer, text: Span, values: Value[], execution: Execution): void {
  let next = 1;
  let at = 0;
  while (at < text.size && execution.spend(out.size >> 4)) {
    const percent = text.indexOf(0x25, at);
    out.append(text.slice(at, percent < 0 ? text.size : percent));
    if (percent < 0) break;
    at = percent + 1;
    const verb = new Verb();
    for (; ; at++) {
      const flag = text.at(at);
      if (flag == 0x2d) verb.isLeft = true;
      else if (flag == 0x2b) verb.hasPlus = true;
      else if (flag == 0x20) verb.hasSpace = true;
      else if (flag == 0x30) verb.hasZero = true;
      else if (flag == 0x23) verb.isSharp = true;
      else break;
    }
    if (text.at(at) == 0x2a) {
      at++;
      if (next < values.length && values[next].isInteger) {
        const width = values[next].integer();
        if (width < 0) verb.isLeft = true;
        verb.width = <i32>min(abs(width), MAX_WIDTH);
      } else out.text("%!(BADWIDTH)");
      next++;
    } else {
      for (; <u32>(text.at(at) - 0x30) < 10; at++)
        verb.width = min(verb.width * 10 + text.at(at) - 0x30, MAX_WIDTH);
    }
    if (text.at(at) == 0x2e) {
      verb.precision = 0;
      at++;
      if (text.at(at) == 0x2a) {
        at++;
        if (next < values.length && values[next].isInteger) {
          verb.precision = <i32>min(max(values[next].integer(), -1), MAX_WIDTH);
        } else out.text("%!(BADPREC)");
        next++;
      }
      for (; <u32>(text.at(at) - 0x30) < 10; at++) {
        verb.precision = min(verb.precision * 10 + text.at(at) - 0x30, MAX_WIDTH);
      }
    }
    if (at >= text.size) {
      out.text("%!(NOVERB)");
      break;
    }
    const size = pointSize(text, at);
    verb.letter = <i32>pointAt(text, at);
    at += size;
    if (verb.letter == 0x25) out.push(0x25);
    else if (next >= values.length) {
      out.text("%!");
      encodePoint(out, <u32>verb.letter);
      out.text("(MISSING)");
    } else print(out, verb, values[next++]);
  }
  if (next >= values.length) return;
  out.text("%!(EXTRA ");
  for (let i = next; i < values.length; i++) {
    if (i > next) out.text(", ");
    typed(out, values[i]);
  }
  out.push(0x29);
}

function print(out: Buffer, verb: Verb, value: Value): void {
  const piece = new Buffer(32);
  const letter = verb.letter;
  let isNumber = false;
  if (letter == 0x54) piece.text(value.typeName());
  else if (value.isNil) {
    if (letter == 0x76) piece.text("<nil>");
    else bad(piece, verb, value);
  } else if (value.kind == JsonKind.Bool) {
    if (letter == 0x74 || letter == 0x76) piece.append(value.text);
    else bad(piece, verb, value);
  } else if (!value.isNumber) {
    if (!printText(piece, verb, value.text)) bad(piece, verb, value);
  } else {
    isNumber = value.isInteger
      ? printInteger(piece, verb, value.integer())
      : printFloat(piece, verb, value.number());
    if (!isNumber) bad(piece, verb, value);
    else if (letter == 0x63 || letter == 0x71 || letter == 0x55) isNumber = false;
  }
  pad(out, verb, piece.span(), isNumber);
}

function pad(out: Buffer, verb: Verb, piece: Span, isNumber: bool): void {
  let points = 0;
  for (let i = 0; i < piece.size; i += pointSize(piece, i)) points++;
  const fill = verb.width - points;
  const first = piece.at(0);
  if (verb.hasZero && !verb.isLeft && fill > 0) {
    const signed = isNumber && (first == 0x2d || first == 0x2b || first == 0x20);
    if (signed) out.push(first);
    for (let i = 0; i < fill; i++) out.push(0x30);
    out.append(signed ? piece.slice(1) : piece);
    return;
  }
  for (let i = 0; i < fill && !verb.isLeft; i++) out.push(0x20);
  out.append(piece);
  for (let i = 0; i < fill && verb.isLeft; i++) out.push(0x20);
}

function printText(out: Buffer, verb: Verb, text: Span): bool {
  if (verb.precision >= 0) {
    let end = 0;
    for (let i = 0; i < verb.precision && end < text.size; i++) end += pointSize(text, end);
    text = text.slice(0, verb.letter == 0x78 || verb.letter == 0x58 ? verb.precision : end);
  }
  switch (verb.letter) {
    case 0x76:
      if (verb.isSharp) quoteInto(out, text);
      else out.append(text);
      return true;
    case 0x73:
      out.append(text);
      return true;
    case 0x71:
      quoteInto(out, text);
      return true;
    case 0x78:
    case 0x58:
      for (let i = 0; i < text.size; i++) {
        digits(out, <u64>text.at(i), 16, verb.letter == 0x58, 2);
      }
      return true;
  }
  return false;
}

function printInteger(out: Buffer, verb: Verb, value: i64): bool {
  let base = 10;
  switch (verb.letter) {
    case 0x64:
    case 0x76:
      break;
    case 0x62:
      base = 2;
      break;
    case 0x6f:
    case 0x4f:
      base = 8;
      break;
    case 0x78:
    case 0x58:
      base = 16;
      break;
    case 0x63:
      encodePoint(out, value < 0 || value > 0x10ffff ? 0xfffd : <u32>value);
      return true;
    case 0x71:
      out.push(0x27);
      if (value == 0x27 || value == 0x5c) out.push(0x5c);
      encodePoint(out, value < 0 || value > 0x10ffff ? 0xfffd : <u32>value);
      out.push(0x27);
      return true;
    case 0x55:
      out.text("U+");
      digits(out, <u64>value, 16, true, 4);
      return true;
    default:
      return false;
  }
  if (value < 0) out.push(0x2d);
  else if (verb.hasPlus) out.push(0x2b);
  else if (verb.hasSpace) out.push(0x20);
  if (verb.letter == 0x4f) out.text("0o");
  else if (verb.isSharp && base == 16) out.text(verb.letter == 0x58 ? "0X" : "0x");
  else if (verb.isSharp && base == 2) out.text("0b");
  else if (verb.isSharp && base == 8) out.push(0x30);
  if (verb.precision >= 0) verb.hasZero = false;
  if (value == 0 && verb.precision == 0) return true;
  digits(out, value < 0 ? <u64>-value : <u64>value, base, verb.letter == 0x58, max(verb.precision, 1));
  return true;
}

function digits(out: Buffer, value: u64, base: i32, isUpper: bool, least: i32): void {
  const reversed: i32[] = [];
  for (; value != 0; value /= <u64>base) {
    const digit = <i32>(value % <u64>base);
    reversed.push(digit < 10 ? 0x30 + digit : (isUpper ? 0x37 : 0x57) + digit);
  }
  for (let i = reversed.length; i < least; i++) out.push(0x30);
  for (let i = reversed.length - 1; i >= 0; i--) out.push(reversed[i]);
}

function printFloat(out: Buffer, verb: Verb, value: f64): bool {
  if (verb.hasPlus && value >= 0) out.push(0x2b);
  else if (verb.hasSpace && value >= 0) out.push(0x20);
  switch (verb.letter) {
    case 0x76:
      writeGeneral(out, value, verb.precision, 21);
      return true;
    case 0x67:
    case 0x47:
      writeGeneral(out, value, verb.precision, 21);
      return true;
    case 0x66:
    case 0x46:
      writeFixed(out, value, verb.precision < 0 ? 6 : min(verb.precision, 4096));
      return true;
    case 0x65:
      writeExponent(out, value, verb.precision < 0 ? 6 : min(verb.precision, 4096));
      return true;
  }
  return false;
}

/** `%!d(string=a)` */
function bad(out: Buffer, verb: Verb, value: Value): void {
  out.text("%!");
  encodePoint(out, <u32>verb.letter);
  out.push(0x28);
  typed(out, value);
  out.push(0x29);
}

function typed(out: Buffer, value: Value): void {
  if (value.isNil) {
    out.text("<nil>");
    return;
  }
  out.text(value.isContainer ? "string" : value.typeName());
  out.push(0x3d);
  if (value.isNumber && value.isInteger) writeInteger(out, value.integer());
  else if (value.isNumber) writeGeneral(out, value.number(), -1, 21);
  else out.append(value.text);
}
