// Which revision of the protocol a message belongs to, and whether it keeps that revision's rules. A body that
// claims a revision decides, headers are checked against it; without a claim the header does.

import { Buffer, lowerAscii, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import {
  ALL_REVISIONS,
  ASSUMED,
  decodeHeaderText,
  ErrorCode,
  isStateless,
  Message,
  MessageKind,
  Meta,
  Outcome,
  Revision,
  revisionName,
  revisionOf,
  STATELESS_REVISIONS,
} from "as-proxy-wasm-sdk/mcp";
import { MirroredArguments } from "./mirrored-arguments";
import { ClientHead } from "./client-head";

export class Admission {
  /** Null: the message is served. */
  refusal: Outcome | null = null;

  constructor(readonly revision: Revision) {}

  static of(message: Message, head: ClientHead): Admission {
    const header = head.revision;
    const named = header === null ? Revision.Unknown : revisionOf(header);
    const meta = message.params.get("_meta");
    const claim = meta.get(Meta.Revision);
    const isHandshake =
      message.method == "initialize" && !isStateless(revisionOf(claim.bytes())) && !isStateless(named);
    if (isHandshake) return new Admission(Revision.Unknown);
    if (claim.exists) return admitClaim(message, head, meta, claim);
    if (isStateless(named)) {
      const admission = new Admission(named);
      if (message.kind == MessageKind.Notification) admission.refusal = mirrorRefusal(message, head, false);
      else if (message.method == "initialize") {
        admission.refusal = mismatch(
          "initialize belongs to a revision before the one of MCP-Protocol-Version",
        );
      } else if (message.kind == MessageKind.Request) {
        admission.refusal = badEnvelope(`_meta must have ${Meta.Revision}`);
      } else admission.refusal = noResponses();
      return admission;
    }
    const admission = new Admission(header === null ? ASSUMED : named);
    if (header !== null && named == Revision.Unknown) {
      admission.refusal = unsupported(header, ALL_REVISIONS);
    }
    return admission;
  }
}

/** A message whose `_meta` names its revision. */
function admitClaim(message: Message, head: ClientHead, meta: Json, claim: Json): Admission {
  const revision = revisionOf(claim.bytes());
  const admission = new Admission(isStateless(revision) ? revision : Revision.R2026_07_28);
  const isRequest = message.kind == MessageKind.Request;
  const header = head.revision;
  if (claim.kind != JsonKind.String) {
    admission.refusal = badEnvelope(`${Meta.Revision} must be a string`);
  } else if (header !== null && !header.equals(claim.bytes())) {
    admission.refusal = mismatch("MCP-Protocol-Version is not the revision that _meta names");
  } else if (!isStateless(revision)) {
    admission.refusal = unsupported(claim.bytes(), STATELESS_REVISIONS);
  } else if (isRequest && header === null) {
    admission.refusal = mismatch("the header MCP-Protocol-Version is required");
  } else if (isRequest && meta.get(Meta.ClientCapabilities).kind != JsonKind.Object) {
    admission.refusal = badEnvelope(`_meta must have ${Meta.ClientCapabilities}, an object`);
  } else if (isRequest && !isObjectOrMissing(meta.get(Meta.ClientInfo))) {
    admission.refusal = badEnvelope(`${Meta.ClientInfo} must be an object`);
  } else {
    admission.refusal = mirrorRefusal(message, head, isRequest);
  }
  return admission;
}

/** What is wrong with the headers that mirror the method and the name of what it is for. */
function mirrorRefusal(message: Message, head: ClientHead, isRequired: bool): Outcome | null {
  const method = head.method;
  if (method === null) return isRequired ? mismatch("the header Mcp-Method is required") : null;
  if (!method.equals(Span.text(message.method))) {
    return mismatch(`Mcp-Method is not the method of the body, ${message.method}`);
  }
  const member = mirroredMember(message.method);
  if (!isRequired || member.length == 0) return null;
  const value = message.params.get(member);
  if (value.kind != JsonKind.String) return null;
  const header = head.name;
  if (header === null) return mismatch("the header Mcp-Name is required");
  const name = decodeHeaderText(header);
  if (name === null) return mismatch("Mcp-Name holds broken base64");
  return name.equals(value.bytes()) ? null : mismatch(`Mcp-Name is not params.${member} of the body`);
}

/** The member of `params` that `Mcp-Name` repeats, or "". */
function mirroredMember(method: string): string {
  if (method == "tools/call" || method == "prompts/get") return "name";
  if (method == "resources/read") return "uri";
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel" ? "taskId" : "";
}

/**
 * Checks the headers `Mcp-Param-…` that a tool's input schema asks for (`x-mcp-header`) against the arguments.
 * Null where they agree.
 */
export function paramRefusal(schema: Span, given: Json, head: ClientHead): Outcome | null {
  const mirrored = new MirroredArguments(schema, given);
  while (mirrored.next()) {
    const header = mirrored.header;
    if (!mirrored.value.exists) continue;
    const key = lowerAscii(Span.text(header)).toString();
    if (!head.params.has(key)) return mismatch(`the header Mcp-Param-${header} is required`);
    const text = decodeHeaderText(head.params.get(key));
    if (text === null) return mismatch(`Mcp-Param-${header} holds broken base64`);
    if (!agree(text, mirrored.value)) {
      return mismatch(`Mcp-Param-${header} is not the argument ${mirrored.name}`);
    }
  }
  return null;
}

/** Numbers are compared as numbers: 42 and 42.0 agree. */
function agree(text: Span, value: Json): bool {
  if (value.kind == JsonKind.String) return text.equals(value.bytes());
  if (text.equals(value.raw())) return true;
  const number = Json.read(text);
  return (
    value.kind == JsonKind.Number &&
    number.kind == JsonKind.Number &&
    number.raw().size == text.size &&
    number.number(NaN) == value.number(NaN)
  );
}

function isObjectOrMissing(value: Json): bool {
  return !value.exists || value.kind == JsonKind.Object;
}

/** Not a reply to parameters of a method, which have HTTP status 200: the request as such is broken. */
function badEnvelope(error: string): Outcome {
  const outcome = Outcome.ofError(ErrorCode.InvalidParams, error);
  outcome.status = 400;
  return outcome;
}

function mismatch(error: string): Outcome {
  const outcome = Outcome.ofError(ErrorCode.HeaderMismatch, "headers and body disagree: " + error);
  outcome.status = 400;
  return outcome;
}

function noResponses(): Outcome {
  const name = revisionName(Revision.R2026_07_28);
  const outcome = Outcome.ofError(ErrorCode.InvalidRequest, `${name} knows no responses of clients`);
  outcome.status = 400;
  return outcome;
}

function unsupported(requested: Span, supported: string): Outcome {
  const outcome = Outcome.ofError(ErrorCode.UnsupportedRevision, "unsupported protocol version");
  const data = new Buffer(128);
  const json = new JsonWriter(data).object().key("supported").raw(Span.text(supported));
  json.key("requested").bytes(requested).end();
  outcome.errorData = data.span();
  outcome.status = 400;
  return outcome;
}
