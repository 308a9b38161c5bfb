// JSON schemas between Gemini's own `Schema`, which is a part of OpenAPI 3.0, and JSON schema. Gemini takes both,
// under different names: docs/decisions/2026-11-23-gemini-schemas.md.
// https://ai.google.dev/api/caching#Schema

import { Buffer, Span, equalsAsciiIgnoreCase, lowerAscii } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { indexOfName } from "../names";
import { NONE, rawOf, writeQuoted } from "../text";
import { camelName } from "./spelling";

/** Keywords of `Schema` whose values need no look. */
const PLAIN: StaticArray<string> = [
  "title",
  "description",
  "nullable",
  "default",
  "example",
  "pattern",
  "required",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "minProperties",
  "maxProperties",
  "propertyOrdering",
];
/** Those whose values are schemas, and that are two words. */
const JOINED: StaticArray<string> = ["anyOf", "additionalProperties", "prefixItems"];
/** Values of `format` that Gemini knows; it refuses the others. */
const FORMATS: StaticArray<string> = ["enum", "date-time", "float", "double", "int32", "int64"];
/** 64-bit numbers, which Google writes as strings too. */
const COUNTS: StaticArray<string> = [
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "minProperties",
  "maxProperties",
];

/** Members of a schema that take nothing away from what an object may hold. */
const IDLE: StaticArray<string> = ["type", "properties", "required", "title", "description", "$schema"];

/**
 * True when a checked JSON schema says nothing that `Schema` has no word for, and all that it insists on. `isVertex`:
 * that of Vertex AI, which knows `additionalProperties`.
 */
export function fitsGeminiSchema(schema: Span, isVertex: bool): bool {
  const open: Json[] = [Json.read(schema)];
  while (open.length > 0) {
    const value = open.pop();
    if (value.kind != JsonKind.Object) return false;
    let isTyped = false;
    const members = value.members();
    while (members.next()) {
      const name = members.keyBytes();
      const member = members.value;
      if (indexOfName(PLAIN, name) >= 0) continue;
      if (name.equalsAscii("type")) {
        // Members of an object and items of a list must be told.
        isTyped = member.kind == JsonKind.String;
        if (isType(member, "object") && value.get("properties").length() == 0) return false;
        if (isType(member, "array") && !value.get("items").exists) return false;
      } else if (name.equalsAscii("properties")) {
        const properties = member.members();
        while (properties.next()) open.push(properties.value);
      } else if (name.equalsAscii("items")) {
        open.push(member);
      } else if (isVertex && name.equalsAscii("additionalProperties")) {
        if (member.kind != JsonKind.Bool) open.push(member);
      } else if (name.equalsAscii("anyOf")) {
        // It must stand alone.
        isTyped = value.length() == 1;
        const items = member.items();
        while (items.next()) open.push(items.value);
      } else if (name.equalsAscii("enum")) {
        if (!hasOnlyTexts(member)) return false;
      } else if (!name.equalsAscii("format") || indexOfName(FORMATS, member.escaped()) < 0) {
        return false;
      }
    }
    if (!isTyped) return false;
  }
  return true;
}

/** True for the schema of a function without arguments. Gemini refuses an object without members. */
export function isEmptyObjectSchema(schema: Span): bool {
  const value = Json.read(schema);
  if (value.kind != JsonKind.Object || value.get("properties").length() > 0) return false;
  const type = value.get("type");
  if (type.exists && !isType(type, "object")) return false;
  const members = value.members();
  while (members.next()) {
    const name = members.keyBytes();
    const isClosed = name.equalsAscii("additionalProperties") && members.value.raw().equalsAscii("false");
    if (!isClosed && indexOfName(IDLE, name) < 0) return false;
  }
  return true;
}

function isType(type: Json, name: string): bool {
  return equalsAsciiIgnoreCase(type.escaped(), name);
}

function hasOnlyTexts(list: Json): bool {
  const items = list.items();
  while (items.next()) if (items.value.escaped().isEmpty) return false;
  return list.kind == JsonKind.Array;
}

/** Gemini's own schema as JSON schema, or the JSON schema that stands in its place. */
export function jsonSchemaOf(own: Json, json: Json): Span {
  if (own.kind != JsonKind.Object) return rawOf(json);
  const schema = new Buffer();
  writeJsonSchema(schema, own.raw());
  return schema.span();
}

/**
 * Appends a checked `Schema` as JSON schema: types in lower case, with null where the value may be null, counts as
 * numbers, words in camel case.
 */
function writeJsonSchema(out: Buffer, schema: Span): void {
  const opened: i32[] = [];
  let kept = 0;
  let at = 0;
  while (at < schema.size) {
    if (schema.at(at) != 0x22) {
      if (schema.at(at) == 0x7b) opened.push(at);
      else if (schema.at(at) == 0x7d && opened.length > 0) opened.pop();
      at++;
      continue;
    }
    const quote = at;
    let name = stringAt(schema, at);
    at = skipSpace(schema, at + name.size + 2);
    if (schema.at(at) != 0x3a) continue;
    at = skipSpace(schema, at + 1);
    // What is an object is a property, whatever it is called.
    if (schema.at(at) != 0x7b && name.indexOf(0x5f) > 0) {
      const word = camelName(name);
      if (indexOfName(PLAIN, word) >= 0 || indexOfName(JOINED, word) >= 0) {
        out.append(schema.slice(kept, quote + 1));
        out.append(word);
        kept = quote + 1 + name.size;
        name = word;
      }
    }
    if (schema.at(at) != 0x22) continue;
    const value = stringAt(schema, at);
    const isCount = indexOfName(COUNTS, name) >= 0 && isNumber(value);
    const isType = name.equalsAscii("type");
    // A schema as a whole has to be an object elsewhere.
    const object = isType && opened.length > 1 ? schema.slice(opened[opened.length - 1]) : NONE;
    const isNullable = Json.read(object).get("nullable").isTrue;
    if (isCount || (isType && (isNullable || isUpper(value)))) {
      out.append(schema.slice(kept, at));
      if (isCount) out.append(value);
      else writeType(out, lowerAscii(value), isNullable);
      kept = at + value.size + 2;
    }
    at += value.size + 2;
  }
  out.append(schema.slice(kept));
}

function writeType(out: Buffer, name: Span, isNullable: bool): void {
  if (!isNullable) return writeQuoted(out, name);
  out.push(0x5b);
  writeQuoted(out, name);
  out.text(',"null"]');
}

/** Content of the string whose quote is at this index. */
function stringAt(json: Span, quote: i32): Span {
  let end = quote + 1;
  while (end < json.size && json.at(end) != 0x22) end += json.at(end) == 0x5c ? 2 : 1;
  return json.slice(quote + 1, end);
}

function skipSpace(json: Span, from: i32): i32 {
  let at = from;
  while (at < json.size && json.at(at) <= 0x20) at++;
  return at;
}

function isNumber(text: Span): bool {
  for (let i = 0; i < text.size; i++) if (text.at(i) < 0x30 || text.at(i) > 0x39) return false;
  return !text.isEmpty;
}

function isUpper(text: Span): bool {
  for (let i = 0; i < text.size; i++) if (text.at(i) < 0x41 || text.at(i) > 0x5a) return false;
  return !text.isEmpty;
}
