// OpenAI's client of the Responses API, unmodified, in front of a provider that has no such API.

import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { answering, chat, eventStream, provider } from "./proxy.ts";

const stream = readFileSync(
  new URL("../../../shared/llm/test/fixtures/anthropic/stream-tools.sse", import.meta.url),
);
const chain = provider(
  { type: "claude", apiTokens: ["k"] },
  answering(eventStream([stream.subarray(0, 700), stream.subarray(700)])),
);
const { responses } = new OpenAI({
  apiKey: "client",
  maxRetries: 0,
  fetch: async (_, init) => {
    const { client } = chain.exchange(chat(String(init!.body), { path: "/v1/responses" }));
    const headers = { "content-type": client.header("content-type")! };
    return new Response(client.text, { status: client.status, headers });
  },
});

test("text and calls of Claude's stream are in the final response", async () => {
  const response = await responses.stream({ model: "claude", input: "Hi" }).finalResponse();
  expect(response.status).toBe("completed");
  expect(response.output_text).toBe("Wait.");
  const calls = response.output.filter((item) => item.type === "function_call");
  expect(calls.map(({ call_id, name }) => [call_id, name])).toEqual([
    ["toolu_1", "weather"],
    ["toolu_2", "now"],
    ["toolu_3", "now"],
  ]);
});

test("a request that needs what OpenAI keeps is refused with the member's name", async () => {
  const asked = responses.create({ model: "claude", input: "Hi", previous_response_id: "resp_1" });
  await expect(asked).rejects.toThrow(/^400 previous_response_id/);
});
