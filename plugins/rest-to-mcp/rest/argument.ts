// An argument that a tool declares: what the model reads of it, what values it takes, and where it goes.

import { Buffer, Integer, IntegerError, readInteger, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { StrictReader } from "../strict-reader";
import { Notation, Style, STYLES } from "./notation";
import { plainNumber } from "./plain-json";

export const enum Position {
  /** Where the template, or an `argsTo…` key, says. */
  Unset,
  Path,
  Query,
  Header,
  Cookie,
  Body,
}

const POSITIONS: string[] = ["", "path", "query", "header", "cookie", "body"];

export class Argument {
  name: string = "";
  /** Its name in the request. */
  sentAs: string = "";
  notation: Notation = new Notation(Style.Unset, false);
  /** The value is the base64 of what a part of a form is to hold. */
  isFile: bool = false;
  /** Of its part of a form, or "". */
  contentType: string = "";
  description: string = "";
  type: string = "";
  isRequired: bool = false;
  /** JSON of the value of an argument that is not given, or empty. */
  fallback: Span = Span.empty();
  /** JSON list of the values that it may have, or empty. */
  choices: Span = Span.empty();
  position: Position = Position.Unset;
  /** Clients of the stateless revisions repeat the value in `Mcp-Param-` and this name; "" where they need not. */
  mirror: string = "";
  /** JSON Schema of the argument. */
  schema: Span = Span.empty();

  static read(reader: StrictReader): Argument {
    const argument = new Argument();
    if (!reader.isObject) return argument;
    argument.name = reader.text("name");
    argument.description = reader.text("description");
    argument.type = reader.text("type");
    const schema = reader.object("schema");
    if (argument.type.length == 0 && schema.isEmpty) argument.type = "string";
    argument.isRequired = reader.flag("required");
    argument.fallback = reader.any("default");
    argument.choices = reader.array("enum");
    argument.position = <Position>max(POSITIONS.indexOf(reader.text("position").toLowerCase()), 0);
    argument.mirror = reader.text("mcpHeader");
    if (argument.mirror.length > 0 && !argument.canBeMirrored) {
      reader.fail("mcpHeader: expected a header's name, for an argument of type string, integer or boolean");
    }
    argument.schema = argument.describe(reader.any("items"), reader.any("properties"), Json.read(schema));
    argument.readRequest(reader);
    if (argument.position == Position.Header && !isHeaderOfArguments(argument.sentAs)) {
      reader.warn("no argument may set this header: the position counts as unset");
      argument.position = Position.Unset;
    }
    reader.warnUnread();
    return argument;
  }

  private get canBeMirrored(): bool {
    const isSimple = this.type == "string" || this.type == "integer" || this.type == "boolean";
    return isSimple && isToken(Span.text(this.mirror));
  }

  /** How the request says it. */
  private readRequest(reader: StrictReader): void {
    this.sentAs = reader.text("sentAs");
    if (this.sentAs.length == 0) this.sentAs = this.name;
    const style = max(STYLES.indexOf(reader.text("style")), 0);
    if (style == 0 && reader.text("style").length > 0)
      reader.warn("style is not known: lists are written as JSON");
    this.notation = new Notation(<Style>style, reader.flag("explode", style == Style.Form));
    this.isFile = reader.flag("file");
    this.contentType = reader.text("contentType");
  }

  /** Members of `more` stand in place of what the keys beside it say. */
  private describe(items: Span, properties: Span, more: Json): Span {
    const out = new Buffer(128);
    const json = new JsonWriter(out).object();
    if (!more.get("description").exists) json.key("description").text(this.description);
    if (this.type.length > 0 && !more.get("type").exists) json.key("type").text(this.type);
    if (Json.read(this.choices).length() > 0 && !more.get("enum").exists) json.key("enum").raw(this.choices);
    if (!this.fallback.isEmpty && !more.get("default").exists) json.key("default").raw(this.fallback);
    if (this.type == "array" && !items.isEmpty && !more.get("items").exists) json.key("items").raw(items);
    if (this.type == "object" && !properties.isEmpty && !more.get("properties").exists)
      json.key("properties").raw(properties);
    if (this.mirror.length > 0) json.key("x-mcp-header").text(this.mirror);
    const members = more.members();
    while (members.next()) json.keyBytes(members.keyBytes()).raw(members.value.raw());
    json.end();
    return out.take();
  }

  /** JSON of a given value as the argument's type: what another type can mean is converted, the rest stays. */
  convert(given: Json): Span {
    const raw = given.raw();
    if (given.kind == JsonKind.String) {
      const text = given.bytes();
      if (this.type == "boolean" && (text.equalsAscii("true") || text.equalsAscii("false"))) return text;
      if (this.type == "integer") {
        const number = readInteger(text);
        return number.error == IntegerError.None ? integerJson(number) : raw;
      }
      if (this.type == "number" && isNumber(text)) return plainNumber(text);
    } else if (given.kind == JsonKind.Number) {
      const plain = plainNumber(raw);
      if (this.type != "integer") return plain;
      const point = plain.indexOf(0x2e);
      const whole = point < 0 ? plain : plain.slice(0, point);
      return whole.equalsAscii("-0") ? whole.slice(1) : whole;
    }
    return raw;
  }
}

function integerJson(number: Integer): Span {
  return Span.text(number.value.toString());
}

/** Whether the text is a number of JSON and nothing else. */
function isNumber(text: Span): bool {
  const json = Json.checked(text);
  return json.kind == JsonKind.Number && json.raw().size == text.size;
}

/** What decides where a request goes, or where its body ends, is the configuration's. */
function isHeaderOfArguments(name: string): bool {
  const lower = name.toLowerCase();
  const fixed = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];
  return lower.length > 0 && !lower.startsWith(":") && !fixed.includes(lower);
}

/** What a header's name is made of, RFC 9110 section 5.6.2. */
function isToken(text: Span): bool {
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (!isLetter && !isDigit && "!#$%&'*+-.^_`|~".indexOf(String.fromCharCode(byte)) < 0) return false;
  }
  return !text.isEmpty;
}
