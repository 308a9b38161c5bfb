// `contents` of requests: https://ai.google.dev/api/caching#Content

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, ChatRequest, PartKind, Role } from "../chat";
import { Dropped } from "../dropped";
import { MAX_TOOL_CALLS } from "../events";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { NONE, standardBase64, textOf, writeValueEscaped } from "../text";
import { toolCallId } from "../tool-id";
import { camelName, member } from "./spelling";

const enum Field {
  Text,
  Thought,
  ThoughtSignature,
  InlineData,
  FileData,
  FunctionCall,
  FunctionResponse,
}

const FIELDS: StaticArray<string> = [
  "text",
  "thought",
  "thoughtSignature",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
];

/** What is read of contents, files, calls and results. */
const MEMBERS: StaticArray<string> = [
  "role",
  "id",
  "name",
  "args",
  "response",
  "parts",
  "mimeType",
  "mime_type",
  "data",
  "fileUri",
  "file_uri",
  "displayName",
  "display_name",
];

export class ContentReader {
  /** Calls whose result has not come yet; the oldest are given up. */
  private open: ChatPart[] = [];
  private calls: i32 = 0;
  /** A part that comes in pieces, and what it says so far. */
  private growing: ChatPart | null = null;
  private said: Buffer = new Buffer(0);

  constructor(private readonly request: ChatRequest) {}

  read(content: Json): void {
    const role = textOf(content.get("role"));
    const messages = this.request.messages;
    const isModel = role.equalsAscii("model");
    // Google's own client keeps every chunk of a stream as a content.
    const goesOn = isModel && messages.length > 0 && messages[messages.length - 1].role == Role.Assistant;
    const message = goesOn
      ? messages[messages.length - 1]
      : new ChatMessage(isModel ? Role.Assistant : Role.User);
    nameOthers(content, MEMBERS, "contents.", this.request.dropped);
    const parts = content.get("parts");
    if (parts.kind == JsonKind.Object) this.readPart(message, parts);
    const items = parts.items();
    while (items.next()) this.readPart(message, items.value);
    if (message.parts.length == 0) return;
    message.isPlain = message.parts.length == 1 && message.parts[0].kind == PartKind.Text;
    if (!goesOn) messages.push(message);
  }

  private readPart(message: ChatMessage, value: Json): void {
    const dropped = this.request.dropped;
    let part: ChatPart | null = null;
    let text = NONE;
    let signature = NONE;
    let isThought = false;
    const members = value.members();
    while (members.next()) {
      const name = camelName(members.keyBytes());
      const field = members.value;
      switch (indexOfName(FIELDS, name)) {
        case Field.Text:
          text = textOf(field);
          break;
        case Field.Thought:
          isThought = field.isTrue;
          break;
        case Field.ThoughtSignature:
          signature = textOf(field);
          // OpenAI's seals are of the other alphabet.
          if (!signature.startsWithAscii("gAAAA")) signature = standardBase64(signature);
          break;
        case Field.InlineData:
          part = fileOf(field, "contents.parts.inlineData.", dropped);
          break;
        case Field.FileData:
          part = fileOf(field, "contents.parts.fileData.", dropped);
          break;
        case Field.FunctionCall:
          part = this.callOf(field);
          break;
        case Field.FunctionResponse:
          part = this.resultOf(field);
          break;
        default:
          if (field.kind > JsonKind.Null) dropped.addNamed("contents.parts.", name);
      }
    }
    if (part) {
      if (part.kind == PartKind.ToolCall) part.data = signature;
      message.parts.push(part);
    } else if (isThought) {
      this.say(message, PartKind.Thinking, text);
      message.parts[message.parts.length - 1].data = signature;
    } else {
      if (!text.isEmpty) this.say(message, PartKind.Text, text);
      if (!signature.isEmpty) dropped.add("contents.parts.thoughtSignature");
    }
  }

  /** Adds a text, or thoughts that a signature has not ended, to a piece of the same that came before. */
  private say(message: ChatMessage, kind: PartKind, text: Span): void {
    const parts = message.parts;
    const last = parts.length - 1;
    if (last < 0 || message.role != Role.Assistant || parts[last].kind != kind || !parts[last].data.isEmpty) {
      const part = new ChatPart(kind);
      part.text = text;
      parts.push(part);
      return;
    }
    const part = parts[last];
    if (this.growing !== part) {
      this.growing = part;
      this.said = new Buffer(part.text.size + text.size);
      this.said.append(part.text);
    }
    this.said.append(text);
    part.text = this.said.span();
  }

  private callOf(value: Json): ChatPart | null {
    const part = new ChatPart(PartKind.ToolCall);
    part.name = textOf(value.get("name"));
    if (part.name.isEmpty) return null;
    part.id = toolCallId(textOf(value.get("id")), part.name, this.calls++);
    nameOthers(value, MEMBERS, "contents.parts.functionCall.", this.request.dropped);
    const args = value.get("args");
    part.json = args.kind == JsonKind.Object ? args.raw() : Span.text("{}");
    if (this.open.length >= MAX_TOOL_CALLS) this.open.shift();
    this.open.push(part);
    return part;
  }

  private resultOf(value: Json): ChatPart {
    const part = new ChatPart(PartKind.ToolResult);
    part.id = this.idOf(textOf(value.get("id")), textOf(value.get("name")));
    const response = value.get("response");
    const error = response.get("error");
    part.isError = error.exists;
    let output = error.exists ? error : response.get("output");
    if (!output.exists) output = response.get("result");
    const isWrapped = output.exists && response.length() == 1;
    const said = isWrapped ? output : response;
    if (said.exists) part.parts.push(ChatPart.text(textIn(said)));
    const dropped = this.request.dropped;
    nameOthers(value, MEMBERS, "contents.parts.functionResponse.", dropped);
    const items = value.get("parts").items();
    while (items.next()) {
      const members = items.value.members();
      while (members.next()) {
        const file = fileOf(members.value, "contents.parts.functionResponse.parts.", dropped);
        if (file) part.parts.push(file);
        else dropped.addNamed("contents.parts.functionResponse.parts.", members.keyBytes());
      }
    }
    return part;
  }

  /** The id of the call that a result belongs to: its own, or that of the first call of this name. */
  private idOf(id: Span, name: Span): Span {
    const open = this.open;
    for (let i = 0; i < open.length; i++) {
      const isThis = id.isEmpty ? open[i].name.equals(name) : open[i].id.equals(id);
      if (!isThis) continue;
      const known = open[i].id;
      open.splice(i, 1);
      return known;
    }
    return toolCallId(id, name, this.calls++);
  }
}

/** Reads `inlineData` or `fileData`; null when it holds neither bytes nor an address. */
function fileOf(value: Json, prefix: string, dropped: Dropped): ChatPart | null {
  const type = textOf(member(value, "mimeType", "mime_type"));
  const data = standardBase64(textOf(value.get("data")));
  const url = textOf(member(value, "fileUri", "file_uri"));
  if (data.isEmpty && url.isEmpty) return null;
  let kind = PartKind.File;
  if (type.startsWithAscii("image/")) kind = PartKind.Image;
  else if (type.startsWithAscii("audio/") && !data.isEmpty) kind = PartKind.Audio;
  const part = new ChatPart(kind);
  part.mediaType = kind == PartKind.Audio ? audioFormat(type) : type;
  part.data = data;
  part.url = url;
  const name = textOf(member(value, "displayName", "display_name"));
  if (kind == PartKind.File) part.name = name;
  else if (!name.isEmpty) dropped.add(prefix + "displayName");
  nameOthers(value, MEMBERS, prefix, dropped);
  return part;
}

/** OpenAI's word for a type of sound. */
function audioFormat(type: Span): Span {
  const subtype = type.slice(6);
  if (subtype.equalsAscii("mpeg")) return Span.text("mp3");
  return subtype.startsWithAscii("x-") ? subtype.slice(2) : subtype;
}

/** Text as it is, any other value as its JSON text. */
function textIn(value: Json): Span {
  if (value.kind == JsonKind.String) return value.escaped();
  const text = new Buffer();
  writeValueEscaped(text, value.raw());
  return text.span();
}
