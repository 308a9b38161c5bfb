// Anthropic message requests: https://platform.claude.com/docs/en/api/messages

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import {
  Answer,
  ChatMessage,
  ChatPart,
  ChatRequest,
  ChatTool,
  Option,
  PartKind,
  RequestError,
  Role,
  Thinking,
  ToolChoice,
} from "../chat";
import { Dropped } from "../dropped";
import { indexOfName } from "../names";
import { rawOf, textOf } from "../text";
import { withoutBillingHash } from "./billing";

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
];

const enum Block {
  Text,
  Image,
  Document,
  ToolUse,
  ToolResult,
  Thinking,
  RedactedThinking,
  SearchResult,
}

const BLOCKS: StaticArray<string> = [
  "text",
  "image",
  "document",
  "tool_use",
  "tool_result",
  "thinking",
  "redacted_thinking",
  "search_result",
];

/** Positions are those of `ToolChoice`. */
const TOOL_CHOICES: StaticArray<string> = ["", "auto", "none", "any", "tool"];

/** Positions are those of `Thinking`. */
const THINKING_TYPES: StaticArray<string> = ["", "disabled", "enabled", "adaptive"];

/** Reads a request. `error` of the result tells when the body is none; the spans are borrowed from `body`. */
export function readAnthropicRequest(body: Span): ChatRequest {
  const request = new ChatRequest();
  const root = Json.checked(body);
  if (root.kind != JsonKind.Object) {
    request.jsonError = root.error;
    request.error = root.exists ? RequestError.NotObject : RequestError.NotJson;
    return request;
  }
  const system = new ChatMessage(Role.System);
  const members = root.members();
  while (members.next()) readMember(request, system, members.keyBytes(), members.value);
  if (request.messages.length == 0) request.error = RequestError.NoMessages;
  if (system.parts.length > 0) request.messages.unshift(system);
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
      readContent(system, value, request.dropped);
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
      break;
    case Field.OutputConfig:
      readOutputConfig(request, value);
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
    readContent(message, value.get("content"), request.dropped);
    request.messages.push(message);
  }
}

function readContent(message: ChatMessage, content: Json, dropped: Dropped): void {
  message.isPlain = content.kind == JsonKind.String;
  if (message.isPlain) {
    message.parts.push(ChatPart.text(content.escaped()));
    return;
  }
  const items = content.items();
  while (items.next()) {
    const block = items.value;
    const type = textOf(block.get("type"));
    if (indexOfName(BLOCKS, type) == Block.ToolResult) {
      readToolResult(message.parts, block, dropped);
    } else if (!readBlock(message.parts, block, type)) {
      dropped.addNamed("messages.content.", type);
    }
  }
}

/** Adds what a block holds to `parts`; false when nothing of it can be kept. */
function readBlock(parts: ChatPart[], block: Json, type: Span): bool {
  let part: ChatPart;
  switch (indexOfName(BLOCKS, type)) {
    case Block.Text:
      part = ChatPart.text(withoutBillingHash(textOf(block.get("text"))));
      // An empty text part is refused by other providers, and says nothing.
      if (part.text.isEmpty) return true;
      break;
    case Block.Image:
      part = new ChatPart(PartKind.Image);
      if (!readSource(part, block.get("source"))) return false;
      break;
    case Block.Document:
      return readDocument(parts, block);
    case Block.SearchResult:
      return readTexts(parts, block.get("content"));
    case Block.ToolUse:
      part = new ChatPart(PartKind.ToolCall);
      part.id = textOf(block.get("id"));
      part.name = textOf(block.get("name"));
      part.json = rawOf(block.get("input"));
      if (part.id.isEmpty || part.name.isEmpty) return false;
      break;
    case Block.Thinking:
      part = new ChatPart(PartKind.Thinking);
      part.text = textOf(block.get("thinking"));
      part.data = textOf(block.get("signature"));
      break;
    case Block.RedactedThinking:
      part = new ChatPart(PartKind.RedactedThinking);
      part.data = textOf(block.get("data"));
      break;
    default:
      return false;
  }
  part.cacheControl = rawOf(block.get("cache_control"));
  parts.push(part);
  return true;
}

function readToolResult(parts: ChatPart[], block: Json, dropped: Dropped): void {
  const result = new ChatPart(PartKind.ToolResult);
  result.id = textOf(block.get("tool_use_id"));
  result.isError = block.get("is_error").isTrue;
  result.cacheControl = rawOf(block.get("cache_control"));
  const content = block.get("content");
  if (content.kind == JsonKind.String) result.parts.push(ChatPart.text(content.escaped()));
  const items = content.items();
  while (items.next()) {
    const type = textOf(items.value.get("type"));
    if (!readBlock(result.parts, items.value, type)) dropped.addNamed("messages.content.tool_result.", type);
  }
  parts.push(result);
}

/** Documents whose source is text become text; others keep their bytes, address or id. */
function readDocument(parts: ChatPart[], block: Json): bool {
  const source = block.get("source");
  const type = textOf(source.get("type"));
  if (type.equalsAscii("text")) {
    parts.push(ChatPart.text(textOf(source.get("data"))));
    return true;
  }
  if (type.equalsAscii("content")) return readTexts(parts, source.get("content"));
  const part = new ChatPart(PartKind.File);
  part.name = textOf(block.get("title"));
  part.cacheControl = rawOf(block.get("cache_control"));
  if (!readSource(part, source)) return false;
  parts.push(part);
  return true;
}

/** Adds a string, or the texts among a list of blocks; false when there are none. */
function readTexts(parts: ChatPart[], content: Json): bool {
  const before = parts.length;
  if (content.kind == JsonKind.String) parts.push(ChatPart.text(content.escaped()));
  const items = content.items();
  while (items.next()) {
    const text = textOf(items.value.get("text"));
    if (!text.isEmpty) parts.push(ChatPart.text(text));
  }
  return parts.length > before;
}

/** Reads where an image or document is; false when the source lacks it. */
function readSource(part: ChatPart, source: Json): bool {
  part.mediaType = textOf(source.get("media_type"));
  part.data = textOf(source.get("data"));
  part.url = textOf(source.get("url"));
  part.fileId = textOf(source.get("file_id"));
  return !part.data.isEmpty || !part.url.isEmpty || !part.fileId.isEmpty;
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
    tool.description = textOf(value.get("description"));
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
  request.parallelToolCalls = value.get("disable_parallel_tool_use").isTrue ? Answer.No : Answer.Yes;
}

function readStopSequences(request: ChatRequest, list: Json): void {
  request.stop = [];
  const items = list.items();
  while (items.next()) {
    if (items.value.kind == JsonKind.String) request.stop.push(items.value.escaped());
  }
}

function readOutputConfig(request: ChatRequest, value: Json): void {
  const format = value.get("format");
  if (textOf(format.get("type")).equalsAscii("json_schema")) request.responseSchema = rawOf(format.get("schema"));
  else if (format.kind > JsonKind.Null) request.dropped.add("output_config.format");
  // Providers refuse an effort for models that do not reason, and the thinking budget already sets one.
  if (value.get("effort").kind > JsonKind.Null) request.dropped.add("output_config.effort");
}
