// Answers of Bedrock's Converse, whole and streamed, in the words of clients of both dialects.

import fc from "fast-check";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { drip, everySingleCut, partitions } from "../../../host-test/testing/recordings.ts";
import { blockStart, blockStop, converseStream, delta, exception, frame } from "./bedrock-frames.ts";
import { metadata, start, stop } from "./bedrock-frames.ts";
import { answering, chat, events, json, message, provider } from "./proxy.ts";

const model = "anthropic.claude-sonnet-4-5-20250929-v1%3A0";
const plainModel = "anthropic.claude-sonnet-4-5-20250929-v1:0";
let reply: TestReply = {};
const entry = { type: "bedrock", apiTokens: ["sk-provider"], awsRegion: "us-east-1" };
const chain = provider(entry, { upstream: () => reply, logLevel: "error" });

type Dialect = "openai" | "anthropic";

function ask(dialect: Dialect, answer: TestReply, more: object = {}) {
  reply = answer;
  const request = { model, ...more };
  return chain.exchange(dialect === "openai" ? chat(request) : message(request)).client;
}

function whole(dialect: Dialect, answer: object): any {
  const client = ask(dialect, json(answer, { headers: { "x-amzn-requestid": "req-1" } }));
  expect(client.status).toBe(200);
  return JSON.parse(client.text);
}

function streamed(dialect: Dialect, chunks: Uint8Array[], more: object = {}): string {
  const client = ask(dialect, converseStream(chunks), { stream: true, ...more });
  expect([client.status, client.complete]).toEqual([200, true]);
  expect(client.header("content-type")).toBe("text/event-stream; charset=utf-8");
  return client.text.replaceAll(/"created":\d+/g, '"created":0');
}

const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };
const cached = {
  inputTokens: 10,
  outputTokens: 5,
  totalTokens: 24,
  cacheReadInputTokens: 6,
  cacheWriteInputTokens: 3,
};

const answer = {
  metrics: { latencyMs: 1 },
  output: {
    message: {
      role: "assistant",
      content: [
        { reasoningContent: { reasoningText: { text: "hm", signature: "sig" } } },
        { reasoningContent: { redactedContent: "UkVE" } },
        { text: "Hello " },
        { text: "é" },
        { toolUse: { toolUseId: "t1", name: "f", input: { a: [1] } } },
        { toolUse: { toolUseId: "t2", name: "g", input: {} } },
      ],
    },
  },
  stopReason: "tool_use",
  usage: cached,
};

const stream = [
  start(),
  delta(0, { reasoningContent: { text: "h" } }),
  delta(0, { reasoningContent: { text: "m" } }),
  delta(0, { reasoningContent: { signature: "sig" } }),
  blockStop(0),
  delta(1, { reasoningContent: { redactedContent: "UkVE" } }),
  blockStop(1),
  delta(2, { text: "Hello " }),
  delta(2, { text: "" }),
  delta(2, { text: "é" }),
  blockStop(2),
  blockStart(3, { toolUse: { toolUseId: "t1", name: "f" } }),
  delta(3, { toolUse: { input: "" } }),
  delta(3, { toolUse: { input: '{"a":' } }),
  delta(3, { toolUse: { input: "[1]}" } }),
  blockStop(3),
  blockStart(4, { toolUse: { toolUseId: "t2", name: "g" } }),
  blockStop(4),
  stop("tool_use", { additionalModelResponseFields: { delta: { stop_sequence: null } } }),
  metadata(cached),
];
const streamBytes = Buffer.concat(stream);

/** What an OpenAI client has to send back for the model to reason on. */
const seals = [
  { type: "reasoning.text", text: "hm", signature: "sig" },
  { type: "reasoning.encrypted", data: "UkVE" },
];

describe("a whole answer", () => {
  test("reaches an OpenAI client with reasoning apart, calls numbered and cached tokens counted", () => {
    expect(whole("openai", answer)).toEqual({
      id: "req-1",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "Hello é",
            reasoning_content: "hm",
            reasoning_details: seals,
            tool_calls: [
              { index: 0, id: "t1", type: "function", function: { name: "f", arguments: '{"a":[1]}' } },
              { index: 1, id: "t2", type: "function", function: { name: "g", arguments: "{}" } },
            ],
          },
          finish_reason: "tool_calls",
          logprobs: null,
        },
      ],
      created: expect.any(Number),
      model: plainModel,
      object: "chat.completion",
      usage: {
        prompt_tokens: 19,
        completion_tokens: 5,
        total_tokens: 24,
        prompt_tokens_details: { cached_tokens: 9 },
      },
    });
  });

  test("reaches an Anthropic client with signatures, and cache reads and writes apart", () => {
    expect(whole("anthropic", answer)).toMatchObject({
      id: "req-1",
      model: plainModel,
      content: [
        { type: "thinking", thinking: "hm", signature: "sig" },
        { type: "redacted_thinking", data: "UkVE" },
        { type: "text", text: "Hello é" },
        { type: "tool_use", id: "t1", name: "f", input: { a: [1] } },
        { type: "tool_use", id: "t2", name: "g", input: {} },
      ],
      stop_reason: "tool_use",
      usage: {
        input_tokens: 10,
        output_tokens: 5,
        cache_read_input_tokens: 6,
        cache_creation_input_tokens: 3,
      },
    });
  });

  test.each([
    ["end_turn", "stop", "end_turn"],
    ["stop_sequence", "stop", "stop_sequence"],
    ["max_tokens", "length", "max_tokens"],
    ["model_context_window_exceeded", "length", "max_tokens"],
    ["guardrail_intervened", "content_filter", "refusal"],
    ["content_filtered", "content_filter", "refusal"],
    ["malformed_model_output", "malformed_model_output", "malformed_model_output"],
  ])("that stops with %s: %s for OpenAI's client, %s for Anthropic's", (stopReason, openai, anthropic) => {
    const body = { output: { message: { role: "assistant", content: [{ text: "a" }] } }, stopReason };
    expect(whole("openai", body).choices[0].finish_reason).toBe(openai);
    expect(whole("anthropic", body).stop_reason).toBe(anthropic);
    expect(
      events(streamed("openai", [delta(0, { text: "a" }), stop(stopReason)])).at(-1).choices[0],
    ).toMatchObject({ finish_reason: openai });
  });

  test("says which stop text was met, where the model's own fields tell", () => {
    const additionalModelResponseFields = { delta: { stop_sequence: "END" } };
    const body = {
      output: { message: { content: [] } },
      stopReason: "stop_sequence",
      additionalModelResponseFields,
    };
    expect(whole("anthropic", body)).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
  });

  test("counts cached tokens as part of the input where the total says that they are", () => {
    const body = { ...answer, usage: { ...cached, totalTokens: 15 } };
    expect(whole("openai", body).usage).toMatchObject({ prompt_tokens: 10, total_tokens: 15 });
    expect(whole("anthropic", body).usage).toMatchObject({ input_tokens: 1, cache_read_input_tokens: 6 });
    expect(whole("openai", { ...answer, usage }).usage).toEqual({
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
    });
  });

  test.each([
    { output: { message: { role: "assistant", content: null } }, stopReason: "end_turn", usage: null },
    { output: { message: {} }, stopReason: null },
    { output: { message: { content: [null, 1, { unknown: {} }, { text: 5 }, { toolUse: null }, {}] } } },
    { stopReason: "end_turn" },
  ])("with members missing is an answer all the same: %j", (body) => {
    expect(whole("openai", body).choices).toHaveLength(1);
    expect(whole("anthropic", body)).toMatchObject({ type: "message", content: [] });
  });

  test.each(["<html>", "[]", "{}", '{"output":{}}', '{"output":'])("that is none is an error: %s", (body) => {
    const answer = { headers: { "content-type": "application/json" }, body };
    const { client } = provider(entry, answering(answer)).exchange(chat({ model }));
    expect([client.status, client.header("content-type")]).toEqual([500, "text/plain"]);
    expect(client.text).toContain("failed to process response body");
  });
});

describe("a stream", () => {
  test("reaches an OpenAI client event by event", () => {
    const deltas = events(streamed("openai", stream)).map(({ choices, usage }) => usage ?? choices[0]);
    const chunk = (delta: object) => ({ index: 0, delta, finish_reason: null, logprobs: null });
    const call = (index: number, id: string, name: string) => ({
      tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }],
    });
    const piece = (index: number, text: string) => ({
      tool_calls: [{ index, function: { arguments: text } }],
    });
    expect(deltas).toEqual([
      chunk({ role: "assistant", content: "" }),
      chunk({ reasoning_content: "h" }),
      chunk({ reasoning_content: "m" }),
      chunk({ content: "Hello " }),
      chunk({ content: "é" }),
      chunk(call(0, "t1", "f")),
      chunk(piece(0, '{"a":')),
      chunk(piece(0, "[1]}")),
      chunk(call(1, "t2", "g")),
      chunk(piece(1, "{}")),
      chunk({ reasoning_details: seals }),
      { index: 0, delta: {}, finish_reason: "tool_calls", logprobs: null },
      {
        prompt_tokens: 19,
        completion_tokens: 5,
        total_tokens: 24,
        prompt_tokens_details: { cached_tokens: 9 },
      },
    ]);
    const [first] = events(streamed("openai", stream));
    expect(first).toMatchObject({ id: "req-1", model: plainModel, object: "chat.completion.chunk" });
    expect(streamed("openai", stream).endsWith("}\n\ndata: [DONE]\n\n")).toBe(true);
  });

  test("reaches an Anthropic client in numbered blocks, with its seals", () => {
    const seen = events(streamed("anthropic", stream));
    expect(
      seen.filter(({ type }) => type === "content_block_start").map((one) => one.content_block),
    ).toMatchObject([
      { type: "thinking" },
      { type: "redacted_thinking", data: "UkVE" },
      { type: "text" },
      { type: "tool_use", id: "t1", name: "f" },
      { type: "tool_use", id: "t2", name: "g" },
    ]);
    expect(seen.map(({ delta }) => delta?.signature ?? "").join("")).toBe("sig");
    expect(seen.at(-2)).toMatchObject({
      delta: { stop_reason: "tool_use" },
      usage: { input_tokens: 10, cache_read_input_tokens: 6, cache_creation_input_tokens: 3 },
    });
    expect(seen.at(-1)).toEqual({ type: "message_stop" });
  });

  test("is the same for clients of both dialects however it is cut, and nothing of a cut frame leaks", () => {
    for (const dialect of ["openai", "anthropic"] as const) {
      const uncut = streamed(dialect, [streamBytes]);
      for (const chunks of everySingleCut(streamBytes)) expect(streamed(dialect, chunks)).toBe(uncut);
      expect(streamed(dialect, drip(streamBytes))).toBe(uncut);
      for (const chunks of partitions(streamBytes, 20, 1)) expect(streamed(dialect, chunks)).toBe(uncut);
    }
  });

  test("gives each piece at once: text as it comes, usage before the end, and [DONE] with the end", () => {
    reply = converseStream([
      start(),
      delta(0, { text: "a" }),
      Buffer.concat([stop("end_turn"), metadata(usage)]),
    ]);
    const { client } = chain.exchange(chat({ model, stream: true }));
    const pieces = client.chunks.map(String);
    expect(pieces[0]).toContain('"role":"assistant"');
    expect(pieces[1]).toContain('"content":"a"');
    expect(pieces[2]).toContain('"total_tokens":15');
    expect(pieces.slice(3).join("") || pieces[2]).toMatch(/data: \[DONE\]\n\n$/);
  });

  const nothing = Buffer.alloc(0);

  test("of nothing, or of counts alone, has nothing made up", () => {
    expect(streamed("openai", [nothing])).toBe("data: [DONE]\n\n");
    const [only, ...more] = events(streamed("openai", [metadata(cached)]));
    expect(only).toMatchObject({ choices: [], usage: { prompt_tokens_details: { cached_tokens: 9 } } });
    expect(more).toEqual([]);
    expect(streamed("anthropic", [nothing])).toContain("event: error");
  });

  test("without usage asked for has none", () => {
    const text = streamed("openai", stream, { stream_options: { include_usage: false } });
    expect(text).not.toContain("total_tokens");
  });

  test("is read by its payloads, whatever the headers call them, and in any order of usage and stop", () => {
    const odd = [
      frame("chunk", { contentBlockIndex: 0, delta: { text: "a" } }, { ":message-type": "" }),
      frame("unknown", { something: {} }),
      frame("metadata", { metrics: {} }),
      metadata(usage),
      frame("messageStop", { messageStop: { stopReason: "end_turn" } }),
    ];
    const seen = events(streamed("openai", odd));
    expect(seen.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("a");
    expect(seen.at(-2).choices[0].finish_reason).toBe("stop");
    expect(seen.at(-1).usage.total_tokens).toBe(15);
  });

  test.each([
    ["throttlingException", "rate_limit_error", "rate_limit_error"],
    ["validationException", "invalid_request_error", "invalid_request_error"],
    ["serviceUnavailableException", "overloaded_error", "overloaded_error"],
    ["internalServerException", "server_error", "api_error"],
    ["modelStreamErrorException", "server_error", "api_error"],
  ])("%s ends it with an error of the client's dialect", (type, openai, anthropic) => {
    const chunks = [
      start(),
      delta(0, { text: "a" }),
      exception(type, 'no "more"'),
      delta(0, { text: "lost" }),
    ];
    const seen = streamed("openai", chunks);
    expect(events(seen).at(-1)).toMatchObject({ error: { message: 'no "more"', type: openai } });
    expect(seen).not.toContain("lost");
    expect(events(streamed("anthropic", chunks)).at(-1)).toMatchObject({
      type: "error",
      error: { type: anthropic, message: 'no "more"' },
    });
  });

  test("an error without a payload is told by its code", () => {
    const broken = frame(
      "x",
      {},
      { ":message-type": "error", ":error-code": "Internal", ":error-message": "gone" },
    );
    expect(events(streamed("openai", [start(), broken])).at(-1)).toMatchObject({
      error: { message: "gone" },
    });
  });

  test.each([
    ["breaks off between frames", [start(), delta(0, { text: "a" })], "before it was complete"],
    [
      "breaks off within a frame",
      [start(), delta(0, { text: "a" }).subarray(0, 40)],
      "before it was complete",
    ],
    ["has a damaged frame", [start(), Buffer.from("x".repeat(100))], "arrived damaged"],
    ["has a frame of 3 GB", [start(), overlong()], "longer than the gateway accepts"],
  ])("that %s ends with an error", (_, chunks, text) => {
    for (const dialect of ["openai", "anthropic"] as const) {
      expect(events(streamed(dialect, chunks)).at(-1).error.message).toContain(text);
    }
  });

  test("with changed bytes never makes the plugin fail", () => {
    const change = fc.tuple(fc.nat(streamBytes.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (changes, isOpenai) => {
        const bytes = Buffer.from(streamBytes);
        for (const [at, mask] of changes) bytes[at]! ^= mask;
        streamed(isOpenai ? "openai" : "anthropic", [bytes]);
        expect(chain.problems()).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("with changed payloads in whole frames never makes the plugin fail", () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    const names = [
      "delta",
      "start",
      "usage",
      "role",
      "stopReason",
      "contentBlockIndex",
      "toolUse",
      "reasoningContent",
    ];
    const payload = fc.dictionary(
      fc.constantFrom(...names, "x"),
      fc.oneof(
        value,
        fc.dictionary(
          fc.constantFrom("text", "toolUse", "input", "reasoningContent", "image", "citation"),
          value,
        ),
      ),
    );
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 6 }), fc.boolean(), (payloads, isOpenai) => {
        streamed(isOpenai ? "openai" : "anthropic", [nothing, ...payloads.map((one) => frame("e", one))]);
        expect(chain.problems()).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** The beginning of a frame with a right prelude that announces 3 GB. */
function overlong(): Buffer {
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(3_000_000_000, 0);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  return prelude;
}

describe("an error", () => {
  test.each([
    [400, { message: "bad" }, "invalid_request_error", "invalid_request_error"],
    [403, { Message: "bad" }, "permission_error", "permission_error"],
    [429, { __type: "ThrottlingException", message: "bad" }, "rate_limit_error", "rate_limit_error"],
    [503, { message: "bad" }, "overloaded_error", "overloaded_error"],
    [500, { message: "bad" }, "server_error", "api_error"],
  ])("%d %j reaches both clients in their words", (status, body, openai, anthropic) => {
    const headers = { "content-type": "application/json", "x-amzn-errortype": "X" };
    const text = JSON.stringify(body);
    const first = ask("openai", { status, headers, body: text });
    expect(first.status).toBe(status);
    expect(JSON.parse(first.text)).toMatchObject({ error: { message: "bad", type: openai } });
    const second = ask("anthropic", { status, headers, body: text }, { stream: true });
    expect(second.status).toBe(status);
    expect(JSON.parse(second.text)).toMatchObject({
      type: "error",
      error: { message: "bad", type: anthropic },
    });
  });
});
