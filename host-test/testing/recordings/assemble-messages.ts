// Reference reading of Anthropic messages.
import type { JsonObject } from "../../services/simulator/json-value.ts";
import {
  arrayOf,
  isObject,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
} from "../../services/simulator/json-value.ts";
import type { Expected, ExpectedUsage } from "./expected.ts";
import { emptyExpected } from "./expected.ts";

export function assembleMessagesAnswer(message: JsonObject): Expected {
  const expected = emptyExpected();
  expected.id = textOf(message.id);
  expected.model = textOf(message.model);
  expected.stop = textOf(message.stop_reason);
  for (const block of objectsOf(message.content)) {
    if (block.type === "text") expected.text += textOf(block.text);
    if (block.type === "thinking") expected.reasoning += textOf(block.thinking);
    if (block.type === "tool_use") {
      expected.toolCalls.push({
        id: textOf(block.id),
        name: textOf(block.name),
        arguments: inputText(block.input),
      });
    }
  }
  if (isObject(message.usage)) expected.usage = messagesUsage(message.usage);
  return expected;
}

export function assembleMessagesStream(events: readonly JsonObject[]): Expected {
  const expected = assembleMessagesAnswer(messageOf(events));
  const failure = events.find((event) => event.type === "error");
  if (failure) expected.error = textOf(objectOf(failure.error).message);
  return expected;
}

/**
 * The whole message that a stream amounts to, as the answer without `stream` would have been.
 * `input` of a tool block stays the JSON text that was streamed, so that no byte of it is judged here.
 */
export function messageOf(events: readonly JsonObject[]): JsonObject {
  let message: JsonObject = {};
  const blocks: JsonObject[] = [];
  for (const event of events) {
    if (event.type === "message_start") {
      message = { ...objectOf(event.message) };
      blocks.push(...objectsOf(message.content).map((block) => ({ ...block })));
    } else if (event.type === "content_block_start") {
      blocks[numberOf(event.index) ?? blocks.length] = { ...objectOf(event.content_block) };
    } else if (event.type === "content_block_delta") {
      const block = blocks[numberOf(event.index) ?? -1];
      if (block) addDelta(block, objectOf(event.delta));
    } else if (event.type === "message_delta") {
      Object.assign(message, objectOf(event.delta));
      message.usage = { ...objectOf(message.usage), ...stated(objectOf(event.usage)) };
    }
  }
  return { ...message, content: blocks };
}

function addDelta(block: JsonObject, delta: JsonObject): void {
  switch (delta.type) {
    case "text_delta":
      block.text = textOf(block.text) + textOf(delta.text);
      break;
    case "thinking_delta":
      block.thinking = textOf(block.thinking) + textOf(delta.thinking);
      break;
    case "signature_delta":
      block.signature = delta.signature;
      break;
    case "input_json_delta":
      block.input = textOf(block.input) + textOf(delta.partial_json);
      break;
    case "citations_delta":
      block.citations = [...arrayOf(block.citations), delta.citation];
      break;
    case "compaction_delta":
      block.content = textOf(block.content) + textOf(delta.content);
      break;
  }
}

function inputText(input: unknown): string {
  if (typeof input === "string") return input || "{}";
  return JSON.stringify(input ?? {});
}

function stated(usage: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(usage).filter(([, value]) => value !== null && value !== undefined),
  );
}

function messagesUsage(usage: JsonObject): ExpectedUsage {
  return {
    input: numberOf(usage.input_tokens) ?? 0,
    output: numberOf(usage.output_tokens) ?? 0,
    cachedInput: numberOf(usage.cache_read_input_tokens) ?? 0,
    cacheWrite: numberOf(usage.cache_creation_input_tokens) ?? 0,
    reasoning: 0,
  };
}
