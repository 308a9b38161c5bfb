// `@pretty` and `@ugly`: the same values with white space, or with none.

import { Buffer, Span } from "../bytes";
import { Json } from "../json";
import { Cursor } from "../json/cursor";
import { stringEnd } from "../json/scan";
import { Budget } from "./budget";
import { nameAt, openInto, valueAt } from "./modifiers";

export class PrettyOptions {
  indent: Span = Span.text("  ");
  prefix: Span = Span.empty();
  /** An array without objects stands on one line where the line gets no longer. */
  width: i32 = 80;
  sortKeys: bool = false;

  /** From `{"indent":" ","prefix":"","width":80,"sortKeys":true}`. */
  static read(argument: Span): PrettyOptions {
    const options = new PrettyOptions();
    const json = Json.read(argument);
    const indent = json.get("indent");
    const prefix = json.get("prefix");
    const width = json.get("width");
    if (indent.exists) options.indent = blanks(Span.text(indent.lenientText()));
    if (prefix.exists) options.prefix = blanks(Span.text(prefix.lenientText()));
    if (width.exists) options.width = <i32>min(max(width.lenientInteger(), -1), 1 << 20);
    options.sortKeys = json.get("sortKeys").lenientBool();
    return options;
  }
}

/** White space of a text: nothing else may stand before a line. */
function blanks(text: Span): Span {
  const out = new Buffer(16);
  for (let i = 0; i < min(text.size, 64); i++) {
    const byte = text.at(i);
    if (byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d) out.push(byte);
  }
  return out.span();
}

/** Appends the text without the white space outside of its strings. */
export function uglyInto(out: Buffer, json: Span): void {
  let at = json.start;
  let run = at;
  while (at < json.end) {
    const byte = load<u8>(at);
    if (byte == 0x22) {
      const quote = stringEnd(at + 1, json.end);
      at = quote != 0 ? quote + 1 : json.end;
    } else if (byte <= 0x20) {
      out.append(new Span(json.owner, run, <i32>(at - run)));
      run = ++at;
    } else at++;
  }
  out.append(new Span(json.owner, run, <i32>(at - run)));
}

class Member {
  constructor(
    readonly name: Span,
    readonly value: Span,
  ) {}
}

/** One open container, and the next one of its depth: a text may have more of them than would fit into memory. */
class Frame {
  text: Span = Span.empty();
  cursor: Cursor = new Cursor();
  members: Member[] = [];
  index: i32 = 0;

  open(text: Span, sortKeys: bool, budget: Budget): void {
    this.text = text;
    this.index = 0;
    this.members.length = 0;
    openInto(this.cursor, text);
    while (sortKeys && this.isObject && this.cursor.nextMember() && budget.spend(1)) {
      const value = valueAt(text, this.cursor);
      if (value.isEmpty) break;
      this.members.push(new Member(nameAt(text, this.cursor), value));
    }
    if (this.members.length > 1) this.members.sort((a, b) => order(a.name, b.name));
  }

  get isObject(): bool {
    return this.text.at(0) == 0x7b;
  }

  /** The next member or item, or null; an item has no name. */
  next(): Member | null {
    if (this.index < this.members.length) return this.members[this.index++];
    const cursor = this.cursor;
    if (this.isObject ? !cursor.nextMember() : !cursor.nextItem()) return null;
    const value = valueAt(this.text, cursor);
    if (value.isEmpty) return null;
    this.index++;
    return new Member(this.isObject ? nameAt(this.text, cursor) : Span.empty(), value);
  }
}

function order(a: Span, b: Span): i32 {
  const first = memory.compare(a.start, b.start, <usize>min(a.size, b.size));
  return first != 0 ? first : a.size - b.size;
}

/** Appends the value on lines of its own and a line break, as `tidwall/pretty` lays it out. */
export function prettyInto(out: Buffer, json: Span, options: PrettyOptions, budget: Budget): void {
  const frames: Frame[] = [];
  let depth = 0;
  let value = Json.read(json).raw();
  let line = 0;
  while (!value.isEmpty && out.size <= budget.maxBytes && budget.spend(16)) {
    const bracket = value.at(0);
    const isContainer = bracket == 0x7b || bracket == 0x5b;
    if (!isContainer || (bracket == 0x5b && oneLine(out, value, options.width - out.size + line))) {
      if (!isContainer) out.append(value);
      value = Span.empty();
    } else {
      out.push(bracket);
      if (frames.length == depth) frames.push(new Frame());
      frames[depth++].open(value, options.sortKeys, budget);
    }
    // Closes what has no more members, and writes up to the next value.
    while (depth > 0) {
      const frame = frames[depth - 1];
      const isFirst = frame.index == 0;
      const member = frame.next();
      if (member !== null && !isFirst) out.push(0x2c);
      if (member !== null || !isFirst) {
        line = out.size;
        newLine(out, options, depth - <i32>(member === null));
      }
      if (member === null) {
        out.push(frame.isObject ? 0x7d : 0x5d);
        depth--;
        continue;
      }
      if (!member.name.isEmpty) {
        out.append(member.name);
        out.push(0x3a);
        out.push(0x20);
      }
      value = member.value;
      break;
    }
    if (depth == 0) break;
  }
  if (!out.isEmpty) out.push(0x0a);
}

function newLine(out: Buffer, options: PrettyOptions, depth: i32): void {
  out.push(0x0a);
  out.append(options.prefix);
  for (let i = 0; i < depth; i++) out.append(options.indent);
}

/** Appends an array without objects as `[1, 2]` where it has at most `room` bytes. */
function oneLine(out: Buffer, array: Span, room: i32): bool {
  if (room <= 3) return false;
  const line = new Buffer(room + 16);
  let at = array.start;
  while (at < array.end) {
    const byte = load<u8>(at);
    if (byte == 0x7b) return false;
    let after = at + 1;
    if (byte == 0x22) {
      after = stringEnd(at + 1, array.end) + 1;
      if (after == 1) return false;
    }
    if (byte > 0x20) line.append(new Span(array.owner, at, <i32>(after - at)));
    if (byte == 0x2c) line.push(0x20);
    if (line.size > room) return false;
    at = after;
  }
  out.append(line.span());
  return true;
}
