// OpenAI chat completion requests: https://platform.openai.com/docs/api-reference/chat/create
// Types are taken leniently, as servers of this dialect do: a single stop text, a number as a string.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import {
  Answer,
  ChatMessage,
  ChatPart,
  ChatRequest,
  ChatTool,
  OPTION_NAMES,
  Option,
  PartKind,
  RequestError,
  Role,
  Thinking,
  ToolChoice,
} from "../chat";
import { Dropped } from "../dropped";
import { indexOfName } from "../names";
import { NONE, rawOf, textOf } from "../text";

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
  Thinking,
  ResponseFormat,
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
  "thinking",
  "response_format",
];

/** Positions are those of `Role`. */
const ROLES: StaticArray<string> = ["system", "developer", "user", "assistant", "tool"];

const enum MessageField {
  Role,
  Content,
  Name,
  ToolCalls,
  ToolCallId,
  ReasoningContent,
  Reasoning,
  Refusal,
  COUNT,
}

const MESSAGE_FIELDS: StaticArray<string> = [
  "role",
  "content",
  "name",
  "tool_calls",
  "tool_call_id",
  "reasoning_content",
  "reasoning",
  "refusal",
];

/** Reads a request. `error` of the result tells when the body is none; the spans are borrowed from `body`. */
export function readOpenaiRequest(body: Span): ChatRequest {
  const request = new ChatRequest();
  const root = Json.checked(body);
  if (root.kind != JsonKind.Object) {
    request.jsonError = root.error;
    request.error = root.exists ? RequestError.NotObject : RequestError.NotJson;
    return request;
  }
  const members = root.members();
  while (members.next()) readMember(request, members.keyBytes(), members.value);
  if (request.messages.length == 0) request.error = RequestError.NoMessages;
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
      break;
    case Field.ReasoningEffort:
      request.reasoningEffort = textOf(value);
      break;
    case Field.ReasoningMaxTokens:
      request.thinkingBudget = max(value.integer(0), 0);
      break;
    case Field.Thinking:
      readThinking(request, value);
      break;
    case Field.ResponseFormat:
      readResponseFormat(request, value);
      break;
    default:
      if (value.kind > JsonKind.Null) request.dropped.addNamed("", name);
  }
}

function readMessages(request: ChatRequest, list: Json): void {
  request.messages = [];
  const items = list.items();
  while (items.next()) {
    if (items.value.kind == JsonKind.Object) request.messages.push(readMessage(items.value, request.dropped));
  }
}

function readMessage(value: Json, dropped: Dropped): ChatMessage {
  // Collected first: the parts' order must not depend on the members' order.
  const fields = new StaticArray<Json | null>(MessageField.COUNT);
  const members = value.members();
  while (members.next()) {
    const name = members.keyBytes();
    const field = indexOfName(MESSAGE_FIELDS, name);
    if (field >= 0) fields[field] = members.value;
    else if (members.value.kind > JsonKind.Null) dropped.addNamed("messages.", name);
  }

  const roleName = textOfField(fields[MessageField.Role]);
  const role = indexOfName(ROLES, roleName);
  if (role < 0) dropped.addNamed("messages.role=", roleName);
  const message = new ChatMessage(role < 0 ? Role.User : role);
  message.name = textOfField(fields[MessageField.Name]);

  if (message.role == Role.Tool) {
    const result = new ChatPart(PartKind.ToolResult);
    result.id = textOfField(fields[MessageField.ToolCallId]);
    message.isPlain = readContent(result.parts, fields[MessageField.Content], dropped);
    message.parts.push(result);
    return message;
  }
  let reasoning = textOfField(fields[MessageField.ReasoningContent]);
  if (reasoning.isEmpty) reasoning = textOfField(fields[MessageField.Reasoning]);
  addText(message.parts, PartKind.Thinking, reasoning);
  message.isPlain = readContent(message.parts, fields[MessageField.Content], dropped);
  addText(message.parts, PartKind.Refusal, textOfField(fields[MessageField.Refusal]));
  const calls = fields[MessageField.ToolCalls];
  if (calls) readToolCalls(message.parts, calls, dropped);
  return message;
}

/** Reads a message's content; true when it is a bare string. */
function readContent(parts: ChatPart[], content: Json | null, dropped: Dropped): bool {
  if (!content) return false;
  if (content.kind == JsonKind.String) {
    parts.push(ChatPart.text(content.escaped()));
    return true;
  }
  const items = content.items();
  while (items.next()) {
    const value = items.value;
    // Some clients send plain strings in the list.
    const part = value.kind == JsonKind.String ? ChatPart.text(value.escaped()) : readPart(value);
    if (part) {
      part.cacheControl = rawOf(value.get("cache_control"));
      parts.push(part);
    } else {
      dropped.addNamed("messages.content.", textOf(value.get("type")));
    }
  }
  return false;
}

/** Null for a part of unknown type, and for one that lacks what it is about. */
function readPart(value: Json): ChatPart | null {
  const type = textOf(value.get("type"));
  if (type.equalsAscii("text")) {
    const text = value.get("text");
    return text.kind == JsonKind.String ? ChatPart.text(text.escaped()) : null;
  }
  if (type.equalsAscii("image_url")) {
    const image = value.get("image_url");
    const url = image.kind == JsonKind.String ? image.escaped() : textOf(image.get("url"));
    if (url.isEmpty) return null;
    const part = new ChatPart(PartKind.Image);
    part.setUrl(url);
    part.detail = textOf(image.get("detail"));
    return part;
  }
  if (type.equalsAscii("input_audio")) {
    const audio = value.get("input_audio");
    const part = new ChatPart(PartKind.Audio);
    part.data = textOf(audio.get("data"));
    part.mediaType = textOf(audio.get("format"));
    return part.data.isEmpty ? null : part;
  }
  if (type.equalsAscii("file")) {
    const file = value.get("file");
    const part = new ChatPart(PartKind.File);
    part.fileId = textOf(file.get("file_id"));
    part.name = textOf(file.get("filename"));
    part.setUrl(textOf(file.get("file_data")));
    return part.fileId.isEmpty && part.data.isEmpty && part.url.isEmpty ? null : part;
  }
  if (type.equalsAscii("refusal")) {
    const part = new ChatPart(PartKind.Refusal);
    part.text = textOf(value.get("refusal"));
    return part;
  }
  return null;
}

function readToolCalls(parts: ChatPart[], list: Json, dropped: Dropped): void {
  const items = list.items();
  while (items.next()) {
    const called = items.value.get("function");
    const part = new ChatPart(PartKind.ToolCall);
    part.id = textOf(items.value.get("id"));
    part.name = textOf(called.get("name"));
    const args = called.get("arguments");
    part.text = textOf(args);
    if (args.kind == JsonKind.Object) part.json = args.raw();
    if (part.name.isEmpty) dropped.addNamed("messages.tool_calls.", textOf(items.value.get("type")));
    else parts.push(part);
  }
}

function readTools(request: ChatRequest, list: Json): void {
  request.tools = [];
  const items = list.items();
  while (items.next()) {
    const value = items.value.get("function");
    const tool = new ChatTool();
    tool.name = textOf(value.get("name"));
    if (tool.name.isEmpty) {
      request.dropped.addNamed("tools.", textOf(items.value.get("type")));
      continue;
    }
    tool.description = textOf(value.get("description"));
    tool.parameters = rawOf(value.get("parameters"));
    tool.strict = rawOf(value.get("strict"));
    tool.cacheControl = rawOf(items.value.get("cache_control"));
    request.tools.push(tool);
  }
}

function readToolChoice(request: ChatRequest, value: Json): void {
  // {"type":"allowed_tools","allowed_tools":{"mode":"auto",…}}: the mode counts, the choice of tools is lost.
  const allowed = value.get("allowed_tools");
  if (allowed.kind == JsonKind.Object) request.dropped.add("tool_choice.allowed_tools");
  const word = textOf(allowed.kind == JsonKind.Object ? allowed.get("mode") : value);
  request.toolChoiceName = textOf(value.get("function").get("name"));
  if (!request.toolChoiceName.isEmpty) request.toolChoice = ToolChoice.Tool;
  else if (word.equalsAscii("auto")) request.toolChoice = ToolChoice.Auto;
  else if (word.equalsAscii("none")) request.toolChoice = ToolChoice.None;
  else if (word.equalsAscii("required")) request.toolChoice = ToolChoice.Required;
  else if (value.kind > JsonKind.Null) request.dropped.add("tool_choice");
}

function readStop(request: ChatRequest, value: Json): void {
  request.stop = [];
  if (value.kind == JsonKind.String) request.stop.push(value.escaped());
  const items = value.items();
  while (items.next()) {
    if (items.value.kind == JsonKind.String) request.stop.push(items.value.escaped());
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

function readResponseFormat(request: ChatRequest, value: Json): void {
  request.responseFormat = rawOf(value);
  const schema = value.get("json_schema");
  request.responseSchema = rawOf(schema.get("schema"));
  request.responseSchemaName = textOf(schema.get("name"));
}

function answerOf(value: Json): Answer {
  if (value.kind != JsonKind.Bool) return Answer.Unset;
  return value.isTrue ? Answer.Yes : Answer.No;
}

function textOfField(value: Json | null): Span {
  return value ? textOf(value) : NONE;
}

function addText(parts: ChatPart[], kind: PartKind, text: Span): void {
  if (text.isEmpty) return;
  const part = new ChatPart(kind);
  part.text = text;
  parts.push(part);
}
