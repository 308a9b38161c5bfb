// What an expression gives: a fragment of JSON, or nothing at all.

import { Buffer, Span, writeInteger } from "../bytes";
import { Json, JsonKind, JsonWriter } from "../json";
import { floatOf } from "../gjson/float";
import { writeFixed } from "./float-text";

export class Value {
  /** A string's text is its content, unescaped; any other value's is its JSON. */
  constructor(
    readonly kind: JsonKind,
    readonly text: Span,
    /** Made of what a stranger has said; a `Guard` sees it before it is printed. */
    readonly isForeign: bool = false,
  ) {}

  /** The same value, marked as a stranger's or as one's own. */
  marked(isForeign: bool): Value {
    return this.isForeign == isForeign ? this : new Value(this.kind, this.text, isForeign);
  }

  static missing(): Value {
    return new Value(JsonKind.Missing, Span.empty());
  }

  static nil(): Value {
    return new Value(JsonKind.Null, Span.text("null"));
  }

  static bool(value: bool): Value {
    return new Value(JsonKind.Bool, Span.text(value ? "true" : "false"));
  }

  static string(value: Span): Value {
    return new Value(JsonKind.String, value);
  }

  static text(value: string): Value {
    return Value.string(Span.text(value));
  }

  static integer(value: i64): Value {
    const out = new Buffer(20);
    writeInteger(out, value);
    return new Value(JsonKind.Number, out.span());
  }

  /** As Go's `%f` prints it. */
  static float(value: f64): Value {
    const out = new Buffer(24);
    writeFixed(out, value, 6);
    return new Value(isFinite(value) ? JsonKind.Number : JsonKind.String, out.span());
  }

  /** The value that JSON text holds; missing where there is none. */
  static json(raw: Span): Value {
    const json = Json.read(raw);
    if (json.kind == JsonKind.String) return Value.string(json.bytes());
    return json.exists ? new Value(json.kind, raw) : Value.missing();
  }

  @inline get isNil(): bool {
    return this.kind <= JsonKind.Null;
  }

  @inline get isNumber(): bool {
    return this.kind == JsonKind.Number;
  }

  @inline get isString(): bool {
    return this.kind == JsonKind.String;
  }

  @inline get isContainer(): bool {
    return this.kind >= JsonKind.Array;
  }

  /** False for nothing, `null`, `false`, `0`, `""`, `{}` and `[]`. */
  get isTrue(): bool {
    const text = this.text;
    if (this.kind == JsonKind.Bool) return text.at(0) == 0x74;
    if (this.kind == JsonKind.Number) return this.number() != 0;
    if (this.kind == JsonKind.String) return !text.isEmpty;
    return this.isContainer && !text.equalsAscii("{}") && !text.equalsAscii("[]");
  }

  /** A number that Go would take as an `int`. */
  get isInteger(): bool {
    const number = this.number();
    return this.isNumber && floor(number) == number && abs(number) < 9.3e18;
  }

  /** A number, or what a string or a truth value stands for; 0 for the rest. */
  number(fallback: f64 = 0): f64 {
    if (this.kind == JsonKind.Bool) return this.isTrue ? 1 : 0;
    if (this.kind != JsonKind.Number && this.kind != JsonKind.String) return fallback;
    return floatOf(this.text, fallback);
  }

  /** As `number`, truncated to 64 bits. */
  integer(): i64 {
    if (this.kind == JsonKind.Bool) return <i64>this.isTrue;
    const json = Json.read(this.text);
    const exact = json.kind == JsonKind.Number ? json.lenientInteger() : 0;
    return exact != 0 ? exact : <i64>this.number();
  }

  /** Appends the value as JSON; `html` escapes as Go's encoder does. */
  jsonInto(out: Buffer, html: bool): void {
    if (this.isString) new JsonWriter(out, html).bytes(this.text);
    else if (this.kind == JsonKind.Missing) out.text("null");
    else out.append(this.text);
  }

  /** The value as JSON text, as comparisons see it. */
  raw(): Span {
    if (!this.isString) return this.text;
    const out = new Buffer(this.text.size + 2);
    this.jsonInto(out, false);
    return out.span();
  }

  /** The name of Go's type for the value. */
  typeName(): string {
    switch (this.kind) {
      case JsonKind.Bool:
        return "bool";
      case JsonKind.Number:
        return this.isInteger ? "int" : "float64";
      case JsonKind.String:
        return "string";
      case JsonKind.Array:
        return "[]interface {}";
      case JsonKind.Object:
        return "map[string]interface {}";
    }
    return "nil";
  }
}
