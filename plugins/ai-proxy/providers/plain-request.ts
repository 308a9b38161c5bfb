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
  "refusal",
];

/**
 * Appends the texts of a message, escaped: a bare string as it is, of a list each text with a line feed behind it, as
 * Go's plugin does. Results of tools count as lists of texts.
 */
export function writeMessageText(message: ChatMessage, out: Buffer): void {
  for (let i = 0; i < message.parts.length; i++) {
    const part = message.parts[i];
    if (part.kind == PartKind.Text) writePartText(part, message.isPlain, out);
    const results = part.parts;
    for (let j = 0; j < results.length; j++) {
      if (results[j].kind == PartKind.Text) writePartText(results[j], message.isPlain, out);
    }
  }
}

function writePartText(part: ChatPart, isPlain: bool, out: Buffer): void {
  out.append(part.text);
  if (!isPlain) out.text("\\n");
}

/** As `writeMessageText`, as a span of its own. */
export function messageText(message: ChatMessage): Span {
  if (message.isPlain && message.parts.length == 1) return message.parts[0].text;
  const out = new Buffer(256);
  writeMessageText(message, out);
  return out.span();
}

/** Notes the parts of a message that are no texts, except those of the kinds that are taken. */
export function dropOtherParts(
  message: ChatMessage,
  dropped: Dropped,
  taken: PartKind = PartKind.Text,
  alsoTaken: PartKind = PartKind.Text,
): void {
  for (let i = 0; i < message.parts.length; i++) {
    const kind = message.parts[i].kind;
    if (kind != PartKind.Text && kind != PartKind.ToolResult && kind != taken && kind != alsoTaken) {
      dropped.add("messages.content." + PART_NAMES[kind]);
    }
  }
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
