// Reference reading of the OpenAI Responses API.
import type { JsonObject } from "../../services/simulator/json-value.ts";
import { isObject, numberOf, objectOf, objectsOf, textOf } from "../../services/simulator/json-value.ts";
import type { Expected, ExpectedToolCall, ExpectedUsage } from "./expected.ts";
import { emptyExpected } from "./expected.ts";

export function assembleResponsesAnswer(response: JsonObject): Expected {
  const expected = withResponse(emptyExpected(), response);
  const reasoning = new Reasoning();
  objectsOf(response.output).forEach((item, position) => {
    if (item.type === "message") {
      reasoning.pause();
      for (const part of objectsOf(item.content))
        if (part.type === "output_text") expected.text += textOf(part.text);
    } else if (item.type === "reasoning") {
      [...objectsOf(item.content), ...objectsOf(item.summary)].forEach((part, index) =>
        reasoning.add(`${position} ${index}`, textOf(part.text)),
      );
      if (textOf(item.encrypted_content) !== "") reasoning.pause();
    } else if (isCall(item)) {
      reasoning.pause();
      expected.toolCalls.push(callOf(item));
    }
  });
  return { ...expected, reasoning: reasoning.text };
}

/** Parts of reasoning that follow each other are paragraphs of their own. */
class Reasoning {
  text = "";
  #part = "";

  add(part: string, text: string): void {
    if (text === "") return;
    if (this.#part !== "" && this.#part !== part) this.text += "\n\n";
    this.#part = part;
    this.text += text;
  }

  /** Something else is said, or the reasoning so far is sealed. */
  pause(): void {
    this.#part = "";
  }
}

/** Calls that the client has to carry out; xAI tells so of searches that it has run itself, without an id of a call. */
function isCall(item: JsonObject): boolean {
  const isOwn = /^(?:xs_|$)/.test(textOf(item.call_id));
  return item.type === "function_call" || (item.type === "custom_tool_call" && !isOwn);
}

/** Reads the deltas, not the whole response that the closing event repeats: a lost delta shows. */
export function assembleResponsesStream(events: readonly JsonObject[]): Expected {
  let expected = emptyExpected();
  const calls = new Map<number, ExpectedToolCall>();
  const reasoning = new Reasoning();
  for (const event of events) {
    const index = numberOf(event.output_index) ?? 0;
    const item = objectOf(event.item);
    switch (event.type) {
      case "response.output_text.delta":
        reasoning.pause();
        expected.text += textOf(event.delta);
        break;
      case "response.reasoning_text.delta":
      case "response.reasoning_summary_text.delta":
        reasoning.add(
          `${index} ${numberOf(event.summary_index ?? event.content_index) ?? 0}`,
          textOf(event.delta),
        );
        break;
      case "response.output_item.added":
        if (!isCall(item)) break;
        reasoning.pause();
        calls.set(index, { ...callOf(item), arguments: textOf(item.arguments) });
        break;
      case "response.output_item.done": {
        if (item.type === "reasoning" && textOf(item.encrypted_content) !== "") reasoning.pause();
        const call = calls.get(index);
        if (call && item.type === "custom_tool_call") call.arguments = callOf(item).arguments;
        break;
      }
      case "response.function_call_arguments.delta": {
        const call = calls.get(index);
        if (call) call.arguments += textOf(event.delta);
        break;
      }
      // LM Studio streams no argument delta, only the closing text.
      case "response.function_call_arguments.done": {
        const call = calls.get(index);
        if (call && call.arguments === "") call.arguments = textOf(event.arguments);
        break;
      }
      case "error":
        expected.error = textOf(event.message) || textOf(objectOf(event.error).message);
        break;
      default:
        if (isObject(event.response)) expected = withResponse(expected, event.response);
    }
  }
  expected.toolCalls = [...calls.values()].map((call) => ({ ...call, arguments: call.arguments || "{}" }));
  return { ...expected, reasoning: reasoning.text };
}

function withResponse(expected: Expected, response: JsonObject): Expected {
  const usage = isObject(response.usage) ? responsesUsage(response.usage) : expected.usage;
  const incomplete = textOf(objectOf(response.incomplete_details).reason);
  return {
    ...expected,
    id: textOf(response.id),
    model: textOf(response.model) || expected.model,
    stop: incomplete || textOf(response.status),
    ...(usage && { usage }),
  };
}

function callOf(item: JsonObject): ExpectedToolCall {
  // Free text is the one argument of a function elsewhere.
  const input = item.type === "custom_tool_call" ? JSON.stringify({ input: textOf(item.input) }) : "";
  const json = input || textOf(item.arguments) || "{}";
  return { id: textOf(item.call_id), name: textOf(item.name), arguments: json };
}

function responsesUsage(usage: JsonObject): ExpectedUsage {
  const input = objectOf(usage.input_tokens_details);
  return {
    input: numberOf(usage.input_tokens) ?? 0,
    output: numberOf(usage.output_tokens) ?? 0,
    total: numberOf(usage.total_tokens),
    cachedInput: numberOf(input.cached_tokens) ?? 0,
    cacheWrite: numberOf(input.cache_write_tokens) ?? 0,
    reasoning: numberOf(objectOf(usage.output_tokens_details).reasoning_tokens) ?? 0,
  };
}
