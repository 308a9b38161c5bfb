// How a server introduces itself: the answer to `initialize`, and to `server/discover` of the stateless revisions.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import {
  ErrorCode,
  isStateless,
  Meta,
  NEWEST_WITH_SESSION,
  Outcome,
  Revision,
  revisionName,
  revisionOf,
  STATELESS_REVISIONS,
} from "as-proxy-wasm-sdk/mcp";

const VERSION: string = "1.0.0";
/** What can be bridged between the eras of a client and a server. */
const BRIDGED: StaticArray<string> = ["tools", "prompts", "resources", "completions"];

export class About {
  constructor(
    /** JSON object. */
    readonly capabilities: Span,
    /** JSON object, or empty. */
    readonly serverInfo: Span,
    /** JSON string, or empty. */
    readonly instructions: Span = Span.empty(),
  ) {}

  /** A server of tools, which the gateway itself is. */
  static tools(name: string): About {
    const info = new Buffer(64);
    new JsonWriter(info).object().key("name").text(name).key("version").text(VERSION).end();
    return new About(Span.text('{"tools":{}}'), info.span());
  }

  /** What another server has said of itself, as far as it holds for clients of the other era. */
  static bridged(introduction: Json): About {
    const capabilities = introduction.get("capabilities");
    const out = new Buffer(64);
    const json = new JsonWriter(out).object();
    for (let i = 0; i < BRIDGED.length; i++) {
      if (capabilities.get(BRIDGED[i]).kind == JsonKind.Object) json.key(BRIDGED[i]).object().end();
    }
    json.end();
    const own = introduction.get("serverInfo");
    const info = own.exists ? own : introduction.get("_meta").get(Meta.ServerInfo);
    return new About(out.span(), info.raw(), introduction.get("instructions").raw());
  }

  /** The answer to `initialize` with these parameters. */
  handshake(params: Json, details: string): Outcome {
    const requested = params.get("protocolVersion");
    if (requested.kind != JsonKind.String || requested.bytes().isEmpty) {
      const error = "protocolVersion is required";
      return Outcome.ofError(ErrorCode.InvalidParams, error, details + ":error");
    }
    let revision = revisionOf(requested.bytes());
    // What Higress's plugin answers to a revision that it does not know.
    if (revision == Revision.Unknown) revision = Revision.R2025_06_18;
    if (isStateless(revision)) revision = NEWEST_WITH_SESSION;
    const out = new Buffer(256);
    const json = new JsonWriter(out).object().key("protocolVersion").text(revisionName(revision));
    json.key("capabilities").raw(this.capabilities);
    if (!this.serverInfo.isEmpty) json.key("serverInfo").raw(this.serverInfo);
    this.end(json);
    return Outcome.ofResult(out.span(), details);
  }

  /** The answer to `server/discover`. */
  discovery(ttlMs: i32, isPublic: bool, details: string): Outcome {
    const out = new Buffer(256);
    const json = new JsonWriter(out).object().key("supportedVersions").raw(Span.text(STATELESS_REVISIONS));
    json.key("capabilities").raw(this.capabilities);
    if (!this.serverInfo.isEmpty) {
      json.key("_meta").object().key(Meta.ServerInfo).raw(this.serverInfo).end();
    }
    this.end(json);
    const outcome = Outcome.ofResult(out.span(), details);
    outcome.ttlMs = ttlMs;
    outcome.isPublic = isPublic;
    return outcome;
  }

  private end(json: JsonWriter): void {
    if (!this.instructions.isEmpty) json.key("instructions").raw(this.instructions);
    json.end();
  }
}
