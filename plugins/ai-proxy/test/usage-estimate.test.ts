// Usage at the end of a stream whose provider sends none.

import { describe, expect, test } from "vitest";
import { answering, chat, chatPath, events, eventStream, message, provider } from "./proxy.ts";

const openai = { type: "openai", apiTokens: ["sk"] };
const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: "c1", created: 7, model: "m", choices: [{ index: 0, delta, ...more }] })}\n\n`;
const silent = [
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "12345678" }),
  chunk({}, { finish_reason: "stop" }),
];
const asking = { stream: true, stream_options: { include_usage: true } };

describe("a stream without usage", () => {
  test("gets an estimate that is marked as one before [DONE] when the client asked for usage", () => {
    const chain = provider(openai, answering(eventStream([...silent, "data: [DONE]\n\n"])));
    const { text } = chain.exchange(chat(asking)).client;
    expect(text.startsWith(silent.join(""))).toBe(true);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    const last = events(text).at(-1);
    expect(last).toMatchObject({ id: "c1", created: 7, model: "m", choices: [] });
    expect(last.usage).toMatchObject({ completion_tokens: 2, estimated: true });
    expect(last.usage.prompt_tokens).toBeGreaterThan(0);
    expect(last.usage.total_tokens).toBe(last.usage.prompt_tokens + 2);
  });

  test("gets it at every cut, and without [DONE] at its end", () => {
    const whole = silent.join("");
    for (let at = 1; at < whole.length; at++) {
      const chain = provider(openai, answering(eventStream([whole.slice(0, at), whole.slice(at)])));
      const { text } = chain.exchange(chat(asking)).client;
      expect(text.startsWith(whole)).toBe(true);
      expect(events(text).at(-1).usage).toMatchObject({ completion_tokens: 2, estimated: true });
      chain.close();
    }
  });

  test("passes byte for byte when the client did not ask", () => {
    const chain = provider(openai, answering(eventStream([...silent, "data: [DONE]\n\n"])));
    expect(chain.exchange(chat({ stream: true })).client.text).toBe(`${silent.join("")}data: [DONE]\n\n`);
  });

  test("has the estimate in Anthropic's words for an Anthropic client", () => {
    const chain = provider(openai, answering(eventStream([...silent, "data: [DONE]\n\n"])));
    const { text } = chain.exchange(message({ stream: true })).client;
    const last = events(text).find(({ type }) => type === "message_delta");
    expect(last.usage).toMatchObject({ output_tokens: 2, estimated: true });
    expect(last.usage.input_tokens).toBe(1);
  });

  test("has the estimate in Gemini's words, and in those of Responses", () => {
    const chain = provider(openai, answering(eventStream([...silent, "data: [DONE]\n\n"])));
    const body = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hi" }] }] });
    const gemini = chain.exchange(
      chat(body, { path: "/v1beta/models/gpt-4o:streamGenerateContent?alt=sse" }),
    ).client;
    expect(events(gemini.text).at(-1).usageMetadata).toEqual({
      promptTokenCount: 1,
      candidatesTokenCount: 2,
      totalTokenCount: 3,
      estimated: true,
    });
    const azure = { type: "deepseek", apiTokens: ["sk"] };
    const responses = provider(azure, answering(eventStream([...silent, "data: [DONE]\n\n"])));
    const { text } = responses.exchange(
      chat(JSON.stringify({ model: "m", input: "Hi", stream: true }), { path: "/v1/responses" }),
    ).client;
    expect(events(text).at(-1).response.usage).toMatchObject({ output_tokens: 2, estimated: true });
  });
});

test("what the provider says of usage is passed on as it is, zeros too", () => {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const told = `data: ${JSON.stringify({ id: "c1", choices: [], usage })}\n\n`;
  const whole = `${silent.join("")}${told}data: [DONE]\n\n`;
  const chain = provider(openai, answering(eventStream([whole])));
  expect(chain.exchange(chat(asking, { path: chatPath })).client.text).toBe(whole);
});

test("what Groq says of usage in its own place takes the place of an estimate", () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
  const told = `data: ${JSON.stringify({ id: "c1", choices: [], x_groq: { usage } })}\n\n`;
  const chain = provider({ type: "groq", apiTokens: ["sk"] }, answering(eventStream([...silent, told])));
  expect(events(chain.exchange(chat(asking)).client.text).at(-1)).toMatchObject({ choices: [], usage });
});

test("an error in a stream is not followed by usage", () => {
  const whole = `${silent[0]}data: {"error":{"message":"no"}}\n\n`;
  const chain = provider(openai, answering(eventStream([whole])));
  expect(chain.exchange(chat(asking)).client.text).toBe(whole);
});
