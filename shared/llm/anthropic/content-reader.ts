// Content of Anthropic messages in requests: a string, or a list of blocks.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, PartKind } from "../chat";
import { Dropped } from "../dropped";
import { nameOthers } from "../fields";
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

/** Members of blocks that are read; `citations` says where a text is from, which no request of another dialect can. */
const MEMBERS: StaticArray<string> = [
  "type",
  "text",
  "source",
  "title",
  "context",
  "id",
  "name",
  "input",
  "tool_use_id",
  "content",
  "is_error",
  "thinking",
  "signature",
  "data",
  "cache_control",
  "media_type",
  "url",
  "file_id",
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
    if (indexOfName(BLOCKS, type) == Block.ToolResult) readToolResult(message.parts, block, dropped);
    else readOrName(message.parts, block, "messages.content.", dropped);
  }
}

function readOrName(parts: ChatPart[], block: Json, prefix: string, dropped: Dropped): void {
  const type = textOf(block.get("type"));
  if (readBlock(parts, block, type, dropped)) {
    nameOthers(block, MEMBERS, prefix, dropped);
    nameOthers(block.get("source"), MEMBERS, prefix + "source.", dropped);
  } else dropped.addNamed(prefix, type);
}

/** Adds what a block holds to `parts`; false when nothing of it can be kept. */
function readBlock(parts: ChatPart[], block: Json, type: Span, dropped: Dropped): bool {
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
    case Block.Document: {
      const source = block.get("source");
      const isText = textOf(source.get("type")).equalsAscii("text");
      return readDocument(
        parts,
        block,
        block.get("context"),
        source.get(isText ? "data" : "content"),
        dropped,
      );
    }
    case Block.SearchResult:
      return readDocument(parts, block, block.get("source"), block.get("content"), dropped);
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
  while (items.next()) readOrName(result.parts, items.value, "messages.content.tool_result.", dropped);
  nameOthers(block, MEMBERS, "messages.content.tool_result.", dropped);
  parts.push(result);
}

/**
 * Documents whose source is text become texts, as search results do: title and origin stand before what they say. Others
 * keep their bytes, address or id. False when nothing is said.
 */
function readDocument(parts: ChatPart[], block: Json, origin: Json, content: Json, dropped: Dropped): bool {
  const before = parts.length;
  const title = textOf(block.get("title"));
  if (content.exists) {
    addText(parts, title);
    addText(parts, textOf(origin));
    if (!readTexts(parts, content, dropped)) {
      while (parts.length > before) parts.pop();
      return false;
    }
    const cacheControl = rawOf(block.get("cache_control"));
    if (!cacheControl.isEmpty) parts[parts.length - 1].cacheControl = cacheControl;
    return true;
  }
  const part = new ChatPart(PartKind.File);
  part.name = title;
  part.cacheControl = rawOf(block.get("cache_control"));
  if (!readSource(part, block.get("source"))) return false;
  addText(parts, textOf(origin));
  parts.push(part);
  return true;
}

function addText(parts: ChatPart[], text: Span): void {
  if (!text.isEmpty) parts.push(ChatPart.text(text));
}

/** Adds a string, or the texts and pictures among a list of blocks; false when there are none. */
function readTexts(parts: ChatPart[], content: Json, dropped: Dropped): bool {
  const before = parts.length;
  addText(parts, textOf(content));
  const items = content.items();
  while (items.next()) {
    const type = textOf(items.value.get("type"));
    if (indexOfName(BLOCKS, type) <= Block.Image)
      readOrName(parts, items.value, "messages.content.", dropped);
    else dropped.addNamed("messages.content.document.", type);
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
