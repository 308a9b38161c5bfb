// The compiled plugin in a filter chain in memory, and what its tests say most often.

import { readFileSync } from "node:fs";
import { builtModules, repositoryFolders } from "../../../host-test/gateway/resources/plugin-url.ts";
import {
  specOf,
  TestChain,
  type TestChainOptions,
  type TestReply,
  type TestRequest,
} from "../../../host-test/testing/chain.ts";

const higress = readFileSync(builtModules("ai-proxy", repositoryFolders).higress!);

/** A chain with ai-proxy alone. Throws `ConfigurationRejected`. */
export function proxy(configuration: object | string, options: Partial<TestChainOptions> = {}): TestChain {
  return new TestChain({
    plugins: [{ name: "ai-proxy", module: higress, configuration }],
    ...options,
  });
}

/** A chain whose only configuration is one provider entry. */
export function provider(entry: object, options: Partial<TestChainOptions> = {}): TestChain {
  return proxy({ provider: entry }, options);
}

/** The errors that the plugin logs while it refuses a configuration, or "" when it takes it. */
export async function refusal(configuration: object | string): Promise<string> {
  const chain = proxy({});
  try {
    await chain.chain.reconfigure([specOf({ name: "ai-proxy", module: higress, configuration })]);
    return "";
  } catch {
    return chain.problems().join("\n");
  } finally {
    chain.close();
  }
}

export const chatPath = "/v1/chat/completions";

/** A chat request of an OpenAI client. */
export function chat(body: object | string = {}, request: Partial<TestRequest> = {}): TestRequest {
  const text =
    typeof body === "string"
      ? body
      : JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hi" }], ...body });
  return {
    method: "POST",
    path: chatPath,
    authority: "gateway.example.com",
    body: text,
    ...request,
    headers: { "content-type": "application/json", ...(request.headers as Record<string, string>) },
  };
}

/** A request of an Anthropic client. */
export function message(body: object = {}, request: Partial<TestRequest> = {}): TestRequest {
  const text = JSON.stringify({
    model: "claude-x",
    max_tokens: 100,
    messages: [{ role: "user", content: "Hi" }],
    ...body,
  });
  return chat(text, { path: "/v1/messages", ...request });
}

/** The same answer to everything. */
export function answering(reply: TestReply): Partial<TestChainOptions> {
  return { upstream: () => reply };
}

export function json(value: object, more: TestReply = {}): TestReply {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value), ...more };
}

export function eventStream(chunks: (string | Uint8Array)[]): TestReply {
  return { headers: { "content-type": "text/event-stream" }, chunks };
}

/** The JSON of every `data:` line but `[DONE]`. */
export function events(text: string): any[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: ") && line !== "data: [DONE]")
    .map((line) => JSON.parse(line.slice(6)));
}
