// OpenAI's clients on Anthropic's API: what they get back.

import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import { answering, chat, chatPath, events, eventStream, json, message, provider } from "./proxy.ts";

const claude = {
  type: "claude",
  apiTokens: ["sk-ant-provider"],
  modelMapping: { "gpt-4o": "claude-sonnet-4-5" },
};

describe("the whole answer", () => {
  const answer = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content: [
      { type: "thinking", thinking: "Hmm", signature: "s" },
      { type: "text", text: "Look: " },
      { type: "text", text: "done" },
      { type: "tool_use", id: "t1", name: "now", input: { a: 1 } },
      { type: "tool_use", id: "t2", name: "now", input: {} },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 2, output_tokens: 7 },
  };
  const received = (body: object, more = {}) =>
    provider(claude, answering(json(body, more))).exchange(chat()).client;

  test("is a chat completion under the mapped model's name", () => {
    const result = JSON.parse(received(answer).text);
    expect(result).toMatchObject({ id: "msg_1", object: "chat.completion", model: "claude-sonnet-4-5" });
    expect(result.created).toBeGreaterThan(0);
    const [choice] = result.choices;
    expect(choice).toMatchObject({ index: 0, finish_reason: "tool_calls", logprobs: null });
    expect(choice.message).toMatchObject({
      role: "assistant",
      content: "Look: done",
      reasoning_content: "Hmm",
    });
    expect(choice.message.tool_calls).toEqual([
      { index: 0, id: "t1", type: "function", function: { name: "now", arguments: '{"a":1}' } },
      { index: 1, id: "t2", type: "function", function: { name: "now", arguments: "{}" } },
    ]);
    expect(result.usage).toMatchObject({
      prompt_tokens: 17,
      completion_tokens: 7,
      total_tokens: 24,
      prompt_tokens_details: { cached_tokens: 5 },
    });
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
  ])("stop_reason %s is finish_reason %s", (reason, finish) => {
    const content = reason === "tool_use" ? answer.content : [{ type: "text", text: "x" }];
    expect(
      JSON.parse(received({ ...answer, content, stop_reason: reason }).text).choices[0].finish_reason,
    ).toBe(finish);
  });

  test("has no stale length", () => {
    const client = received(answer, {
      headers: { "content-type": "application/json", "content-length": "12345" },
    });
    expect(client.header("content-length")).toBeUndefined();
    expect(client.complete).toBe(true);
  });

  test("that is no answer gives Go's error", () => {
    for (const body of ["hello", "[]", '{"type":"message","content":']) {
      const { client, record } = provider(claude, answering(json({}, { body }))).exchange(chat());
      expect(client.status).toBe(500);
      expect(record!.details).toBe("ai-proxy.proc_resp_body_failed");
      expect(client.text).toContain("failed to process response body");
    }
  });

  test("that says 200 and means an error gives 500", () => {
    const client = received({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } });
    expect(client.status).toBe(500);
    expect(JSON.parse(client.text).error).toMatchObject({ message: "Overloaded", type: "overloaded_error" });
  });

  test("promoteThinkingOnEmpty", () => {
    const body = {
      ...answer,
      content: [{ type: "thinking", thinking: "Only thoughts", signature: "s" }],
      stop_reason: "end_turn",
    };
    const chain = provider({ ...claude, promoteThinkingOnEmpty: true }, answering(json(body)));
    const { message } = JSON.parse(chain.exchange(chat()).client.text).choices[0];
    expect(message.content).toBe("Only thoughts");
    expect(message).not.toHaveProperty("reasoning_content");
  });
});

const stream = (id: string, input: number, output: number, text: string) =>
  [
    [
      "message_start",
      {
        message: {
          id,
          type: "message",
          role: "assistant",
          model: "m",
          content: [],
          usage: { input_tokens: input, output_tokens: 1 },
        },
      },
    ],
    ["content_block_start", { index: 0, content_block: { type: "thinking", thinking: "", signature: "" } }],
    ["content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "Hm" } }],
    ["content_block_stop", { index: 0 }],
    ["ping", {}],
    ["content_block_start", { index: 1, content_block: { type: "text", text: "" } }],
    ["content_block_delta", { index: 1, delta: { type: "text_delta", text } }],
    ["content_block_stop", { index: 1 }],
    [
      "content_block_start",
      { index: 2, content_block: { type: "tool_use", id: `tool-${id}`, name: "now", input: {} } },
    ],
    ["content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: '{"a":' } }],
    ["content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: '"é"}' } }],
    ["content_block_stop", { index: 2 }],
    [
      "message_delta",
      { delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: output } },
    ],
    ["message_stop", {}],
  ].map(([type, event]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...(event as object) })}\n\n`);

describe("the streamed answer", () => {
  const pieces = stream("msg_1", 11, 22, "Grüße 🎉");
  const run = (chunks: (string | Uint8Array)[], entry = {}, body = {}) =>
    provider({ ...claude, ...entry }, answering(eventStream(chunks))).exchange(
      chat({ stream: true, ...body }),
    ).client;

  test("is OpenAI's, chunk for chunk", () => {
    const { text } = run(pieces);
    const chunks = events(text);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    for (const chunk of chunks)
      expect(chunk).toMatchObject({
        id: "msg_1",
        object: "chat.completion.chunk",
        model: "claude-sonnet-4-5",
      });
    const deltas = chunks.flatMap(({ choices }) => choices);
    expect(deltas[0].delta).toMatchObject({ role: "assistant" });
    expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe("Grüße 🎉");
    expect(deltas.map(({ delta }) => delta.reasoning ?? "").join("")).toBe("Hm");
    const calls = deltas.flatMap(({ delta }) => delta.tool_calls ?? []);
    expect(calls[0]).toMatchObject({
      index: 0,
      id: "tool-msg_1",
      type: "function",
      function: { name: "now", arguments: "" },
    });
    expect(calls.map((call: any) => call.function.arguments).join("")).toBe('{"a":"é"}');
    expect(deltas.every(({ index }) => index === 0)).toBe(true);
    expect(deltas.at(-1).finish_reason).toBe("tool_calls");
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 11, completion_tokens: 22, total_tokens: 33 },
    });
  });

  test("gets every event out in the callback in which it came", () => {
    const { chunks } = run(pieces);
    expect(chunks.length).toBeGreaterThanOrEqual(7);
    expect(chunks.findIndex((chunk) => chunk.includes("Grüße"))).toBeLessThan(
      chunks.findIndex((chunk) => chunk.includes("tool-msg_1")),
    );
  });

  test("no usage for a client that declined it", () => {
    const { text } = run(pieces, {}, { stream_options: { include_usage: false } });
    expect(events(text).every(({ usage }) => usage == null)).toBe(true);
  });

  test("is the same when it comes byte by byte", () => {
    const bytes = Buffer.from(pieces.join(""));
    const whole = withoutTime(run([bytes]).text);
    expect(withoutTime(run(drip(bytes)).text)).toBe(whole);
  });

  test("that breaks off ends with an error the client can read", () => {
    const { text } = run(pieces.slice(0, 7));
    expect(events(text).at(-1).error.message).toContain("ended before it was complete");
  });

  test("an error in the stream becomes an error chunk", () => {
    const { text } = run([
      pieces[0]!,
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    ]);
    expect(events(text).at(-1).error).toMatchObject({ message: "Overloaded" });
  });

  test("promoteThinkingOnEmpty turns thoughts into content before the end", () => {
    const only = [...pieces.slice(0, 4), pieces[12]!.replace("tool_use", "end_turn"), pieces[13]!];
    const chunks = events(run(only, { promoteThinkingOnEmpty: true }).text);
    const deltas = chunks.flatMap(({ choices }) => choices);
    expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe("Hm");
    expect(deltas.findIndex(({ delta }) => delta.content === "Hm")).toBeLessThan(
      deltas.findIndex(({ finish_reason }) => finish_reason === "stop"),
    );
    expect(JSON.stringify(chunks)).not.toContain('"reasoning');
  });

  test("two concurrent claude streams never mix ids or usage", () => {
    const chain = provider(claude);
    const open = (id: string) => {
      const exchange = chain.open("HTTP/1.1", true);
      exchange.http.requestHeaders(
        [
          [":method", "POST"],
          [":path", chatPath],
          [":authority", "g"],
          [":scheme", "http"],
          ["content-type", "application/json"],
        ],
        false,
      );
      exchange.http.requestData(
        Buffer.from(
          JSON.stringify({ model: `model-${id}`, stream: true, messages: [{ role: "user", content: id }] }),
        ),
        true,
      );
      chain.settle();
      exchange.http.responseHeaders(
        [
          [":status", "200"],
          ["content-type", "text/event-stream"],
        ],
        false,
      );
      return exchange;
    };
    const first = open("A");
    const second = open("B");
    const left = stream("msg_A", 111, 11, "answer A");
    const right = stream("msg_B", 222, 22, "answer B");
    for (let i = 0; i < left.length; i++) {
      first.http.responseData(Buffer.from(left[i]!), false);
      second.http.responseData(Buffer.from(right[i]!), i === left.length - 1);
    }
    first.http.responseData(new Uint8Array(0), true);
    chain.settle();
    for (const [exchange, id, input, output] of [
      [first, "A", 111, 11],
      [second, "B", 222, 22],
    ] as const) {
      const chunks = events(exchange.client.text);
      expect(new Set(chunks.map((chunk) => chunk.id))).toEqual(new Set([`msg_${id}`]));
      expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([`model-${id}`]));
      expect(chunks.at(-1).usage).toMatchObject({
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
      });
      expect(exchange.client.text).toContain(`answer ${id}`);
      expect(exchange.client.complete).toBe(true);
    }
  });
});

/** `created` is the time of the answer. */
function withoutTime(text: string): string {
  return text.replaceAll(/"created":\d+/g, '"created":0');
}

describe("errors of Anthropic reach OpenAI's clients in their own words", () => {
  test.each([
    [400, "invalid_request_error", "invalid_request_error"],
    [401, "authentication_error", "authentication_error"],
    [429, "rate_limit_error", "rate_limit_error"],
    [529, "overloaded_error", "overloaded_error"],
  ])("%d %s", (status, type, expected) => {
    const body = { type: "error", error: { type, message: 'Say "no"' }, request_id: "req_1" };
    const { client } = provider(claude, answering(json(body, { status }))).exchange(chat());
    expect(client.status).toBe(status);
    expect(JSON.parse(client.text)).toEqual({
      error: { message: 'Say "no"', type: expected, param: null, code: null },
    });
  });

  test.each([
    ["<html>bad gateway</html>", "The provider answered with status 502 and no message."],
    ["", "The provider answered with status 502 and no message."],
    ["upstream connect error", "upstream connect error"],
  ])("the body %j, which is no error, becomes one", (body, message) => {
    const answer = { status: 502, body, headers: { "content-type": "text/html" } };
    const { client } = provider(claude, answering(answer)).exchange(chat());
    expect(client.status).toBe(502);
    expect(JSON.parse(client.text).error).toEqual({ message, type: "server_error", param: null, code: null });
  });

  test("an Anthropic client's errors pass as they are", () => {
    const body = '{"type":"error",  "error":{"type":"not_found_error","message":"x"}}';
    const { client } = provider(claude, answering({ status: 404, body })).exchange(message());
    expect(client.text).toBe(body);
  });

  test("answers of the gateway itself pass as they are", () => {
    const { client } = provider(claude, answering({ reset: "connect-failure" })).exchange(chat());
    expect(client.status).toBe(503);
    expect(client.text).not.toContain("{");
  });

  test("a compressed answer passes as it is: it cannot be read", () => {
    const { client } = provider(
      claude,
      answering(
        json(
          {},
          { body: "\u0001", headers: { "content-type": "application/json", "content-encoding": "gzip" } },
        ),
      ),
    ).exchange(chat());
    expect(client.text).toBe("\u0001");
  });
});

describe("what a client asked in its own way it gets in its own way", () => {
  const used = (name: string) =>
    json({
      type: "message",
      id: "m",
      content: [{ type: "tool_use", id: "t1", name, input: {} }],
      stop_reason: "tool_use",
      usage: {},
    });
  const called = (name: string, more: object) =>
    JSON.parse(provider(claude, answering(used(name))).exchange(chat(more)).client.text).choices[0];

  test("functions", () => {
    const choice = called("now", { functions: [{ name: "now", parameters: { type: "object" } }] });
    expect(choice).toMatchObject({
      finish_reason: "function_call",
      message: { function_call: { name: "now", arguments: "{}" } },
    });
  });

  test("a tool whose name Anthropic does not take", () => {
    const choice = called("clock_now", {
      tools: [{ type: "function", function: { name: "clock.now", parameters: {} } }],
    });
    expect(choice.message.tool_calls[0].function.name).toBe("clock.now");
  });

  test("a JSON schema", () => {
    const schema = { type: "object", properties: {}, additionalProperties: false };
    const { upstream } = provider(claude, answering(used("now"))).exchange(
      chat({ response_format: { type: "json_schema", json_schema: { name: "n", schema } } }),
    );
    expect(JSON.parse(upstream!.text).output_config).toEqual({ format: { type: "json_schema", schema } });
  });
});
