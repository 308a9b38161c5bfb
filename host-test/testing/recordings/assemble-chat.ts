// Reference reading of OpenAI chat completions and of those that follow them.
import type { JsonObject } from "../../services/simulator/json-value.ts";
import {
  arrayOf,
  isObject,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
} from "../../services/simulator/json-value.ts";
import type { Expected, ExpectedToolCall, ExpectedUsage } from "./expected.ts";
import { emptyExpected } from "./expected.ts";

/** The answer's first choice. */
export function assembleChatAnswer(answer: JsonObject): Expected {
  return assembleChatStream([answer]);
}

/**
 * The stream's first choice. `message` (a whole answer) counts only where the event has no `delta`:
 * Perplexity repeats the message so far beside each delta.
 */
export function assembleChatStream(events: readonly JsonObject[]): Expected {
  const expected = emptyExpected();
  const calls = new Map<number, ExpectedToolCall>();
  for (const event of events) {
    expected.id = textOf(event.id) || expected.id;
    expected.model = textOf(event.model) || expected.model;
    if (isObject(event.usage)) expected.usage = chatUsage(event.usage);
    const choice = objectsOf(event.choices).find((candidate) => (candidate.index ?? 0) === 0);
    if (!choice) continue;
    const delta = objectOf(choice.delta ?? choice.message);
    addContent(expected, delta.content);
    expected.reasoning += textOf(delta.reasoning_content) || textOf(delta.reasoning);
    objectsOf(delta.tool_calls).forEach((call, position) => addCall(calls, call, position));
    expected.stop = textOf(choice.finish_reason) || expected.stop;
  }
  expected.toolCalls = [...calls.values()].map((call) => ({ ...call, arguments: call.arguments || "{}" }));
  return expected;
}

function addContent(expected: Expected, content: unknown): void {
  expected.text += textOf(content);
  for (const part of arrayOf(content).map(objectOf)) {
    if (part.type === "text") expected.text += textOf(part.text);
    // Mistral: thinking is itself a list of parts.
    if (part.type === "thinking") {
      expected.reasoning += objectsOf(part.thinking)
        .map((inner) => textOf(inner.text))
        .join("");
    }
  }
}

function addCall(calls: Map<number, ExpectedToolCall>, fragment: JsonObject, position: number): void {
  const index = numberOf(fragment.index) ?? position;
  const call = calls.get(index) ?? { id: "", name: "", arguments: "" };
  const called = objectOf(fragment.function);
  call.id = call.id || textOf(fragment.id);
  call.name = call.name || textOf(called.name);
  call.arguments += isObject(called.arguments) ? JSON.stringify(called.arguments) : textOf(called.arguments);
  calls.set(index, call);
}

function chatUsage(usage: JsonObject): ExpectedUsage {
  const input = objectOf(usage.prompt_tokens_details);
  const output = objectOf(usage.completion_tokens_details);
  return {
    input: numberOf(usage.prompt_tokens) ?? 0,
    output: numberOf(usage.completion_tokens) ?? 0,
    total: numberOf(usage.total_tokens),
    cachedInput: numberOf(input.cached_tokens) ?? numberOf(usage.cached_tokens) ?? 0,
    cacheWrite: 0,
    reasoning: numberOf(output.reasoning_tokens) ?? 0,
  };
}
