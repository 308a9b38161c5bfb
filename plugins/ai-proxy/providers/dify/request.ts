// Requests to Dify: https://docs.dify.ai/api-reference/chat/send-chat-message

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Answer, ChatRequest, Option, PartKind, Role } from "as-proxy-wasm-sdk/llm/chat";
import { NONE } from "as-proxy-wasm-sdk/llm/text";
import { dropOptions, dropOtherParts, dropTools, writeMessageText } from "../plain-request";
import { Bot, BotType } from "./bot";

const TAKEN: StaticArray<Option> = [Option.User];

/** Appends the request. `conversation` is the id of the one to go on with, "" for none. */
export function writeDifyRequest(chat: ChatRequest, bot: Bot, conversation: string, out: Buffer): void {
  dropOptions(chat, TAKEN);
  dropTools(chat);
  const text = transcript(chat);
  const isChat = bot.type == BotType.Chat;
  const json = new JsonWriter(out).object().key("inputs").object();
  if (!isChat) json.key(bot.type == BotType.Completion ? "query" : bot.inputVariable).escaped(text);
  json
    .end()
    .key("query")
    .escaped(isChat ? text : NONE);
  json
    .key("response_mode")
    .text(chat.stream == Answer.Yes ? "streaming" : "blocking")
    .key("user");
  const user = chat.option(Option.User);
  // Dify refuses an empty one.
  if (user.size > 2 && Json.read(user).kind == JsonKind.String) json.raw(user);
  else json.text("api-user");
  json.key("auto_generate_name").bool(false);
  json.key("conversation_id").text(isChat ? conversation : "");
  writeFiles(json, chat);
  json.end();
}

/** The conversation as one text. */
function transcript(chat: ChatRequest): Span {
  const text = new Buffer(1024);
  for (let i = 0; i < chat.messages.length; i++) {
    const message = chat.messages[i];
    text.text(message.isSystem ? "SYSTEM" : message.role == Role.Assistant ? "ASSISTANT" : "USER");
    text.text(": \\n");
    writeMessageText(message, text);
    text.text("\\n");
  }
  return text.span();
}

/** Pictures of the last message that have a URL; others would have to be uploaded first. */
function writeFiles(json: JsonWriter, chat: ChatRequest): void {
  let isOpen = false;
  for (let i = 0; i < chat.messages.length; i++) {
    const message = chat.messages[i];
    const isLast = i == chat.messages.length - 1;
    dropOtherParts(message, chat.dropped, isLast ? PartKind.Image : PartKind.Text);
    for (let j = 0; isLast && j < message.parts.length; j++) {
      const part = message.parts[j];
      if (part.kind != PartKind.Image) continue;
      if (part.url.isEmpty) {
        chat.dropped.add("messages.content.image");
        continue;
      }
      if (!isOpen) json.key("files").array();
      isOpen = true;
      json.object().key("type").text("image").key("transfer_method").text("remote_url");
      json.key("url").escaped(part.url).end();
    }
  }
  if (isOpen) json.end();
}
