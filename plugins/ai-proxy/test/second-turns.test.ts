// Two turns through OpenAI's client, unmodified: what its own accumulators kept of an answer goes back to the provider.

import OpenAI from "openai";
import { expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { chat, eventStream, json, provider } from "./proxy.ts";

const mapped = { apiTokens: ["k"], modelMapping: { "*": "m" } };
const claude = { ...mapped, type: "claude" };
const gemini = { ...mapped, type: "gemini", modelMapping: { "*": "gemini-3-pro-preview" } };

/** A client, and the bodies that the provider got; it answers everything alike. */
function conversation(entry: object, reply: TestReply) {
  const sent: any[] = [];
  const upstream = ({ text }: { text: string }) => (sent.push(JSON.parse(text)), reply);
  const chain = provider(entry, { upstream });
  const client = new OpenAI({
    apiKey: "client",
    maxRetries: 0,
    fetch: async (url, init) => {
      const { client: got } = chain.exchange({
        method: "POST",
        path: new URL(String(url)).pathname,
        headers: { "content-type": "application/json" },
        body: String(init!.body),
      });
      const headers = got.headers.filter(([name]) => !name.startsWith(":")) as [string, string][];
      return new Response(got.text, { status: got.status, headers });
    },
  });
  return { client, sent };
}

const sse = (events: object[]) => eventStream(events.map((event) => `data: ${JSON.stringify(event)}\n\n`));

const start = {
  type: "message_start",
  message: { id: "msg_1", usage: { input_tokens: 1, output_tokens: 1 } },
};
const end = [
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 5 } },
  { type: "message_stop" },
];
const block = (index: number, content_block: object, ...deltas: object[]) => [
  { type: "content_block_start", index, content_block },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index },
];

const user = { role: "user", content: "Hi" } as const;

test("every seal of a stream's reasoning comes back to Claude, which wants all or none", async () => {
  const thought = (index: number, thinking: string, signature: string) =>
    block(
      index,
      { type: "thinking", thinking: "", signature: "" },
      { type: "thinking_delta", thinking },
      { type: "signature_delta", signature },
    );
  const events = [
    start,
    ...thought(0, "first", "s1"),
    ...block(1, { type: "redacted_thinking", data: "sealed" }),
    ...thought(2, "second", "s2"),
    ...block(3, { type: "text", text: "" }, { type: "text_delta", text: "Hello" }),
    ...end,
  ];
  const { client, sent } = conversation(claude, sse(events));
  const request = { model: "m", reasoning_effort: "low" as const };
  const { choices } = await client.chat.completions
    .stream({ ...request, messages: [user] })
    .finalChatCompletion();
  await client.chat.completions
    .stream({ ...request, messages: [user, choices[0]!.message, user] })
    .finalChatCompletion();
  expect(sent[1].messages[1].content).toEqual([
    { type: "thinking", thinking: "first", signature: "s1" },
    { type: "redacted_thinking", data: "sealed" },
    { type: "thinking", thinking: "second", signature: "s2" },
    { type: "text", text: "Hello" },
  ]);
});

test("every source of a stream's text is in the client's message", async () => {
  const source = (url: string) => ({
    type: "citations_delta",
    citation: { type: "web_search_result_location", url, title: "T", cited_text: "c", encrypted_index: "i" },
  });
  const text = { type: "text_delta", text: "So." };
  const events = [
    start,
    ...block(0, { type: "text", text: "" }, text, source("https://a.test"), source("https://b.test")),
    ...end,
  ];
  const { client } = conversation(claude, sse(events));
  const { choices } = await client.chat.completions
    .stream({ model: "m", messages: [user] })
    .finalChatCompletion();
  expect(choices[0]!.message.annotations?.map(({ url_citation }) => url_citation.url)).toEqual([
    "https://a.test",
    "https://b.test",
  ]);
});

const call = { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "seal" };
const other = { functionCall: { name: "g", args: {} } };
const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
const called = {
  responseId: "r1",
  candidates: [{ content: { role: "model", parts: [call, other] }, finishReason: "STOP" }],
  usageMetadata,
};

test.each([
  ["whole", json(called), false],
  ["streamed", sse([called]), true],
])("Gemini's seal on a call comes back from a client of Responses: %s", async (_, reply, stream) => {
  const { client, sent } = conversation(gemini, reply);
  const request = { model: "m", store: false };
  const input: OpenAI.Responses.ResponseInputItem[] = [user];
  const { output } = stream
    ? await client.responses.stream({ ...request, input }).finalResponse()
    : await client.responses.create({ ...request, input });
  for (const item of output) input.push(item as OpenAI.Responses.ResponseInputItem);
  for (const item of output) {
    if (item.type !== "function_call") continue;
    input.push({ type: "function_call_output", call_id: item.call_id, output: "done" });
  }
  await client.responses
    .stream({ ...request, input })
    .finalResponse()
    .catch(() => undefined);
  expect(sent[1].contents[1].parts).toMatchObject([call, other]);
  expect(sent[1].contents[1].parts[1]).not.toHaveProperty("thoughtSignature");
});

test("a seal without its call is named as dropped", async () => {
  const { client, sent } = conversation(gemini, json(called));
  const seal: OpenAI.Responses.ResponseInputItem = {
    type: "reasoning",
    id: "rs_1",
    summary: [],
    encrypted_content: "thought_signature:seal",
  };
  const { headers } = await client.responses.create({ model: "m", input: [seal, user] }).asResponse();
  expect(sent[0].contents).toEqual([{ role: "user", parts: [{ text: "Hi" }] }]);
  expect(headers.get("x-ai-proxy-dropped")).toBe("input.reasoning");
});

test("DeepSeek and Zhipu get the reasoning of a call's turn back from a client of Responses", async () => {
  const tool_calls = [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }];
  const message = { role: "assistant", content: null, reasoning_content: "hm", tool_calls };
  const answer = { id: "c", choices: [{ index: 0, message, finish_reason: "tool_calls" }] };
  for (const type of ["deepseek", "zhipuai"]) {
    const { client, sent } = conversation({ ...mapped, type }, json(answer));
    const input: OpenAI.Responses.ResponseInputItem[] = [user];
    const { output } = await client.responses.create({ model: "m", input });
    for (const item of output) input.push(item as OpenAI.Responses.ResponseInputItem);
    input.push({ type: "function_call_output", call_id: "c1", output: "done" });
    await client.responses.create({ model: "m", input });
    expect(sent[1].messages[1], type).toEqual({ role: "assistant", reasoning_content: "hm", tool_calls });
  }
});

test.each<[string, object]>([
  ["cohere", {}],
  ["cohere", { cohereApiVersion: "v2" }],
  ["qwen", { qwenEnableCompatible: false }],
  ["minimax", { minimaxApiType: "pro", minimaxGroupId: "1" }],
  ["dify", { botType: "Chat" }],
  ["hunyuan", { hunyuanAuthId: "i".repeat(36), hunyuanAuthKey: "k".repeat(32) }],
])("an earlier refusal is text where there are no refusals: %s %j", (type, more) => {
  for (const refused of [
    { content: [{ type: "refusal", refusal: "I must not." }] },
    { content: null, refusal: "I must not." },
  ]) {
    const body = { messages: [user, { role: "assistant", ...refused }, user] };
    const { client, upstream } = provider({ ...mapped, type, ...more }).exchange(chat(body));
    expect(upstream!.text).toContain("I must not.");
    expect(upstream!.text).not.toContain('"refusal"');
    expect(client.header("x-ai-proxy-dropped") ?? "").not.toContain("refusal");
  }
});
