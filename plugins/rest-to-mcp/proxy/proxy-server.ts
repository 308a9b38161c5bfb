// Another MCP server, reached through the route's upstream.

import {
  clusterName,
  ConfigReader,
  DraftHead,
  every,
  Head,
  HttpCall,
  HttpRequest,
  send,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { isStateless, Revision } from "as-proxy-wasm-sdk/mcp";
import { AllowedTools } from "../allowed-tools";
import { ClientHead } from "../client-head";
import { Operation } from "../operation";
import { RestTool } from "../rest/rest-tool";
import { SecurityRequirement } from "../security/scheme";
import { Security } from "../security/security";
import { Server } from "../server";
import { StrictReader } from "../strict-reader";
import { ClientRequest, ListRequest, ToolCall } from "../tool-call";
import { Address } from "./address";
import { Deadlines } from "./deadlines";
import { Eras, Speaks } from "./eras";
import { Introduction } from "./introduction";
import { ProxyOperation } from "./proxy-operation";
import { Mirrors } from "./mirrors";
import { KeptHeaders, Relay } from "./relay";
import { SessionCache } from "./session-cache";
import { SseOperation } from "./sse-operation";

export const ACCEPTED: string = "application/json,text/event-stream";
const TIMEOUT_MS: i32 = 5000;
const MAX_TIMEOUT_MS: i64 = 3_600_000;

/** What is asked of one tool's callers, and of the gateway on its behalf. */
class ToolSecurity {
  constructor(
    readonly downstream: SecurityRequirement | null,
    readonly upstream: SecurityRequirement | null,
  ) {}
}

export class ProxyServer extends Server {
  readonly address: Address;
  readonly timeoutMs: i32;
  /** The transport of 2024-11-05. */
  readonly isSse: bool;
  /** Null: every request opens a session of its own. */
  readonly sessions: SessionCache | null;
  /** Whether the upstream wants `initialize`. */
  readonly eras: Eras;
  /** Requests of clients go to the upstream as they come. */
  readonly isTransparent: bool;
  readonly deadlines: Deadlines = new Deadlines();
  readonly mirrors: Mirrors = new Mirrors();
  private security: Security;
  private defaults: ToolSecurity = new ToolSecurity(null, null);
  /** At the index of the tools. */
  private toolSecurity: ToolSecurity[] = [];

  private constructor(name: string, reader: ConfigReader) {
    super(name);
    this.security = Security.read(reader);
    const transport = reader.text("transport");
    if (transport.length == 0) reader.fail("transport field is required for mcp-proxy server type");
    else if (transport != "http" && transport != "sse") {
      reader.fail(`invalid transport value: ${transport}, must be 'http' or 'sse'`);
    }
    this.isSse = transport == "sse";
    const url = reader.text("mcpServerURL");
    const address = new Address(url);
    this.address = address;
    if (url.length == 0) reader.fail("mcpServerURL is required for mcp-proxy server type");
    else if (address.error.length > 0) reader.fail(`invalid mcpServerURL: ${address.error}`);
    const timeoutMs = reader.integer("timeout", TIMEOUT_MS);
    this.timeoutMs = timeoutMs > 0 ? <i32>min(timeoutMs, MAX_TIMEOUT_MS) : TIMEOUT_MS;
    const protocol = reader.text("upstreamProtocol", "auto");
    if (protocol != "auto" && protocol != "initialize" && protocol != "stateless") {
      reader.expected("upstreamProtocol", "auto, initialize or stateless");
    }
    this.eras = new Eras(protocol == "auto", protocol == "stateless");
    this.isTransparent = reader.flag("transparent");
    if (this.isTransparent && transport == "sse") reader.warn("transparent has no effect with transport sse");
    this.sessions = reader.flag("reuseSessions") ? new SessionCache(this.timeoutMs) : null;
  }

  /** `server` and `tools` of the configuration; what is wrong is recorded in the readers' report. */
  static read(name: string, reader: ConfigReader, tools: ConfigReader[]): ProxyServer {
    const server = new ProxyServer(name, reader);
    for (let i = 0; i < tools.length; i++) server.declare(tools[i]);
    return server;
  }

  /** For tool sets, and for credentials of one tool: what can be called is for the upstream to say. */
  private declare(config: ConfigReader): void {
    const reader = new StrictReader(config, "failed to parse proxy tool config");
    const tool = RestTool.declared(reader);
    if (tool === null) return;
    const upstream = SecurityRequirement.read(reader.child("requestTemplate").child("security"));
    this.security.check(tool.security, config);
    this.security.check(upstream, config);
    if (this.addTool(tool.listed)) this.toolSecurity.push(new ToolSecurity(tool.security, upstream));
    else config.warn(`there is a tool named '${tool.listed.name}' before: this one is left out`);
  }

  start(servers: Server[]): void {
    const sessions = this.sessions;
    if (sessions !== null) every(sessions);
    if (this.isSse) every(this.deadlines);
  }

  get takesUnknownTools(): bool {
    return true;
  }

  list(request: ListRequest, allowed: AllowedTools, pageSize: i32): Operation {
    return this.operation(request, "", allowed);
  }

  call(call: ToolCall): Operation {
    return this.operation(call, call.tool, null);
  }

  /** Clients of another era than the upstream's get at what it has besides tools where it is transparent. */
  request(request: ClientRequest): Operation | null {
    return this.isTransparent && !this.isSse ? this.operation(request, "", null) : null;
  }

  private operation(request: ClientRequest, tool: string, allowed: AllowedTools | null): Operation {
    if (this.isSse) return new SseOperation(this, request, tool, allowed);
    return new ProxyOperation(this, request, tool, allowed);
  }

  /** To a client of another era the upstream's introduction is translated. */
  introduce(request: ClientRequest): Operation | null {
    return this.isTransparent && !this.isSse ? new Introduction(this, request, "", null) : null;
  }

  relays(revision: Revision, client: ClientHead, method: string): bool {
    if (!this.isTransparent || this.isSse) return false;
    const cluster = clusterName();
    if (isStateless(revision)) return this.eras.stateless(cluster) == Speaks.Yes;
    const initialize = this.eras.initialize(cluster);
    if (initialize != Speaks.Unknown) return initialize == Speaks.Yes;
    // Only the upstream can have given a session. Other requests find out what it speaks.
    return client.session !== null || method == "initialize" || method.length == 0;
  }

  relay(message: ClientRequest, allowed: AllowedTools): Operation {
    const method = message.message.method;
    const tool = method == "tools/call" ? message.params.get("name").text() : "";
    const filter = method == "tools/list" && !allowed.isUnlimited ? allowed : null;
    return new Relay(this, message, tool, filter);
  }

  relayHead(head: Head, client: ClientHead): void {
    const kept = new KeptHeaders(head);
    this.readdress(head, "", this.address.path);
    kept.restore(head);
    client.restore(head);
    client.restoreSession(head);
  }

  /** The gateway's own POST; edits `head`. False, and nothing happens, where it cannot be made. */
  post(cluster: string, head: DraftHead, body: Span, call: HttpCall): bool {
    head.set("content-type", "application/json");
    head.set("accept", ACCEPTED);
    const request = new HttpRequest(cluster, "POST", head.authority, head.path);
    request.headers = head.regular;
    request.body = body;
    request.timeoutMs = this.timeoutMs;
    return send(request, call);
  }

  /**
   * Makes a client's request one to the upstream: its address, and its credentials in place of the client's. Returns
   * why that cannot be, or "". `tool` is "" for requests that are about no tool.
   */
  readdress(head: Head, tool: string, path: string): string {
    const index = this.toolAt(tool);
    const own = index < 0 ? this.defaults : this.toolSecurity[index];
    const passed = this.security.takeClientCredential(head, own.downstream);
    for (let i = 0; i < DROPPED.length; i++) head.remove(DROPPED[i]);
    head.set(":path", path);
    if (this.address.authority.length > 0) head.set(":authority", this.address.authority);
    return this.security.setUpstreamCredential(head, own.upstream, passed);
  }
}

/** What of a client's request is about its connection or its body. */
const DROPPED: StaticArray<string> = [
  "accept",
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "last-event-id",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
