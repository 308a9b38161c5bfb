// Parts of messages as Converse has them:
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { prepareMedia } from "as-proxy-wasm-sdk/llm/anthropic/media";
import { ChatPart, PartKind } from "as-proxy-wasm-sdk/llm/chat";
import { Dropped } from "as-proxy-wasm-sdk/llm/dropped";
import { indexOfName } from "as-proxy-wasm-sdk/llm/names";
import { isBlank } from "as-proxy-wasm-sdk/llm/text";

/** Media types whose subtype is not Converse's name of the format. */
const SUBTYPES: StaticArray<string> = [
  "jpg",
  "plain",
  "markdown",
  "msword",
  "vnd.openxmlformats-officedocument.wordprocessingml.document",
  "vnd.ms-excel",
  "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "quicktime",
  "x-matroska",
  "3gpp",
  "x-ms-wmv",
  "x-flv",
  "x-wav",
  "x-m4a",
];
const FORMATS: StaticArray<string> = [
  "jpeg",
  "txt",
  "md",
  "doc",
  "docx",
  "xls",
  "xlsx",
  "mov",
  "mkv",
  "three_gp",
  "wmv",
  "flv",
  "wav",
  "m4a",
];

/** Blocks of bytes, and the formats that Converse takes of each. */
const enum Media {
  Image,
  Document,
  Video,
  Audio,
}
const MEDIA_NAMES: StaticArray<string> = ["image", "document", "video", "audio"];
const MEDIA_FORMATS: StaticArray<StaticArray<string>> = [
  ["png", "jpeg", "gif", "webp"],
  ["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"],
  ["mp4", "mov", "mkv", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"],
  ["mp3", "wav", "opus", "aac", "flac", "mp4", "ogg", "mkv", "mka", "m4a", "mpeg", "mpga", "pcm", "webm"],
];

const MAX_NAME_BYTES: i32 = 100;

/** What is dropped of each kind, by name. */
const DROPPED_NAMES: StaticArray<string> = [
  "messages.content.text",
  "messages.content.image_url",
  "messages.content.input_audio",
  "messages.content.file",
  "messages.tool_calls",
  "messages.tool",
  "messages.reasoning_content",
];

export class ContentWriter {
  private documents: i32 = 0;

  constructor(
    private readonly json: JsonWriter,
    private readonly dropped: Dropped,
  ) {}

  /** False for a part that Converse has no place for, or refuses; it is noted unless it says nothing. */
  takes(part: ChatPart): bool {
    switch (part.kind) {
      case PartKind.Text:
      case PartKind.Refusal:
        // Converse refuses blank texts.
        return !isBlank(part.text);
      case PartKind.Image:
      case PartKind.Audio:
      case PartKind.File: {
        // What the bytes are counts for more than what they are called.
        if (part.kind != PartKind.Audio && !part.data.isEmpty) prepareMedia(part, this.dropped, true);
        const isThere = !part.data.isEmpty || part.url.startsWithAscii("s3://");
        if (isThere && indexOfName(MEDIA_FORMATS[mediaOf(part)], formatOf(part)) >= 0) return true;
        break;
      }
      case PartKind.Thinking:
        if (!part.data.isEmpty) return true;
        break;
      default:
        return true;
    }
    this.dropped.add(DROPPED_NAMES[part.kind]);
    return false;
  }

  /** Writes a part that `takes` accepted as a block; ids of calls are plain already. */
  block(part: ChatPart): void {
    const json = this.json.object();
    switch (part.kind) {
      case PartKind.Text:
      case PartKind.Refusal:
        json.key("text").escaped(part.text);
        break;
      case PartKind.Image:
      case PartKind.Audio:
      case PartKind.File: {
        const media = mediaOf(part);
        json.key(MEDIA_NAMES[media]).object();
        json.key("format").escaped(formatOf(part));
        if (media == Media.Document) json.key("name").escaped(this.documentName(part.name));
        this.source(part);
        json.end();
        break;
      }
      case PartKind.ToolCall:
        json.key("toolUse").object().key("input");
        this.input(part);
        json.key("name").escaped(part.name).key("toolUseId").escaped(part.id).end();
        break;
      case PartKind.ToolResult:
        json.key("toolResult").object().key("toolUseId").escaped(part.id);
        json.key("content").array();
        for (let i = 0; i < part.parts.length; i++) {
          const inner = part.parts[i];
          if (inner.kind > PartKind.File || !this.takes(inner)) continue;
          // The only bytes that a result has no place for.
          if (mediaOf(inner) == Media.Audio) this.dropped.add(DROPPED_NAMES[inner.kind]);
          else this.block(inner);
        }
        json.end();
        if (part.isError) json.key("status").text("error");
        json.end();
        break;
      default:
        json.key("reasoningContent").object();
        if (part.kind == PartKind.RedactedThinking) {
          json.key("redactedContent").escaped(part.data);
        } else {
          json.key("reasoningText").object().key("text").escaped(part.text);
          json.key("signature").escaped(part.data).end();
        }
        json.end();
    }
    json.end();
  }

  private source(part: ChatPart): void {
    const json = this.json.key("source").object();
    if (!part.data.isEmpty) json.key("bytes").escaped(part.data);
    else json.key("s3Location").object().key("uri").escaped(part.url).end();
    json.end();
  }

  private input(part: ChatPart): void {
    const input = part.argumentsJson();
    if (!input.isEmpty) {
      this.json.raw(input);
      return;
    }
    this.json.object().end();
    if (!part.text.isEmpty) this.dropped.add("messages.tool_calls.function.arguments");
  }

  /** A name of the characters that Converse takes, and no name twice. */
  private documentName(name: Span): Span {
    const out = new Buffer(MAX_NAME_BYTES);
    const dot = name.lastIndexOf(0x2e);
    const size = min(dot > 0 ? dot : name.size, MAX_NAME_BYTES);
    for (let i = 0; i < size; i++) {
      const byte = name.at(i);
      const isLetter = <u32>((byte | 0x20) - 0x61) < 26 || <u32>(byte - 0x30) < 10;
      // Parentheses and square brackets.
      const isPlain = isLetter || byte == 0x28 || byte == 0x29 || byte == 0x5b || byte == 0x5d;
      out.push(isPlain ? byte : 0x2d);
    }
    if (out.isEmpty) out.text("document");
    this.documents++;
    if (this.documents > 1) out.text("-" + this.documents.toString());
    return out.take();
  }
}

export function isDocument(part: ChatPart): bool {
  return part.kind == PartKind.File && mediaOf(part) == Media.Document;
}

/** What kind of block these bytes are. */
function mediaOf(part: ChatPart): Media {
  if (part.kind == PartKind.Image || part.mediaType.startsWithAscii("image/")) return Media.Image;
  if (part.kind == PartKind.Audio || part.mediaType.startsWithAscii("audio/")) return Media.Audio;
  return part.mediaType.startsWithAscii("video/") ? Media.Video : Media.Document;
}

/** `png` of `image/png`, `pdf` of `application/pdf`, else the ending of the name. */
function formatOf(part: ChatPart): Span {
  const type = part.mediaType;
  let format = type.slice(type.indexOf(0x2f) + 1);
  const parameters = format.indexOf(0x3b);
  if (parameters >= 0) format = format.slice(0, parameters);
  const known = indexOfName(SUBTYPES, format);
  if (known >= 0) return Span.text(FORMATS[known]);
  if (indexOfName(MEDIA_FORMATS[mediaOf(part)], format) >= 0) return format;
  const name = part.name.isEmpty ? part.url : part.name;
  const ending = name.slice(name.lastIndexOf(0x2e) + 1);
  // Sources, CSS and the like.
  const isText = type.startsWithAscii("text/") && indexOfName(MEDIA_FORMATS[Media.Document], ending) < 0;
  return isText ? Span.text("txt") : ending;
}
