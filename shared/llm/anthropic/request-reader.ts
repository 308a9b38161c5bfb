// Anthropic message requests: https://platform.claude.com/docs/en/api/messages

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import {
  Answer,
  ChatMessage,
  ChatRequest,
  ChatTool,
  Option,
  RequestError,
  Role,
  Thinking,
  ToolChoice,
} from "../chat";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { NONE, rawOf, textOf } from "../text";
import { withoutBillingHash } from "./billing";
import { readAnthropicContent } from "./content-reader";

const enum Field {
  Model,
  Messages,
  System,
  MaxTokens,
  StopSequences,
  Stream,
  Temperature,
  TopP,
  TopK,
  Tools,
  ToolChoice,
  Thinking,
  OutputConfig,
  OutputFormat,
  Metadata,
}

const FIELDS: StaticArray<string> = [
  "model",
  "messages",
  "system",
  "max_tokens",
  "stop_sequences",
  "stream",
  "temperature",
  "top_p",
  "top_k",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "output_format",
  "metadata",
];

/** What is read of the objects among them, and of tools and messages. */
const MEMBERS: StaticArray<string> = [
  "type",
  "name",
  "role",
  "content",
  "description",
  "input_schema",
  "strict",
  "cache_control",
  "disable_parallel_tool_use",
  "budget_tokens",
  "effort",
  "format",
  "schema",
  "user_id",
];

/** A longer id of a user is refused by OpenAI. */
const MAX_USER_BYTES: i32 = 64;

/** Positions are those of `ToolChoice`. */
const TOOL_CHOICES: StaticArray<string> = ["", "auto", "none", "any", "tool"];

/** Positions are those of `Thinking`. */
const THINKING_TYPES: StaticArray<string> = ["", "disabled", "enabled", "adaptive"];

/** Reads a request. `error` of the result tells when the body is none; the spans are borrowed from `body`. */
export function readAnthropicRequest(body: Span): ChatRequest {
  const request = new ChatRequest();
  const root = request.open(body);
  if (request.error != RequestError.None) return request;
  const system = new ChatMessage(Role.System);
  const members = root.members();
  while (members.next()) readMember(request, system, members.keyBytes(), members.value);
  if (request.messages.length == 0) request.error = RequestError.NoMessages;
  if (request.thinking == Thinking.Disabled && !request.reasoningEffort.isEmpty) {
    request.reasoningEffort = NONE;
    request.dropped.add("output_config.effort");
  }
  // Clients that always send one may have nothing to say.
  const isEmpty = system.parts.length == 0 || (system.isPlain && system.parts[0].text.isEmpty);
  if (!isEmpty) request.messages.unshift(system);
  if (request.toolChoice == ToolChoice.Tool) forgetMissingTool(request);
  return request;
}

function readMember(request: ChatRequest, system: ChatMessage, name: Span, value: Json): void {
  switch (indexOfName(FIELDS, name)) {
    case Field.Model:
      request.model = textOf(value);
      break;
    case Field.Messages:
      readMessages(request, value);
      break;
    case Field.System:
      system.parts = [];
      readAnthropicContent(system, value, request.dropped);
      if (system.isPlain) system.parts[0].text = withoutBillingHash(system.parts[0].text);
      break;
    case Field.MaxTokens:
      request.setOption(Option.MaxTokens, rawOf(value));
      break;
    case Field.StopSequences:
      readStopSequences(request, value);
      break;
    case Field.Stream:
      if (value.kind == JsonKind.Bool) request.stream = value.isTrue ? Answer.Yes : Answer.No;
      request.includeUsage = value.isTrue;
      break;
    case Field.Temperature:
      request.setOption(Option.Temperature, rawOf(value));
      break;
    case Field.TopP:
      request.setOption(Option.TopP, rawOf(value));
      break;
    case Field.TopK:
      request.setOption(Option.TopK, rawOf(value));
      break;
    case Field.Tools:
      readTools(request, value);
      break;
    case Field.ToolChoice:
      readToolChoice(request, value);
      break;
    case Field.Thinking:
      request.thinking = max(indexOfName(THINKING_TYPES, textOf(value.get("type"))), Thinking.Unset);
      request.thinkingBudget = max(value.get("budget_tokens").integer(0), 0);
      nameOthers(value, MEMBERS, "thinking.", request.dropped);
      break;
    case Field.OutputConfig:
      request.reasoningEffort = textOf(value.get("effort"));
      readOutputFormat(request, value.get("format"));
      nameOthers(value, MEMBERS, "output_config.", request.dropped);
      break;
    case Field.OutputFormat:
      // Its name while it was a beta.
      readOutputFormat(request, value);
      break;
    case Field.Metadata:
      readUser(request, value.get("user_id"));
      nameOthers(value, MEMBERS, "metadata.", request.dropped);
      break;
    default:
      if (value.kind > JsonKind.Null) request.dropped.addNamed("", name);
  }
}

function readMessages(request: ChatRequest, list: Json): void {
  request.messages = [];
  const items = list.items();
  while (items.next()) {
    const value = items.value;
    if (value.kind != JsonKind.Object) continue;
    const role = textOf(value.get("role"));
    const isAssistant = role.equalsAscii("assistant");
    const message = new ChatMessage(
      isAssistant ? Role.Assistant : role.equalsAscii("system") ? Role.System : Role.User,
    );
    readAnthropicContent(message, value.get("content"), request.dropped);
    nameOthers(value, MEMBERS, "messages.", request.dropped);
    request.messages.push(message);
  }
}

function readTools(request: ChatRequest, list: Json): void {
  request.tools = [];
  const items = list.items();
  while (items.next()) {
    const value = items.value;
    const type = textOf(value.get("type"));
    // All other types are tools that only Anthropic defines, or runs.
    if (!type.isEmpty && !type.equalsAscii("custom")) {
      request.dropped.addNamed("tools.", type);
      continue;
    }
    const tool = new ChatTool();
    tool.name = textOf(value.get("name"));
    if (tool.name.isEmpty) {
      request.dropped.add("tools.name");
      continue;
    }
    tool.description = textOf(value.get("description"));
    nameOthers(value, MEMBERS, "tools.", request.dropped);
    tool.parameters = rawOf(value.get("input_schema"));
    tool.strict = rawOf(value.get("strict"));
    tool.cacheControl = rawOf(value.get("cache_control"));
    request.tools.push(tool);
  }
}

function readToolChoice(request: ChatRequest, value: Json): void {
  if (value.kind != JsonKind.Object) return;
  request.toolChoice = max(indexOfName(TOOL_CHOICES, textOf(value.get("type"))), ToolChoice.Unset);
  request.toolChoiceName = textOf(value.get("name"));
  nameOthers(value, MEMBERS, "tool_choice.", request.dropped);
  const isSingle = value.get("disable_parallel_tool_use");
  // What is not said is not sent: some servers refuse the setting whatever its value is.
  if (isSingle.kind == JsonKind.Bool) request.parallelToolCalls = isSingle.isTrue ? Answer.No : Answer.Yes;
}

/** Who must call a tool that Anthropic runs cannot, since that was not read. */
function forgetMissingTool(request: ChatRequest): void {
  const tools = request.tools;
  for (let i = 0; i < tools.length; i++) if (tools[i].name.equals(request.toolChoiceName)) return;
  request.toolChoice = ToolChoice.Unset;
  request.dropped.add("tool_choice");
}

function readStopSequences(request: ChatRequest, list: Json): void {
  request.stop = [];
  const items = list.items();
  while (items.next()) {
    if (items.value.kind == JsonKind.String) request.stop.push(items.value.escaped());
  }
}

function readOutputFormat(request: ChatRequest, format: Json): void {
  nameOthers(format, MEMBERS, "output_config.format.", request.dropped);
  if (textOf(format.get("type")).equalsAscii("json_schema"))
    request.responseSchema = rawOf(format.get("schema"));
  else if (format.kind > JsonKind.Null) request.dropped.add("output_config.format");
}

/** Claude Code's ids are longer than OpenAI takes, and say more of the user than it should be told. */
function readUser(request: ChatRequest, id: Json): void {
  if (id.kind != JsonKind.String) return;
  if (id.escaped().size <= MAX_USER_BYTES) request.setOption(Option.User, id.raw());
  else request.dropped.add("metadata.user_id");
}
