// Whether a value is what a JSON Schema says. Looked at are `type`, `enum`, `const`, `required`, `properties`, `items`
// and `additionalProperties: false`; what else a schema says is not.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { plainNumber } from "./plain-json";

/** Values within values that are looked at; JSON is no deeper than twice this. */
const MAX_DEPTH: i32 = 64;
const SHOWN: i32 = 40;

/** Why the value does not fit the schema, as `path: expected …, found …`, or "". */
export function mismatch(value: Json, schema: Json, path: string, depth: i32 = 0): string {
  if (schema.kind != JsonKind.Object || depth > MAX_DEPTH) return "";
  const type = schema.get("type");
  if (type.exists && !fitsType(value, type)) return wrong(path, typeText(type), value);
  const choices = schema.get("enum");
  if (choices.kind == JsonKind.Array && !isAmong(value, choices))
    return wrong(path, "one of " + choices.raw().toString(), value);
  const constant = schema.get("const");
  if (constant.exists && !isSame(value, constant)) return wrong(path, constant.raw().toString(), value);
  if (value.kind == JsonKind.Object) return mismatchInObject(value, schema, path, depth);
  if (value.kind != JsonKind.Array) return "";
  const schemaOfItems = schema.get("items");
  if (schemaOfItems.kind != JsonKind.Object) return "";
  const items = value.items();
  for (let i = 0; items.next(); i++) {
    const problem = mismatch(items.value, schemaOfItems, path + "[" + i.toString() + "]", depth + 1);
    if (problem.length > 0) return problem;
  }
  return "";
}

function mismatchInObject(value: Json, schema: Json, path: string, depth: i32): string {
  const required = schema.get("required").items();
  while (required.next()) {
    const name = required.value.text();
    if (!value.get(name).exists) return `${join(path, name)}: expected a value, found nothing`;
  }
  const properties = schema.get("properties");
  const isClosed = schema.get("additionalProperties").raw().equalsAscii("false");
  const members = value.members();
  while (members.next()) {
    const name = members.key;
    const property = properties.get(name);
    if (!property.exists) {
      if (isClosed) return `${join(path, name)}: expected no member of this name`;
      continue;
    }
    const problem = mismatch(members.value, property, join(path, name), depth + 1);
    if (problem.length > 0) return problem;
  }
  return "";
}

function join(path: string, name: string): string {
  return path.length > 0 ? path + "." + name : name;
}

function wrong(path: string, wanted: string, value: Json): string {
  const raw = value.raw();
  const shown = raw.slice(0, SHOWN).toString() + (raw.size > SHOWN ? "…" : "");
  return `${path.length > 0 ? path + ": " : ""}expected ${wanted}, found ${shown}`;
}

function typeText(type: Json): string {
  return type.kind == JsonKind.String ? type.text() : "one of " + type.raw().toString();
}

function fitsType(value: Json, type: Json): bool {
  if (type.kind == JsonKind.String) return isOfType(value, type.bytes());
  if (type.kind != JsonKind.Array) return true;
  const types = type.items();
  while (types.next()) if (isOfType(value, types.value.bytes())) return true;
  return false;
}

/** Types that do not exist fit everything: configurations name them as they like. */
function isOfType(value: Json, type: Span): bool {
  const kind = value.kind;
  if (type.equalsAscii("string")) return kind == JsonKind.String;
  if (type.equalsAscii("number")) return kind == JsonKind.Number;
  if (type.equalsAscii("integer")) return kind == JsonKind.Number && isWhole(value);
  if (type.equalsAscii("boolean")) return kind == JsonKind.Bool;
  if (type.equalsAscii("array")) return kind == JsonKind.Array;
  if (type.equalsAscii("object")) return kind == JsonKind.Object;
  return !type.equalsAscii("null") || kind == JsonKind.Null;
}

function isWhole(value: Json): bool {
  const text = plainNumber(value.raw());
  const point = text.indexOf(0x2e);
  for (let i = point + 1; point >= 0 && i < text.size; i++) if (text.at(i) != 0x30) return false;
  return true;
}

function isAmong(value: Json, choices: Json): bool {
  const items = choices.items();
  while (items.next()) if (isSame(value, items.value)) return true;
  return false;
}

function isSame(left: Json, right: Json): bool {
  if (left.kind != right.kind) return false;
  if (left.kind == JsonKind.String) return left.bytes().equals(right.bytes());
  if (left.kind == JsonKind.Number && left.number(0) == right.number(0)) return true;
  return left.raw().equals(right.raw());
}
