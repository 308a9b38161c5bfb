// What offers tools: a REST API, another MCP server, or a set composed of those.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { ErrorCode, Outcome, Revision, Tool } from "as-proxy-wasm-sdk/mcp";
import { AllowedTools } from "./allowed-tools";
import { ClientHead } from "./client-head";
import { Known, Operation } from "./operation";
import { ClientRequest, ListRequest, ToolCall } from "./tool-call";
import { ToolList } from "./tool-list";

export abstract class Server {
  /** In the order of the configuration, names unique. For a proxied server only those that are configured. */
  tools: Tool[] = [];
  private index: Map<string, i32> = new Map<string, i32>();
  private pages: ToolList = new ToolList(this.tools);

  constructor(readonly name: string) {}

  /** False, and nothing happens, where there is a tool of this name. */
  addTool(tool: Tool): bool {
    if (this.index.has(tool.name)) return false;
    this.index.set(tool.name, this.tools.length);
    this.tools.push(tool);
    return true;
  }

  /** Index in `tools`, or -1. */
  toolAt(name: string): i32 {
    return this.index.has(name) ? this.index.get(name) : -1;
  }

  /** Once, when all rules of the configuration are read; `servers` are those of all rules. */
  start(servers: Server[]): void {}

  /** Calls cannot be taken where this gives a reason (JSON-RPC code -32601). */
  get callRefusal(): string {
    return "";
  }

  /** Whether `call` knows what to do with a name that `tools` has not. */
  get takesUnknownTools(): bool {
    return false;
  }

  /** `tools/list`. What comes of it is filtered by `allowed` already. */
  list(request: ListRequest, allowed: AllowedTools, pageSize: i32): Operation {
    return new Known(this.pages.page(request, allowed, pageSize));
  }

  /** `initialize` or `server/discover`; null: the gateway introduces itself. */
  introduce(request: ClientRequest): Operation | null {
    return null;
  }

  /** A request for anything but tools and the life cycle; null: there is no such method. */
  request(request: ClientRequest): Operation | null {
    return null;
  }

  /**
   * Whether what a client sends goes to the upstream as it comes: `relay` for what has a body, `relayHead` for what
   * has none (`method` is "" then). The gateway's own answers are left out.
   */
  relays(revision: Revision, client: ClientHead, method: string): bool {
    return false;
  }

  relay(message: ClientRequest, allowed: AllowedTools): Operation {
    return new Known(Outcome.ofError(ErrorCode.MethodNotFound, "nothing is relayed"));
  }

  relayHead(head: Head, client: ClientHead): void {}

  /** `tools/call` of a tool that the caller may call. */
  call(call: ToolCall): Operation {
    return new Known(Outcome.ofError(ErrorCode.InvalidParams, `unknown tool: ${call.tool}`));
  }
}
