// `chatApi: responses`: clients of chat completions and of Anthropic's messages are answered by OpenAI's Responses.

import { describe, expect, test } from "vitest";
import {
  assembleChatAnswer,
  assembleChatStream,
  assembleMessagesAnswer,
  assembleMessagesStream,
  loadRecordings,
  recordingsFolder,
  type Expected,
  type Recording,
} from "../../../host-test/testing/recordings.ts";
import { answering, chat, events, eventStream, json, message, provider, refusal } from "./proxy.ts";

const entry = { type: "openai", apiTokens: ["sk"], chatApi: "responses" };
const weather = {
  name: "weather",
  description: "Weather",
  parameters: { type: "object", properties: { city: { type: "string" } } },
};

describe("requests", () => {
  const written = (request: object, more: object = {}) =>
    JSON.parse(provider({ ...entry, ...more }).exchange(request as never).upstream!.text);

  test("of chat completions are written as requests of the Responses API, with the model mapped", () => {
    const body = {
      max_completion_tokens: 100,
      reasoning_effort: "low",
      tools: [{ type: "function", function: weather }],
      stream: true,
    };
    expect(written(chat(body), { modelMapping: { "gpt-4o": "gpt-5.2-codex" } })).toEqual({
      model: "gpt-5.2-codex",
      input: [{ role: "user", content: "Hi" }],
      max_output_tokens: 100,
      reasoning: { effort: "low" },
      tools: [{ type: "function", ...weather, strict: false }],
      store: false,
      include: ["reasoning.encrypted_content"],
      stream: true,
    });
  });

  test("of Anthropic's messages too, without chat completions in between: what is sealed stays", () => {
    const messages = [
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "c2VhbA==" },
          { type: "tool_use", id: "call_1", name: "weather", input: { city: "Paris" } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "Sun" }] },
    ];
    expect(written(message({ messages })).input).toEqual([
      { role: "user", content: "Hi" },
      {
        type: "reasoning",
        summary: [{ type: "summary_text", text: "Hm." }],
        encrypted_content: "c2VhbA==",
      },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Paris"}' },
      { type: "function_call_output", call_id: "call_1", output: "Sun" },
    ]);
  });

  test("of other APIs go where they went before", () => {
    const text = '{"model":"gpt-4o","input":"x","previous_response_id":"resp_1"}';
    const { upstream } = provider(entry).exchange(chat(text, { path: "/v1/responses" }));
    expect(upstream!.header(":path")).toBe("/v1/responses");
    expect(upstream!.text).toBe(text);
  });

  test("the configured schema is the format of the answer", () => {
    const schema = { name: "city", strict: true, schema: { type: "object" } };
    const responseJsonSchema = { type: "json_schema", json_schema: schema };
    expect(written(chat(), { responseJsonSchema }).text).toEqual({
      format: { type: "json_schema", ...schema },
    });
  });

  test("Azure is told the deployment in the body, where this API looks for it", () => {
    const azureServiceUrl =
      "https://r.openai.azure.com/openai/deployments/dep?api-version=2025-04-01-preview";
    expect(written(chat(), { type: "azure", azureServiceUrl }).model).toBe("dep");
  });
});

describe("configurations that cannot work are refused", () => {
  test.each([
    [{ chatApi: "completions" }, "chatApi: expected chat or responses"],
    [{ openaiCustomUrl: "https://a.example.com/v1/chat/completions" }, "has to end with /responses"],
    [
      {
        type: "azure",
        azureServiceUrl:
          "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
      },
      "has to end with /responses",
    ],
  ])("%j", async (more, text) => {
    expect(await refusal({ provider: { ...entry, ...more } })).toContain(text);
  });
});

describe("errors", () => {
  test("an error reaches clients of both dialects with its status and message", () => {
    const error = {
      error: { message: "No more", type: "insufficient_quota", param: null, code: "insufficient_quota" },
    };
    const chain = provider(entry, answering(json(error, { status: 429 })));
    const forChat = chain.exchange(chat()).client;
    expect([forChat.status, JSON.parse(forChat.text).error.message]).toEqual([429, "No more"]);
    const forMessages = chain.exchange(message()).client;
    expect(forMessages.status).toBe(429);
    expect(JSON.parse(forMessages.text).error).toEqual({ type: "rate_limit_error", message: "No more" });
  });

  test("a response that failed is an error, not an empty answer", () => {
    const failed = {
      id: "r",
      object: "response",
      status: "failed",
      error: { code: "server_error", message: "It broke." },
      output: [],
    };
    const { client } = provider(entry, answering(json(failed))).exchange(chat());
    expect([client.status, JSON.parse(client.text).error.message]).toEqual([500, "It broke."]);
  });
});

const folder = recordingsFolder();
const recordings = (folder ? loadRecordings(folder) : []).filter(
  ({ kind, expected }) => kind === "responses" && expected !== undefined,
);

/** What both dialects have, whatever their words for the rest. */
function content({ text, reasoning, toolCalls, error }: Expected): object {
  return {
    text,
    reasoning,
    error,
    toolCalls: toolCalls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) })),
  };
}

function replayed(recording: Recording) {
  if (!recording.streamed) {
    return answering({ headers: { "content-type": "application/json" }, body: recording.answerBytes });
  }
  const chunks = [];
  for (let at = 0; at < recording.streamBytes.length; at += 700) {
    chunks.push(recording.streamBytes.subarray(at, at + 700));
  }
  return answering(eventStream(chunks));
}

describe.skipIf(!folder)("recorded responses (skipped without ../shared/data/recordings)", () => {
  test.each(recordings)("$name is what a client of chat completions reads", (recording) => {
    const request = chat({ stream: recording.streamed });
    const { text } = provider(entry, replayed(recording)).exchange(request).client;
    const read = recording.streamed ? assembleChatStream(events(text)) : assembleChatAnswer(JSON.parse(text));
    const { expected } = recording;
    if (expected!.error) expect(text).toContain(expected!.error);
    read.error = expected!.error;
    expect(content(read)).toEqual(content(expected!));
    expect(read.usage?.input ?? 0).toBe(expected!.usage?.input ?? 0);
    expect(read.usage?.output ?? 0).toBe(expected!.usage?.output ?? 0);
  });

  test.each(recordings)("$name is what a client of Anthropic reads", (recording) => {
    const request = message({ stream: recording.streamed });
    const { text } = provider(entry, replayed(recording)).exchange(request).client;
    const read = recording.streamed
      ? assembleMessagesStream(events(text))
      : assembleMessagesAnswer(JSON.parse(text));
    expect(content(read)).toEqual(content(recording.expected!));
  });
});
