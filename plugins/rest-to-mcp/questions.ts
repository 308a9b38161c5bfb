// Asking the client's user for missing arguments, in the stateless revisions: the call ends with questions, and is
// made again with the answers. What was answered before travels with the client in `requestState`, signed, so that
// any gateway can go on.
//
//   requestState = base64url(state) "." base64url(HMAC-SHA256(state))
//   state        = {"until": ms, "digest": base64 of SHA-256 over principal, tool and arguments, "answers": {…}}

import { nowMs } from "as-proxy-wasm-sdk/sdk";
import {
  Base64,
  Buffer,
  decodeBase64,
  encodeBase64,
  hmacSha256,
  sha256,
  Span,
} from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ErrorCode, isStateless, Message, Meta, Outcome, Revision } from "as-proxy-wasm-sdk/mcp";
import { MissingArgument, ToolCall } from "./tool-call";

/** People need time to answer. */
const LIFETIME_MS: i64 = 10 * 60 * 1000;

const nothing = Json.read(Span.empty());

export class Questions {
  /** Arguments with what was answered; the client's own where there is nothing to add. */
  arguments: Json;
  /** Null: the answers are in order. */
  refusal: Outcome | null = null;
  private canAsk: bool = false;
  private digest: Span = Span.empty();
  private answers: Buffer = new Buffer(16);

  private constructor(
    private key: Span,
    given: Json,
  ) {
    this.arguments = given;
  }

  /** Reads what came with a call. `principal` is who makes it. */
  static of(message: Message, revision: Revision, tool: string, key: Span, principal: Span): Questions {
    const given = message.params.get("arguments");
    const questions = new Questions(key, given);
    if (!isStateless(revision)) return questions;
    const elicitation = message.params.get("_meta").get(Meta.ClientCapabilities).get("elicitation");
    questions.canAsk = elicitation.kind == JsonKind.Object && takesForms(elicitation);
    questions.digest = digestOf(principal, tool, given);
    const state = message.params.get("requestState");
    let before = nothing;
    if (state.exists) {
      before = questions.open(state);
      if (before.kind != JsonKind.Object) {
        questions.refusal = Outcome.ofError(
          ErrorCode.InvalidParams,
          "requestState is not valid for this call",
        );
        return questions;
      }
    }
    questions.take(given, before.get("answers"), message.params.get("inputResponses"));
    return questions;
  }

  /** The result that asks for the arguments; null where the client cannot be asked for all of them. */
  ask(missing: MissingArgument[], call: ToolCall): Outcome | null {
    if (!this.canAsk) return null;
    const out = new Buffer(512);
    const json = new JsonWriter(out).object().key("resultType").text("input_required");
    json.key("inputRequests").object();
    for (let i = 0; i < missing.length; i++) {
      const argument = missing[i];
      const schema = Json.read(argument.schema);
      const type = schema.get("type").text();
      if (type != "string" && type != "number" && type != "integer" && type != "boolean") return null;
      json.key(argument.name).object().key("method").text("elicitation/create").key("params").object();
      const purpose = argument.description.length > 0 ? argument.description : argument.name;
      json.key("mode").text("form").key("message").text(`${call.tool} needs ${argument.name}: ${purpose}`);
      json.key("requestedSchema").object().key("type").text("object").key("properties").object();
      json.key(argument.name).object().key("type").text(type);
      if (argument.description.length > 0) json.key("description").text(argument.description);
      if (type == "string" && !argument.choices.isEmpty) json.key("enum").raw(argument.choices);
      json.end().end();
      json.key("required").array().text(argument.name).end().end().end().end();
    }
    json.end().key("requestState").bytes(this.seal()).end();
    return Outcome.ofForeignResult(out.span());
  }

  /** The arguments become those given, those answered before and those answered now; what is given stands. */
  private take(given: Json, before: Json, responses: Json): void {
    const out = new Buffer(256);
    const all = new JsonWriter(out).object();
    const kept = new JsonWriter(this.answers).object();
    const own = given.members();
    while (own.next()) all.keyBytes(own.keyBytes()).raw(own.value.raw());
    let added = false;
    const earlier = before.members();
    while (earlier.next()) {
      if (given.get(earlier.key).exists) continue;
      all.key(earlier.key).raw(earlier.value.raw());
      kept.key(earlier.key).raw(earlier.value.raw());
      added = true;
    }
    const now = responses.members();
    while (now.next()) {
      const name = now.key;
      const answer = answerOf(now.value, name);
      if (answer.isEmpty || given.get(name).exists || before.get(name).exists) continue;
      all.key(name).raw(answer);
      kept.key(name).raw(answer);
      added = true;
    }
    all.end();
    kept.end();
    if (added) this.arguments = Json.read(out.span());
  }

  private seal(): Span {
    const state = new Buffer(128);
    const json = new JsonWriter(state)
      .object()
      .key("until")
      .integer(nowMs() + LIFETIME_MS);
    json.key("digest").bytes(this.digest).key("answers").raw(this.answers.span()).end();
    const sealed = new Buffer(state.size * 2);
    encodeBase64(sealed, state.span(), Base64.Url);
    sealed.push(0x2e);
    encodeBase64(sealed, hmacSha256(this.key, state.span()), Base64.Url);
    return sealed.span();
  }

  /** The state, or missing where it was not made here, for this call, or is too old. */
  private open(sealed: Json): Json {
    const text = sealed.bytes();
    const dot = text.indexOf(0x2e);
    const state = decodeBase64(text.slice(0, max(dot, 0)), Base64.Url);
    const mac = decodeBase64(text.slice(dot + 1), Base64.Url);
    if (dot < 0 || state === null || mac === null || !isSame(mac, hmacSha256(this.key, state)))
      return nothing;
    const json = Json.read(state);
    if (json.get("until").integer(0) < nowMs()) return nothing;
    return json.get("digest").bytes().equals(this.digest) ? json : nothing;
  }
}

/** A client that names no form of elicitation takes forms. */
function takesForms(elicitation: Json): bool {
  return elicitation.get("form").exists || !elicitation.get("url").exists;
}

/**
 * JSON of the value that an accepted form gives for an argument, or empty. Each form asks for one value: a client
 * that gives one value under another name means this one.
 */
function answerOf(response: Json, name: string): Span {
  if (!response.get("action").bytes().equalsAscii("accept")) return Span.empty();
  const content = response.get("content");
  const value = content.get(name);
  if (value.exists) return value.raw();
  const only = content.members();
  return content.length() == 1 && only.next() ? only.value.raw() : Span.empty();
}

function digestOf(principal: Span, tool: string, given: Json): Span {
  const text = new Buffer(256);
  text.append(sha256(principal));
  text.append(sha256(Span.text(tool)));
  if (given.exists) text.append(given.raw());
  const out = new Buffer(48);
  encodeBase64(out, sha256(text.span()));
  return out.span();
}

/** In a time that does not tell where they differ. */
function isSame(left: Span, right: Span): bool {
  if (left.size != right.size) return false;
  let difference = 0;
  for (let i = 0; i < left.size; i++) difference |= left.at(i) ^ right.at(i);
  return difference == 0;
}
