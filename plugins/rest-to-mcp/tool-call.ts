// A client's wish to call a tool, the same in every revision.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { Outcome, Revision, ToolResult } from "as-proxy-wasm-sdk/mcp";

/** An argument that a tool needs and the client has not given. */
export class MissingArgument {
  constructor(
    readonly name: string,
    readonly description: string,
    /** JSON Schema of the argument. */
    readonly schema: Span,
    /** JSON list of the values it may have, or empty. */
    readonly choices: Span = Span.empty(),
  ) {}
}

export class ToolCall {
  /** JSON object of the arguments, answers to questions included; or missing. */
  arguments: Json = Json.read(Span.empty());
  /** JSON of `params._meta`, or missing. */
  meta: Json = Json.read(Span.empty());
  /** Arguments are checked against the tool's declaration before they are used. */
  isStrict: bool = false;
  /** JSON object that replaces the server's `config` for this request, or empty. */
  serverConfig: Span = Span.empty();

  constructor(
    readonly tool: string,
    readonly revision: Revision,
    /** The whole of `params`. */
    readonly params: Json,
  ) {}

  /** How the client is asked for what it has not given. */
  ask(missing: MissingArgument[]): Outcome {
    let text = "missing required arguments:";
    for (let i = 0; i < missing.length; i++) {
      const argument = missing[i];
      text += `\n- ${argument.name}`;
      if (argument.description.length > 0) text += `: ${argument.description}`;
      if (!argument.choices.isEmpty) text += ` (one of ${argument.choices.toString()})`;
    }
    return ToolResult.failure(text).outcome();
  }
}

/** A client's wish to see the tools. */
export class ListRequest {
  constructor(
    readonly revision: Revision,
    /** Where the page begins; empty for the first. */
    readonly cursor: Span,
    readonly meta: Json,
  ) {}
}
