// Reference reading of Cohere's chat API, version 2.
import type { JsonObject } from "../../services/simulator/json-value.ts";
import { isObject, numberOf, objectOf, objectsOf, textOf } from "../../services/simulator/json-value.ts";
import type { Expected, ExpectedToolCall, ExpectedUsage } from "./expected.ts";
import { emptyExpected } from "./expected.ts";

/** The plan that comes before calls of tools (`tool_plan`) counts as reasoning. */
export function assembleCohereAnswer(answer: JsonObject): Expected {
  const expected = { ...emptyExpected(), id: textOf(answer.id), stop: textOf(answer.finish_reason) };
  const message = objectOf(answer.message);
  expected.reasoning += textOf(message.tool_plan);
  for (const part of objectsOf(message.content)) {
    expected.text += textOf(part.text);
    expected.reasoning += textOf(part.thinking);
  }
  expected.toolCalls = objectsOf(message.tool_calls).map(callOf);
  if (isObject(answer.usage)) expected.usage = cohereUsage(answer.usage);
  return expected;
}

export function assembleCohereStream(events: readonly JsonObject[]): Expected {
  const expected = emptyExpected();
  const calls = new Map<number, ExpectedToolCall>();
  for (const event of events) {
    const index = numberOf(event.index) ?? 0;
    const delta = objectOf(event.delta);
    const message = objectOf(delta.message);
    const content = objectOf(message.content);
    switch (event.type) {
      case "message-start":
        expected.id = textOf(event.id);
        break;
      case "content-start":
      case "content-delta":
        expected.text += textOf(content.text);
        expected.reasoning += textOf(content.thinking);
        break;
      case "tool-plan-delta":
        expected.reasoning += textOf(message.tool_plan);
        break;
      case "tool-call-start":
        calls.set(index, callOf(objectOf(message.tool_calls)));
        break;
      case "tool-call-delta": {
        const call = calls.get(index);
        if (call) call.arguments += textOf(objectOf(objectOf(message.tool_calls).function).arguments);
        break;
      }
      case "message-end":
        expected.stop = textOf(delta.finish_reason);
        if (isObject(delta.usage)) expected.usage = cohereUsage(delta.usage);
        break;
    }
  }
  expected.toolCalls = [...calls.values()].map((call) => ({ ...call, arguments: call.arguments || "{}" }));
  return expected;
}

function callOf(call: JsonObject): ExpectedToolCall {
  const called = objectOf(call.function);
  return { id: textOf(call.id), name: textOf(called.name), arguments: textOf(called.arguments) };
}

/** What the model processed, not what is billed. */
function cohereUsage(usage: JsonObject): ExpectedUsage {
  const tokens = objectOf(usage.tokens);
  return {
    input: numberOf(tokens.input_tokens) ?? 0,
    output: numberOf(tokens.output_tokens) ?? 0,
    cachedInput: numberOf(usage.cached_tokens) ?? 0,
    cacheWrite: 0,
    reasoning: 0,
  };
}
