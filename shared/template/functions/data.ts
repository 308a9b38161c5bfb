// Lists, objects and defaults: sprig's list and dict functions over JSON. What they make is JSON again.

import { Buffer, Span } from "../../bytes";
import { Budget } from "../../gjson";
import { modify, modifierNamed } from "../../gjson/modifiers";
import { Json, JsonKind, JsonWriter } from "../../json";
import { Execution } from "../execution";
import { Value } from "../value";
import { boolOf, countOf, isEmpty, plainText, textOf } from "./argument";
import { compareText } from "./core";
import { merged } from "./merge";
import { find } from "./text";

export const dataFunctions =
  "default:1-2 empty coalesce:0+ ternary:3 all:0+ any:0+ toJson toPrettyJson toRawJson fromJson mustToJson mustFromJson " +
  "join:2 split:2 splitList:2 splitn:3 list:0+ dict:0+ first/mustFirst last/mustLast rest/mustRest initial/mustInitial has/mustHas:2 keys:1+ values get:2 hasKey:2 " +
  "append/mustAppend:2 prepend/mustPrepend:2 concat:0+ uniq/mustUniq reverse/mustReverse sortAlpha compact/mustCompact dig:3+ tuple:0+ mustToPrettyJson mustToRawJson push/mustPush:2 " +
  "typeOf kindOf typeIs:2 kindIs:2 deepEqual:2 fail chunk/mustChunk:2 toStrings without/mustWithout:1+ slice/mustSlice:1-3 pick:1+ omit:1+ merge/mustMerge:1+ " +
  "set:3 unset:2 mergeOverwrite/mustMergeOverwrite:1+ deepCopy/mustDeepCopy typeIsLike:2 pluck:1+";

export function callData(place: i32, values: Value[], x: Execution): Value {
  const count = values.length;
  const first = count > 0 ? values[0] : Value.missing();
  const last = count > 0 ? values[count - 1] : first;
  switch (place) {
    case 0:
      return count < 2 || isEmpty(last) ? first : last;
    case 1:
      return Value.bool(isEmpty(first));
    case 2:
      for (let i = 0; i < count; i++) if (!isEmpty(values[i])) return values[i];
      return Value.missing();
    case 3:
      return boolOf(last, x) ? first : values[1];
    case 4:
    case 5: {
      for (let i = 0; i < count; i++) if (isEmpty(values[i]) == (place == 4)) return Value.bool(place == 5);
      return Value.bool(place == 4);
    }
    case 6:
    case 10:
      return jsonText(first, true, false, x.budget);
    case 7:
    case 36:
      return jsonText(first, true, true, x.budget);
    case 8:
    case 37:
      return jsonText(first, false, false, x.budget);
    case 9:
    case 11: {
      const text = textOf(first, x);
      const json = Json.checked(text);
      if (place == 11 && !json.exists) return x.fail("invalid JSON");
      return Value.json(json.raw());
    }
    case 12:
      return joined(first, last);
    case 13:
    case 14:
    case 15:
      return split(place, values, x);
    case 16:
    case 35:
      return listOf(values, 0, count);
    case 17:
      return dictOf(values);
    case 22:
      if (!last.isNil && !isList(last, x)) return last;
      return Value.bool(indexOf(itemsOf(last), first) >= 0);
    case 23:
    case 24:
      if (!isObject(first, x)) return first;
      return members(first, place == 23 ? "keys" : "values", x.budget);
    case 25:
      return isObject(first, x) ? member(first, last) : first;
    case 26:
      if (!isObject(first, x)) return first;
      return Value.bool(member(first, last).kind != JsonKind.Missing);
    case 34:
      return dig(values, x);
    case 39:
      return Value.text(first.typeName());
    case 40:
      return Value.text(kindName(first));
    case 41:
      return Value.bool(last.typeName() == first.text.toString());
    case 42:
      return Value.bool(kindName(last) == first.text.toString());
    case 43:
      return Value.bool(first.raw().equals(last.raw()));
    case 44:
      return x.fail(first.text.toString());
  }
  if (place == 55) return first;
  if (place == 56) return Value.bool(last.typeName() == first.text.toString());
  if (place == 57) return pluck(values, x);
  if (place == 51 || place == 54) return merged(values, place == 54, x);
  if (place >= 49) return isObject(first, x) ? objects(place, values, x) : first;
  return count == 0 ? listOf(values, 0, 0) : lists(place, values, x);
}

/** Items of an array; nothing for other values. */
function itemsOf(value: Value): Value[] {
  const found: Value[] = [];
  const items = Json.read(value.kind == JsonKind.Array ? value.text : Span.empty()).items();
  while (items.next()) found.push(Value.json(items.value.raw()));
  return found;
}

function listOf(values: Value[], from: i32, to: i32): Value {
  const out = new Buffer(64);
  out.push(0x5b);
  for (let i = max(from, 0); i < min(to, values.length); i++) {
    if (out.size > 1) out.push(0x2c);
    values[i].jsonInto(out, false);
  }
  out.push(0x5d);
  return new Value(JsonKind.Array, out.span());
}

/** False, with an error, where the value is no list. */
function isList(value: Value, x: Execution): bool {
  if (value.kind != JsonKind.Array) x.fail("a list is needed, not a value of type " + value.typeName());
  return value.kind == JsonKind.Array;
}

/** False, with an error, where the value is no object; nothing counts as an empty one. */
function isObject(value: Value, x: Execution): bool {
  if (value.kind == JsonKind.Object || value.isNil) return true;
  x.fail("wrong type for value; expected map[string]interface {}; got " + value.typeName());
  return false;
}

/** Bytes of all values, as what it costs to look through them. */
function sizeOf(values: Value[]): i32 {
  let size = values.length;
  for (let i = 0; i < values.length; i++) size += values[i].text.size;
  return size;
}

function lists(place: i32, values: Value[], x: Execution): Value {
  const first = values[0];
  const last = values[values.length - 1];
  if (place == 46) return texts(first);
  if (!isList(place == 45 ? last : first, x)) return first;
  const items = itemsOf(first);
  const count = items.length;
  switch (place) {
    case 18:
    case 19:
      return count == 0 ? Value.missing() : items[place == 18 ? 0 : count - 1];
    case 20:
      return listOf(items, 1, count);
    case 21:
      return listOf(items, 0, count - 1);
    case 27:
    case 38:
      items.push(last);
      return listOf(items, 0, count + 1);
    case 28:
      items.unshift(last);
      return listOf(items, 0, count + 1);
    case 29: {
      const all: Value[] = [];
      for (let i = 0; i < values.length; i++) {
        if (!isList(values[i], x)) return first;
        const part = itemsOf(values[i]);
        for (let k = 0; k < part.length; k++) all.push(part[k]);
      }
      return listOf(all, 0, all.length);
    }
    case 30:
      return unique(items);
    case 31:
      return listOf(items.reverse(), 0, count);
    case 32:
      items.sort((a, b) => compareText(a.text, b.text));
      return listOf(items, 0, count);
    case 33: {
      const kept: Value[] = [];
      for (let i = 0; i < count; i++) if (!isEmpty(items[i])) kept.push(items[i]);
      return listOf(kept, 0, kept.length);
    }
    case 47: {
      const kept: Value[] = [];
      const unwanted = values.slice(1);
      for (let i = 0; i < count && x.spend(sizeOf(unwanted)); i++) {
        if (indexOf(unwanted, items[i]) < 0) kept.push(items[i]);
      }
      return listOf(kept, 0, kept.length);
    }
    case 48: {
      const from = values.length > 1 ? countOf(values[1], x) : 0;
      return listOf(items, from, values.length > 2 ? countOf(last, x) : count);
    }
  }
  return chunks(itemsOf(last), countOf(first, x), x);
}

/** `toStrings`: each item as a string; a value alone is a list of one. */
function texts(value: Value): Value {
  const items = value.kind == JsonKind.Array ? itemsOf(value) : [value];
  const strings: Value[] = [];
  for (let i = 0; i < items.length; i++) strings.push(Value.string(plainText(items[i])));
  return listOf(strings, 0, strings.length);
}

function chunks(items: Value[], size: i32, x: Execution): Value {
  if (size < 1) return x.fail("chunk needs a size above 0");
  const parts: Value[] = [];
  for (let i = 0; i < items.length; i += size) parts.push(listOf(items, i, min(i + size, items.length)));
  return listOf(parts, 0, parts.length);
}

/** `pick`, `omit`, `set` and `unset`: an object made of another. */
function objects(place: i32, values: Value[], x: Execution): Value {
  const pairs: Value[] = [];
  const names = values.slice(1);
  if (place == 52) {
    pairs.push(values[1]);
    pairs.push(values[2]);
  }
  const object = values[0];
  const it = Json.read(object.kind == JsonKind.Object ? object.text : Span.empty()).members();
  while (it.next() && x.spend(sizeOf(names))) {
    const name = Value.string(it.keyBytes());
    const isNamed = indexOf(names, name) >= 0;
    if (place == 49 ? !isNamed : (place == 50 || place == 53) && isNamed) continue;
    pairs.push(name);
    pairs.push(Value.json(it.value.raw()));
  }
  // `dictOf` takes the last of two members with a name.
  const turned: Value[] = [];
  for (let i = pairs.length - 2; i >= 0; i -= 2) {
    turned.push(pairs[i]);
    turned.push(pairs[i + 1]);
  }
  return dictOf(turned);
}

/** A name and objects: the members of that name. */
function pluck(values: Value[], x: Execution): Value {
  const found: Value[] = [];
  for (let i = 1; i < values.length && isObject(values[i], x); i++) {
    const value = member(values[i], values[0]);
    if (value.kind != JsonKind.Missing) found.push(value);
  }
  return listOf(found, 0, found.length);
}

function unique(items: Value[]): Value {
  const seen = new Set<string>();
  const kept: Value[] = [];
  for (let i = 0; i < items.length; i++) {
    const raw = items[i].raw().toString();
    if (seen.has(raw)) continue;
    seen.add(raw);
    kept.push(items[i]);
  }
  return listOf(kept, 0, kept.length);
}

function indexOf(items: Value[], wanted: Value): i32 {
  const raw = wanted.raw();
  for (let i = 0; i < items.length; i++) {
    const same =
      items[i].isNumber && wanted.isNumber
        ? items[i].number() == wanted.number()
        : items[i].raw().equals(raw);
    if (same) return i;
  }
  return -1;
}

/** The member with this very name. */
export function member(object: Value, name: Value): Value {
  const it = Json.read(object.kind == JsonKind.Object ? object.text : Span.empty()).members();
  while (it.next()) if (it.keyIs(name.text)) return Value.json(it.value.raw());
  return Value.missing();
}

function members(object: Value, part: string, budget: Budget): Value {
  if (object.kind != JsonKind.Object) return listOf([], 0, 0);
  return Value.json(modify(modifierNamed(Span.text(part)), Span.empty(), object.text, budget));
}

/** Names and values in turn; the last of two members with a name wins. */
function dictOf(values: Value[]): Value {
  const places = new Map<string, i32>();
  const names: Span[] = [];
  const contents: Span[] = [];
  for (let i = 0; i < values.length; i += 2) {
    const name = values[i].text.toString();
    const content = i + 1 == values.length ? Span.text('""') : values[i + 1].raw();
    if (places.has(name)) contents[places.get(name)] = content;
    else {
      places.set(name, names.length);
      names.push(values[i].text);
      contents.push(content);
    }
  }
  const out = new Buffer(64);
  const writer = new JsonWriter(out).object();
  for (let i = 0; i < names.length; i++) writer.keyBytes(names[i]).raw(contents[i]);
  writer.end();
  return new Value(JsonKind.Object, out.span());
}

/** Names, a default and an object: what stands under the names, one in the other. */
function dig(values: Value[], x: Execution): Value {
  const count = values.length;
  let value = values[count - 1];
  if (value.kind != JsonKind.Object) return x.fail("dig needs an object as its last argument");
  for (let i = 0; i < count - 2; i++) {
    value = member(value, values[i]);
    if (value.kind == JsonKind.Missing) return values[count - 2];
  }
  return value;
}

function kindName(value: Value): string {
  if (value.kind == JsonKind.Array) return "slice";
  if (value.kind == JsonKind.Object) return "map";
  return value.kind <= JsonKind.Null ? "invalid" : value.typeName();
}

function jsonText(value: Value, html: bool, pretty: bool, budget: Budget): Value {
  const out = new Buffer(value.text.size + 16);
  if (!value.isContainer) {
    value.jsonInto(out, html);
    return Value.string(out.span());
  }
  const row = Span.text(pretty ? "pretty" : "ugly");
  const text = modify(modifierNamed(row), Span.text(pretty ? '{"width":-1}' : ""), value.text, budget);
  return Value.string(pretty && text.at(text.size - 1) == 0x0a ? text.slice(0, text.size - 1) : text);
}

function joined(separator: Value, list: Value): Value {
  if (list.kind != JsonKind.Array) return Value.string(list.isNil ? Span.empty() : list.text);
  const items = itemsOf(list);
  const out = new Buffer(list.text.size);
  for (let i = 0; i < items.length; i++) {
    if (items[i].isNil) continue;
    if (!out.isEmpty) out.append(separator.text);
    out.append(plainText(items[i]));
  }
  return Value.string(out.span());
}

/** `split` and `splitn` give `{"_0":…,"_1":…}`, `splitList` a list. */
function split(place: i32, values: Value[], x: Execution): Value {
  const separator = textOf(values[0], x);
  const text = textOf(values[values.length - 1], x);
  let left = place == 15 ? countOf(values[1], x) : i32.MAX_VALUE;
  if (left < 0) left = i32.MAX_VALUE;
  const out = new Buffer(text.size + 16);
  const writer = new JsonWriter(out);
  if (place == 14) writer.array();
  else writer.object();
  let at = 0;
  for (let i = 0; left > 0 && x.spend(1); i++, left--) {
    let end = left == 1 ? -1 : find(text, separator, separator.isEmpty ? at + 1 : at);
    if (separator.isEmpty && end >= text.size) end = -1;
    if (place != 14) writer.key("_" + i.toString());
    writer.bytes(text.slice(at, end < 0 ? text.size : end));
    if (end < 0) break;
    at = end + separator.size;
  }
  writer.end();
  return Value.json(out.span());
}
