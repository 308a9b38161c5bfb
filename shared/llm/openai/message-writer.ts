// Messages as OpenAI chat completion requests have them.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { prepareFile } from "../anthropic/media";
import { ChatMessage, ChatPart, PartKind, Role } from "../chat";
import { inputOf } from "../custom-tool";
import { Dropped } from "../dropped";
import { joinText } from "../text";
import { writeSealedData, writeSealedText, writeToolSignature } from "./seal";

const ROLE_NAMES: StaticArray<string> = ["system", "developer", "user", "assistant", "tool"];

export class MessageWriter {
  /** Parts that are all text become one string, where the target takes no list. */
  joinsTexts: bool = false;
  /** `cache_control` of parts is written. */
  keepsCacheControl: bool = true;
  /** Seals are written: those of reasoning as OpenRouter has them, those of calls as Google has them. */
  keepsSeals: bool = false;
  /** Calls of tools that take free text, and refusals, are written as such; elsewhere refusals are text. */
  keepsCustom: bool = false;

  private readonly scratch: Buffer = new Buffer();

  /** With `keepsReasoning` earlier reasoning is written as `reasoning_content`. */
  constructor(
    protected readonly json: JsonWriter,
    protected readonly dropped: Dropped,
    private readonly keepsReasoning: bool,
  ) {}

  /** One message becomes several when it holds results of tools, each of which is a message here. */
  write(message: ChatMessage): void {
    if (!this.keepsCustom) sayRefusals(message);
    const results = message.has(PartKind.ToolResult);
    if (results) {
      for (let i = 0; i < message.parts.length; i++) {
        if (message.parts[i].kind == PartKind.ToolResult) this.toolResult(message.parts[i]);
      }
    }
    const calls = message.has(PartKind.ToolCall);
    const rest = this.contentOf(message);
    if (results && !calls && rest.length == 0) return;

    const json = this.json.object();
    if (!message.name.isEmpty) json.key("name").escaped(message.name);
    json.key("role").text(ROLE_NAMES[results && message.role == Role.Tool ? Role.User : message.role]);
    const isText = calls || results || message.isPlain || this.joinsTexts || rest.length == 0;
    if (isText) this.joinedContent(rest, calls);
    else this.listedContent(rest);
    this.reasoningContent(message);
    if (this.keepsSeals) this.reasoningDetails(message);
    if (calls) this.toolCalls(message);
    this.refusal(message);
    json.end();
  }

  /** The parts that belong into `content`, those of tool results that are not text included. */
  private contentOf(message: ChatMessage): ChatPart[] {
    const content: ChatPart[] = [];
    for (let i = 0; i < message.parts.length; i++) {
      const part = message.parts[i];
      if (part.kind == PartKind.ToolResult) {
        for (let j = 0; j < part.parts.length; j++) {
          if (part.parts[j].kind != PartKind.Text && this.canWrite(part.parts[j]))
            content.push(part.parts[j]);
        }
      } else if (
        message.role == Role.Assistant &&
        part.kind >= PartKind.Image &&
        part.kind <= PartKind.File
      ) {
        // The content of an answer is text.
        this.dropped.add("messages.assistant.content");
      } else if (this.canWrite(part)) {
        content.push(part);
      }
    }
    return content;
  }

  /** False for parts that have a member of their own, and for those that are dropped. */
  protected canWrite(part: ChatPart): bool {
    switch (part.kind) {
      case PartKind.Text:
      case PartKind.Audio:
        return true;
      case PartKind.Image:
        if (part.fileId.isEmpty) return true;
        this.dropped.add("messages.content.image.file_id");
        return false;
      case PartKind.File:
        if (!part.url.isEmpty) {
          this.dropped.add("messages.content.document.url");
          return false;
        }
        return prepareFile(part, this.dropped);
      case PartKind.RedactedThinking:
        if (!this.keepsSeals) this.dropped.add("messages.content.redacted_thinking");
        return false;
      default:
        return false;
    }
  }

  /** Texts as one string; beside anything else they stay a list. */
  private joinedContent(parts: ChatPart[], mayBeAbsent: bool): void {
    for (let i = 0; i < parts.length; i++) {
      if (parts[i].kind != PartKind.Text) return this.listedContent(parts);
      if (parts[i].cacheControl.isEmpty) continue;
      if (this.keepsCacheControl && !this.joinsTexts) return this.listedContent(parts);
      this.noteCacheControl(parts[i]);
    }
    if (parts.length == 0 && mayBeAbsent) return;
    this.scratch.clear();
    for (let i = 0; i < parts.length; i++) joinText(this.scratch, "\\n\\n", parts[i].text);
    this.json.key("content").escaped(this.scratch.span());
  }

  private listedContent(parts: ChatPart[]): void {
    const json = this.json.key("content").array();
    for (let i = 0; i < parts.length; i++) {
      json.object();
      this.part(parts[i]);
      json.end();
    }
    json.end();
  }

  /** Writes the members of one part of a list. */
  protected part(part: ChatPart): void {
    if (part.kind == PartKind.Text) this.json.key("type").text("text").key("text").escaped(part.text);
    else if (part.kind == PartKind.Image) this.image(part);
    else if (part.kind == PartKind.File) this.file(part);
    else this.audio(part);
    if (!this.keepsCacheControl) this.noteCacheControl(part);
    else if (!part.cacheControl.isEmpty) this.json.key("cache_control").raw(part.cacheControl);
  }

  protected noteCacheControl(part: ChatPart): void {
    if (!part.cacheControl.isEmpty) this.dropped.add("messages.content.cache_control");
  }

  private image(part: ChatPart): void {
    const json = this.json.key("type").text("image_url").key("image_url").object();
    json.key("url").escaped(this.urlOf(part));
    if (!part.detail.isEmpty) json.key("detail").escaped(part.detail);
    json.end();
  }

  private file(part: ChatPart): void {
    const json = this.json.key("type").text("file").key("file").object();
    if (!part.name.isEmpty) json.key("filename").escaped(part.name);
    else if (part.fileId.isEmpty) json.key("filename").text("file.pdf"); // Refused without one.
    if (part.fileId.isEmpty) json.key("file_data").escaped(this.urlOf(part));
    else json.key("file_id").escaped(part.fileId);
    json.end();
  }

  private audio(part: ChatPart): void {
    const json = this.json.key("type").text("input_audio").key("input_audio").object();
    json.key("data").escaped(part.data).key("format").escaped(part.mediaType).end();
  }

  /** The part's URL, or its data as one. Valid until the next call. */
  protected urlOf(part: ChatPart): Span {
    if (part.data.isEmpty) return part.url;
    const out = this.scratch;
    out.clear();
    out.text("data:");
    out.append(part.mediaType);
    out.text(";base64,");
    out.append(part.data);
    return out.span();
  }

  private toolCalls(message: ChatMessage): void {
    const json = this.json.key("tool_calls").array();
    for (let i = 0; i < message.parts.length; i++) {
      const part = message.parts[i];
      if (part.kind != PartKind.ToolCall) continue;
      const isCustom = part.isCustom && this.keepsCustom;
      const type = isCustom ? "custom" : "function";
      json.object().key("id").escaped(part.id).key("type").text(type).key(type).object();
      json.key("name").escaped(part.name);
      if (isCustom) json.key("input").escaped(inputOf(part));
      else json.key("arguments").escaped(part.argumentsText(this.scratch));
      json.end();
      if (!part.data.isEmpty) this.toolSignature(part);
      json.end();
      this.noteCacheControl(part);
    }
    json.end();
  }

  private toolSignature(part: ChatPart): void {
    if (!this.keepsSeals) this.dropped.add("messages.tool_calls.signature");
    else writeToolSignature(this.json, part.data);
  }

  private toolResult(part: ChatPart): void {
    const out = this.scratch;
    out.clear();
    for (let i = 0; i < part.parts.length; i++) {
      if (part.parts[i].kind != PartKind.Text) continue;
      joinText(out, "\\n", part.parts[i].text);
      this.noteCacheControl(part.parts[i]);
    }
    const json = this.json.object().key("role").text("tool").key("content").escaped(out.span());
    json.key("tool_call_id").escaped(part.id).end();
    // The content says what went wrong; the mark itself has no place.
    if (part.isError) this.dropped.add("messages.content.tool_result.is_error");
    this.noteCacheControl(part);
  }

  private reasoningContent(message: ChatMessage): void {
    if (!message.has(PartKind.Thinking)) return;
    if (!this.keepsReasoning) {
      this.dropped.add("messages.content.thinking");
      return;
    }
    this.scratch.clear();
    for (let i = 0; i < message.parts.length; i++) {
      const part = message.parts[i];
      if (part.kind != PartKind.Thinking) continue;
      this.scratch.append(part.text);
      if (!this.keepsSeals && !part.data.isEmpty) this.dropped.add("messages.content.thinking.signature");
    }
    this.json.key("reasoning_content").escaped(this.scratch.span());
  }

  private reasoningDetails(message: ChatMessage): void {
    let isOpen = false;
    for (let i = 0; i < message.parts.length; i++) {
      const part = message.parts[i];
      const isSealed = part.kind == PartKind.Thinking || part.kind == PartKind.RedactedThinking;
      if (!isSealed || part.data.isEmpty) continue;
      if (!isOpen) this.json.key("reasoning_details").array();
      isOpen = true;
      if (part.kind == PartKind.Thinking) writeSealedText(this.json, part.text, part.data);
      else writeSealedData(this.json, part.data);
    }
    if (isOpen) this.json.end();
  }

  private refusal(message: ChatMessage): void {
    for (let i = 0; i < message.parts.length; i++) {
      if (message.parts[i].kind != PartKind.Refusal) continue;
      this.json.key("refusal").escaped(message.parts[i].text);
      return;
    }
  }
}

function sayRefusals(message: ChatMessage): void {
  for (let i = 0; i < message.parts.length; i++) {
    if (message.parts[i].kind != PartKind.Refusal) continue;
    message.parts[i].kind = PartKind.Text;
    message.isPlain = true;
  }
}
