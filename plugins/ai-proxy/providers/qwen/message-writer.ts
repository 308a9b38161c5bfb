// Messages as DashScope has them: OpenAI's, save that a list's parts are named by their only member.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { insertSystem } from "as-proxy-wasm-sdk/llm/conversation";
import { ChatMessage, ChatPart, ChatRequest, PartKind, Role } from "as-proxy-wasm-sdk/llm/chat";
import { Dropped } from "as-proxy-wasm-sdk/llm/dropped";
import { MessageWriter } from "as-proxy-wasm-sdk/llm/openai/message-writer";
import { joinText } from "as-proxy-wasm-sdk/llm/text";

const HELPFUL: string = "You are a helpful assistant.";

export class QwenMessageWriter extends MessageWriter {
  /** Models that take nothing but text refuse lists. */
  constructor(json: JsonWriter, dropped: Dropped, takesMedia: bool) {
    super(json, dropped, true);
    this.joinsTexts = !takesMedia;
  }

  protected canWrite(part: ChatPart): bool {
    if (part.kind != PartKind.File) return super.canWrite(part);
    this.dropped.add("messages.content.file");
    return false;
  }

  protected part(part: ChatPart): void {
    if (part.kind == PartKind.Text) this.json.key("text").escaped(part.text);
    else if (part.kind == PartKind.Image) this.json.key("image").escaped(this.urlOf(part));
    else this.json.key("audio").escaped(audioUrl(part));
    if (!part.detail.isEmpty) this.dropped.add("messages.content.image_url.detail");
    if (!part.cacheControl.isEmpty) this.dropped.add("messages.content.cache_control");
  }
}

function audioUrl(part: ChatPart): Span {
  const url = new Buffer(part.data.size + 32);
  url.text("data:audio/");
  url.append(part.mediaType);
  url.text(";base64,");
  url.append(part.data);
  return url.span();
}

/** Puts the text of a context file behind the leading system messages; never first. */
export function insertQwenContext(chat: ChatRequest, text: Span): void {
  if (insertSystem(chat, text) == 0) chat.messages.unshift(systemMessage(Span.text(HELPFUL)));
}

/** Names the files of `qwen-long`: behind one system message, into which the leading ones are joined. */
export function insertQwenFiles(chat: ChatRequest, fileIds: Span): void {
  const joined = new Buffer();
  const messages = chat.messages;
  let count = 0;
  for (; count < messages.length && messages[count].isSystem; count++) {
    const parts = messages[count].parts;
    for (let i = 0; i < parts.length; i++) joinText(joined, "\\n", parts[i].text);
  }
  if (joined.isEmpty) joined.text(HELPFUL);
  chat.messages = [systemMessage(joined.take()), systemMessage(fileIds)].concat(messages.slice(count));
}

function systemMessage(text: Span): ChatMessage {
  const message = new ChatMessage(Role.System);
  message.isPlain = true;
  message.parts.push(ChatPart.text(text));
  return message;
}
