// A tool whose name the provider does not take is sent under another, and every client gets its own back.

import { expect, test } from "vitest";
import { bodyOf, clientDialects, pathOf, type ClientDialect } from "./client-requests.ts";
import { chat, eventStream, json, provider } from "./proxy.ts";

const own = "get.the.weather";
const schema = { type: "object", properties: {} };
const user = { role: "user", content: "Hi" };
const requests: Record<ClientDialect, object> = {
  openai: { model: "m", messages: [user], tools: [{ type: "function", function: { name: own } }] },
  anthropic: { model: "m", max_tokens: 9, messages: [user], tools: [{ name: own, input_schema: schema }] },
  responses: { model: "m", input: "Hi", tools: [{ type: "function", name: own }] },
  gemini: { contents: [{ parts: [{ text: "Hi" }] }], tools: [{ functionDeclarations: [{ name: own }] }] },
};

const block = { type: "tool_use", id: "t", name: "get_the_weather", input: {} };
const message = { id: "m", type: "message", role: "assistant", model: "m", stop_reason: "tool_use" };
const events = [
  { type: "message_start", message: { ...message, content: [] } },
  { type: "content_block_start", index: 0, content_block: block },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 1 } },
  { type: "message_stop" },
];
const answers = {
  whole: json({ ...message, content: [block] }),
  stream: eventStream([events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")]),
};

// Requests of its own clients pass as they are.
const entry = { type: "claude", apiTokens: ["k"], modelMapping: { "*": "claude" } };
const cells = clientDialects
  .filter((client) => client !== "anthropic")
  .flatMap((client) => (["whole", "stream"] as const).map((way) => ({ client, way })));

test.each(cells)("$client, $way", ({ client, way }) => {
  const chain = provider(entry, { upstream: () => answers[way] });
  const body = bodyOf(client, way, JSON.stringify(requests[client]));
  const { upstream, client: got } = chain.exchange(chat(body, { path: pathOf(client, way) }));
  expect(upstream!.text).toContain('"get_the_weather"');
  expect(got.text).toContain(`"${own}"`);
  expect(got.text).not.toContain("get_the_weather");
  chain.close();
});
