// Messages of OpenAI chat completion requests.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, PartKind, Role } from "../chat";
import { Dropped } from "../dropped";
import { indexOfName } from "../names";
import { NONE, rawOf, textOf } from "../text";

/** Positions are those of `Role`. */
const ROLES: StaticArray<string> = ["system", "developer", "user", "assistant", "tool"];

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
  const message = new ChatMessage(role < 0 ? Role.User : role);
  message.name = textOfField(fields[Field.Name]);
  message.id = textOfField(fields[Field.Id]);

  if (message.role == Role.Tool) {
    const result = new ChatPart(PartKind.ToolResult);
    result.id = textOfField(fields[Field.ToolCallId]);
    message.isPlain = readContent(result.parts, fields[Field.Content], dropped);
    message.parts.push(result);
    return message;
  }
  let reasoning = textOfField(fields[Field.ReasoningContent]);
  if (reasoning.isEmpty) reasoning = textOfField(fields[Field.Reasoning]);
  addText(message.parts, PartKind.Thinking, reasoning);
  message.isPlain = readContent(message.parts, fields[Field.Content], dropped);
  addText(message.parts, PartKind.Refusal, textOfField(fields[Field.Refusal]));
  const calls = fields[Field.ToolCalls];
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

function textOfField(value: Json | null): Span {
  return value ? textOf(value) : NONE;
}

function addText(parts: ChatPart[], kind: PartKind, text: Span): void {
  if (text.isEmpty) return;
  const part = new ChatPart(kind);
  part.text = text;
  parts.push(part);
}
