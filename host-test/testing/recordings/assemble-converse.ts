// Reference reading of Bedrock's Converse and ConverseStream, one event as `{"<type>": payload}`.
import type { JsonObject } from "../../services/simulator/json-value.ts";
import { isObject, numberOf, objectOf, objectsOf, textOf } from "../../services/simulator/json-value.ts";
import type { Expected, ExpectedToolCall, ExpectedUsage } from "./expected.ts";
import { emptyExpected } from "./expected.ts";

export function assembleConverseAnswer(answer: JsonObject): Expected {
  const expected = emptyExpected();
  for (const block of objectsOf(objectOf(objectOf(answer.output).message).content)) {
    expected.text += textOf(block.text);
    for (const cited of objectsOf(objectOf(block.citationsContent).content))
      expected.text += textOf(cited.text);
    expected.reasoning += textOf(objectOf(objectOf(block.reasoningContent).reasoningText).text);
    if (isObject(block.toolUse)) {
      const input = JSON.stringify(block.toolUse.input ?? {});
      expected.toolCalls.push({ ...callOf(block.toolUse), arguments: input });
    }
  }
  expected.stop = textOf(answer.stopReason);
  if (isObject(answer.usage)) expected.usage = converseUsage(answer.usage);
  return expected;
}

export function assembleConverseStream(events: readonly JsonObject[]): Expected {
  const expected = emptyExpected();
  const calls = new Map<number, ExpectedToolCall>();
  for (const event of events) {
    const started = objectOf(event.contentBlockStart);
    const tool = objectOf(started.start).toolUse;
    if (isObject(tool)) calls.set(numberOf(started.contentBlockIndex) ?? 0, callOf(tool));
    const moved = objectOf(event.contentBlockDelta);
    const delta = objectOf(moved.delta);
    expected.text += textOf(delta.text);
    expected.reasoning += textOf(objectOf(delta.reasoningContent).text);
    const call = calls.get(numberOf(moved.contentBlockIndex) ?? 0);
    if (call) call.arguments += textOf(objectOf(delta.toolUse).input);
    expected.stop = textOf(objectOf(event.messageStop).stopReason) || expected.stop;
    const usage = objectOf(event.metadata).usage;
    if (isObject(usage)) expected.usage = converseUsage(usage);
  }
  expected.toolCalls = [...calls.values()].map((call) => ({ ...call, arguments: call.arguments || "{}" }));
  return expected;
}

function callOf(toolUse: JsonObject): ExpectedToolCall {
  return { id: textOf(toolUse.toolUseId), name: textOf(toolUse.name), arguments: "" };
}

function converseUsage(usage: JsonObject): ExpectedUsage {
  return {
    input: numberOf(usage.inputTokens) ?? 0,
    output: numberOf(usage.outputTokens) ?? 0,
    total: numberOf(usage.totalTokens),
    cachedInput: numberOf(usage.cacheReadInputTokens) ?? 0,
    cacheWrite: numberOf(usage.cacheWriteInputTokens) ?? 0,
    reasoning: 0,
  };
}
