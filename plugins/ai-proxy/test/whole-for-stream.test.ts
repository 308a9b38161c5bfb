// A client asks for a stream and the provider answers in one piece: the client gets a stream all the same.

import { describe, expect, test } from "vitest";
import { answering, chat, events, json, message, provider } from "./proxy.ts";

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
