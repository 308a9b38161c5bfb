// Messages and their content as Anthropic has them: blocks, and results of tools in user messages.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ChatMessage, ChatPart, PartKind, Role } from "../chat";
import { Dropped } from "../dropped";
import { joinText } from "../text";
import { plainToolCallId } from "../tool-id";

export class ContentWriter {
  private readonly scratch: Buffer = new Buffer();

  constructor(
    private readonly json: JsonWriter,
    private readonly dropped: Dropped,
  ) {}

  /** Writes `messages`, without those of the system. */
  messages(messages: ChatMessage[]): void {
    const json = this.json.key("messages").array();
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message.isSystem) continue;
      const isResult = message.role == Role.Tool;
      json
        .object()
        .key("role")
        .text(message.role == Role.Assistant ? "assistant" : "user")
        .key("content");
      const plain = plainText(message);
      if (plain) {
        json.escaped(plain.text);
      } else {
        json.array();
        this.blocks(message.parts);
        // The results of parallel calls belong into one message.
        while (isResult && i + 1 < messages.length && messages[i + 1].role == Role.Tool) {
          this.blocks(messages[++i].parts);
        }
        json.end();
      }
      json.end();
      if (!message.name.isEmpty) this.dropped.add("messages.name");
      if (plain && message.parts.length > 1) this.dropped.add("messages.reasoning_content");
    }
    json.end();
  }

  blocks(parts: ChatPart[]): void {
    for (let i = 0; i < parts.length; i++) this.block(parts[i]);
  }

  private block(part: ChatPart): void {
    const json = this.json;
    switch (part.kind) {
      case PartKind.Text:
      case PartKind.Refusal:
        // An empty text block is refused.
        if (part.text.isEmpty) return;
        json.object().key("type").text("text").key("text").escaped(part.text);
        break;
      case PartKind.Image:
      case PartKind.File:
        json
          .object()
          .key("type")
          .text(part.kind == PartKind.Image ? "image" : "document");
        this.source(part);
        if (!part.name.isEmpty) json.key("title").escaped(part.name);
        break;
      case PartKind.ToolCall:
        json.object().key("type").text("tool_use").key("id").escaped(plainToolCallId(part.id));
        json.key("name").escaped(part.name);
        this.input(part);
        break;
      case PartKind.ToolResult:
        json.object().key("type").text("tool_result").key("tool_use_id");
        json.escaped(plainToolCallId(part.id)).key("content");
        this.resultContent(part);
        if (part.isError) json.key("is_error").bool(true);
        break;
      case PartKind.Thinking:
        if (part.data.isEmpty) {
          this.dropped.add("messages.reasoning_content");
          return;
        }
        json.object().key("type").text("thinking").key("thinking").escaped(part.text);
        json.key("signature").escaped(part.data).end();
        return;
      case PartKind.RedactedThinking:
        json.object().key("type").text("redacted_thinking").key("data").escaped(part.data).end();
        return;
      default:
        this.dropped.add("messages.content.input_audio");
        return;
    }
    if (!part.cacheControl.isEmpty) json.key("cache_control").raw(part.cacheControl);
    json.end();
  }

  private source(part: ChatPart): void {
    const json = this.json.key("source").object().key("type");
    if (!part.data.isEmpty) {
      json.text("base64").key("media_type").escaped(part.mediaType).key("data").escaped(part.data);
    } else if (!part.fileId.isEmpty) {
      json.text("file").key("file_id").escaped(part.fileId);
    } else {
      json.text("url").key("url").escaped(part.url);
    }
    json.end();
  }

  private input(part: ChatPart): void {
    const input = part.argumentsJson();
    this.json.key("input");
    if (input.isEmpty) this.json.object().end();
    else this.json.raw(input);
    if (input.isEmpty && !part.text.isEmpty) this.dropped.add("messages.tool_calls.function.arguments");
  }

  private resultContent(result: ChatPart): void {
    for (let i = 0; i < result.parts.length; i++) {
      if (result.parts[i].kind == PartKind.Text) continue;
      this.json.array();
      this.blocks(result.parts);
      this.json.end();
      return;
    }
    this.json.escaped(this.joined(result.parts));
  }

  /** The texts, joined with line feeds. Valid until the next call. */
  joined(parts: ChatPart[]): Span {
    this.scratch.clear();
    for (let i = 0; i < parts.length; i++) joinText(this.scratch, "\\n", parts[i].text);
    return this.scratch.span();
  }
}

/** The text of a message that has nothing else to send. */
function plainText(message: ChatMessage): ChatPart | null {
  if (!message.isPlain || message.role == Role.Tool) return null;
  let text: ChatPart | null = null;
  for (let i = 0; i < message.parts.length; i++) {
    const part = message.parts[i];
    if (part.kind == PartKind.Text) text = part;
    else if (part.kind != PartKind.Thinking || !part.data.isEmpty) return null;
  }
  return text;
}
