// What a call gives for the arguments that its tool declares.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Outcome } from "as-proxy-wasm-sdk/mcp";
import { MissingArgument, ToolCall } from "../tool-call";
import { Argument, Position } from "./argument";
import { templateJson } from "./plain-json";
import { RequestTemplate } from "./request-template";
import { mismatch } from "./schema-check";

export class ArgumentValues {
  /** JSON of the value of each of `args`; empty where there is none. */
  readonly values: Span[] = [];

  constructor(
    readonly args: Argument[],
    call: ToolCall,
  ) {
    for (let i = 0; i < args.length; i++) {
      const given = call.arguments.get(args[i].name);
      this.values.push(given.exists ? args[i].convert(given) : args[i].fallback);
    }
  }

  /** Null where the tool can be called; else what the client gets. */
  check(call: ToolCall, request: RequestTemplate): Outcome | null {
    const missing: MissingArgument[] = [];
    for (let i = 0; i < this.args.length; i++) {
      const argument = this.args[i];
      // A URL with a hole leads elsewhere.
      const isInUrl = argument.position == Position.Path && request.mentions("{" + argument.name + "}");
      const isNeeded = isInUrl || (argument.isRequired && call.isStrict);
      if (isNeeded && this.values[i].isEmpty)
        missing.push(
          new MissingArgument(argument.name, argument.description, argument.schema, argument.choices),
        );
    }
    if (missing.length > 0) return call.ask(missing);
    for (let i = 0; i < this.args.length && call.isStrict; i++) {
      if (this.values[i].isEmpty || !call.arguments.get(this.args[i].name).exists) continue;
      const problem = mismatch(Json.read(this.values[i]), Json.read(this.args[i].schema), "");
      if (problem.length > 0) return call.refuse(`argument ${this.args[i].name}: ${problem}`);
    }
    return null;
  }

  /** Bytes of all values: what is written of them need not grow step by step, leaving as much behind. */
  get size(): i32 {
    let size = 0;
    for (let i = 0; i < this.values.length; i++) size += this.values[i].size + 64;
    return size;
  }

  /** What templates see: `{"config": …, "args": {…}}`. `config` is JSON in the form of `templateJson`, or empty. */
  data(config: Span): Span {
    const out = new Buffer(this.size + config.size + 256);
    const json = new JsonWriter(out).object().key("config").raw(config).key("args").object();
    for (let i = 0; i < this.args.length; i++) {
      const value = this.values[i];
      if (!value.isEmpty) json.key(this.args[i].name).raw(templateJson(Json.read(value)));
    }
    json.end().end();
    return out.span();
  }
}
