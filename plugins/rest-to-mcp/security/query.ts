// Parameters as HTML forms write them (application/x-www-form-urlencoded): queries and form bodies.

import { Buffer, percentDecode, percentEncode, Span } from "as-proxy-wasm-sdk/bytes";

const AMPERSAND: i32 = 0x26;
const EQUALS: i32 = 0x3d;
const PLUS: i32 = 0x2b;
const SPACE: i32 = 0x20;

class Parameter {
  constructor(
    readonly name: Span,
    readonly value: Span,
  ) {}
}

export class Query {
  private parameters: Parameter[] = [];

  /** Reads a query without its `?`. */
  static read(text: Span): Query {
    const query = new Query();
    for (let at = 0; at < text.size;) {
      const stop = text.indexOf(AMPERSAND, at);
      const end = stop < 0 ? text.size : stop;
      const pair = text.slice(at, end);
      at = end + 1;
      if (pair.isEmpty) continue;
      const equals = pair.indexOf(EQUALS);
      const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
      query.parameters.push(new Parameter(name, equals < 0 ? Span.empty() : decoded(pair.slice(equals + 1))));
    }
    return query;
  }

  get isEmpty(): bool {
    return this.parameters.length == 0;
  }

  /** The value of the first parameter of that name, or empty. */
  first(name: Span): Span {
    for (let i = 0; i < this.parameters.length; i++) {
      if (this.parameters[i].name.equals(name)) return this.parameters[i].value;
    }
    return Span.empty();
  }

  /** Replaces every parameter of that name. */
  set(name: Span, value: Span): void {
    for (let i = this.parameters.length - 1; i >= 0; i--) {
      if (this.parameters[i].name.equals(name)) this.parameters.splice(i, 1);
    }
    this.parameters.push(new Parameter(name, value));
  }

  /** Appends all parameters in the order of their names, as Go's `url.Values` writes them. */
  write(out: Buffer): void {
    const sorted = this.parameters.slice(0);
    // Stable: values of one name keep their order.
    for (let i = 1; i < sorted.length; i++) {
      const parameter = sorted[i];
      let at = i;
      for (; at > 0 && isBefore(parameter.name, sorted[at - 1].name); at--) sorted[at] = sorted[at - 1];
      sorted[at] = parameter;
    }
    for (let i = 0; i < sorted.length; i++) {
      if (i > 0) out.push(AMPERSAND);
      encode(out, sorted[i].name);
      out.push(EQUALS);
      encode(out, sorted[i].value);
    }
  }
}

function isBefore(left: Span, right: Span): bool {
  for (let i = 0; i < left.size && i < right.size; i++) {
    if (left.at(i) != right.at(i)) return left.at(i) < right.at(i);
  }
  return left.size < right.size;
}

function decoded(text: Span): Span {
  if (text.indexOf(PLUS) < 0) return percentDecode(text);
  return percentDecode(replaced(text, PLUS, SPACE));
}

function replaced(text: Span, byte: i32, other: i32): Span {
  const out = new Buffer(text.size);
  for (let i = 0; i < text.size; i++) out.push(text.at(i) == byte ? other : text.at(i));
  return out.span();
}

function encode(out: Buffer, text: Span): void {
  for (let at = 0; at <= text.size;) {
    const stop = text.indexOf(SPACE, at);
    percentEncode(out, text.slice(at, stop < 0 ? text.size : stop));
    if (stop < 0) return;
    out.push(PLUS);
    at = stop + 1;
  }
}
