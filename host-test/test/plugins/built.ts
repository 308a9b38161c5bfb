// The built plugins of this repository, for tests of what holds for all of them.

import { readFileSync } from "node:fs";
import { builtModules, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { TestChain, type TestChainOptions } from "../../testing/chain.ts";

/** Configured plugins in a chain, in order. */
export function chainOf(
  plugins: [name: string, configuration: object][],
  options: Partial<TestChainOptions> = {},
) {
  return new TestChain({
    plugins: plugins.map(([name, configuration]) => ({ name, module: builtModule(name), configuration })),
    ...options,
  });
}

export function builtModule(name: string): Uint8Array {
  return readFileSync(builtModules(name, repositoryFolders).higress!);
}

export const chatPath = "/v1/chat/completions";
const apiTokens = ["sk-provider"];

/** Two providers, chosen by host: one whose dialect is the client's, one that is translated. */
export const proxying = {
  providers: [
    { id: "openai", type: "openai", apiTokens, modelMapping: { "gpt-4o": "gpt-5" } },
    { id: "claude", type: "claude", apiTokens, modelMapping: { "*": "claude-haiku" } },
  ],
  _rules_: ["openai", "claude"].map((id) => ({ _match_domain_: [`${id}.test`], activeProviderId: id })),
};

export const limiting = {
  rule_name: "all",
  rules: [
    { name: "minute", by: ["consumer", "model"], limit: 1e15 },
    { name: "parallel", by: ["consumer"], unit: "concurrent_requests", limit: 1e6 },
  ],
};

export const tools = {
  server: { name: "api" },
  tools: [
    {
      name: "save",
      description: "Saves a text.",
      args: [{ name: "text", description: "Text.", required: true }],
      requestTemplate: { url: "https://api.example.com/save", method: "POST", argsToJsonBody: true },
    },
  ],
};

/** A call of the tool. */
export function toolCall(text: string): string {
  const params = { name: "save", arguments: { text } };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

export function chatRequest(text: string, more: object = {}): string {
  return JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: text }], ...more });
}
