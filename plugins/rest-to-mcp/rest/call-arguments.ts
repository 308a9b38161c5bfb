// The arguments of one call: what the client gave of what the tool declares, converted, with defaults.

import { Buffer, Span, writeInteger } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Outcome } from "as-proxy-wasm-sdk/mcp";
import { MissingArgument, ToolCall } from "../tool-call";
import { Argument, Position } from "./argument";

export class CallArgument {
  constructor(
    readonly declared: Argument,
    readonly value: Json,
  ) {}

  /** As it stands in paths, queries, headers, cookies and forms: strings as they are, numbers in decimal, else JSON. */
  get text(): Span {
    const value = this.value;
    if (value.kind == JsonKind.String) return value.bytes();
    const raw = value.raw();
    if (value.kind != JsonKind.Number || (raw.indexOf(0x65) < 0 && raw.indexOf(0x45) < 0)) return raw;
    return decimal(value);
  }
}

export class CallArguments {
  /** In the order of the tool's declarations. */
  readonly items: CallArgument[] = [];
  /** What the client gets instead of the call; null where the arguments are in order. */
  refusal: Outcome | null = null;

  /** `declared` is sorted by name. */
  static of(call: ToolCall, declared: Argument[]): CallArguments {
    const all = new CallArguments();
    const missing: MissingArgument[] = [];
    for (let i = 0; i < declared.length; i++) {
      const argument = declared[i];
      const given = call.arguments.get(argument.name);
      const raw = given.exists ? argument.converted(given) : argument.fallback;
      if (!raw.isEmpty) {
        const value = Json.read(raw);
        const refusal = call.isStrict && given.exists ? argument.refusalOf(value) : "";
        if (refusal.length > 0 && all.refusal === null) all.refusal = call.refuse(refusal);
        all.items.push(new CallArgument(argument, value));
      } else if (argument.isRequired && call.isStrict) {
        missing.push(
          new MissingArgument(argument.name, argument.description, argument.schema, argument.choices),
        );
      }
    }
    if (all.refusal === null && missing.length > 0) all.refusal = call.ask(missing);
    return all;
  }

  /** Those of a position; `alsoUnset` adds those without one. */
  at(position: Position, alsoUnset: bool = false): CallArgument[] {
    const chosen: CallArgument[] = [];
    for (let i = 0; i < this.items.length; i++) {
      const place = this.items[i].declared.position;
      if (place == position || (alsoUnset && place == Position.Unset)) chosen.push(this.items[i]);
    }
    return chosen;
  }
}

/** JSON object of the arguments. */
export function jsonOf(items: CallArgument[]): Span {
  const out = new Buffer(128);
  const json = new JsonWriter(out).object();
  for (let i = 0; i < items.length; i++) {
    json.keyBytes(items[i].declared.nameBytes).raw(items[i].value.raw());
  }
  json.end();
  return out.span();
}

/** Without an exponent, as far as 64 bits reach. */
function decimal(value: Json): Span {
  const number = value.number(NaN);
  if (!(Math.abs(number) < 9e18) || number != Math.floor(number)) return value.raw();
  const out = new Buffer(20);
  writeInteger(out, value.integer(<i64>number));
  return out.span();
}
