// Recorded answers of real providers, converted to the other dialect and read there, against what the reference
// assembler makes of the original.
import { describe, expect, test } from "vitest";
import type {
  Expected,
  ExpectedToolCall,
  ExpectedUsage,
  Recording,
} from "../../../host-test/testing/recordings.ts";
import {
  assembleChatAnswer,
  assembleChatStream,
  assembleMessagesAnswer,
  assembleMessagesStream,
  loadRecordings,
  recordingsFolder,
} from "../../../host-test/testing/recordings.ts";
import { loadConversion, valuesOf } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const conversion = await loadConversion();
const folder = recordingsFolder();
const recordings = (folder ? loadRecordings(folder) : []).filter(
  (recording) => recording.expected !== undefined,
);

const toMessages: Record<string, string> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
};
const toChat: Record<string, string> = {
  end_turn: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
};

describe.skipIf(!folder)("recorded answers (skipped without ../shared/data/recordings)", () => {
  const chats = recordings.filter((recording) => recording.kind === "chat");
  const messages = recordings.filter((recording) => recording.kind === "messages");

  test("there are recordings of both dialects, whole and streamed", () => {
    expect(chats.length).toBeGreaterThan(20);
    expect(messages.length).toBeGreaterThan(30);
  });

  test.each(chats)("$name reaches a client of Anthropic complete", (recording) => {
    const read = convertedChat(recording);
    const expected = recording.expected!;
    compare(read, expected, toMessages[expected.stop]!);
    expect(totalOf(read.usage)).toBe(totalOf(expected.usage, "chat"));
    expect(read.usage?.cachedInput ?? 0).toBe(expected.usage?.cachedInput ?? 0);
  });

  test.each(messages)("$name reaches a client of OpenAI complete", (recording) => {
    const read = convertedMessages(recording);
    const expected = recording.expected!;
    compare(read, expected, toChat[expected.stop]!);
    expect(totalOf(read.usage, "chat")).toBe(totalOf(expected.usage));
    expect(read.usage?.cachedInput ?? 0).toBe(expected.usage?.cachedInput ?? 0);
    expect(read.usage?.output ?? 0).toBe(expected.usage?.output ?? 0);
  });
});

function convertedChat(recording: Recording): Expected {
  if (!recording.streamed) {
    const { isRead, text } = conversion.answer("openai", "anthropic", recording.answerBytes);
    expect(isRead).toBe(true);
    return assembleMessagesAnswer(JSON.parse(text));
  }
  const { text } = conversion.stream("openai", "anthropic", [recording.streamBytes]);
  checkStream("anthropic", text);
  return assembleMessagesStream(valuesOf(text));
}

function convertedMessages(recording: Recording): Expected {
  if (!recording.streamed) {
    const { isRead, text } = conversion.answer("anthropic", "openai", recording.answerBytes);
    expect(isRead).toBe(true);
    return assembleChatAnswer(JSON.parse(text));
  }
  const { text } = conversion.stream("anthropic", "openai", [recording.streamBytes]);
  checkStream("openai", text);
  return assembleChatStream(valuesOf(text));
}

function compare(read: Expected, expected: Expected, stop: string): void {
  expect(read.id).toBe(expected.id);
  expect(read.model).toBe(expected.model);
  expect(read.text).toBe(expected.text);
  expect(read.reasoning).toBe(expected.reasoning);
  expect(read.toolCalls.map(callOf)).toEqual(expected.toolCalls.map(callOf));
  expect(read.stop).toBe(stop);
}

function callOf(call: ExpectedToolCall) {
  return { ...call, arguments: JSON.parse(call.arguments) };
}

/** All tokens. Anthropic counts cached ones beside the input; xAI counts reasoning beside the output. */
function totalOf(usage: ExpectedUsage | undefined, dialect: "chat" | "messages" = "messages"): number {
  if (!usage) return 0;
  const parts = usage.input + usage.output;
  if (dialect === "messages") return parts + usage.cachedInput + usage.cacheWrite;
  return usage.total ?? parts;
}
