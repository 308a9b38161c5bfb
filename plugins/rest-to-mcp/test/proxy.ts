// A proxied server written down answer by answer, behind the chain of endpoint.ts: every request that reaches it, the
// gateway's own calls and those of the route alike, in the order in which they come.

import type { Headers } from "../../../host-test/host/types.ts";
import type { TestChain } from "../../../host-test/testing/chain.ts";
import { type TestReply } from "../../../host-test/testing/chain.ts";
import { endpoint } from "./endpoint.ts";

export interface Seen {
  /** The gateway's own call, or the client's request on its way. */
  by: "call" | "route";
  method: string;
  path: string;
  authority: string;
  headers: Headers;
  json: { id?: unknown; method?: string; params?: Record<string, unknown> };
  header(name: string): string | undefined;
}

export type Backend = (request: Seen) => TestReply | "no-host" | "never";

export interface Proxy {
  chain: TestChain;
  seen: Seen[];
}

export const proxied = {
  name: "proxy",
  type: "mcp-proxy",
  transport: "http",
  mcpServerURL: "http://backend.example:8080/mcp",
};

export function proxy(backend: Backend, server: object = {}, more: object = {}): Proxy {
  const seen: Seen[] = [];
  const note = (by: Seen["by"], headers: Headers, body: Uint8Array): Seen => {
    const text = Buffer.from(body).toString();
    const header = (name: string): string | undefined => headers.find(([one]) => one === name)?.[1];
    const request: Seen = {
      by,
      headers,
      method: header(":method") ?? "",
      path: header(":path") ?? "",
      authority: header(":authority") ?? "",
      json: text === "" ? {} : JSON.parse(text),
      header,
    };
    seen.push(request);
    return request;
  };
  const chain = endpoint(
    { server: { ...proxied, ...server }, ...more },
    {
      upstream: (request) => {
        const reply = backend(note("route", request.headers, request.body));
        return typeof reply === "string" ? { reset: "connect-failure" } : reply;
      },
      calls: (request) => backend(note("call", request.headers, request.body)),
    },
  );
  return { chain, seen };
}

export function json(body: unknown, headers: Record<string, string> = {}, status = 200): TestReply {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}

export function events(text: string, headers: Record<string, string> = {}): TestReply {
  return { headers: { "content-type": "text/event-stream", ...headers }, body: text };
}

export function result(request: Seen, value: unknown): object {
  return { jsonrpc: "2.0", id: request.json.id, result: value };
}

const initializeResult = {
  protocolVersion: "2025-03-26",
  capabilities: { tools: {} },
  serverInfo: { name: "backend", version: "1" },
};

export const tools = [
  { name: "add", description: "Adds.", inputSchema: { type: "object" } },
  { name: "drop", description: "Drops.", inputSchema: { type: "object" } },
];

/** A server of the revisions with `initialize`; `operation` answers what comes after it. */
export function older(
  operation: Backend = (request) => json(result(request, { tools })),
  session = "s-1",
): Backend {
  return (request) => {
    if (request.json.method === "initialize") {
      return json(result(request, initializeResult), session === "" ? {} : { "mcp-session-id": session });
    }
    if (request.json.method === "notifications/initialized") return { status: 202 };
    return operation(request);
  };
}
