// What each method of a client asks for.

import { setProperty } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import {
  ErrorCode,
  isStateless,
  Message,
  Meta,
  NEWEST_WITH_SESSION,
  Outcome,
  Revision,
  revisionName,
  revisionOf,
  STATELESS_REVISIONS,
} from "as-proxy-wasm-sdk/mcp";
import { paramRefusal } from "./admission";
import { AllowedTools } from "./allowed-tools";
import { ClientHead } from "./client-head";
import { McpConfig } from "./config";
import { Known, Operation } from "./operation";
import { Questions } from "./questions";
import { Server } from "./server";
import { ClientRequest, ListRequest, ToolCall } from "./tool-call";

const VERSION: string = "1.0.0";
const nothing = Span.text("{}");

/** The operation that a request sets in motion. */
export function operationOf(
  message: Message,
  revision: Revision,
  config: McpConfig,
  server: Server,
  client: ClientHead,
): Operation {
  const method = message.method;
  const prefix = `mcp:${server.name}:`;
  if (method == "tools/list") {
    const request = new ListRequest(message, revision, client);
    request.ttlMs = config.listTtlMs;
    const allowed = AllowedTools.of(config.allowTools, client.allowedTools);
    const operation = server.list(request, allowed, config.pageSize);
    if (operation.outcome.details.length == 0) operation.outcome.details = prefix + method;
    return operation;
  }
  if (method == "tools/call") return callTool(message, revision, config, server, client);
  if (isStateless(revision)) {
    if (method == "server/discover") return new Known(discovery(config, server));
  } else {
    if (method == "initialize") return new Known(handshake(message, server, prefix));
    if (method == "ping") return new Known(Outcome.ofResult(nothing, prefix + method));
  }
  const operation = server.request(new ClientRequest(message, revision, client));
  return operation !== null ? operation : failure(ErrorCode.MethodNotFound, `method not found:${method}`);
}

/** A message that goes to the upstream as it came, unless it calls a tool that the caller may not call. */
export function relayOf(
  message: Message,
  revision: Revision,
  config: McpConfig,
  server: Server,
  client: ClientHead,
): Operation {
  const allowed = AllowedTools.of(config.allowTools, client.allowedTools);
  if (message.method == "tools/call") {
    const tool = message.params.get("name").text();
    if (!allowed.has(tool)) return notAllowed(tool, `mcp:${server.name}:tools/call:`);
    setProperty("mcp_server_name", server.name);
    setProperty("mcp_tool_name", tool);
  }
  return server.relay(new ClientRequest(message, revision, client), allowed);
}

function notAllowed(tool: string, prefix: string): Operation {
  return failure(ErrorCode.InvalidParams, `Tool not allowed: ${tool}`, prefix + "tool_not_allowed");
}

function callTool(
  message: Message,
  revision: Revision,
  config: McpConfig,
  server: Server,
  client: ClientHead,
): Operation {
  const prefix = `mcp:${server.name}:tools/call:`;
  const refusal = server.callRefusal;
  if (refusal.length > 0) {
    return failure(ErrorCode.MethodNotFound, refusal, prefix + "not_supported_on_toolset");
  }
  const tool = message.params.get("name").text();
  if (!AllowedTools.of(config.allowTools, client.allowedTools).has(tool)) {
    return notAllowed(tool, prefix);
  }
  const index = server.toolAt(tool);
  if (index < 0 && !server.takesUnknownTools) {
    return failure(ErrorCode.InvalidParams, `unknown tool: ${tool}`, prefix + "invalid_tool_name");
  }
  const questions = Questions.of(message, revision, tool, config.stateKey, client.principal);
  let wrong = questions.refusal;
  if (wrong === null && index >= 0 && isStateless(revision)) {
    wrong = paramRefusal(server.tools[index].inputSchema, message.params.get("arguments"), client);
  }
  if (wrong !== null) return new Known(wrong);
  setProperty("mcp_server_name", server.name);
  setProperty("mcp_tool_name", tool);
  const call = new ToolCall(message, revision, client, tool, questions, config.strictArgs);
  call.serverConfig = client.serverConfig;
  return server.call(call);
}

function handshake(message: Message, server: Server, prefix: string): Outcome {
  const requested = message.params.get("protocolVersion");
  if (requested.kind != JsonKind.String || requested.bytes().isEmpty) {
    const error = "protocolVersion is required";
    return Outcome.ofError(ErrorCode.InvalidParams, error, prefix + "initialize:error");
  }
  let revision = revisionOf(requested.bytes());
  // What Higress's plugin answers to a revision that it does not know.
  if (revision == Revision.Unknown) revision = Revision.R2025_06_18;
  if (isStateless(revision)) revision = NEWEST_WITH_SESSION;
  const out = new Buffer(256);
  const json = new JsonWriter(out).object().key("protocolVersion").text(revisionName(revision));
  json.key("capabilities").object().key("tools").object().end().end();
  describe(json.key("serverInfo"), server).end();
  return Outcome.ofResult(out.span(), prefix + "initialize");
}

function discovery(config: McpConfig, server: Server): Outcome {
  const out = new Buffer(256);
  const json = new JsonWriter(out).object().key("supportedVersions").raw(Span.text(STATELESS_REVISIONS));
  json.key("capabilities").object().key("tools").object().end().end();
  describe(json.key("_meta").object().key(Meta.ServerInfo), server).end().end();
  const outcome = Outcome.ofResult(out.span(), `mcp:${server.name}:server/discover`);
  outcome.ttlMs = config.listTtlMs;
  outcome.isPublic = true;
  return outcome;
}

function describe(json: JsonWriter, server: Server): JsonWriter {
  return json.object().key("name").text(server.name).key("version").text(VERSION).end();
}

function failure(code: i32, error: string, details: string = ""): Operation {
  return new Known(Outcome.ofError(code, error, details.length > 0 ? details : `json_rpc_error(${error})`));
}
