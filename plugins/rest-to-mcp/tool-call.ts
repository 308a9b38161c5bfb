// What a client asks of a server, the same in every revision.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import {
  ErrorCode,
  isStateless,
  Message,
  Outcome,
  reportsInputInResult,
  Revision,
  ToolResult,
} from "as-proxy-wasm-sdk/mcp";
import { ClientHead } from "./client-head";
import { Questions } from "./questions";

export class ClientRequest {
  constructor(
    readonly message: Message,
    readonly revision: Revision,
    /** What the headers of the request say. */
    readonly client: ClientHead,
  ) {}

  /** An object, or missing. */
  get params(): Json {
    return this.message.params;
  }

  get meta(): Json {
    return this.message.params.get("_meta");
  }
}

/** A client's wish to see the tools. */
export class ListRequest extends ClientRequest {
  /** Milliseconds that a client may keep the list. */
  ttlMs: i32 = 0;

  /** Where the page begins; empty for the first. */
  get cursor(): Span {
    return this.params.get("cursor").bytes();
  }
}

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

/** A client's wish to call a tool. */
export class ToolCall extends ClientRequest {
  /** JSON object of the arguments, answers to questions included; or missing. */
  arguments: Json;
  /** JSON object that replaces the server's `config` for this request, or empty. */
  serverConfig: Span = Span.empty();
  private demandsArguments: bool;

  constructor(
    message: Message,
    revision: Revision,
    client: ClientHead,
    readonly tool: string,
    private questions: Questions,
    strictArgs: bool,
  ) {
    super(message, revision, client);
    this.arguments = questions.arguments;
    this.demandsArguments = strictArgs;
  }

  /** Arguments are checked against the tool's declaration before they are used. */
  get isStrict(): bool {
    return this.demandsArguments || isStateless(this.revision);
  }

  /** What the client gets when arguments are missing: a question where it can answer one, else the tool's failure. */
  ask(missing: MissingArgument[]): Outcome {
    const question = this.questions.ask(missing, this);
    if (question !== null) return question;
    let text = "missing required arguments:";
    for (let i = 0; i < missing.length; i++) {
      const argument = missing[i];
      text += `\n- ${argument.name}`;
      if (argument.description.length > 0) text += `: ${argument.description}`;
      if (!argument.choices.isEmpty) text += ` (one of ${argument.choices.toString()})`;
    }
    return ToolResult.failure(text).outcome();
  }

  /** What the client gets when a given argument is not what the tool takes. */
  refuse(error: string): Outcome {
    return reportsInputInResult(this.revision)
      ? ToolResult.failure(error).outcome()
      : Outcome.ofError(ErrorCode.InvalidParams, error);
  }
}
