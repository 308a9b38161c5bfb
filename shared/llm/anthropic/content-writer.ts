// Content of messages as Anthropic has it: blocks, and results of tools in user messages.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ChatPart, PartKind } from "../chat";
import { Dropped } from "../dropped";
import { isBlank, joinText } from "../text";
import { Turn } from "./turns";

export class ContentWriter {
  private readonly scratch: Buffer = new Buffer();

  constructor(
    private readonly json: JsonWriter,
    private readonly dropped: Dropped,
  ) {}

  /** Writes `messages`. */
  messages(turns: Turn[]): void {
    const json = this.json.key("messages").array();
    for (let i = 0; i < turns.length; i++) {
      const turn = turns[i];
      json
        .object()
        .key("role")
        .text(turn.isAssistant ? "assistant" : "user")
        .key("content");
      if (turn.isPlain) {
        json.escaped(turn.parts[0].text);
      } else {
        json.array();
        this.blocks(turn.parts);
        json.end();
      }
      json.end();
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
        // A blank text is refused.
        if (isBlank(part.text)) return;
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
        json.object().key("type").text("tool_use").key("id").escaped(part.id);
        json.key("name").escaped(part.name);
        this.input(part);
        break;
      case PartKind.ToolResult:
        json.object().key("type").text("tool_result").key("tool_use_id");
        json.escaped(part.id).key("content");
        this.resultContent(part);
        if (part.isError) json.key("is_error").bool(true);
        break;
      case PartKind.Thinking:
        json.object().key("type").text("thinking").key("thinking").escaped(part.text);
        json.key("signature").escaped(part.data).end();
        return;
      case PartKind.RedactedThinking:
        json.object().key("type").text("redacted_thinking").key("data").escaped(part.data).end();
        return;
      default:
        return;
    }
    if (!part.cacheControl.isEmpty) json.key("cache_control").raw(part.cacheControl);
    json.end();
  }

  private source(part: ChatPart): void {
    const json = this.json.key("source").object().key("type");
    if (!part.text.isEmpty) {
      json.text("text").key("media_type").text("text/plain").key("data").escaped(part.text);
    } else if (!part.data.isEmpty) {
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
      if (result.parts[i].kind == PartKind.Text && result.parts[i].cacheControl.isEmpty) continue;
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
