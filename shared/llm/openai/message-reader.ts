// Messages of OpenAI chat completion requests.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, PartKind, Role } from "../chat";
import { customCall } from "../custom-tool";
import { Dropped } from "../dropped";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { NONE, rawOf, textOf } from "../text";

/** Positions are those of `Role`; results of functions are those of tools. */
const ROLES: StaticArray<string> = ["system", "developer", "user", "assistant", "tool", "function"];

const enum Field {
  Role,
  Content,
  Name,
  ToolCalls,
  ToolCallId,
  ReasoningContent,
  Reasoning,
  Refusal,
  Id,
  FunctionCall,
  ReasoningDetails,
  COUNT,
}

const FIELDS: StaticArray<string> = [
  "role",
  "content",
  "name",
  "tool_calls",
  "tool_call_id",
  "reasoning_content",
  "reasoning",
  "refusal",
  "id",
  "function_call",
  "reasoning_details",
];

/** What is read of parts and of calls. */
const MEMBERS: StaticArray<string> = [
  "type",
  "text",
  "image_url",
  "url",
  "detail",
  "input_audio",
  "data",
  "format",
  "file",
  "file_id",
  "filename",
  "file_data",
  "refusal",
  "cache_control",
  "id",
  "index",
  "function",
  "name",
  "arguments",
  "custom",
  "input",
  "extra_content",
];

/** Reads one message. */
export function readOpenaiMessage(value: Json, dropped: Dropped): ChatMessage {
  // Collected first: the parts' order must not depend on the members' order.
  const fields = new StaticArray<Json | null>(Field.COUNT);
  const members = value.members();
  while (members.next()) {
    const name = members.keyBytes();
    const field = indexOfName(FIELDS, name);
    if (field >= 0) fields[field] = members.value;
    else if (members.value.kind > JsonKind.Null) dropped.addNamed("messages.", name);
  }

  const roleName = textOfField(fields[Field.Role]);
  const role = indexOfName(ROLES, roleName);
  if (role < 0) dropped.addNamed("messages.role=", roleName);
  const message = new ChatMessage(role < 0 ? Role.User : min(role, <i32>Role.Tool));
  message.name = textOfField(fields[Field.Name]);
  message.id = textOfField(fields[Field.Id]);

  if (message.role == Role.Tool) {
    const result = new ChatPart(PartKind.ToolResult);
    result.id = textOfField(fields[Field.ToolCallId]);
    result.name = message.name;
    message.name = NONE;
    message.isPlain = readContent(result.parts, fields[Field.Content], dropped);
    message.parts.push(result);
    return message;
  }
  let reasoning = textOfField(fields[Field.ReasoningContent]);
  if (reasoning.isEmpty) reasoning = textOfField(fields[Field.Reasoning]);
  const details = fields[Field.ReasoningDetails];
  if (!details || !readReasoningDetails(message.parts, details, reasoning)) {
    addText(message.parts, PartKind.Thinking, reasoning);
    if (details && details.length() > 0 && reasoning.isEmpty) dropped.add("messages.reasoning_details");
  }
  message.isPlain = readContent(message.parts, fields[Field.Content], dropped);
  addText(message.parts, PartKind.Refusal, textOfField(fields[Field.Refusal]));
  const calls = fields[Field.ToolCalls];
  if (calls) readToolCalls(message.parts, calls, dropped);
  const called = fields[Field.FunctionCall];
  if (called && called.kind == JsonKind.Object)
    readFunction(message.parts, new ChatPart(PartKind.ToolCall), called);
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
      const type = textOf(value.get("type"));
      nameOthers(value, MEMBERS, "messages.content.", dropped);
      // What a part says stands in a member that is called as its kind.
      nameOthers(value.get(type.toString()), MEMBERS, "messages.content.", dropped);
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
    const value = items.value;
    const custom = value.get("custom");
    const part = custom.exists
      ? customCall(textOf(custom.get("name")), textOf(custom.get("input")))
      : new ChatPart(PartKind.ToolCall);
    part.id = textOf(value.get("id"));
    // As Google has it in this dialect.
    const extra = value.get("extra_content");
    if (extra.exists) part.data = textOf(extra.get("google").get("thought_signature"));
    if (!custom.exists) readFunction(parts, part, value.get("function"));
    else if (!part.name.isEmpty) parts.push(part);
    if (part.name.isEmpty) dropped.addNamed("messages.tool_calls.", textOf(value.get("type")));
    nameOthers(value, MEMBERS, "messages.tool_calls.", dropped);
    nameOthers(value.get("function"), MEMBERS, "messages.tool_calls.function.", dropped);
  }
}

function readFunction(parts: ChatPart[], part: ChatPart, called: Json): void {
  part.name = textOf(called.get("name"));
  const args = called.get("arguments");
  part.text = textOf(args);
  if (args.kind == JsonKind.Object) part.json = args.raw();
  if (!part.name.isEmpty) parts.push(part);
}

/**
 * Reads reasoning as OpenRouter has it: `{"type":"reasoning.text","text":…,"signature":…}` and
 * `{"type":"reasoning.encrypted","data":…}`, where pieces of a text that came in a stream may follow each other.
 * `plain` is the text where the details have only its signature. False when no detail is sealed: nothing is read.
 */
function readReasoningDetails(parts: ChatPart[], list: Json, plain: Span): bool {
  const before = parts.length;
  let isSealed = false;
  let open: ChatPart | null = null;
  const items = list.items();
  while (items.next()) {
    const value = items.value;
    const data = textOf(value.get("data"));
    if (!data.isEmpty) {
      const part = new ChatPart(PartKind.RedactedThinking);
      part.data = data;
      parts.push(part);
      open = null;
      isSealed = true;
      continue;
    }
    let text = textOf(value.get("text"));
    if (text.isEmpty) text = textOf(value.get("summary"));
    const signature = textOf(value.get("signature"));
    if (text.isEmpty && signature.isEmpty) continue;
    if (!open) {
      open = new ChatPart(PartKind.Thinking);
      parts.push(open);
    }
    open.text = joined(open.text, text);
    if (signature.isEmpty) continue;
    open.data = signature;
    if (open.text.isEmpty) open.text = plain;
    open = null;
    isSealed = true;
  }
  if (!isSealed) while (parts.length > before) parts.pop();
  return isSealed;
}

function joined(first: Span, second: Span): Span {
  if (first.isEmpty) return second;
  const out = new Buffer(first.size + second.size);
  out.append(first);
  out.append(second);
  return out.span();
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
