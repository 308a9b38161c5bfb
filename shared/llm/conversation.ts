// Edits of a conversation that has left its dialect: what `openai/edit.ts` and `openai/merge.ts` do to bodies in
// OpenAI's dialect, done to a `ChatRequest`.

import { Buffer, Span, SpanIndex } from "../bytes";
import { unescapeInto } from "../json";
import { ChatMessage, ChatPart, ChatRequest, ChatTool, PartKind, Role } from "./chat";
import { joinText } from "./text";
import { hashedToolName, plainToolName, shortToolCallId } from "./tool-id";

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

/**
 * Gives tools names that the provider takes, wherever they are named: of `longest` bytes at most, of letters, digits and
 * `others`. `isWord`: they begin with a letter or `_`.
 */
export function renameTools(
  chat: ChatRequest,
  longest: i32,
  others: string = "_-",
  isWord: bool = false,
): void {
  const tools = chat.tools;
  let taken: SpanIndex | null = null;
  for (let i = 0; i < tools.length; i++) {
    const own = tools[i].name;
    let name = chat.renamedTools.sentName(own);
    if (name.isEmpty) {
      name = sentName(own, longest, others, isWord);
      if (name.equals(own)) continue;
      if (taken === null) taken = namesOf(tools);
      // Another tool may have that name.
      if (taken.indexOf(name) >= 0) name = hashedToolName(own, name, longest);
      taken.add(name);
      chat.renamedTools.add(own, name);
    }
    tools[i].name = name;
  }
  chat.toolChoiceName = nameOfCall(chat, chat.toolChoiceName, longest, others, isWord);
  for (let i = 0; i < chat.messages.length; i++) {
    const parts = chat.messages[i].parts;
    for (let j = 0; j < parts.length; j++) {
      if (parts[j].kind == PartKind.ToolCall)
        parts[j].name = nameOfCall(chat, parts[j].name, longest, others, isWord);
    }
  }
}

/** The name under which a tool was sent; one that the request does not have gets a name that can be sent. */
function nameOfCall(chat: ChatRequest, own: Span, longest: i32, others: string, isWord: bool): Span {
  const name = chat.renamedTools.sentName(own);
  return name.isEmpty ? sentName(own, longest, others, isWord) : name;
}

function sentName(own: Span, longest: i32, others: string, isWord: bool): Span {
  const first = own.at(0) | 0x20;
  if (!isWord || own.isEmpty || first == 0x7f || (first >= 0x61 && first <= 0x7a))
    return plainToolName(own, longest, others);
  const word = new Buffer(own.size + 1);
  word.push(0x5f);
  word.append(own);
  return plainToolName(word.span(), longest, others);
}

function namesOf(tools: ChatTool[]): SpanIndex {
  const names = new SpanIndex();
  for (let i = 0; i < tools.length; i++) names.add(tools[i].name);
  return names;
}

/** Gives calls and results other ids where the provider does not take theirs (`shortToolCallId`). */
export function shortenCallIds(chat: ChatRequest, size: i32, isExact: bool = false): void {
  for (let i = 0; i < chat.messages.length; i++) {
    const parts = chat.messages[i].parts;
    for (let j = 0; j < parts.length; j++) parts[j].id = shortToolCallId(parts[j].id, size, isExact);
  }
}

/** As long as no seal is that was only made up. */
const LEAST_SEAL_BYTES: i32 = 64;

/**
 * Takes the seals off reasoning that another provider has sealed, as far as they tell: those of OpenAI, which `isOpenai` keeps
 * alone, have a form of their own. A seal that its maker does not know is refused.
 */
export function dropForeignSeals(chat: ChatRequest, isOpenai: bool): void {
  for (let i = 0; i < chat.messages.length; i++) {
    const parts = chat.messages[i].parts;
    for (let j = 0; j < parts.length; j++) {
      if (parts[j].kind != PartKind.Thinking) continue;
      const seal = parts[j].data;
      const isTheirs = seal.startsWithAscii("gAAAA");
      if (isOpenai ? !isTheirs && seal.size >= LEAST_SEAL_BYTES : isTheirs) parts[j].data = Span.empty();
    }
  }
}
