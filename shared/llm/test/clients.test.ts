// The official clients read what the module writes.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { Recording } from "../../../host-test/testing/recordings.ts";
import { loadRecordings, recordingsFolder } from "../../../host-test/testing/recordings.ts";
import { loadConversion } from "./conversion.ts";
import { readFileSync } from "node:fs";

const conversion = await loadConversion();
const folder = recordingsFolder();
const recordings = (folder ? loadRecordings(folder) : []).filter(
  (recording) => recording.expected !== undefined,
);
const fixture = (path: string) => readFileSync(new URL(`fixtures/${path}`, import.meta.url));

function responding(body: string, contentType: string, status = 200) {
  return async () => new Response(body, { status, headers: { "content-type": contentType } });
}

function anthropic(body: string, contentType: string, status = 200) {
  return new Anthropic({ apiKey: "-", maxRetries: 0, fetch: responding(body, contentType, status) });
}

function openai(body: string, contentType: string, status = 200) {
  return new OpenAI({ apiKey: "-", maxRetries: 0, fetch: responding(body, contentType, status) });
}

const request = { model: "m", max_tokens: 1, messages: [{ role: "user" as const, content: "x" }] };

async function messageOf(recording: Recording) {
  if (recording.streamed) {
    const { text } = conversion.stream("openai", "anthropic", [recording.streamBytes]);
    return anthropic(text, "text/event-stream").messages.stream(request).finalMessage();
  }
  const { text } = conversion.answer("openai", "anthropic", recording.answerBytes);
  return anthropic(text, "application/json").messages.create(request);
}

async function completionOf(recording: Recording) {
  if (recording.streamed) {
    const { text } = conversion.stream("anthropic", "openai", [recording.streamBytes]);
    return openai(text, "text/event-stream").chat.completions.stream(request).finalChatCompletion();
  }
  const { text } = conversion.answer("anthropic", "openai", recording.answerBytes);
  return openai(text, "application/json").chat.completions.create(request);
}

describe.skipIf(!folder)("recorded answers (skipped without ../shared/data/recordings)", () => {
  test.each(recordings.filter(({ kind }) => kind === "chat"))(
    "$name in Anthropic's client",
    async (recording) => {
      const message = await messageOf(recording);
      const expected = recording.expected!;
      const of = (type: string) => message.content.filter((block) => block.type === type) as any[];
      expect(
        of("text")
          .map((block) => block.text)
          .join(""),
      ).toBe(expected.text);
      expect(
        of("thinking")
          .map((block) => block.thinking)
          .join(""),
      ).toBe(expected.reasoning);
      expect(of("tool_use").map(({ id, name, input }) => ({ id, name, input }))).toEqual(
        expected.toolCalls.map(({ id, name, arguments: input }) => ({ id, name, input: JSON.parse(input) })),
      );
      expect(message.usage.output_tokens).toBeGreaterThanOrEqual(expected.usage?.output ?? 0);
    },
  );

  test.each(recordings.filter(({ kind }) => kind === "messages"))(
    "$name in OpenAI's client",
    async (recording) => {
      const completion = await completionOf(recording);
      const expected = recording.expected!;
      const message = completion.choices[0]!.message;
      expect(message.content ?? "").toBe(expected.text);
      const calls = (message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
      expect(calls.map((call) => [call.id, call.function.name, JSON.parse(call.function.arguments)])).toEqual(
        expected.toolCalls.map((call) => [call.id, call.name, JSON.parse(call.arguments)]),
      );
    },
  );
});

describe("errors", () => {
  test("an error in the middle of a stream reaches Anthropic's client as an API error", async () => {
    const { text } = conversion.stream("openai", "anthropic", [fixture("openai/stream-error.sse")]);
    const stream = anthropic(text, "text/event-stream").messages.stream(request);
    await expect(stream.finalMessage()).rejects.toThrow("The server had an error");
  });

  test("an error in the middle of a stream reaches OpenAI's client as an API error", async () => {
    const { text } = conversion.stream("anthropic", "openai", [fixture("anthropic/stream-error.sse")]);
    const stream = openai(text, "text/event-stream").chat.completions.stream(request);
    await expect(stream.finalChatCompletion()).rejects.toThrow("Overloaded");
  });

  test("a stream that the provider cut off is an error for both clients, not a short answer", async () => {
    const messages = conversion.stream("openai", "anthropic", [fixture("openai/stream-truncated.sse")]).text;
    await expect(
      anthropic(messages, "text/event-stream").messages.stream(request).finalMessage(),
    ).rejects.toThrow("ended");
    const chunks = conversion.stream("anthropic", "openai", [fixture("anthropic/stream-truncated.sse")]).text;
    const stream = openai(chunks, "text/event-stream").chat.completions.stream(request);
    await expect(stream.finalChatCompletion()).rejects.toThrow("ended");
  });

  test("a refused request is the right class of error in both clients", async () => {
    const limit = conversion.error("anthropic", '{"error":{"message":"slow down","type":"requests"}}', 429);
    const messages = anthropic(JSON.stringify(limit.body), "application/json", limit.status).messages;
    await expect(messages.create(request)).rejects.toThrow(Anthropic.RateLimitError);
    const denied = conversion.error(
      "openai",
      '{"type":"error","error":{"type":"authentication_error","message":"no"}}',
      401,
    );
    const chat = openai(JSON.stringify(denied.body), "application/json", denied.status).chat;
    await expect(chat.completions.create(request)).rejects.toThrow(OpenAI.AuthenticationError);
  });
});
