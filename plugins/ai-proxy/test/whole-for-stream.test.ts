// A client asks for a stream, and gets one whatever the provider makes of that: an answer in one piece, a stream without a
// content type, either under the other's.

import { describe, expect, test } from "vitest";
import { answering, chat, events, json, message, provider } from "./proxy.ts";
import { drip } from "../../../host-test/testing/recordings.ts";

const openai = { type: "vllm", vllmServerHost: "vllm.example.com" };
const claude = { type: "claude", apiTokens: ["sk"] };
const completion = {
  id: "c1",
  object: "chat.completion",
  created: 7,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
const anthropic = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-x",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
};

describe("a whole answer for a client that waits for a stream", () => {
  test("is Anthropic's events for an Anthropic client", () => {
    const { client } = provider(openai, answering(json(completion))).exchange(message({ stream: true }));
    expect(client.header("content-type")).toContain("text/event-stream");
    const types = events(client.text).map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(["message_start", "message_stop"]);
    expect(client.text).toContain('"text":"Hello"');
    expect(client.text).toContain('"output_tokens":2');
  });

  test("is OpenAI's chunks for an OpenAI client of Claude", () => {
    const { client } = provider(claude, answering(json(anthropic))).exchange(chat({ stream: true }));
    expect(client.header("content-type")).toContain("text/event-stream");
    const got = events(client.text);
    expect(got.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Hello");
    expect(client.text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("stays one piece for a client that did not ask for a stream", () => {
    const { client } = provider(openai, answering(json(completion))).exchange(message());
    expect(client.header("content-type")).toBe("application/json");
    expect(JSON.parse(client.text)).toMatchObject({ type: "message", content: [{ text: "Hello" }] });
  });

  test("stays an error with its status when the provider means one", () => {
    const failed = { error: { message: "no", type: "server_error" } };
    const { client } = provider(openai, answering(json(failed))).exchange(message({ stream: true }));
    expect(client.status).toBe(500);
    expect(JSON.parse(client.text)).toMatchObject({ type: "error", error: { message: "no" } });
  });
});

const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 7, model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const chunks = `${chunk({ role: "assistant", content: "Hel" })}${chunk({ content: "lo" })}${chunk({}, "stop")}data: [DONE]\n\n`;

const textOf = (text: string) =>
  events(text)
    .map(({ delta }) => delta?.text ?? "")
    .join("");

describe("a stream", () => {
  const types = [undefined, "application/json", "text/plain", "application/x-ndjson; charset=utf-8"];
  const beginnings = ["", ": ping\n\n", "\uFEFF", "\r\n\n", "event: chunk\n", "id: 1\n", "retry: 9\n"];
  const cases = types.flatMap((type) => beginnings.map((beginning) => [type, beginning] as const));

  test.each(cases)("of type %s that begins with %j is one, however it is cut", (type, beginning) => {
    const text = beginning + chunks;
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    // What comes first may be less than the name of a field.
    for (const pieces of [[text], drip(Buffer.from(text))]) {
      const chain = provider(openai, answering({ headers, chunks: pieces }));
      const { client } = chain.exchange(message({ stream: true }));
      expect(client.header("content-type")).toContain("text/event-stream");
      expect(client.status).toBe(200);
      expect(textOf(client.text)).toBe("Hello");
      expect(events(client.text).at(-1)).toEqual({ type: "message_stop" });
    }
  });

  test("that no client asked for, under a whole answer's type, is an error", () => {
    const { client } = provider(openai, answering({ ...json({}), body: chunks })).exchange(message());
    expect([client.status, client.header("content-type")]).toEqual([500, "text/plain"]);
  });

  test.each(["<html>sorry</html>", "data", "dates: 1"])("does not begin with %s", (body) => {
    const { client } = provider(openai, answering({ headers: {}, body })).exchange(message({ stream: true }));
    expect([client.status, client.header("content-type")]).toEqual([500, "text/plain"]);
  });
});

describe("a whole answer under a stream's type", () => {
  const headers = { "content-type": "text/event-stream" };
  const pieces = (value: object) => drip(Buffer.from(` \n${JSON.stringify(value, null, 1)}\n`));

  test.each([
    ["OpenAI's", openai, completion],
    ["Anthropic's", claude, anthropic],
  ])("is a stream: %s", (_, entry, answer) => {
    const chain = provider(entry, answering({ headers, chunks: pieces(answer) }));
    for (const asked of entry === openai ? [message] : [chat]) {
      const { client } = chain.exchange(asked({ stream: true }));
      expect(client.header("content-type")).toContain("text/event-stream");
      expect(client.text).toContain("Hello");
      expect(client.text).toMatch(entry === openai ? /message_stop/ : /data: \[DONE\]\n\n$/);
    }
  });

  test("that means an error is one event of the stream", () => {
    const failed = { error: { message: "no", type: "server_error" } };
    const chain = provider(openai, answering({ headers, chunks: pieces(failed) }));
    const { client } = chain.exchange(message({ stream: true }));
    expect(events(client.text)).toMatchObject([{ type: "error", error: { message: "no" } }]);
  });

  test("that cannot be read is one too", () => {
    const chain = provider(openai, answering({ headers, chunks: ['{"choices"'] }));
    const { client } = chain.exchange(message({ stream: true }));
    expect(events(client.text)).toMatchObject([{ type: "error" }]);
  });
});
