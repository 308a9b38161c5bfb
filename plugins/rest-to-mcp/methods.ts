// What each method of a client asks for.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { ErrorCode, Message, Outcome, Revision } from "as-proxy-wasm-sdk/mcp";
import { ALLOWED_HEADER, AllowedTools } from "./allowed-tools";
import { McpConfig } from "./config";
import { Known, Operation } from "./operation";
import { Server } from "./server";
import { ListRequest, ToolCall } from "./tool-call";

export function dispatch(message: Message, config: McpConfig, head: Head): Operation {
  const server = config.server;
  if (server === null) return failure(ErrorCode.InternalError, "no server");
  const allowed = AllowedTools.of(config.allowTools, head.bytes(ALLOWED_HEADER));
  head.remove(ALLOWED_HEADER);
  if (message.method == "tools/list") {
    const request = new ListRequest(
      Revision.R2025_06_18,
      message.params.get("cursor").bytes(),
      message.params.get("_meta"),
    );
    return server.list(request, allowed, config.pageSize);
  }
  if (message.method == "tools/call") return callTool(message, config, server, allowed);
  return failure(ErrorCode.MethodNotFound, `method not found:${message.method}`);
}

function callTool(message: Message, config: McpConfig, server: Server, allowed: AllowedTools): Operation {
  const refusal = server.callRefusal;
  if (refusal.length > 0) return failure(ErrorCode.MethodNotFound, refusal);
  const name = message.params.get("name").text();
  if (!allowed.has(name)) return failure(ErrorCode.InvalidParams, `Tool not allowed: ${name}`);
  if (!server.takesUnknownTools && server.toolAt(name) < 0) {
    return failure(ErrorCode.InvalidParams, `unknown tool: ${name}`);
  }
  const call = new ToolCall(name, Revision.R2025_06_18, message.params);
  call.arguments = message.params.get("arguments");
  call.meta = message.params.get("_meta");
  call.isStrict = config.strictArgs;
  return server.call(call);
}

function failure(code: i32, error: string): Operation {
  return new Known(Outcome.ofError(code, error));
}
