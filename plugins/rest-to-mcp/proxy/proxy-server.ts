// Another MCP server, reached through the route's upstream.

import { ConfigReader, every, Head, nowMs } from "as-proxy-wasm-sdk/sdk";
import { AllowedTools } from "../allowed-tools";
import { Operation } from "../operation";
import { RestTool } from "../rest/rest-tool";
import { SecurityRequirement } from "../security/scheme";
import { Security } from "../security/security";
import { Server } from "../server";
import { StrictReader } from "../strict-reader";
import { ListRequest, ToolCall } from "../tool-call";
import { Address } from "./address";
import { ProxyOperation } from "./proxy-operation";
import { SessionCache } from "./session-cache";

const TIMEOUT_MS: i32 = 5000;
const MAX_TIMEOUT_MS: i64 = 3_600_000;
/** For how long an answer about the era of a server is believed. */
const ERA_MS: i64 = 5 * 60 * 1000;
/** A configuration has few routes: more clusters than this are not remembered. */
const MAX_CLUSTERS: i32 = 64;

/** What is asked of one tool's callers, and of the gateway on its behalf. */
class ToolSecurity {
  constructor(
    readonly downstream: SecurityRequirement | null,
    readonly upstream: SecurityRequirement | null,
  ) {}
}

class Era {
  constructor(
    readonly isStateless: bool,
    readonly untilMs: i64,
  ) {}
}

export class ProxyServer extends Server {
  readonly address: Address;
  readonly timeoutMs: i32;
  /** The transport of 2024-11-05. */
  readonly isSse: bool;
  /** Null: every request opens a session of its own. */
  readonly sessions: SessionCache | null;
  /** Whether what the upstream speaks is found out. */
  readonly isTried: bool;
  private isAlwaysStateless: bool;
  private security: Security;
  private defaults: ToolSecurity = new ToolSecurity(null, null);
  /** At the index of the tools. */
  private toolSecurity: ToolSecurity[] = [];
  /** By cluster. */
  private eras: Map<string, Era> = new Map<string, Era>();

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
    this.isTried = protocol == "auto";
    this.isAlwaysStateless = protocol == "stateless";
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
  }

  get takesUnknownTools(): bool {
    return true;
  }

  list(request: ListRequest, allowed: AllowedTools, pageSize: i32): Operation {
    return new ProxyOperation(this, request, "", allowed);
  }

  call(call: ToolCall): Operation {
    return new ProxyOperation(this, call, call.tool, null);
  }

  /**
   * Makes a client's request one to the upstream: its address, and its credentials in place of the client's. Returns
   * why that cannot be, or "". `tool` is "" for requests that are about no tool.
   */
  readdress(head: Head, tool: string): string {
    const index = this.toolAt(tool);
    const own = index < 0 ? this.defaults : this.toolSecurity[index];
    const passed = this.security.takeClientCredential(head, own.downstream);
    for (let i = 0; i < DROPPED.length; i++) head.remove(DROPPED[i]);
    head.set(":path", this.address.path);
    if (this.address.authority.length > 0) head.set(":authority", this.address.authority);
    return this.security.setUpstreamCredential(head, own.upstream, passed);
  }

  isStatelessAt(cluster: string): bool {
    if (!this.isTried) return this.isAlwaysStateless;
    if (!this.eras.has(cluster)) return false;
    const era = this.eras.get(cluster);
    return era.isStateless && nowMs() < era.untilMs;
  }

  /** Whether it is known that the upstream wants `initialize`. */
  wantsInitializeAt(cluster: string): bool {
    if (!this.isTried) return !this.isAlwaysStateless;
    if (!this.eras.has(cluster)) return false;
    const era = this.eras.get(cluster);
    return !era.isStateless && nowMs() < era.untilMs;
  }

  remember(cluster: string, isStateless: bool): void {
    if (!this.isTried) return;
    if (this.eras.size >= MAX_CLUSTERS && !this.eras.has(cluster)) return;
    this.eras.set(cluster, new Era(isStateless, nowMs() + ERA_MS));
  }

  forget(cluster: string): void {
    if (this.eras.has(cluster)) this.eras.delete(cluster);
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
