// Requests to APIs that take texts and little else: what there is of a conversation for them, and what is lost.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import {
  Answer,
  ChatMessage,
  ChatPart,
  ChatRequest,
  Option,
  OPTION_NAMES,
  PartKind,
  Thinking,
  ToolChoice,
} from "as-proxy-wasm-sdk/llm/chat";
import { Dropped } from "as-proxy-wasm-sdk/llm/dropped";

/** Positions are those of `PartKind`; "" for what has no name of its own in `dropped`. */
const PART_NAMES: StaticArray<string> = [
  "",
  "image",
  "audio",
  "file",
  "tool_call",
  "tool_result",
  "thinking",
  "redacted_thinking",
];

/**
 * Appends the texts of a message, escaped: a bare string as it is, of a list each text with a line feed behind it, as
 * Go's plugin does. Texts of a tool's result are joined with line feeds.
 */
export function writeMessageText(message: ChatMessage, out: Buffer, withResults: bool = true): void {
  for (let i = 0; i < message.parts.length; i++) {
    const part = message.parts[i];
    if (part.kind == PartKind.ToolResult && withResults) {
      writeResultText(part, out);
      if (i + 1 < message.parts.length) out.text("\\n");
    }
    if (part.kind != PartKind.Text && part.kind != PartKind.Refusal) continue;
    out.append(part.text);
    if (!message.isPlain) out.text("\\n");
  }
}

export function writeResultText(result: ChatPart, out: Buffer): void {
  let count = 0;
  for (let i = 0; i < result.parts.length; i++) {
    if (result.parts[i].kind != PartKind.Text) continue;
    if (count++ > 0) out.text("\\n");
    out.append(result.parts[i].text);
  }
}

/** As `writeMessageText`, as a span of its own. */
export function messageText(message: ChatMessage, withResults: bool = true): Span {
  const out = new Buffer(256);
  writeMessageText(message, out, withResults);
  return out.span();
}

/** Notes the parts of a message that are no texts, except those of the kinds that are taken, and its name. */
export function dropOtherParts(
  message: ChatMessage,
  dropped: Dropped,
  taken: PartKind = PartKind.Text,
  alsoTaken: PartKind = PartKind.Text,
  takesName: bool = false,
): void {
  if (!takesName && !message.name.isEmpty) dropped.add("messages.name");
  for (let i = 0; i < message.parts.length; i++) {
    const part = message.parts[i];
    const kind = part.kind;
    if (!part.cacheControl.isEmpty) dropped.add("messages.content.cache_control");
    if (part.isError) dropped.add("messages.content.tool_result.is_error");
    if (kind == PartKind.ToolCall && !part.data.isEmpty) dropped.add("messages.tool_calls.signature");
    if (!part.detail.isEmpty) dropped.add("messages.content.image_url.detail");
    if (kind == PartKind.ToolResult) {
      if (taken != PartKind.ToolCall) dropped.add("messages.tool_call_id");
      for (let j = 0; j < part.parts.length; j++) dropKind(part.parts[j].kind, dropped);
    } else if (kind != taken && kind != alsoTaken) dropKind(kind, dropped);
  }
}

function dropKind(kind: PartKind, dropped: Dropped): void {
  if (kind != PartKind.Text && kind != PartKind.Refusal) dropped.add("messages.content." + PART_NAMES[kind]);
}

/** Notes the settings that the request has and `taken` does not name. */
export function dropOptions(chat: ChatRequest, taken: StaticArray<Option>): void {
  for (let i = 0; i < Option.COUNT; i++) {
    if (!taken.includes(i) && !chat.option(i).isEmpty) chat.dropped.add(OPTION_NAMES[i]);
  }
  if (!chat.responseFormat.isEmpty || !chat.responseSchema.isEmpty) chat.dropped.add("response_format");
  if (!chat.reasoningEffort.isEmpty || chat.thinking > Thinking.Disabled)
    chat.dropped.add("reasoning_effort");
}

/** Notes what belongs to tools, and texts that stop the answer. */
export function dropTools(chat: ChatRequest): void {
  if (chat.tools.length > 0) chat.dropped.add("tools");
  if (chat.toolChoice != ToolChoice.Unset) chat.dropped.add("tool_choice");
  if (chat.parallelToolCalls != Answer.Unset) chat.dropped.add("parallel_tool_calls");
  if (chat.stop.length > 0) chat.dropped.add("stop");
}
