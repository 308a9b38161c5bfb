// `@name:argument` in a path: one JSON text made of another.

import { Buffer, Span } from "../bytes";
import { Json, JsonError, JsonKind, JsonWriter } from "../json";
import { Cursor } from "../json/cursor";
import { stringEnd } from "../json/scan";
import { Budget } from "./budget";
import { join } from "./join";
import { GjsonPath } from "./path";
import { prettyInto, PrettyOptions, uglyInto } from "./pretty";

const names: string[] = [
  "this",
  "reverse",
  "ugly",
  "pretty",
  "valid",
  "flatten",
  "join",
  "keys",
  "values",
  "tostr",
  "fromstr",
  "group",
  "dig",
];

/** The row of the modifier with this name, or -1. */
export function modifierNamed(name: Span): i32 {
  for (let i = 0; i < names.length; i++) if (name.equalsAscii(names[i])) return i;
  return -1;
}

/** Applies the modifier of a row; the text may be empty, which stands for a missing value. */
export function modify(row: i32, argument: Span, json: Span, budget: Budget): Span {
  if (row == 0) return json;
  if (!budget.spend(<i64>json.size + 1)) return Span.empty();
  const value = Json.read(json);
  const kind = value.kind;
  // Lines of `@pretty` have breaks; a buffer that grows would be there twice.
  const out = new Buffer(json.size + (json.size >> 3) + 64);
  switch (row) {
    case 1:
      if (kind < JsonKind.Array) return json;
      reverse(out, json, value);
      break;
    case 2:
      uglyInto(out, json);
      break;
    case 3:
      prettyInto(out, json, PrettyOptions.read(argument), budget);
      break;
    case 4:
      return Json.check(json) == JsonError.None ? json : Span.empty();
    case 5:
      if (kind != JsonKind.Array) return json;
      flatten(out, json, Json.read(argument).get("deep").isTrue);
      break;
    case 6:
      if (kind != JsonKind.Array) return json;
      join(out, json, Json.read(argument).get("preserve").isTrue);
      break;
    case 7:
      keys(out, json, value);
      break;
    case 8:
      if (kind == JsonKind.Array) return json;
      values(out, json, value);
      break;
    case 9:
      new JsonWriter(out, true).bytes(json);
      break;
    case 10:
      if (Json.check(json) != JsonError.None || kind == JsonKind.Null) return Span.empty();
      return kind == JsonKind.String ? value.bytes() : json;
    case 11:
      if (kind != JsonKind.Object) return Span.empty();
      group(out, json);
      break;
    default:
      dig(out, json, argument, budget);
  }
  return out.span();
}

/** A cursor before the first member or item of the container that the text is. */
export function open(json: Span): Cursor {
  const cursor = new Cursor();
  openInto(cursor, json);
  return cursor;
}

/** As `open`, with a cursor that was used before. */
export function openInto(cursor: Cursor, json: Span): void {
  let at = json.start;
  while (at < json.end && load<u8>(at) <= 0x20) at++;
  if (at < json.end) cursor.open(at, json.end);
}

/** The cursor's value in the text; empty where it is broken. */
export function valueAt(json: Span, cursor: Cursor): Span {
  const end = cursor.endOfValue();
  if (end == 0) return Span.empty();
  return new Span(json.owner, cursor.valueStart, <i32>(end - cursor.valueStart));
}

/** The name of the cursor's member with its quotes. */
export function nameAt(json: Span, cursor: Cursor): Span {
  return new Span(json.owner, cursor.keyStart - 1, <i32>(cursor.keyEnd - cursor.keyStart) + 2);
}

/** A comma before all but the first part of a container. */
export function comma(out: Buffer, empty: i32 = 1): void {
  if (out.size > empty) out.push(0x2c);
}

function reverse(out: Buffer, json: Span, value: Json): void {
  const isObject = value.kind == JsonKind.Object;
  const cursor = open(json);
  const parts: Span[] = [];
  while (isObject ? cursor.nextMember() : cursor.nextItem()) {
    const part = valueAt(json, cursor);
    if (part.isEmpty) break;
    if (isObject) parts.push(nameAt(json, cursor));
    parts.push(part);
  }
  out.push(isObject ? 0x7b : 0x5b);
  const step = isObject ? 2 : 1;
  for (let i = parts.length - step; i >= 0; i -= step) {
    comma(out);
    out.append(parts[i]);
    if (!isObject) continue;
    out.push(0x3a);
    out.append(parts[i + 1]);
  }
  out.push(isObject ? 0x7d : 0x5d);
}

/** Arrays within the array are replaced by their items, with `deep` those within them too. */
function flatten(out: Buffer, json: Span, deep: bool): void {
  const outer: Cursor[] = [];
  let cursor = open(json);
  out.push(0x5b);
  while (true) {
    if (!cursor.nextItem()) {
      if (outer.length == 0) break;
      cursor = outer.pop();
      continue;
    }
    const item = valueAt(json, cursor);
    if (item.isEmpty) continue;
    if (item.at(0) == 0x5b && (deep || outer.length == 0)) {
      outer.push(cursor);
      cursor = open(item);
      continue;
    }
    comma(out);
    out.append(item);
  }
  out.push(0x5d);
}

function keys(out: Buffer, json: Span, value: Json): void {
  out.push(0x5b);
  if (value.kind == JsonKind.Object) {
    const cursor = open(json);
    while (cursor.nextMember()) {
      comma(out);
      out.append(nameAt(json, cursor));
    }
  } else if (value.exists) {
    const count = value.kind == JsonKind.Array ? value.length() : 1;
    for (let i = 0; i < count; i++) {
      comma(out);
      out.text("null");
    }
  }
  out.push(0x5d);
}

function values(out: Buffer, json: Span, value: Json): void {
  out.push(0x5b);
  if (value.kind == JsonKind.Object) {
    const cursor = open(json);
    while (cursor.nextMember()) {
      const part = valueAt(json, cursor);
      if (part.isEmpty) break;
      comma(out);
      out.append(part);
    }
  } else out.append(json);
  out.push(0x5d);
}

/** `{"a":[1,2],"b":[3]}` becomes `[{"a":1,"b":3},{"a":2}]`. */
function group(out: Buffer, json: Span): void {
  const objects: Buffer[] = [];
  const cursor = open(json);
  while (cursor.nextMember()) {
    const list = valueAt(json, cursor);
    if (list.isEmpty) break;
    if (list.at(0) != 0x5b) continue;
    const items = open(list);
    for (let i = 0; items.nextItem(); i++) {
      const item = valueAt(list, items);
      if (item.isEmpty) break;
      if (i == objects.length) objects.push(new Buffer(32));
      const object = objects[i];
      comma(object, 0);
      object.append(nameAt(json, cursor));
      object.push(0x3a);
      object.append(item);
    }
  }
  out.push(0x5b);
  for (let i = 0; i < objects.length; i++) {
    comma(out);
    out.push(0x7b);
    out.append(objects[i].span());
    out.push(0x7d);
  }
  out.push(0x5d);
}

/** What the path finds in each value of the document, however deep, in the document's order. */
function dig(out: Buffer, json: Span, argument: Span, budget: Budget): void {
  const path = GjsonPath.compileBytes(argument);
  out.push(0x5b);
  let at = json.start;
  while (at < json.end && path.error.length == 0 && out.size <= budget.maxBytes) {
    const byte = load<u8>(at);
    let after = at + 1;
    let isValue = byte == 0x7b || byte == 0x5b;
    if (byte == 0x22) {
      after = stringEnd(at + 1, json.end) + 1;
      if (after == 1) break;
      let next = after;
      while (next < json.end && load<u8>(next) <= 0x20) next++;
      isValue = next >= json.end || load<u8>(next) != 0x3a;
    }
    if (isValue && byte != 0x22) {
      const value = Json.read(new Span(json.owner, at, <i32>(json.end - at))).raw();
      if (!budget.spend(<i64>value.size)) break;
      const found = path.select(value, budget);
      if (!found.isEmpty) {
        comma(out);
        out.append(found);
      }
    }
    at = after;
  }
  out.push(0x5d);
}
