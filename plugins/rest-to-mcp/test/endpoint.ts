// The compiled plugin in a filter chain in memory, and messages as clients of each revision send them.

import { readFileSync } from "node:fs";
import { builtModules, repositoryFolders } from "../../../host-test/gateway/resources/plugin-url.ts";
import { TestChain, type ClientSees, type TestChainOptions } from "../../../host-test/testing/chain.ts";

export const higress = readFileSync(builtModules("rest-to-mcp", repositoryFolders).higress!);

/** A chain with the plugin alone. Throws `ConfigurationRejected`. */
export function endpoint(configuration: object, options: Partial<TestChainOptions> = {}): TestChain {
  return new TestChain({
    plugins: [{ name: "rest-to-mcp", module: higress, configuration }],
    ...options,
  });
}

export const oneTool = {
  server: { name: "greeter" },
  tools: [
    {
      name: "greet",
      description: "Says hello.",
      requestTemplate: {},
      responseTemplate: { body: "Hello!" },
    },
  ],
};

export const modern = "2026-07-28";

export function meta(capabilities: object = {}, revision = modern): Record<string, unknown> {
  return {
    "io.modelcontextprotocol/protocolVersion": revision,
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
}

export interface Answer extends ClientSees {
  json: {
    id?: unknown;
    result?: Record<string, unknown>;
    error?: { code: number; message: string; data?: Record<string, unknown> };
  };
}

export function post(chain: TestChain, body: unknown, headers: Record<string, string> = {}): Answer {
  const { client } = chain.exchange({
    method: "POST",
    path: "/mcp",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const isJson = client.header("content-type")?.startsWith("application/json");
  return Object.assign(client, { json: isJson ? JSON.parse(client.text) : undefined });
}

/** A request of a revision with `initialize`; "" sends no version header. */
export function ask(chain: TestChain, method: string, params: object = {}, revision = "2025-06-18"): Answer {
  const headers: Record<string, string> = revision === "" ? {} : { "mcp-protocol-version": revision };
  return post(chain, { jsonrpc: "2.0", id: 7, method, params }, headers);
}

/** A request of 2026-07-28 with all that it demands; `headers` replace, null takes away. */
export function askModern(
  chain: TestChain,
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string | null> = {},
): Answer {
  const all: Record<string, string | null> = { "mcp-protocol-version": modern, "mcp-method": method };
  if (typeof params.name === "string") all["mcp-name"] = params.name;
  Object.assign(all, headers);
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) if (value !== null) sent[name] = value;
  return post(chain, { jsonrpc: "2.0", id: 7, method, params: { _meta: meta(), ...params } }, sent);
}
