// `input` of Responses requests: a text, or a list of items. What an assistant said in one turn is several items
// here (reasoning, messages, calls) and one message elsewhere.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, ChatRequest, PartKind, Role } from "../chat";
import { customCall } from "../custom-tool";
import { Dropped } from "../dropped";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { joinText, textOf } from "../text";
import { SEAL_OF_CALL, SEAL_OF_REDACTED } from "./reasoning";

/** Positions are those of `Role`. */
const ROLES: StaticArray<string> = ["system", "developer", "user", "assistant"];

/** What is read of items and of parts, and what needs no reading: an item of a request is complete. */
const MEMBERS: StaticArray<string> = [
  "type",
  "id",
  "status",
  "role",
  "content",
  "call_id",
  "name",
  "arguments",
  "input",
  "output",
  "summary",
  "encrypted_content",
  "text",
  "refusal",
  "input_audio",
  "file_id",
  "filename",
  "image_url",
  "file_url",
  "file_data",
  "detail",
];

export function readInput(request: ChatRequest, value: Json): void {
  request.messages = [];
  if (value.kind == JsonKind.String) {
    const message = new ChatMessage(Role.User);
    message.isPlain = true;
    message.parts.push(ChatPart.text(value.escaped()));
    request.messages.push(message);
  }
  const items = value.items();
  while (items.next()) {
    if (items.value.kind == JsonKind.Object) readItem(request, items.value);
  }
}

function readItem(request: ChatRequest, item: Json): void {
  const type = textOf(item.get("type"));
  if (type.isEmpty || type.equalsAscii("message")) {
    readMessage(request, item);
  } else if (type.equalsAscii("function_call") || type.equalsAscii("custom_tool_call")) {
    const part = callOf(item, type.at(0) == 0x63);
    if (part.name.isEmpty) request.dropped.addNamed("input.", type);
    else openMessage(request, Role.Assistant).parts.push(part);
  } else if (type.equalsAscii("function_call_output") || type.equalsAscii("custom_tool_call_output")) {
    const result = new ChatPart(PartKind.ToolResult);
    result.id = textOf(item.get("call_id"));
    const isPlain = readContent(result.parts, item.get("output"), request.dropped);
    const message = openMessage(request, Role.Tool);
    message.isPlain = isPlain && message.parts.length == 0;
    message.parts.push(result);
  } else if (type.equalsAscii("reasoning")) {
    const sealed = textOf(item.get("encrypted_content"));
    const part = sealed.startsWithAscii(SEAL_OF_CALL) ? sealCall(request, sealed) : reasoningOf(item, sealed);
    if (part) openMessage(request, Role.Assistant).parts.push(part);
  } else {
    request.dropped.addNamed("input.", type);
    return;
  }
  nameOthers(item, MEMBERS, "input.", request.dropped);
}

function callOf(item: Json, isCustom: bool): ChatPart {
  const name = textOf(item.get("name"));
  const part = isCustom ? customCall(name, textOf(item.get("input"))) : new ChatPart(PartKind.ToolCall);
  const args = item.get("arguments");
  part.id = textOf(item.get("call_id"));
  part.name = name;
  part.text = textOf(args);
  if (args.kind == JsonKind.Object) part.json = args.raw();
  return part;
}

function readMessage(request: ChatRequest, item: Json): void {
  const name = textOf(item.get("role"));
  const found = indexOfName(ROLES, name);
  if (found < 0) request.dropped.addNamed("input.role=", name);
  const role: Role = found < 0 ? Role.User : found;
  const last = request.messages.length - 1;
  let message = new ChatMessage(role);
  // A text behind reasoning, and one between a call and its result, belong to the turn that is being read.
  if (role == Role.Assistant && last >= 0 && request.messages[last].role == Role.Assistant) {
    const open = request.messages[last];
    if (open.has(PartKind.ToolCall) || !endsWithText(open)) message = open;
  }
  const isPlain = readContent(message.parts, item.get("content"), request.dropped);
  message.isPlain = isPlain && !message.has(PartKind.ToolCall);
  if (last < 0 || message !== request.messages[last]) request.messages.push(message);
}

function endsWithText(message: ChatMessage): bool {
  const parts = message.parts;
  if (parts.length == 0) return true;
  const kind = parts[parts.length - 1].kind;
  return kind == PartKind.Text || kind == PartKind.Refusal;
}

/**
 * The message of this role that is being read. Results of one turn are one message: what is no text in them stands behind
 * all of them elsewhere, since servers refuse anything between results.
 */
function openMessage(request: ChatRequest, role: Role): ChatMessage {
  const last = request.messages.length - 1;
  if (last >= 0 && request.messages[last].role == role) return request.messages[last];
  const message = new ChatMessage(role);
  request.messages.push(message);
  return message;
}

/** Adds the content's parts; true when they are one text. */
function readContent(parts: ChatPart[], content: Json, dropped: Dropped): bool {
  if (content.kind == JsonKind.String) {
    parts.push(ChatPart.text(content.escaped()));
    return true;
  }
  const items = content.items();
  while (items.next()) {
    const part = readPart(items.value);
    if (part) nameOthers(items.value, MEMBERS, "input.content.", dropped);
    // An empty text says nothing, and other providers refuse it.
    if (part && part.kind == PartKind.Text && part.text.isEmpty) continue;
    if (part) parts.push(part);
    else dropped.addNamed("input.content.", textOf(items.value.get("type")));
  }
  // Clients put single texts into lists, which some servers do not take.
  return parts.length == 1 && parts[0].kind == PartKind.Text;
}

/** Null for a part of unknown type, and for one that lacks what it is about. */
function readPart(value: Json): ChatPart | null {
  const type = textOf(value.get("type"));
  if (type.equalsAscii("input_text") || type.equalsAscii("output_text") || type.equalsAscii("text")) {
    const text = value.get("text");
    return text.kind == JsonKind.String ? ChatPart.text(text.escaped()) : null;
  }
  if (type.equalsAscii("refusal")) {
    const part = new ChatPart(PartKind.Refusal);
    part.text = textOf(value.get("refusal"));
    return part;
  }
  if (type.equalsAscii("input_audio")) {
    const audio = value.get("input_audio");
    const part = new ChatPart(PartKind.Audio);
    part.data = textOf(audio.get("data"));
    part.mediaType = textOf(audio.get("format"));
    return part.data.isEmpty ? null : part;
  }
  const isImage = type.equalsAscii("input_image");
  if (!isImage && !type.equalsAscii("input_file")) return null;
  const part = new ChatPart(isImage ? PartKind.Image : PartKind.File);
  part.fileId = textOf(value.get("file_id"));
  part.name = textOf(value.get("filename"));
  if (isImage) part.detail = textOf(value.get("detail"));
  part.setUrl(textOf(value.get(isImage ? "image_url" : "file_url")));
  if (!isImage && part.url.isEmpty && part.data.isEmpty) part.setUrl(textOf(value.get("file_data")));
  return part.fileId.isEmpty && part.data.isEmpty && part.url.isEmpty ? null : part;
}

/** Gives the call that was read last its seal. Nothing else is in such an item. */
function sealCall(request: ChatRequest, sealed: Span): ChatPart | null {
  const messages = request.messages;
  const parts = messages.length > 0 ? messages[messages.length - 1].parts : [];
  const last = parts.length > 0 ? parts[parts.length - 1] : null;
  if (last && last.kind == PartKind.ToolCall) last.data = sealed.slice(SEAL_OF_CALL.length);
  else request.dropped.add("input.reasoning");
  return null;
}

/** Null for an item that holds nothing: models that keep their reasoning to themselves send such. */
function reasoningOf(item: Json, sealed: Span): ChatPart | null {
  if (sealed.startsWithAscii(SEAL_OF_REDACTED)) {
    const part = new ChatPart(PartKind.RedactedThinking);
    part.data = sealed.slice(SEAL_OF_REDACTED.length);
    return part;
  }
  const part = new ChatPart(PartKind.Thinking);
  part.data = sealed;
  part.text = joinedTexts(item.get("content"));
  if (part.text.isEmpty) part.text = joinedTexts(item.get("summary"));
  return part.text.isEmpty && part.data.isEmpty ? null : part;
}

/** The parts' texts with an empty line between them; one alone is not copied. */
function joinedTexts(list: Json): Span {
  if (list.length() == 1) return textOf(list.at(0).get("text"));
  const joined = new Buffer(0);
  const items = list.items();
  while (items.next()) joinText(joined, "\\n\\n", textOf(items.value.get("text")));
  return joined.span();
}
