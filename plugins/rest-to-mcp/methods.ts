// What each method of a client asks for.

import { setProperty } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { ErrorCode, isStateless, Message, Outcome, Revision } from "as-proxy-wasm-sdk/mcp";
import { About } from "./about";
import { paramRefusal } from "./admission";
import { AllowedTools } from "./allowed-tools";
import { ClientHead } from "./client-head";
import { McpConfig } from "./config";
import { Known, Operation } from "./operation";
import { Questions } from "./questions";
import { Server } from "./server";
import { ClientRequest, ListRequest, ToolCall } from "./tool-call";

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
  const request = new ClientRequest(message, revision, client);
  const isStatelessClient = isStateless(revision);
  if (method == (isStatelessClient ? "server/discover" : "initialize")) {
    const introduction = server.introduce(request);
    if (introduction !== null) return introduction;
    const about = About.tools(server.name);
    if (isStatelessClient) return new Known(about.discovery(config.listTtlMs, true, prefix + method));
    return new Known(about.handshake(message.params, prefix + method));
  }
  if (method == "ping" && !isStatelessClient) {
    return new Known(Outcome.ofResult(Span.text("{}"), prefix + method));
  }
  const operation = server.request(request);
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

function failure(code: i32, error: string, details: string = ""): Operation {
  return new Known(Outcome.ofError(code, error, details.length > 0 ? details : `json_rpc_error(${error})`));
}
