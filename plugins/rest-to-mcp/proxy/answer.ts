// What a server's reply comes to for the client, whose revision may be of another era.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ErrorCode, isStateless, Outcome, Revision, ToolResult } from "as-proxy-wasm-sdk/mcp";
import { NO_ANSWER, Reply, ReplyKind } from "as-proxy-wasm-sdk/mcp/client/reply";
import { AllowedTools } from "../allowed-tools";

/** What results of the stateless revisions have and others do not know. */
const STATELESS_ONLY: StaticArray<string> = ["resultType", "ttlMs", "cacheScope"];

/** Null: nobody's tools are left out. */
export function outcomeOf(
  method: string,
  status: i32,
  reply: Reply,
  server: Revision,
  client: Revision,
  allowed: AllowedTools | null,
): Outcome {
  const failed = `mcp-proxy:${method}:backend_error`;
  if (reply.kind == ReplyKind.Error) {
    const code = reply.errorCode != 0 ? reply.errorCode : ErrorCode.InternalError;
    const text = reply.errorMessage.length > 0 ? reply.errorMessage : "Backend error";
    const isUnasked = code == ErrorCode.MissingClientCapability && !isStateless(client);
    // The client's revision has no such error: what the tool would have asked is for the model to know.
    if (isUnasked && method == "tools/call") return ToolResult.failure(text).outcome(failed);
    const outcome = Outcome.ofError(code, text, failed);
    outcome.errorData = reply.errorData;
    return outcome;
  }
  let problem = "";
  const result = Json.read(reply.result);
  if (status != 200) problem = `backend ${method} failed`;
  else if (reply.kind != ReplyKind.Result) {
    problem = reply.problem == NO_ANSWER ? `invalid ${method} response` : reply.problem;
  } else if (result.kind != JsonKind.Object) problem = `invalid ${method} result type`;
  if (problem.length > 0) return Outcome.ofError(ErrorCode.InternalError, problem, failed);
  if (!isStateless(client) && result.get("resultType").bytes().equalsAscii("input_required")) {
    return inputRequired(method, result.get("inputRequests"));
  }
  const strips = isStateless(server) && !isStateless(client);
  const filter = allowed !== null && !allowed.isUnlimited ? allowed : null;
  const edited = strips || filter !== null ? rewritten(result, strips, filter) : reply.result;
  const outcome = Outcome.ofForeignResult(edited, `mcp-proxy:${method}:success`);
  if (isCacheable(method)) outcome.ttlMs = 0;
  return outcome;
}

function rewritten(result: Json, strips: bool, allowed: AllowedTools | null): Span {
  const out = new Buffer(result.raw().size);
  const json = new JsonWriter(out).object();
  const members = result.members();
  while (members.next()) {
    const key = members.key;
    if (strips && STATELESS_ONLY.includes(key)) continue;
    json.keyBytes(members.keyBytes());
    if (allowed === null || key != "tools") {
      json.raw(members.value.raw());
      continue;
    }
    json.array();
    const tools = members.value.items();
    while (tools.next()) if (allowed.has(tools.value.get("name").text())) json.raw(tools.value.raw());
    json.end();
  }
  json.end();
  return out.span();
}

/** The results whose keeping the stateless revisions have servers speak of. */
function isCacheable(method: string): bool {
  return method.endsWith("/list") || method == "resources/read" || method == "server/discover";
}

/** A question that the client's revision cannot carry: the model is told what the tool needs to know. */
function inputRequired(method: string, requests: Json): Outcome {
  let text = "the server needs input that this client cannot be asked for:";
  const members = requests.members();
  while (members.next()) {
    const params = members.value.get("params");
    const message = params.get("message").text();
    text += `\n- ${members.key}`;
    if (message.length > 0) text += `: ${message}`;
    const properties = params.get("requestedSchema").get("properties").members();
    let names = "";
    while (properties.next()) names += (names.length > 0 ? ", " : "") + properties.key;
    if (names.length > 0) text += ` (${names})`;
  }
  const details = `mcp-proxy:${method}:input_required`;
  if (method == "tools/call") return ToolResult.failure(text).outcome(details);
  return Outcome.ofError(ErrorCode.InternalError, text, details);
}
