// OpenAI chat completion requests: https://platform.openai.com/docs/api-reference/chat/create
// Types are taken leniently, as servers of this dialect do: a single stop text, a number as a string.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatRequest, OPTION_NAMES, RequestError, Thinking, answerOf } from "../chat";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { rawOf, textOf } from "../text";
import { readOpenaiMessage } from "./message-reader";
import { nameCalls, readFunctionChoice, readFunctions, readToolChoice, readTools } from "./tool-reader";

const enum Field {
  Model,
  Messages,
  Tools,
  ToolChoice,
  ParallelToolCalls,
  Stop,
  Stream,
  StreamOptions,
  ReasoningEffort,
  ReasoningMaxTokens,
  Reasoning,
  Thinking,
  ResponseFormat,
  EnableThinking,
  ThinkingBudget,
  Functions,
  FunctionCall,
}

const FIELDS: StaticArray<string> = [
  "model",
  "messages",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "stop",
  "stream",
  "stream_options",
  "reasoning_effort",
  "reasoning_max_tokens",
  "reasoning",
  "thinking",
  "response_format",
  "enable_thinking",
  "thinking_budget",
  "functions",
  "function_call",
];

/** What is read of the objects that tell how to reason. */
const REASONING_MEMBERS: StaticArray<string> = [
  "type",
  "budget_tokens",
  "budget_token",
  "effort",
  "max_tokens",
];

/** What is read of `stream_options`, and what nobody else has to know: OpenAI pads events on request. */
const STREAM_MEMBERS: StaticArray<string> = ["include_usage", "include_obfuscation"];

/** Reads a request. `error` of the result tells when the body is none; the spans are borrowed from `body`. */
export function readOpenaiRequest(body: Span): ChatRequest {
  const request = new ChatRequest();
  const root = request.open(body);
  if (request.error != RequestError.None) return request;
  const members = root.members();
  let choice: Json | null = null;
  while (members.next()) {
    const name = members.keyBytes();
    readMember(request, name, members.value);
    if (name.equalsAscii("tool_choice")) choice = members.value;
  }
  if (request.messages.length == 0) request.error = RequestError.NoMessages;
  if (choice) {
    const allowed = choice.get("allowed_tools").get("tools");
    if (allowed.kind == JsonKind.Array) request.allowTools(allowed);
  }
  nameCalls(request.messages);
  return request;
}

function readMember(request: ChatRequest, name: Span, value: Json): void {
  const option = indexOfName(OPTION_NAMES, name);
  if (option >= 0) {
    request.setOption(option, rawOf(value));
    return;
  }
  switch (indexOfName(FIELDS, name)) {
    case Field.Model:
      request.model = textOf(value);
      break;
    case Field.Messages:
      readMessages(request, value);
      break;
    case Field.Tools:
      readTools(request, value);
      break;
    case Field.ToolChoice:
      readToolChoice(request, value);
      break;
    case Field.ParallelToolCalls:
      request.parallelToolCalls = answerOf(value);
      break;
    case Field.Stop:
      readStop(request, value);
      break;
    case Field.Stream:
      request.stream = answerOf(value);
      break;
    case Field.StreamOptions:
      request.includeUsage = value.get("include_usage").isTrue;
      nameOthers(value, STREAM_MEMBERS, "stream_options.", request.dropped);
      break;
    case Field.ReasoningEffort:
      request.reasoningEffort = textOf(value);
      break;
    case Field.ReasoningMaxTokens:
      if (value.integer(0) > 0) request.thinkingBudget = value.integer(0);
      break;
    case Field.Reasoning:
      // OpenRouter's: `{"effort":"high"}` or `{"max_tokens":2000}`.
      nameOthers(value, REASONING_MEMBERS, "reasoning.", request.dropped);
      if (request.reasoningEffort.isEmpty) request.reasoningEffort = textOf(value.get("effort"));
      request.thinkingBudget = max(value.get("max_tokens").integer(0), request.thinkingBudget);
      break;
    case Field.Thinking:
      readThinking(request, value);
      nameOthers(value, REASONING_MEMBERS, "thinking.", request.dropped);
      break;
    case Field.ResponseFormat:
      readResponseFormat(request, value);
      break;
    case Field.Functions:
      readFunctions(request, value);
      break;
    case Field.FunctionCall:
      readFunctionChoice(request, value);
      break;
    // What clients of Qwen models send.
    case Field.EnableThinking:
      if (value.kind == JsonKind.Bool) {
        request.thinking = value.isTrue ? Thinking.Enabled : Thinking.Disabled;
      }
      break;
    case Field.ThinkingBudget:
      request.thinkingBudget = max(value.integer(0), request.thinkingBudget);
      break;
    default:
      if (value.kind > JsonKind.Null) request.dropped.addNamed("", name);
  }
}

function readMessages(request: ChatRequest, list: Json): void {
  request.messages = [];
  const items = list.items();
  while (items.next()) {
    if (items.value.kind == JsonKind.Object) {
      request.messages.push(readOpenaiMessage(items.value, request.dropped));
    }
  }
}

function readStop(request: ChatRequest, value: Json): void {
  request.stop = [];
  const single = textOf(value);
  if (!single.isEmpty) request.stop.push(single);
  const items = value.items();
  while (items.next()) {
    // No server takes an empty one.
    const text = textOf(items.value);
    if (!text.isEmpty) request.stop.push(text);
  }
}

/** Non-standard, but sent by clients of Anthropic and DeepSeek models: `{"type":"enabled","budget_tokens":1024}`. */
function readThinking(request: ChatRequest, value: Json): void {
  const type = textOf(value.get("type"));
  if (type.equalsAscii("enabled")) request.thinking = Thinking.Enabled;
  else if (type.equalsAscii("disabled")) request.thinking = Thinking.Disabled;
  else if (type.equalsAscii("adaptive")) request.thinking = Thinking.Adaptive;
  const budget = value.get("budget_tokens");
  const tokens = (budget.exists ? budget : value.get("budget_token")).integer(0);
  if (tokens > 0 && request.thinkingBudget == 0) request.thinkingBudget = tokens;
}

/** Reads the value of `response_format`. */
export function readResponseFormat(request: ChatRequest, value: Json): void {
  request.responseFormat = rawOf(value);
  const schema = value.get("json_schema");
  request.responseSchema = rawOf(schema.get("schema"));
  request.responseSchemaName = textOf(schema.get("name"));
  request.isJson = !request.responseSchema.isEmpty || textOf(value.get("type")).equalsAscii("json_object");
}
