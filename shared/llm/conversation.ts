// Edits of a conversation that has left its dialect: what `openai/edit.ts` and `openai/merge.ts` do to bodies in
// OpenAI's dialect, done to a `ChatRequest`.

import { Buffer, Span } from "../bytes";
import { unescapeInto } from "../json";
import { ChatMessage, ChatPart, ChatRequest, PartKind, Role } from "./chat";
import { joinText } from "./text";
import { plainToolName } from "./tool-id";

/**
 * Forgets the conversation before the last user message that says exactly one of `commands` (UTF-8), that message
 * included. System messages stay.
 */
export function cleanContext(chat: ChatRequest, commands: Span[]): void {
  let last = -1;
  for (let i = 0; i < chat.messages.length; i++) {
    const message = chat.messages[i];
    if (message.role == Role.User && isCommand(message, commands)) last = i;
  }
  if (last < 0) return;
  const kept: ChatMessage[] = [];
  for (let i = 0; i < chat.messages.length; i++) {
    if (i > last || chat.messages[i].isSystem) kept.push(chat.messages[i]);
  }
  chat.messages = kept;
}

function isCommand(message: ChatMessage, commands: Span[]): bool {
  const text = new Buffer();
  for (let i = 0; i < message.parts.length; i++) {
    if (message.parts[i].kind != PartKind.Text) continue;
    if (!text.isEmpty) text.push(0x0a);
    unescapeInto(text, message.parts[i].text);
  }
  for (let i = 0; i < commands.length; i++) if (text.span().equals(commands[i])) return true;
  return false;
}

/**
 * Merges adjacent messages of the user, or of the assistant, into the first: bare strings are joined with an empty
 * line, otherwise their parts become one list. Messages with calls, results or reasoning are left alone.
 */
export function mergeConsecutive(chat: ChatRequest): void {
  const merged: ChatMessage[] = [];
  for (let i = 0; i < chat.messages.length; i++) {
    const message = chat.messages[i];
    const last = merged.length > 0 ? merged[merged.length - 1] : message;
    if (merged.length > 0 && last.role == message.role && isMergeable(last) && isMergeable(message)) {
      merge(last, message);
    } else {
      merged.push(message);
    }
  }
  chat.messages = merged;
}

function isMergeable(message: ChatMessage): bool {
  if (message.role != Role.User && message.role != Role.Assistant) return false;
  for (let i = 0; i < message.parts.length; i++) if (message.parts[i].kind > PartKind.File) return false;
  return true;
}

function merge(into: ChatMessage, from: ChatMessage): void {
  if (into.isPlain && from.isPlain && into.parts.length == 1 && from.parts.length == 1) {
    const joined = new Buffer(into.parts[0].text.size + from.parts[0].text.size + 4);
    joined.append(into.parts[0].text);
    joinText(joined, "\\n\\n", from.parts[0].text);
    into.parts[0] = ChatPart.text(joined.take());
    return;
  }
  into.isPlain = false;
  for (let i = 0; i < from.parts.length; i++) into.parts.push(from.parts[i]);
}

/** Puts a system message (escaped text) behind the leading ones; in front where all are. Returns its place. */
export function insertSystem(chat: ChatRequest, text: Span): i32 {
  let at = 0;
  while (at < chat.messages.length && chat.messages[at].isSystem) at++;
  if (at == chat.messages.length) at = 0;
  const message = new ChatMessage(Role.System);
  message.isPlain = true;
  message.parts.push(ChatPart.text(text));
  const messages = chat.messages.slice(0, at);
  messages.push(message);
  chat.messages = messages.concat(chat.messages.slice(at));
  return at;
}

/** Calls OpenAI's later role `developer` by its older name. */
export function renameDeveloper(chat: ChatRequest): void {
  for (let i = 0; i < chat.messages.length; i++) {
    if (chat.messages[i].role == Role.Developer) chat.messages[i].role = Role.System;
  }
}

/** Gives tools names of `longest` bytes at most that the provider takes, wherever they are named. */
export function renameTools(chat: ChatRequest, longest: i32): void {
  for (let i = 0; i < chat.tools.length; i++) {
    const tool = chat.tools[i];
    const name = plainToolName(tool.name, longest);
    if (!name.equals(tool.name)) chat.renamedTools.add(tool.name, name);
    tool.name = name;
  }
  chat.toolChoiceName = plainToolName(chat.toolChoiceName, longest);
  for (let i = 0; i < chat.messages.length; i++) {
    const parts = chat.messages[i].parts;
    for (let j = 0; j < parts.length; j++) {
      if (parts[j].kind == PartKind.ToolCall) parts[j].name = plainToolName(parts[j].name, longest);
    }
  }
}
