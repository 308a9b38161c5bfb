// OpenAI Responses requests: https://platform.openai.com/docs/api-reference/responses/create
// Only what one request says by itself can be translated: what refers to something that OpenAI keeps (earlier
// responses, conversations, stored prompts, background runs) is refused, since dropping it would change the question.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import {
  Answer,
  ChatMessage,
  ChatPart,
  ChatRequest,
  ChatTool,
  OPTION_NAMES,
  Option,
  RequestError,
  Role,
  ToolChoice,
  answerOf,
} from "../chat";
import { readCustomTool } from "../custom-tool";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { NONE, rawOf, textOf } from "../text";
import { readInput } from "./input-reader";

const enum Field {
  Model,
  Input,
  Instructions,
  Tools,
  ToolChoice,
  ParallelToolCalls,
  Stream,
  MaxOutputTokens,
  Reasoning,
  Text,
  Include,
  Store,
  Truncation,
  StreamOptions,
  PreviousResponseId,
  Conversation,
  Prompt,
  Background,
}

const FIELDS: StaticArray<string> = [
  "model",
  "input",
  "instructions",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "stream",
  "max_output_tokens",
  "reasoning",
  "text",
  "include",
  "store",
  "truncation",
  "stream_options",
  "previous_response_id",
  "conversation",
  "prompt",
  "background",
];

/** What is read of `text`, and of tools. */
const TEXT_MEMBERS: StaticArray<string> = ["format", "verbosity"];
const TOOL_MEMBERS: StaticArray<string> = ["type", "name", "description", "parameters", "strict", "format"];

/** What is read of the choice of a tool. */
const CHOICE_MEMBERS: StaticArray<string> = ["type", "name", "mode", "tools"];

/** Positions are those of `ToolChoice`. */
const TOOL_CHOICES: StaticArray<string> = ["", "auto", "none", "required"];

/** Reads a request. `error` of the result tells when the body is none; the spans are borrowed from `body`. */
export function readResponsesRequest(body: Span): ChatRequest {
  const request = new ChatRequest();
  const root = request.open(body);
  if (request.error != RequestError.None) return request;
  let instructions = NONE;
  const members = root.members();
  while (members.next()) {
    const field = indexOfName(FIELDS, members.keyBytes());
    if (field == Field.Instructions) instructions = textOf(members.value);
    else readMember(request, field, members.keyBytes(), members.value);
  }
  // A stream of this dialect always closes with usage.
  request.includeUsage = request.stream == Answer.Yes;
  const allowed = root.get("tool_choice").get("tools");
  if (allowed.kind == JsonKind.Array) request.allowTools(allowed);
  // Without tools, others than this API refuse to be told how to call them.
  if (request.tools.length == 0) {
    request.toolChoice = ToolChoice.Unset;
    request.parallelToolCalls = Answer.Unset;
  }
  if (request.error == RequestError.None && request.messages.length == 0) {
    request.error = RequestError.NoMessages;
  }
  if (!instructions.isEmpty) {
    const system = new ChatMessage(Role.System);
    system.isPlain = true;
    system.parts.push(ChatPart.text(instructions));
    request.messages.unshift(system);
  }
  return request;
}

function readMember(request: ChatRequest, field: i32, name: Span, value: Json): void {
  if (value.kind <= JsonKind.Null) return;
  switch (field) {
    case Field.Model:
      request.model = textOf(value);
      break;
    case Field.Input:
      readInput(request, value);
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
    case Field.Stream:
      request.stream = answerOf(value);
      break;
    case Field.MaxOutputTokens:
      request.setOption(Option.MaxTokens, value.raw());
      break;
    case Field.Reasoning:
      readReasoning(request, value);
      break;
    case Field.Text:
      readTextSettings(request, value);
      break;
    case Field.Include:
      readInclude(request, value);
      break;
    case Field.Store:
      // Nothing is kept here, so `false` is served, and many providers refuse the word.
      if (value.isTrue) request.setOption(Option.Store, value.raw());
      break;
    case Field.Truncation:
      if (!textOf(value).equalsAscii("disabled")) request.dropped.add("truncation");
      break;
    case Field.StreamOptions:
      // Its one setting adds random bytes to events, which nobody reads.
      break;
    case Field.PreviousResponseId:
    case Field.Conversation:
    case Field.Prompt:
    case Field.Background:
      refuse(request, field, value);
      break;
    default:
      readOption(request, name, value);
  }
}

function refuse(request: ChatRequest, field: i32, value: Json): void {
  // `false` and an empty name ask for nothing.
  if (value.kind == JsonKind.Bool ? !value.isTrue : value.raw().size == 2) return;
  request.error = RequestError.Unsupported;
  request.unsupported = FIELDS[field];
}

/** Settings that have the same name in chat completions. */
function readOption(request: ChatRequest, name: Span, value: Json): void {
  const option = indexOfName(OPTION_NAMES, name);
  if (option < 0) {
    request.dropped.addNamed("", name);
    return;
  }
  request.setOption(option, value.raw());
  if (option == Option.TopLogprobs && value.integer(0) > 0) wantLogprobs(request);
}

function wantLogprobs(request: ChatRequest): void {
  request.setOption(Option.Logprobs, Span.text("true"));
}

function readTools(request: ChatRequest, list: Json): void {
  request.tools = [];
  const items = list.items();
  while (items.next()) {
    const value = items.value;
    const type = textOf(value.get("type"));
    const tool = new ChatTool();
    tool.name = textOf(value.get("name"));
    const isCustom = type.equalsAscii("custom");
    // All other types are run by OpenAI, or answered in words that chat has no place for.
    if ((!isCustom && !type.equalsAscii("function")) || tool.name.isEmpty) {
      request.dropped.addNamed("tools.", type);
      continue;
    }
    tool.description = textOf(value.get("description"));
    tool.parameters = rawOf(value.get("parameters"));
    if (isCustom) readCustomTool(request, tool, value);
    tool.strict = rawOf(value.get("strict"));
    nameOthers(value, TOOL_MEMBERS, "tools.", request.dropped);
    request.tools.push(tool);
  }
}

function readToolChoice(request: ChatRequest, value: Json): void {
  const type = textOf(value.get("type"));
  nameOthers(value, CHOICE_MEMBERS, "tool_choice.", request.dropped);
  request.toolChoice = ToolChoice.Unset;
  if (type.equalsAscii("function") || type.equalsAscii("custom")) {
    request.toolChoiceName = textOf(value.get("name"));
    if (!request.toolChoiceName.isEmpty) request.toolChoice = ToolChoice.Tool;
    return;
  }
  const word = type.equalsAscii("allowed_tools") ? textOf(value.get("mode")) : textOf(value);
  request.toolChoice = max(indexOfName(TOOL_CHOICES, word), ToolChoice.Unset);
  if (request.toolChoice == ToolChoice.Unset) request.dropped.addNamed("tool_choice.", type);
}

function readReasoning(request: ChatRequest, value: Json): void {
  const members = value.members();
  while (members.next()) {
    if (members.keyBytes().equalsAscii("effort")) request.reasoningEffort = textOf(members.value);
    else if (members.value.kind > JsonKind.Null) request.dropped.addNamed("reasoning.", members.keyBytes());
  }
}

function readTextSettings(request: ChatRequest, value: Json): void {
  request.setOption(Option.Verbosity, rawOf(value.get("verbosity")));
  nameOthers(value, TEXT_MEMBERS, "text.", request.dropped);
  const format = value.get("format");
  const type = textOf(format.get("type"));
  if (type.isEmpty || type.equalsAscii("text")) return;
  const hasSchema = type.equalsAscii("json_schema");
  request.isJson = hasSchema || type.equalsAscii("json_object");
  if (!request.isJson) {
    request.dropped.addNamed("text.format.", type);
    return;
  }
  request.responseSchema = rawOf(format.get("schema"));
  request.responseSchemaName = textOf(format.get("name"));
  request.responseFormat = hasSchema ? chatFormat(format) : format.raw();
}

/** What stands beside the type here stands inside `json_schema` in chat completions. */
function chatFormat(format: Json): Span {
  const out = new Buffer(format.raw().size + 48);
  const json = new JsonWriter(out).object().key("type").text("json_schema").key("json_schema").object();
  const members = format.members();
  while (members.next()) {
    if (members.value.kind <= JsonKind.Null || members.keyBytes().equalsAscii("type")) continue;
    json.keyBytes(members.keyBytes()).raw(members.value.raw());
  }
  json.end().end();
  return out.take();
}

function readInclude(request: ChatRequest, list: Json): void {
  const items = list.items();
  while (items.next()) {
    const name = textOf(items.value);
    if (name.equalsAscii("message.output_text.logprobs")) wantLogprobs(request);
    // What a provider seals is always handed on.
    else if (!name.equalsAscii("reasoning.encrypted_content")) request.dropped.addNamed("include.", name);
  }
}
