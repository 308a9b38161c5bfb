// Messages as items of a Responses request's `input`.

import { Buffer, Span, SpanIndex } from "../../bytes";
import { JsonWriter } from "../../json";
import { prepareFile } from "../anthropic/media";
import { ChatMessage, ChatPart, PartKind, Role } from "../chat";
import { inputOf } from "../custom-tool";
import { Dropped } from "../dropped";

const ROLE_NAMES: StaticArray<string> = ["system", "developer", "user", "assistant", "user"];

export class InputWriter {
  private readonly scratch: Buffer = new Buffer();
  /** A message is open in the output, up to the parts of its content. */
  private isOpen: bool = false;
  /** Ids of the calls of tools that take free text: their results are items of their own type. */
  private readonly customCalls: SpanIndex = new SpanIndex();

  constructor(
    private readonly json: JsonWriter,
    private readonly dropped: Dropped,
  ) {}

  /** One message becomes several items where it has reasoning, calls or results. */
  write(message: ChatMessage): void {
    if (!message.name.isEmpty) this.dropped.add("messages.name");
    const parts = message.parts;
    // A list of an answer's parts is described with the id that OpenAI gave it, a text without.
    const isPlain = message.role == Role.Assistant ? hasOneText(parts) : message.isPlain && parts.length == 1;
    for (let i = 0; i < parts.length; i++) {
      if (!isPlain || parts[i].kind != PartKind.Text) this.part(message.role, parts[i]);
      else this.plainText(message.role, parts[i]);
    }
    this.closeMessage();
  }

  private plainText(role: Role, part: ChatPart): void {
    // An answer without words is no message.
    if (role != Role.Assistant || !part.text.isEmpty) {
      this.json.object().key("role").text(ROLE_NAMES[role]).key("content").escaped(part.text).end();
    }
    this.noteCacheControl(part);
  }

  private noteCacheControl(part: ChatPart): void {
    if (!part.cacheControl.isEmpty) this.dropped.add("messages.content.cache_control");
  }

  private part(role: Role, part: ChatPart): void {
    switch (part.kind) {
      case PartKind.ToolCall:
        this.closeMessage();
        this.toolCall(part);
        break;
      case PartKind.ToolResult:
        this.closeMessage();
        this.toolResult(part);
        break;
      case PartKind.Thinking:
        this.reasoning(part);
        break;
      case PartKind.RedactedThinking:
        // Only its maker can read it, and that is not OpenAI.
        this.dropped.add("messages.content.redacted_thinking");
        break;
      default:
        this.content(role, part);
    }
    this.noteCacheControl(part);
  }

  private content(role: Role, part: ChatPart): void {
    if (part.kind == PartKind.File && !prepareFile(part, this.dropped)) return;
    const isText = part.kind == PartKind.Text;
    if (isText && part.text.isEmpty) return;
    if (role == Role.Assistant && !isText && part.kind != PartKind.Refusal) {
      this.dropped.add("messages.assistant.content");
      return;
    }
    if (part.kind == PartKind.Audio) {
      this.dropped.add("messages.content.input_audio");
      return;
    }
    if (!this.isOpen) this.json.object().key("role").text(ROLE_NAMES[role]).key("content").array();
    this.isOpen = true;
    if (isText && role == Role.Assistant) this.text("output_text", part.text);
    else if (part.kind == PartKind.Refusal) {
      this.json.object().key("type").text("refusal").key("refusal").escaped(part.text).end();
    } else this.input(part);
  }

  private closeMessage(): void {
    if (this.isOpen) this.json.end().end();
    this.isOpen = false;
  }

  private text(type: string, text: Span): void {
    this.json.object().key("type").text(type).key("text").escaped(text).end();
  }

  /** A part of what is put in: text, an image or a file. */
  private input(part: ChatPart): void {
    const json = this.json;
    if (part.kind == PartKind.Text) return this.text("input_text", part.text);
    json.object().key("type");
    const isImage = part.kind == PartKind.Image;
    json.text(isImage ? "input_image" : "input_file");
    if (!part.fileId.isEmpty) json.key("file_id").escaped(part.fileId);
    else if (part.data.isEmpty) json.key(isImage ? "image_url" : "file_url").escaped(part.url);
    else json.key(isImage ? "image_url" : "file_data").escaped(this.dataUrl(part));
    if (isImage) {
      json.key("detail");
      if (part.detail.isEmpty) json.text("auto");
      else json.escaped(part.detail);
    } else if (part.fileId.isEmpty && part.url.isEmpty) {
      json.key("filename");
      // Refused without one.
      if (part.name.isEmpty) json.text("file.pdf");
      else json.escaped(part.name);
    }
    json.end();
  }

  private dataUrl(part: ChatPart): Span {
    const out = this.scratch;
    out.clear();
    out.text("data:");
    out.append(part.mediaType);
    out.text(";base64,");
    out.append(part.data);
    return out.span();
  }

  private toolCall(part: ChatPart): void {
    const json = this.json
      .object()
      .key("type")
      .text(part.isCustom ? "custom_tool_call" : "function_call");
    json.key("call_id").escaped(part.id).key("name").escaped(part.name);
    if (part.isCustom) {
      this.customCalls.add(part.id);
      json.key("input").escaped(inputOf(part)).end();
    } else {
      json.key("arguments").escaped(part.argumentsText(this.scratch)).end();
    }
    if (!part.data.isEmpty) this.dropped.add("messages.tool_calls.signature");
  }

  private toolResult(part: ChatPart): void {
    const isCustom = this.customCalls.indexOf(part.id) >= 0;
    const json = this.json.object().key("type");
    json
      .text(isCustom ? "custom_tool_call_output" : "function_call_output")
      .key("call_id")
      .escaped(part.id);
    const parts = part.parts;
    json.key("output");
    if (parts.length == 0) {
      json.text("");
    } else if (parts.length == 1 && parts[0].kind == PartKind.Text) {
      json.escaped(parts[0].text);
    } else {
      json.array();
      for (let i = 0; i < parts.length; i++) {
        if (parts[i].kind == PartKind.Audio) this.dropped.add("messages.content.input_audio");
        else if (parts[i].kind != PartKind.File || prepareFile(parts[i], this.dropped)) this.input(parts[i]);
      }
      json.end();
    }
    json.end();
    // The content says what went wrong; the mark itself has no place.
    if (part.isError) this.dropped.add("messages.content.tool_result.is_error");
  }

  /** Reasoning without its seal is of no use to the API. */
  private reasoning(part: ChatPart): void {
    if (part.data.isEmpty) {
      this.dropped.add("messages.reasoning_content");
      return;
    }
    this.closeMessage();
    const json = this.json.object().key("type").text("reasoning").key("summary").array();
    if (!part.text.isEmpty) this.text("summary_text", part.text);
    json.end().key("encrypted_content").escaped(part.data).end();
  }
}

function hasOneText(parts: ChatPart[]): bool {
  let texts = 0;
  for (let i = 0; i < parts.length; i++) {
    if (parts[i].kind == PartKind.Text || parts[i].kind == PartKind.Refusal) texts++;
  }
  return texts == 1;
}
