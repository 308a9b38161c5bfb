// What a client of each dialect may rely on in every answer, whatever the provider sent. The checks throw.

import assert from "node:assert/strict";
import type { ClientSees } from "../../../host-test/testing/chain.ts";
import { eventsOf } from "../../../shared/llm/test/conversion.ts";
import { checkStream } from "../../../shared/llm/test/grammar.ts";
import type { ClientDialect } from "./client-requests.ts";

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => Number.isFinite(value);

/**
 * An answer in the client's dialect, whole or streamed, an error in its shape, or the plain text of README's "How it
 * fails". `isEventByEvent`: a stream as Higress's Go plugin writes it, each event for itself.
 */
export function checkAnswer(dialect: ClientDialect, client: ClientSees, isEventByEvent = false): void {
  assert.ok(client.complete, "the answer ends in order");
  // Clients decode strictly, some of them.
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(client.body);
  const type = client.header("content-type") ?? "";
  if (client.status === 200 && type.startsWith("text/event-stream")) {
    return isEventByEvent ? checkEachEvent(text) : checkEvents(dialect, text);
  }
  if (client.status === 500 && type === "text/plain") return assert.match(text, /^failed to /);
  assert.match(type, /^application\/json/);
  const value: unknown = JSON.parse(text);
  if (client.status !== 200) checkError(dialect, value);
  else if (dialect === "gemini" && Array.isArray(value)) checkGeminiEvents(value);
  else checkWhole(dialect, value);
}

/** A stream in the client's dialect, to its end. */
export function checkEvents(dialect: ClientDialect, text: string): void {
  if (dialect !== "gemini") return checkStream(dialect, text);
  assert.ok(text.endsWith("\r\n\r\n"), "the last event is complete");
  const events = text.slice(0, -4).split("\r\n\r\n");
  checkGeminiEvents(
    events.map((event) => {
      assert.match(event, /^data: [^\r\n]+$/);
      return JSON.parse(event.slice("data: ".length));
    }),
  );
}

/** OpenAI's chunks, or what Go takes for them, until an error. */
function checkEachEvent(text: string): void {
  const events = eventsOf(text).map(({ data }) => JSON.parse(data));
  events.forEach((event, position) => {
    if (event.error) {
      assert.equal(position, events.length - 1, "an error is last");
      return checkError("openai", event);
    }
    assert.match(event.object, /^chat\.completion/);
    for (const choice of event.choices) assert.ok(isText((choice.delta ?? choice.message).content));
  });
}

/** An error body as the dialect's SDKs read it. */
export function checkError(dialect: ClientDialect, value: any): void {
  assert.ok(isText(value.error.message) && value.error.message.length > 0, "an error says something");
  if (dialect === "gemini") {
    assert.ok(Number.isInteger(value.error.code));
    assert.ok(isText(value.error.status));
    return;
  }
  assert.ok(isText(value.error.type));
  if (dialect === "anthropic") assert.equal(value.type, "error");
  else assert.ok("code" in value.error && "param" in value.error);
}

/** A whole answer. */
export function checkWhole(dialect: ClientDialect, value: any): void {
  if (dialect === "openai") checkCompletion(value);
  else if (dialect === "anthropic") checkMessage(value);
  else if (dialect === "responses") checkResponse(value);
  else checkGeminiAnswer(value);
}

function checkCompletion(value: any): void {
  assert.equal(value.object, "chat.completion");
  assert.ok(isText(value.id ?? "") && isNumber(value.created) && isText(value.model));
  value.choices.forEach((choice: any, position: number) => {
    assert.equal(choice.index, position);
    assert.equal(choice.message.role, "assistant");
    assert.ok(choice.message.content === null || isText(choice.message.content));
    assert.ok(choice.finish_reason === null || isText(choice.finish_reason));
    for (const call of choice.message.tool_calls ?? []) {
      assert.ok(isText(call.id) && call.id.length > 0);
      assert.ok(isText(call.function.name) && isText(call.function.arguments));
    }
  });
  if (value.usage) {
    // Counts of 0 are left out, as Higress does.
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens } = value.usage;
    assert.equal(prompt_tokens + completion_tokens, total_tokens);
  }
}

function checkMessage(value: any): void {
  assert.equal(value.type, "message");
  assert.equal(value.role, "assistant");
  assert.ok(isText(value.id) && isText(value.model));
  for (const block of value.content) {
    if (block.type === "text") assert.ok(isText(block.text));
    else if (block.type === "thinking") assert.ok(isText(block.thinking));
    else if (block.type === "redacted_thinking") assert.ok(isText(block.data));
    else {
      assert.equal(block.type, "tool_use");
      assert.ok(isText(block.id) && block.id.length > 0 && isText(block.name));
      assert.equal(Object.prototype.toString.call(block.input), "[object Object]");
    }
  }
  assert.ok(value.stop_reason === null || isText(value.stop_reason));
  assert.ok(isNumber(value.usage.input_tokens) && isNumber(value.usage.output_tokens));
}

function checkResponse(value: any): void {
  assert.equal(value.object, "response");
  assert.ok(isText(value.id) && isNumber(value.created_at));
  assert.ok(["completed", "incomplete"].includes(value.status), value.status);
  for (const item of value.output) {
    assert.ok(isText(item.id));
    if (item.type === "message") {
      assert.equal(item.role, "assistant");
      for (const part of item.content) assert.ok(isText(part.text ?? part.refusal));
    } else if (item.type === "function_call") {
      assert.ok(isText(item.call_id) && isText(item.name) && isText(item.arguments));
    } else {
      assert.ok(["reasoning", "image_generation_call"].includes(item.type), item.type);
    }
  }
  if (value.usage) {
    assert.equal(value.usage.input_tokens + value.usage.output_tokens, value.usage.total_tokens);
  }
}

function checkGeminiAnswer(value: any): void {
  const position = value.candidates.map((candidate: any) => candidate.index ?? 0);
  assert.equal(new Set(position).size, position.length, "a candidate once in an event");
  for (const { content, finishReason } of value.candidates) {
    assert.equal(content.role, "model");
    for (const part of content.parts) {
      assert.ok(
        isText(part.text) || isText(part.functionCall?.name) || isText(part.inlineData?.data),
        JSON.stringify(part),
      );
      const args = part.functionCall?.args;
      assert.ok(args === undefined || Object.prototype.toString.call(args) === "[object Object]");
    }
    assert.ok(finishReason === undefined || isText(finishReason));
  }
}

/** The last event has the reason to finish, or is an error. */
function checkGeminiEvents(events: any[]): void {
  assert.ok(events.length > 0);
  events.forEach((event, position) => {
    const isLast = position === events.length - 1;
    if (event.error) {
      assert.ok(isLast, "an error is last");
      return checkError("gemini", event);
    }
    checkGeminiAnswer(event);
    const isFinished = event.candidates.some((candidate: any) => "finishReason" in candidate);
    assert.equal(isFinished, isLast, "the last event finishes, no other");
  });
}
