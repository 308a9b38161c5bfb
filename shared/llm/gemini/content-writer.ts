// Messages as Gemini's `contents`: turns of user and model, made of parts. Results of tools are the user's.
// https://ai.google.dev/api/caching#Content

import { Buffer, Span, SpanIndex } from "../../bytes";
import { JsonWriter } from "../../json";
import { ChatPart, ChatRequest, PartKind, Role } from "../chat";
import { joinText } from "../text";
import { mediaTypeOfUrl } from "./media-type";
import { GeminiModel } from "./model";

/** From Gemini 3 on calls of the present turn must have a signature; this one stands for a call that another model made. */
const NO_SIGNATURE: string = "skip_thought_signature_validator";

export class ContentWriter {
  private readonly scratch: Buffer = new Buffer();
  /** All calls so far, to find the name of the function that a result belongs to. */
  private readonly calls: ChatPart[] = [];
  /** Ids of the calls that were looked through, each once, and the names that were last called under them. */
  private readonly ids: SpanIndex = new SpanIndex();
  private readonly names: Span[] = [];
  private looked: i32 = 0;
  /** The call that the next result belongs to. */
  private unanswered: i32 = 0;
  private isOpen: bool = false;
  private hasContents: bool = false;
  /** The message is the model's, and no part of it has been written. */
  private isModel: bool = false;
  private isNext: bool = false;
  /** The turn that is open is the model's. */
  private isModelOpen: bool = false;

  constructor(
    private readonly json: JsonWriter,
    private readonly request: ChatRequest,
    private readonly model: GeminiModel,
    /** Vertex AI's files have names. */
    private readonly namesFiles: bool,
  ) {}

  /** Writes the items of `contents`, without the system's unless there is nothing else. */
  messages(): void {
    const messages = this.request.messages;
    const turn = this.presentTurn();
    let needsSignature = false;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (!message.name.isEmpty) this.request.dropped.add("messages.name");
      if (message.isSystem && turn != -1) continue;
      const isModel = message.role == Role.Assistant;
      if (!isModel || !this.isModel) {
        if (isModel) this.unanswered = this.calls.length;
        needsSignature = i > turn && this.model.generation >= 30;
      }
      this.isModel = isModel;
      this.isNext = true;
      for (let j = 0; j < message.parts.length; j++) {
        const part = message.parts[j];
        if (part.kind == PartKind.ToolCall) {
          this.call(part, needsSignature);
          // Of calls that belong together only the first has one.
          needsSignature = false;
        } else if (part.kind == PartKind.ToolResult) {
          this.result(part);
        } else {
          this.content(part);
        }
      }
    }
    // A request without contents is refused.
    this.isModel = false;
    if (!this.hasContents) this.nothing();
    this.close();
  }

  /** What the user says where there is nothing to say. */
  private nothing(): void {
    this.open().key("text").text(".").end();
  }

  /** Where the present turn begins: the last message that the user wrote; -1 when all messages are the system's. */
  private presentTurn(): i32 {
    const messages = this.request.messages;
    let turn = -1;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message.isSystem) continue;
      const isUser = message.role == Role.User && !message.has(PartKind.ToolResult);
      if (isUser || turn < 0) turn = i;
    }
    return turn;
  }

  /** Writes one part that is no call and no result; nothing where Gemini has no place for it. */
  content(part: ChatPart): void {
    const dropped = this.request.dropped;
    this.noteCacheControl(part);
    switch (part.kind) {
      case PartKind.Text:
      case PartKind.Refusal:
        // An empty one is refused.
        if (!part.text.isEmpty) this.open().key("text").escaped(part.text).end();
        return;
      case PartKind.Thinking:
        if (part.data.isEmpty) {
          dropped.add("messages.reasoning_content");
          return;
        }
        this.open().key("text").escaped(part.text);
        if (!part.text.isEmpty) this.json.key("thought").bool(true);
        this.json.key("thoughtSignature").escaped(part.data).end();
        return;
      case PartKind.RedactedThinking:
        dropped.add("messages.content.redacted_thinking");
        return;
      default:
        if (!part.detail.isEmpty) dropped.add("messages.content.image_url.detail");
        if (part.data.isEmpty && part.url.isEmpty) {
          dropped.add("messages.content.file.file_id");
          return;
        }
        this.file(this.open(), part);
        this.json.end();
    }
  }

  /** Writes `inlineData` or `fileData` into an object that is open. */
  private file(json: JsonWriter, part: ChatPart): void {
    const isInline = !part.data.isEmpty;
    json
      .key(isInline ? "inlineData" : "fileData")
      .object()
      .key("mimeType");
    const type = part.mediaType;
    if (!type.isEmpty && part.kind != PartKind.Audio) json.escaped(type);
    else if (!type.isEmpty && type.indexOf(0x2f) < 0) json.text("audio/" + type.toString());
    else if (!type.isEmpty) json.escaped(type);
    else json.text(mediaTypeOfUrl(isInline ? part.name : part.url));
    if (isInline) json.key("data").escaped(part.data);
    else json.key("fileUri").escaped(part.url);
    if (!part.name.isEmpty && this.namesFiles) json.key("displayName").escaped(part.name);
    else if (!part.name.isEmpty) this.request.dropped.add("messages.content.file.filename");
    json.end();
  }

  private call(part: ChatPart, needsSignature: bool): void {
    this.calls.push(part);
    this.noteCacheControl(part);
    const json = this.open().key("functionCall").object();
    this.id(part.id);
    const args = part.argumentsJson();
    json.key("name").escaped(part.name).key("args");
    if (args.isEmpty) json.object().end();
    else json.raw(args);
    if (args.isEmpty && !part.text.isEmpty) {
      this.request.dropped.add("messages.tool_calls.function.arguments");
    }
    json.end();
    if (!part.data.isEmpty) json.key("thoughtSignature").escaped(part.data);
    else if (needsSignature) json.key("thoughtSignature").text(NO_SIGNATURE);
    json.end();
  }

  private noteCacheControl(part: ChatPart): void {
    if (!part.cacheControl.isEmpty) this.request.dropped.add("messages.content.cache_control");
  }

  private result(part: ChatPart): void {
    this.noteCacheControl(part);
    const json = this.open().key("functionResponse").object();
    this.id(part.id);
    json.key("name").escaped(this.nameOf(part.id));
    this.scratch.clear();
    let isText = true;
    for (let i = 0; i < part.parts.length; i++) {
      const inner = part.parts[i];
      if (inner.kind == PartKind.Text) joinText(this.scratch, "\\n", inner.text);
      else isText = false;
    }
    json
      .key("response")
      .object()
      .key(part.isError ? "error" : "output");
    json.escaped(this.scratch.span()).end();
    const takesParts = this.model.generation >= 30;
    if (!isText && takesParts) {
      json.key("parts").array();
      for (let i = 0; i < part.parts.length; i++) {
        const inner = part.parts[i];
        if (inner.kind == PartKind.Text || (inner.data.isEmpty && inner.url.isEmpty)) continue;
        this.file(json.object(), inner);
        json.end();
      }
      json.end();
    }
    json.end().end();
    // Earlier models have no place for pictures in a result: they stand behind it.
    for (let i = 0; i < part.parts.length && !takesParts; i++) {
      if (part.parts[i].kind != PartKind.Text) this.content(part.parts[i]);
    }
  }

  /** Earlier models know calls by their order only. */
  private id(id: Span): void {
    if (this.model.generation >= 30 && !id.isEmpty) this.json.key("id").escaped(id);
  }

  /** Name of the function that was called under this id; results come in the order of their calls. */
  private nameOf(id: Span): Span {
    const calls = this.calls;
    const next = this.unanswered++;
    if (next < calls.length && calls[next].id.equals(id)) return calls[next].name;
    for (; this.looked < calls.length; this.looked++) {
      const call = calls[this.looked];
      if (this.ids.add(call.id)) this.names.push(call.name);
      else this.names[this.ids.indexOf(call.id)] = call.name;
    }
    const index = this.ids.indexOf(id);
    return index < 0 ? id : this.names[index];
  }

  /** Opens a part, and its turn with the first of them. */
  private open(): JsonWriter {
    const isModel = this.isModel;
    // Gemini refuses calls behind another turn of the model's: what it says in a row is one.
    if (this.isNext && !(isModel && this.isModelOpen)) this.close();
    this.isNext = false;
    if (this.isOpen) return this.json.object();
    // It refuses calls that nobody has asked for, too.
    if (isModel && !this.hasContents) {
      this.isModel = false;
      this.nothing();
      this.close();
      this.isModel = true;
    }
    this.json
      .object()
      .key("role")
      .text(isModel ? "model" : "user")
      .key("parts")
      .array();
    this.isOpen = true;
    this.isModelOpen = isModel;
    this.hasContents = true;
    return this.json.object();
  }

  private close(): void {
    if (this.isOpen) this.json.end().end();
    this.isOpen = false;
    this.isModelOpen = false;
  }
}
