// The recordings are a yardstick for other tests, so the yardstick itself is measured here: the official clients read
// every recording from a real server, with no gateway between, and must find what the reference assemblers found.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Expected, Recording, ReplayServer } from "../../testing/recordings.ts";
import {
  assembleMessagesAnswer,
  isAnswer,
  isStream,
  loadRecordings,
  messageOf,
  recordingsFolder,
  replayServer,
} from "../../testing/recordings.ts";

const folder = recordingsFolder();
if (!folder) console.log("skipped: ../shared/data/recordings is absent");
const recordings = folder ? loadRecordings(folder) : [];
const answers = recordings.filter(isAnswer);
const streams = recordings.filter(isStream);

const named = <T extends Recording>(list: T[]): [string, T][] =>
  list.map((recording) => [recording.name, recording]);
const ofKind = <T extends Recording>(list: T[], kind: string): [string, T][] =>
  named(list.filter((recording) => recording.kind === kind && recording.expected));

/** Everything but what only one side of a comparison has. */
function essence(expected: Expected | undefined): Partial<Expected> {
  const { text, reasoning, toolCalls, stop, usage } = expected ?? {};
  return { text, reasoning, toolCalls: toolCalls?.map(parsed), stop, usage };
}

function parsed<T extends { arguments: string }>(call: T): T {
  return { ...call, arguments: JSON.parse(call.arguments) };
}

let server: ReplayServer;
beforeAll(async () => {
  server = await replayServer(recordings);
});
afterAll(() => server.close());

describe.skipIf(!folder)("recordings", () => {
  test("all 147 files load", () => {
    expect(new Set(recordings.map((recording) => recording.file)).size).toBe(147);
  });

  test("every recording is classified, and what no assembler reads is listed by name", () => {
    const other = recordings
      .filter((recording) => recording.kind === "other")
      .map((recording) => recording.file);
    const elsewhere =
      /^cohere\/|^google\/interactions\/|speech-translation|\/skills\/|reranking|^openai\/(image|transcription)\//;
    expect(other.filter((file) => !elsewhere.test(file))).toEqual([]);
  });

  test("every answer that is read says why it stopped", () => {
    const silent = recordings.filter((recording) => recording.expected && recording.expected.stop === "");
    expect(silent.map((recording) => recording.name)).toEqual([]);
  });

  test("one stream holds events that are not JSON, and nothing is expected of it", () => {
    expect(
      streams.filter((stream) => stream.malformed).map((stream) => [stream.file, stream.expected]),
    ).toEqual([["openai/responses/parallel-tool-call-wrapper.1.chunks.txt", undefined]]);
  });

  test("error bodies carry the status that they came with", () => {
    const errors = recordings.filter((recording) => recording.kind === "error");
    expect(errors.map((recording) => [recording.file, recording.status])).toEqual([
      ["google/google-429-retry-info.json", 429],
      ["openai/responses/openai-error.1.json", 429],
    ]);
  });
});

describe.skipIf(!folder)("OpenAI client, chat completions", () => {
  const clientOf = (recording: Recording): OpenAI =>
    new OpenAI({ apiKey: "key", baseURL: `${server.urlOf(recording)}/v1`, maxRetries: 0 });
  const request = { model: "any", messages: [{ role: "user" as const, content: "any" }] };

  test.each(ofKind(answers, "chat"))("reads %s as expected", async (_, recording) => {
    const answer = await clientOf(recording).chat.completions.create(request);
    expect(fromChat(answer)).toEqual(essence(recording.expected));
  });

  // The client's own accumulator refuses a stream without a role, a tool call without an index, and indices that do
  // not start at 0. Mistral and the stream that was made from Anthropic's send such; those are only iterated over.
  const refused = /^mistral\/mistral-(incremental-)?tool-call|anthropic-fallback-tool-call/;
  const accumulated = ofKind(streams, "chat").filter(([name]) => !refused.test(name));

  test.each(accumulated)("assembles %s as expected", async (_, recording) => {
    const stream = clientOf(recording).chat.completions.stream(request);
    let reasoning = "";
    // The client's accumulator keeps only the last piece of fields that OpenAI itself does not have.
    stream.on("chunk", (chunk) => (reasoning += reasoningOf(chunk.choices[0]?.delta)));
    const answer = await stream.finalChatCompletion();
    expect({ ...fromChat(answer), reasoning }).toEqual(essence(recording.expected));
  });

  test.each(ofKind(streams, "chat"))("iterates over every event of %s", async (_, recording) => {
    let text = "";
    let events = 0;
    let toolArguments = "";
    for await (const chunk of await clientOf(recording).chat.completions.create({
      ...request,
      stream: true,
    })) {
      events++;
      text += chunk.choices[0]?.delta?.content ?? "";
      for (const call of chunk.choices[0]?.delta?.tool_calls ?? [])
        toolArguments += call.function?.arguments ?? "";
    }
    expect(events).toBe(recording.events.length);
    expect(text).toBe(recording.expected?.text);
    expect(toolArguments).toBe(recording.expected?.toolCalls.map((call) => call.arguments).join(""));
  });
});

describe.skipIf(!folder)("OpenAI client, responses", () => {
  const clientOf = (recording: Recording): OpenAI =>
    new OpenAI({ apiKey: "key", baseURL: `${server.urlOf(recording)}/v1`, maxRetries: 0 });

  test.each(ofKind(answers, "responses"))("reads %s as expected", async (_, recording) => {
    const answer = await clientOf(recording).responses.create({ model: "any", input: "any" });
    expect(fromResponse(answer)).toEqual(essence(recording.expected));
  });

  // Its deltas were shortened by those who recorded it; the whole response at its end was not.
  const abridged = /openai-phase\.1/;
  const whole = ofKind(streams, "responses").filter(
    ([name, recording]) => !recording.expected?.error && !abridged.test(name),
  );

  test.each(whole)("finds at the end of %s what its deltas add up to", async (_, recording) => {
    const response = await clientOf(recording)
      .responses.stream({ model: "any", input: "any" })
      .finalResponse();
    expect(fromResponse(response)).toEqual(essence(recording.expected));
  });

  test.each(ofKind(streams, "responses"))("iterates over every text delta of %s", async (_, recording) => {
    let text = "";
    const read = async (): Promise<void> => {
      const stream = await clientOf(recording).responses.create({ model: "any", input: "any", stream: true });
      for await (const event of stream) if (event.type === "response.output_text.delta") text += event.delta;
    };
    if (recording.expected?.error) await expect(read()).rejects.toThrow(recording.expected.error);
    else await read();
    expect(text).toBe(recording.expected?.text);
  });
});

describe.skipIf(!folder)("Anthropic client", () => {
  const clientOf = (recording: Recording): Anthropic =>
    new Anthropic({ apiKey: "key", baseURL: server.urlOf(recording), maxRetries: 0 });
  const request = { model: "any", max_tokens: 1024, messages: [{ role: "user" as const, content: "any" }] };

  test.each(ofKind(answers, "messages"))("reads %s as expected", async (_, recording) => {
    const message = await clientOf(recording).messages.create(request);
    expect(fromMessage(message)).toEqual(essence(recording.expected));
  });

  test.each(ofKind(streams, "messages"))("assembles %s as expected", async (_, recording) => {
    // The beta accumulator is the one that knows compaction.
    const message = await clientOf(recording).beta.messages.stream(request).finalMessage();
    expect(fromMessage(message)).toEqual(essence(recording.expected));
  });

  test.each(ofKind(streams, "messages"))("finds the same content blocks in %s", async (_, recording) => {
    const message = await clientOf(recording).beta.messages.stream(request).finalMessage();
    const reference = messageOf(recording.events.map((event) => JSON.parse(event)));
    expect(plain(message.content)).toEqual(plain((reference.content as object[]).map(withParsedInput)));
  });
});

describe.skipIf(!folder)("Google client", () => {
  const clientOf = (recording: Recording): GoogleGenAI =>
    new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: server.urlOf(recording) } });
  const request = { model: "any", contents: "any" };

  test.each(ofKind(answers, "gemini"))("reads %s as expected", async (_, recording) => {
    const answer = await clientOf(recording).models.generateContent(request);
    expect(answer.text).toBe(recording.expected?.text);
    expect(answer.candidates?.[0]?.finishReason).toBe(recording.expected?.stop);
    expect(answer.usageMetadata?.thoughtsTokenCount).toBe(recording.expected?.usage?.reasoning);
  });

  test.each(ofKind(streams, "gemini"))("iterates over %s as expected", async (_, recording) => {
    let text = "";
    let last: { usageMetadata?: { totalTokenCount?: number } } = {};
    const names: string[] = [];
    for await (const event of await clientOf(recording).models.generateContentStream(request)) {
      for (const part of event.candidates?.[0]?.content?.parts ?? []) {
        text += part.text ?? "";
        if (part.functionCall?.name) names.push(part.functionCall.name);
      }
      last = event;
    }
    expect(text).toBe(recording.expected?.text);
    expect(names).toEqual(recording.expected?.toolCalls.map((call) => call.name));
    expect(last.usageMetadata?.totalTokenCount).toBe(recording.expected?.usage?.total);
  });
});

type Loose = Record<string, unknown>;

function reasoningOf(value: unknown): string {
  const fields = (value ?? {}) as { reasoning_content?: string | null; reasoning?: string | null };
  return fields.reasoning_content ?? fields.reasoning ?? "";
}

function fromChat(answer: OpenAI.ChatCompletion): Partial<Expected> {
  const [choice] = answer.choices;
  const parts = Array.isArray(choice?.message.content) ? (choice.message.content as Loose[]) : [];
  const thinking = parts.flatMap((part) => (part.thinking as { text: string }[] | undefined) ?? []);
  const usage = answer.usage as (OpenAI.CompletionUsage & { cached_tokens?: number }) | undefined;
  return {
    text: parts.length ? parts.map((part) => part.text ?? "").join("") : (choice?.message.content ?? ""),
    reasoning: thinking.map((part) => part.text).join("") || reasoningOf(choice?.message),
    toolCalls: (choice?.message.tool_calls ?? []).map((call) => {
      if (call.type === "custom") throw new Error("no recording has custom tools");
      return parsed({ id: call.id, name: call.function.name, arguments: call.function.arguments });
    }),
    stop: choice?.finish_reason,
    usage: usage && {
      input: usage.prompt_tokens,
      output: usage.completion_tokens,
      total: usage.total_tokens,
      cachedInput: usage.prompt_tokens_details?.cached_tokens ?? usage.cached_tokens ?? 0,
      cacheWrite: 0,
      reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    },
  };
}

function fromResponse(answer: OpenAI.Responses.Response): Partial<Expected> {
  const usage = answer.usage;
  const messages = answer.output.filter((item) => item.type === "message");
  const reasoning = answer.output.filter((item) => item.type === "reasoning");
  const written = usage?.input_tokens_details as { cache_write_tokens?: number } | undefined;
  return {
    text: messages.flatMap((item) => item.content.map((part) => ("text" in part ? part.text : ""))).join(""),
    reasoning: reasoning
      .flatMap((item) => [...(item.content ?? []), ...item.summary].map((part) => part.text))
      .join(""),
    toolCalls: answer.output
      .filter((item) => item.type === "function_call")
      .map((item) => parsed({ id: item.call_id, name: item.name, arguments: item.arguments })),
    stop: answer.incomplete_details?.reason ?? answer.status,
    usage: usage
      ? {
          input: usage.input_tokens,
          output: usage.output_tokens,
          total: usage.total_tokens,
          cachedInput: usage.input_tokens_details?.cached_tokens ?? 0,
          cacheWrite: written?.cache_write_tokens ?? 0,
          reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
        }
      : undefined,
  };
}

function fromMessage(message: {
  content: object[];
  stop_reason: string | null;
  usage: object;
}): Partial<Expected> {
  const blocks = message.content as { type: string; [key: string]: unknown }[];
  const usage = message.usage as Record<string, number | null | undefined>;
  return {
    text: blocks.map((block) => (block.type === "text" ? String(block.text) : "")).join(""),
    reasoning: blocks.map((block) => (block.type === "thinking" ? String(block.thinking) : "")).join(""),
    toolCalls: blocks
      .filter((block) => block.type === "tool_use")
      .map((block) => ({ id: String(block.id), name: String(block.name), arguments: block.input as string })),
    stop: message.stop_reason ?? "",
    usage: {
      input: usage.input_tokens ?? 0,
      output: usage.output_tokens ?? 0,
      cachedInput: usage.cache_read_input_tokens ?? 0,
      cacheWrite: usage.cache_creation_input_tokens ?? 0,
      reasoning: 0,
    },
  };
}

function withParsedInput(block: object): object {
  const { input } = block as { input?: unknown };
  return typeof input === "string" ? { ...block, input: input === "" ? {} : JSON.parse(input) } : block;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("a message whose tool input never came has an empty input", () => {
  const message = { content: [{ type: "tool_use", id: "t", name: "n", input: "" }] };
  expect(assembleMessagesAnswer(message).toolCalls).toEqual([{ id: "t", name: "n", arguments: "{}" }]);
});
