// Content of Anthropic messages in requests: a string, or a list of blocks.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, PartKind } from "../chat";
import { Dropped } from "../dropped";
import { indexOfName } from "../names";
import { NONE, rawOf, textOf } from "../text";
import { withoutBillingHash } from "./billing";

const enum Block {
  Text,
  Image,
  Document,
  ToolUse,
  ToolResult,
  Thinking,
  RedactedThinking,
  SearchResult,
}

const BLOCKS: StaticArray<string> = [
  "text",
  "image",
  "document",
  "tool_use",
  "tool_result",
  "thinking",
  "redacted_thinking",
  "search_result",
];

/** Adds the content's parts to the message. */
export function readAnthropicContent(message: ChatMessage, content: Json, dropped: Dropped): void {
  message.isPlain = content.kind == JsonKind.String;
  if (message.isPlain) {
    message.parts.push(ChatPart.text(content.escaped()));
    return;
  }
  const items = content.items();
  while (items.next()) {
    const block = items.value;
    const type = textOf(block.get("type"));
    if (indexOfName(BLOCKS, type) == Block.ToolResult) {
      readToolResult(message.parts, block, dropped);
    } else if (!readBlock(message.parts, block, type)) {
      dropped.addNamed("messages.content.", type);
    }
  }
}

/** Adds what a block holds to `parts`; false when nothing of it can be kept. */
function readBlock(parts: ChatPart[], block: Json, type: Span): bool {
  let part: ChatPart;
  switch (indexOfName(BLOCKS, type)) {
    case Block.Text:
      part = ChatPart.text(withoutBillingHash(textOf(block.get("text"))));
      // An empty text part is refused by other providers, and says nothing.
      if (part.text.isEmpty) return true;
      break;
    case Block.Image:
      part = new ChatPart(PartKind.Image);
      if (!readSource(part, block.get("source"))) return false;
      break;
    case Block.Document:
      return readDocument(parts, block);
    case Block.SearchResult:
      return readTexts(parts, block.get("content"));
    case Block.ToolUse:
      part = new ChatPart(PartKind.ToolCall);
      part.id = textOf(block.get("id"));
      part.name = textOf(block.get("name"));
      part.json = objectOf(block.get("input"));
      if (part.id.isEmpty || part.name.isEmpty) return false;
      break;
    case Block.Thinking:
      part = new ChatPart(PartKind.Thinking);
      part.text = textOf(block.get("thinking"));
      part.data = textOf(block.get("signature"));
      break;
    case Block.RedactedThinking:
      part = new ChatPart(PartKind.RedactedThinking);
      part.data = textOf(block.get("data"));
      break;
    default:
      return false;
  }
  part.cacheControl = rawOf(block.get("cache_control"));
  parts.push(part);
  return true;
}

function readToolResult(parts: ChatPart[], block: Json, dropped: Dropped): void {
  const result = new ChatPart(PartKind.ToolResult);
  result.id = textOf(block.get("tool_use_id"));
  result.isError = block.get("is_error").isTrue;
  result.cacheControl = rawOf(block.get("cache_control"));
  const content = block.get("content");
  if (content.kind == JsonKind.String) result.parts.push(ChatPart.text(content.escaped()));
  const items = content.items();
  while (items.next()) {
    const type = textOf(items.value.get("type"));
    if (!readBlock(result.parts, items.value, type)) dropped.addNamed("messages.content.tool_result.", type);
  }
  parts.push(result);
}

/** Documents whose source is text become text; others keep their bytes, address or id. */
function readDocument(parts: ChatPart[], block: Json): bool {
  const source = block.get("source");
  const type = textOf(source.get("type"));
  if (type.equalsAscii("text")) {
    parts.push(ChatPart.text(textOf(source.get("data"))));
    return true;
  }
  if (type.equalsAscii("content")) return readTexts(parts, source.get("content"));
  const part = new ChatPart(PartKind.File);
  part.name = textOf(block.get("title"));
  part.cacheControl = rawOf(block.get("cache_control"));
  if (!readSource(part, source)) return false;
  parts.push(part);
  return true;
}

/** Adds a string, or the texts among a list of blocks; false when there are none. */
function readTexts(parts: ChatPart[], content: Json): bool {
  const before = parts.length;
  if (content.kind == JsonKind.String) parts.push(ChatPart.text(content.escaped()));
  const items = content.items();
  while (items.next()) {
    const text = textOf(items.value.get("text"));
    if (!text.isEmpty) parts.push(ChatPart.text(text));
  }
  return parts.length > before;
}

/** Reads where an image or document is; false when the source lacks it. */
function readSource(part: ChatPart, source: Json): bool {
  part.mediaType = textOf(source.get("media_type"));
  part.data = textOf(source.get("data"));
  part.url = textOf(source.get("url"));
  part.fileId = textOf(source.get("file_id"));
  return !part.data.isEmpty || !part.url.isEmpty || !part.fileId.isEmpty;
}

function objectOf(value: Json): Span {
  return value.kind == JsonKind.Object ? value.raw() : NONE;
}
