// How lists and objects are written where only text can stand: the styles of OpenAPI's parameters.
// https://spec.openapis.org/oas/v3.1.1.html#style-values

import { Buffer, percentEncode, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { Parameters } from "../security/query";
import { plainText } from "./plain-json";

export const enum Style {
  /** As JSON. */
  Unset,
  Form,
  Simple,
  Label,
  Matrix,
  Space,
  Pipe,
  Tab,
  Deep,
}

export const STYLES: string[] = [
  "",
  "form",
  "simple",
  "label",
  "matrix",
  "spaceDelimited",
  "pipeDelimited",
  "tabDelimited",
  "deepObject",
];
/** Between the values of a list that is one parameter, in the order of the styles. */
const DELIMITERS: string[] = [",", ",", ",", ",", ",", "%20", "%7C", "%09", ","];

/** Lists and objects within each other that `deepObject` writes member by member; what is deeper is JSON. */
const MAX_DEPTH: i32 = 16;

export class Notation {
  constructor(
    readonly style: Style,
    /** Each value by itself: as a parameter of its own, or with its name. */
    readonly explode: bool,
  ) {}

  /** Adds the value to a query or a form. */
  addTo(parameters: Parameters, name: string, value: Json): void {
    const isWhole = value.kind < JsonKind.Array || this.style == Style.Unset;
    if (isWhole) parameters.add(name, plainText(value));
    else if (this.style == Style.Deep) addDeep(parameters, name, value, 0);
    else if (!this.explode) {
      const out = new Buffer(64);
      const delimiter = DELIMITERS[this.style];
      join(out, value, delimiter, delimiter, true);
      parameters.addEncoded(name, out.span());
    } else if (value.kind == JsonKind.Array) {
      const items = value.items();
      while (items.next()) parameters.add(name, plainText(items.value));
    } else {
      const members = value.members();
      while (members.next()) parameters.add(members.key, plainText(members.value));
    }
  }

  /** Appends the value to a path. */
  appendToPath(out: Buffer, name: string, value: Json, encodes: bool): void {
    const style = this.style;
    const isWhole = value.kind < JsonKind.Array;
    const equals = this.explode ? "=" : ",";
    if (style == Style.Label) {
      out.push(0x2e);
      join(out, value, this.explode ? "." : ",", equals, encodes);
    } else if (style != Style.Matrix) {
      if (style == Style.Unset || isWhole) append(out, plainText(value), encodes);
      else join(out, value, ",", equals, encodes);
    } else if (this.explode && value.kind == JsonKind.Array) {
      const items = value.items();
      while (items.next()) {
        out.text(`;${name}=`);
        append(out, plainText(items.value), encodes);
      }
    } else {
      out.push(0x3b);
      const isNamed = !this.explode || isWhole;
      if (isNamed) out.text(name + "=");
      join(out, value, isNamed ? "," : ";", equals, encodes);
    }
  }

  /** What stands for the value in a header or a cookie. */
  text(value: Json): Span {
    if (value.kind < JsonKind.Array || this.style == Style.Unset) return plainText(value);
    const out = new Buffer(64);
    join(out, value, ",", this.explode ? "=" : ",", false);
    return out.span();
  }
}

/** The values of a list, or names and values of an object, one behind the other; any other value alone. */
function join(out: Buffer, value: Json, delimiter: string, equals: string, encodes: bool): void {
  if (value.kind == JsonKind.Array) {
    const items = value.items();
    for (let i = 0; items.next(); i++) {
      if (i > 0) out.text(delimiter);
      append(out, plainText(items.value), encodes);
    }
  } else if (value.kind == JsonKind.Object) {
    const members = value.members();
    for (let i = 0; members.next(); i++) {
      if (i > 0) out.text(delimiter);
      append(out, members.keyBytes(), encodes);
      out.text(equals);
      append(out, plainText(members.value), encodes);
    }
  } else append(out, plainText(value), encodes);
}

function append(out: Buffer, text: Span, encodes: bool): void {
  if (encodes) percentEncode(out, text);
  else out.append(text);
}

/** `name[member]=…`, and `name[0]=…` for lists. */
function addDeep(parameters: Parameters, name: string, value: Json, depth: i32): void {
  if (value.kind < JsonKind.Array || depth == MAX_DEPTH) {
    parameters.add(name, plainText(value));
  } else if (value.kind == JsonKind.Array) {
    const items = value.items();
    for (let i = 0; items.next(); i++) addDeep(parameters, `${name}[${i}]`, items.value, depth + 1);
  } else {
    const members = value.members();
    while (members.next()) addDeep(parameters, `${name}[${members.key}]`, members.value, depth + 1);
  }
}
