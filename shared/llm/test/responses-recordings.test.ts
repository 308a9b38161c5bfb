// Recorded answers and OpenAI's Responses API, both ways: what the official clients read must be what the reference
// assembler makes of the recording.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { Expected, Recording } from "../../../host-test/testing/recordings.ts";
import {
  assembleResponsesAnswer,
  assembleResponsesStream,
  loadRecordings,
  recordingsFolder,
} from "../../../host-test/testing/recordings.ts";
import type { Dialect } from "./conversion.ts";
import { loadConversion, valuesOf } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const conversion = await loadConversion();
const folder = recordingsFolder();
const all = (folder ? loadRecordings(folder) : []).filter((recording) => recording.expected !== undefined);
const responses = all.filter(({ kind }) => kind === "responses");
const chats = all.filter(({ kind }) => kind === "chat");
const messages = all.filter(({ kind }) => kind === "messages");

const chatRequest = { model: "m", max_tokens: 1, messages: [{ role: "user" as const, content: "x" }] };
const dialectOf: Record<string, Dialect> = { chat: "openai", messages: "anthropic", responses: "responses" };

function answering(recording: Recording, to: Dialect) {
  const from = dialectOf[recording.kind]!;
  const { text } = recording.streamed
    ? conversion.stream(from, to, [recording.streamBytes])
    : conversion.answer(from, to, recording.answerBytes);
  if (recording.streamed) checkStream(to, text);
  const contentType = recording.streamed ? "text/event-stream" : "application/json";
  const fetch = async () => new Response(text, { headers: { "content-type": contentType } });
  return { text, options: { apiKey: "-", maxRetries: 0, fetch } };
}

async function responseOf(recording: Recording): Promise<any> {
  const { responses } = new OpenAI(answering(recording, "responses").options);
  const request = { model: "m", input: "x" };
  return recording.streamed ? responses.stream(request).finalResponse() : responses.create(request);
}

/** What the client has in hand: its objects have the response's shape. */
function readOf(recording: Recording, response: any): Expected {
  const { text } = answering(recording, "responses");
  const read = recording.streamed
    ? assembleResponsesStream(valuesOf(text))
    : assembleResponsesAnswer(JSON.parse(text));
  // The response that the client ends up with and the deltas on the way to it tell the same.
  const whole = assembleResponsesAnswer(response);
  expect({ ...whole, stop: read.stop }).toEqual(read);
  return read;
}

const calls = (expected: Expected) =>
  expected.toolCalls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) }));

const statusOf: Record<string, string> = {
  length: "max_output_tokens",
  max_tokens: "max_output_tokens",
  content_filter: "content_filter",
  refusal: "content_filter",
};

const failing = (recording: Recording) => recording.expected!.error !== undefined;

describe.skipIf(!folder)("recorded answers (skipped without ../shared/data/recordings)", () => {
  test("there are recordings of the Responses API, whole and streamed", () => {
    expect(responses.filter(({ streamed }) => streamed).length).toBeGreaterThan(10);
    expect(responses.filter(({ streamed }) => !streamed).length).toBeGreaterThan(10);
  });

  test.each(responses.filter((recording) => !failing(recording)))(
    "$name, written anew, says the same to OpenAI's client",
    async (recording) => {
      const response = await responseOf(recording);
      const expected = recording.expected!;
      const read = readOf(recording, response);
      expect({ ...read, toolCalls: calls(read) }).toEqual({ ...expected, toolCalls: calls(expected) });
    },
  );

  test.each(responses.filter(failing))(
    "$name fails in OpenAI's client with its message",
    async (recording) => {
      await expect(responseOf(recording)).rejects.toThrow(recording.expected!.error!);
      const { options } = answering(recording, "openai");
      await expect(
        new OpenAI(options).chat.completions.stream(chatRequest).finalChatCompletion(),
      ).rejects.toThrow(recording.expected!.error!);
    },
  );

  test.each(responses.filter((recording) => !failing(recording)))(
    "$name reaches a client of chat completions complete",
    async (recording) => {
      const completions = new OpenAI(answering(recording, "openai").options).chat.completions;
      const completion: any = recording.streamed
        ? await completions.stream(chatRequest).finalChatCompletion()
        : await completions.create(chatRequest);
      const expected = recording.expected!;
      const { message, finish_reason } = completion.choices[0];
      expect(message.content ?? "").toBe(expected.text);
      expect(
        (message.tool_calls ?? []).map((call: any) => ({
          id: call.id,
          name: call.function.name,
          arguments: JSON.parse(call.function.arguments),
        })),
      ).toEqual(calls(expected));
      expect(finish_reason).toBe(expected.toolCalls.length > 0 ? "tool_calls" : "stop");
      expect(completion.usage?.prompt_tokens ?? 0).toBe(expected.usage?.input);
      expect(completion.usage?.completion_tokens ?? 0).toBe(expected.usage?.output);
    },
  );

  test.each(responses.filter((recording) => !failing(recording)))(
    "$name reaches a client of Anthropic complete",
    async (recording) => {
      const client = new Anthropic(answering(recording, "anthropic").options).messages;
      const message: any = recording.streamed
        ? await client.stream(chatRequest).finalMessage()
        : await client.create(chatRequest);
      const expected = recording.expected!;
      const of = (type: string) => message.content.filter((block: any) => block.type === type);
      const joined = (type: string, member: string) =>
        of(type)
          .map((block: any) => block[member])
          .join("");
      expect(joined("text", "text")).toBe(expected.text);
      expect(joined("thinking", "thinking")).toBe(expected.reasoning);
      expect(of("tool_use").map(({ id, name, input }: any) => ({ id, name, arguments: input }))).toEqual(
        calls(expected),
      );
      expect(message.stop_reason).toBe(expected.toolCalls.length > 0 ? "tool_use" : "end_turn");
      const { input_tokens, cache_read_input_tokens, output_tokens } = message.usage;
      expect(input_tokens + (cache_read_input_tokens ?? 0)).toBe(expected.usage?.input);
      expect(output_tokens).toBe(expected.usage?.output);
    },
  );

  test.each([...chats, ...messages])("$name reaches a client of responses complete", async (recording) => {
    const response = await responseOf(recording);
    const expected = recording.expected!;
    const read = readOf(recording, response);
    expect(read.id).toBe(expected.id);
    expect(read.model).toBe(expected.model);
    expect(read.text).toBe(expected.text);
    expect(read.reasoning).toBe(expected.reasoning);
    expect(calls(read)).toEqual(calls(expected));
    expect(read.stop).toBe(statusOf[expected.stop] ?? "completed");
    expect(response.output_text).toBe(expected.text);
    expect(read.usage!.total).toBe(read.usage!.input + read.usage!.output);
    expect(read.usage!.output).toBeGreaterThanOrEqual(expected.usage?.output ?? 0);
    expect(read.usage!.cachedInput).toBe(expected.usage?.cachedInput ?? 0);
  });
});
