// Streams that use up a limit: ended between two events, in the words of the client's dialect.

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { hasRedis, openRedis } from "../../../host-test/test/gateway/redis-server.ts";
import { engine } from "../../../host-test/testing/scenario.ts";
import { dialects, rules, sse, WORD, WORDS } from "./dialects.ts";
import { ratelimit } from "./ratelimit.ts";

function stream(dialect: keyof typeof dialects, configuration: object, chunks?: string[]) {
  const { path, body, events } = dialects[dialect];
  const chain = ratelimit(configuration, {
    logLevel: "error",
    upstream: () => ({ headers: { "content-type": "text/event-stream" }, chunks: chunks ?? sse(events) }),
  });
  onTestFinished(() => chain.close());
  const { client } = chain.exchange({
    method: "POST",
    path,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const received = client.text
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) =>
      block
        .split("\n")
        .find((line) => line.startsWith("data: "))!
        .slice(6),
    )
    .map((data) => (data === "[DONE]" ? data : JSON.parse(data)));
  return { client, received, chain };
}

const names = Object.keys(dialects) as (keyof typeof dialects)[];

test.each(names)("%s: a stream within its limit passes unchanged", (dialect) => {
  const { client } = stream(dialect, rules(1_000_000));
  expect(client.text).toBe(sse(dialects[dialect].events).join(""));
});

test.each(names)("%s: without cut_streams a stream passes the limit unchanged", (dialect) => {
  const { client } = stream(dialect, { ...rules(300), cut_streams: false });
  expect(client.text).toBe(sse(dialects[dialect].events).join(""));
});

test("chat completions: the last events say that the length was reached", () => {
  const { client, received } = stream("chat", rules(300));
  expect(client.complete).toBe(true);
  expect(received.at(-1)).toBe("[DONE]");
  expect(received.at(-2)).toMatchObject({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "gpt-4o",
    choices: [{ index: 0, delta: {}, finish_reason: "length" }],
  });
  expect(received.at(-2).usage.total_tokens).toBeLessThanOrEqual(301);
  expect(received.length).toBeGreaterThan(100);
  expect(received.length).toBeLessThan(310);
});

test("Messages: the open block, the message and the stream end", () => {
  const { received } = stream("messages", rules(300));
  expect(received.slice(-3)).toEqual([
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "max_tokens", stop_sequence: null },
      usage: { output_tokens: expect.any(Number) },
    },
    { type: "message_stop" },
  ]);
});

test("Responses: the response is incomplete, and its events stay numbered", () => {
  const { received } = stream("responses", rules(300));
  expect(received.at(-1)).toMatchObject({
    type: "response.incomplete",
    sequence_number: received.length - 1,
    response: { id: "resp_1", status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
  });
});

test("Gemini: the candidate ends with MAX_TOKENS and its usage", () => {
  const { received } = stream("gemini", rules(300));
  expect(received.at(-1)).toMatchObject({
    candidates: [{ finishReason: "MAX_TOKENS", index: 0 }],
    modelVersion: "gemini-2.5-pro",
    responseId: "r1",
  });
});

test.each(names)("%s: however the bytes are cut, only whole events come before the end", (dialect) => {
  const text = sse(dialects[dialect].events).join("");
  for (const size of [1, 7, 1000]) {
    const head = text.slice(0, 50_000);
    const pieces = Array.from({ length: Math.ceil(head.length / size) }, (_, i) =>
      head.slice(i * size, (i + 1) * size),
    );
    const { client, received } = stream(dialect, rules(200), pieces);
    expect(received.length).toBeGreaterThan(50);
    expect(client.text.endsWith("\n\n")).toBe(true);
    expect(client.text.length).toBeLessThan(45_000);
  }
});

test("parallel streams share what is left, and together they keep the limit", () => {
  const shared = { sharedData: new LocalData(), clock: new VirtualClock() };
  const limit = 1000;
  const { path, body, events } = dialects.chat;
  const chain = ratelimit(rules(limit), { ...shared, logLevel: "error" });
  onTestFinished(() => chain.close());
  const streams = Array.from({ length: 6 }, () => {
    const opened = chain.open("HTTP/2", true);
    opened.http.requestHeaders(
      [
        [":method", "POST"],
        [":path", path],
        [":authority", "test.local"],
        [":scheme", "http"],
      ],
      false,
    );
    opened.http.requestData(Buffer.from(JSON.stringify(body)), true);
    chain.settle();
    opened.http.upstreamSelected("10.0.0.1:80", "10.0.0.2:40000");
    opened.http.responseHeaders(
      [
        [":status", "200"],
        ["content-type", "text/event-stream"],
      ],
      false,
    );
    return opened;
  });
  for (const text of sse(events.slice(0, 400))) {
    for (const { http, client } of streams)
      if (client.status === 200) http.responseData(Buffer.from(text), false);
    chain.settle();
  }
  const received = streams.filter(({ client }) => client.status === 200).map(({ client }) => client.text);
  expect(received.length).toBeGreaterThan(3);
  const tokens = received.reduce((sum, text) => sum + text.split(WORD).length - 1, 0);
  expect(tokens).toBeLessThanOrEqual(limit);
  expect(tokens).toBeGreaterThan(limit / 2);
  for (const text of received) expect(text).toContain('"finish_reason":"length"');
});

test.skipIf(!(await hasRedis()))(
  "the official clients understand the end, with what is left kept in Redis",
  async () => {
    const server = await openRedis();
    onTestFinished(() => server.stop());
    const start = async (dialect: keyof typeof dialects): Promise<string> => {
      const redis = { service_name: "redis.static", timeout: 60_000 };
      const gateway = await engine("node").start({
        plugins: [{ plugin: "model-ratelimit", configuration: { ...rules(200), rule_name: dialect, redis } }],
        upstreams: {
          "llm.static": {
            headers: { "content-type": "text/event-stream" },
            // A provider that would go on: the only end is the plugin's.
            chunks: sse(dialects[dialect].events.slice(0, WORDS)),
          } as never,
          "redis.static": { address: `127.0.0.1:${server.port}` },
        },
      });
      return `http://127.0.0.1:${gateway.port}`;
    };
    const key = { apiKey: "k", maxRetries: 0 };
    const chat = await new OpenAI({ ...key, baseURL: `${await start("chat")}/v1` }).chat.completions
      .stream({ model: "gpt-4o", messages: [{ role: "user", content: "hi" }] })
      .finalChatCompletion()
      .catch((error: Error) => error);
    // The client's own name for an answer that reached its length.
    expect(chat instanceof Error ? chat.name + chat.message : chat.choices[0]!.finish_reason).toMatch(
      /length/,
    );
    const messages = new Anthropic({ ...key, baseURL: await start("messages") }).messages;
    const message = await messages
      .stream({ model: "claude-sonnet-4-5", max_tokens: 50, messages: [{ role: "user", content: "hi" }] })
      .finalMessage();
    expect(message.stop_reason).toBe("max_tokens");
    const gemini = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: await start("gemini") } });
    let reason: string | undefined;
    for await (const part of await gemini.models.generateContentStream({
      model: "gemini-2.5-pro",
      contents: "hi",
    })) {
      reason = part.candidates?.[0]?.finishReason ?? reason;
    }
    expect(reason).toBe("MAX_TOKENS");
    const responses = new OpenAI({ ...key, baseURL: `${await start("responses")}/v1` }).responses;
    let last = "";
    for await (const event of await responses.create({ model: "gpt-4o", input: "hi", stream: true }))
      last = event.type;
    expect(last).toBe("response.incomplete");
  },
  120_000,
);
