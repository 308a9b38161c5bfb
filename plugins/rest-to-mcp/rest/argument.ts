// An argument as a tool declares it.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, IntegerError, readInteger, Span, writeInteger } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";

export const enum Position {
  /** Where the `argsTo…` keys say, or nowhere but in templates. */
  Unset,
  Path,
  Query,
  Header,
  Cookie,
  Body,
}

export class Argument {
  /** The name as UTF-8. */
  readonly nameBytes: Span;

  private constructor(
    readonly name: string,
    readonly description: string,
    readonly type: string,
    readonly position: Position,
    readonly isRequired: bool,
    /** JSON; empty where there is none. */
    readonly fallback: Span,
    /** JSON list of the values that it may have, or empty. */
    readonly choices: Span,
    /** JSON Schema. */
    readonly schema: Span,
  ) {
    this.nameBytes = Span.text(name);
  }

  static read(reader: ConfigReader): Argument {
    const given = reader.text("type");
    const type = given.length > 0 ? given : "string";
    const description = reader.text("description");
    const fallback = valueOf(reader, "default", JsonKind.Bool);
    const choices = valueOf(reader, "enum", JsonKind.Array);
    const items = valueOf(reader, "items", JsonKind.Object);
    const properties = valueOf(reader, "properties", JsonKind.Object);
    const out = new Buffer(128);
    const json = new JsonWriter(out).object().key("description").text(description).key("type").text(type);
    if (!choices.isEmpty) json.key("enum").raw(choices);
    if (!fallback.isEmpty) json.key("default").raw(fallback);
    if (type == "array" && !items.isEmpty) json.key("items").raw(items);
    if (type == "object" && !properties.isEmpty) json.key("properties").raw(properties);
    json.end();
    return new Argument(
      reader.text("name"),
      description,
      type,
      positionOf(reader.text("position").toLowerCase()),
      reader.flag("required"),
      fallback,
      choices,
      out.span(),
    );
  }

  /** JSON of a value as the tool takes it: texts that stand for a value of the type become that value. */
  converted(value: Json): Span {
    const text = value.bytes();
    const isText = value.kind == JsonKind.String;
    if (this.type == "boolean") {
      if (isText && (text.equalsAscii("true") || text.equalsAscii("false"))) return text;
    } else if (this.type == "integer") {
      const integer = isText ? readInteger(text) : null;
      if (integer !== null && integer.error == IntegerError.None) return integerText(integer.value);
      if (value.kind == JsonKind.Number) return truncated(value);
    } else if (this.type == "number" && isText) {
      const number = Json.checked(text);
      if (number.kind == JsonKind.Number && number.raw().size == text.size) return text;
    }
    return value.raw();
  }

  /** Why a converted value is not what the argument takes, or "". */
  refusalOf(value: Json): string {
    if (!this.hasType(value)) return `argument ${this.name}: expected ${this.type}, found ${kindName(value)}`;
    if (this.choices.isEmpty) return "";
    const items = Json.read(this.choices).items();
    while (items.next()) if (isSame(items.value, value)) return "";
    return `argument ${this.name}: expected one of ${this.choices.toString()}`;
  }

  private hasType(value: Json): bool {
    const kind = value.kind;
    if (this.type == "string") return kind == JsonKind.String;
    if (this.type == "number") return kind == JsonKind.Number;
    if (this.type == "boolean") return kind == JsonKind.Bool;
    if (this.type == "array") return kind == JsonKind.Array;
    if (this.type == "object") return kind == JsonKind.Object;
    if (this.type != "integer") return true;
    if (kind != JsonKind.Number) return false;
    const number = value.number(0.5);
    return number == Math.floor(number);
  }
}

/** JSON at the key, or empty where it is less than `least`, in the order of `JsonKind`. */
function valueOf(reader: ConfigReader, key: string, least: JsonKind): Span {
  return reader.has(key) && reader.value.get(key).kind >= least ? reader.raw(key) : Span.empty();
}

function positionOf(name: string): Position {
  if (name == "path") return Position.Path;
  if (name == "query") return Position.Query;
  if (name == "header") return Position.Header;
  if (name == "cookie") return Position.Cookie;
  return name == "body" ? Position.Body : Position.Unset;
}

/** Towards zero; numbers beyond 64 bits stay as they are. */
function truncated(value: Json): Span {
  const number = value.number(Infinity);
  return Math.abs(number) >= 9e18 ? value.raw() : integerText(value.integer(<i64>number));
}

function integerText(value: i64): Span {
  const out = new Buffer(20);
  writeInteger(out, value);
  return out.span();
}

function isSame(left: Json, right: Json): bool {
  if (left.kind != right.kind) return false;
  if (left.kind == JsonKind.String) return left.bytes().equals(right.bytes());
  if (left.kind == JsonKind.Number) return left.number(0) == right.number(1);
  return left.raw().equals(right.raw());
}

function kindName(value: Json): string {
  switch (value.kind) {
    case JsonKind.String:
      return "a string";
    case JsonKind.Number:
      return value.raw().slice(0, 40).toString();
    case JsonKind.Bool:
      return value.isTrue ? "true" : "false";
    case JsonKind.Array:
      return "a list";
    case JsonKind.Object:
      return "an object";
  }
  return "null";
}
