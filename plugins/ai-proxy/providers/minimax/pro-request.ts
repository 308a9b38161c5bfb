// Requests of MiniMax's "pro" API: everyone who speaks has a name, and bots are described beside the conversation.
// https://platform.minimaxi.com/document/ChatCompletion%20Pro

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { Answer, ChatMessage, ChatRequest, Option, PartKind, Role } from "as-proxy-wasm-sdk/llm/chat";
import { NONE } from "as-proxy-wasm-sdk/llm/text";
import { dropOptions, dropOtherParts, dropTools, messageText } from "../plain-request";

const BOT: Span = Span.text("MM智能助理");
const USER: Span = Span.text("小明");
/** What the bot is told of itself when nothing else describes it. */
const DESCRIPTION: string =
  "MM智能助理是一款由MiniMax自研的，没有调用其他产品的接口的大型语言模型。MiniMax是一家中国科技公司，一直致力于进行大模型相关的研究。";

const TAKEN: StaticArray<Option> = [
  Option.MaxTokens,
  Option.MaxCompletionTokens,
  Option.Temperature,
  Option.TopP,
];

export function writeProRequest(chat: ChatRequest, out: Buffer): void {
  dropOptions(chat, TAKEN);
  dropTools(chat);
  const json = new JsonWriter(out).object().key("model").escaped(chat.model);
  if (chat.stream != Answer.Unset) json.key("stream").bool(chat.stream == Answer.Yes);
  const limit = chat.option(Option.MaxTokens);
  writeOption(json, "tokens_to_generate", limit.isEmpty ? chat.option(Option.MaxCompletionTokens) : limit);
  writeOption(json, "temperature", chat.option(Option.Temperature));
  writeOption(json, "top_p", chat.option(Option.TopP));
  json.key("mask_sensitive_info").bool(true).key("messages").array();
  for (let i = 0; i < chat.messages.length; i++) writeMessage(json, chat, chat.messages[i]);
  json.end().key("bot_setting").array();
  let bot = NONE;
  for (let i = 0; i < chat.messages.length; i++) {
    const message = chat.messages[i];
    if (!message.isSystem) continue;
    bot = nameOf(message, BOT);
    json.object().key("bot_name").escaped(bot).key("content").escaped(messageText(message)).end();
  }
  if (bot.isEmpty) {
    bot = BOT;
    json.object().key("bot_name").escaped(bot).key("content").text(DESCRIPTION).end();
  }
  json.end().key("reply_constraints").object().key("sender_type").text("BOT");
  json.key("sender_name").escaped(bot).end().end();
}

function writeMessage(json: JsonWriter, chat: ChatRequest, message: ChatMessage): void {
  dropOtherParts(message, chat.dropped, PartKind.Text, PartKind.Text, true);
  if (message.isSystem) return;
  if (message.role == Role.Tool) {
    chat.dropped.add("messages.role=tool");
    return;
  }
  const isUser = message.role == Role.User;
  json
    .object()
    .key("sender_type")
    .text(isUser ? "USER" : "BOT");
  json.key("sender_name").escaped(nameOf(message, isUser ? USER : BOT));
  json.key("text").escaped(messageText(message)).end();
}

function nameOf(message: ChatMessage, other: Span): Span {
  return message.name.isEmpty ? other : message.name;
}

function writeOption(json: JsonWriter, name: string, value: Span): void {
  if (!value.isEmpty) json.key(name).raw(value);
}
