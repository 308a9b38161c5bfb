// Results of tools where servers insist on them: right behind their calls, one for each. Clients lose some when a turn is
// broken off, keep some whose call they have forgotten, and put words between them.

import { Span } from "../bytes";
import { ChatMessage, ChatPart, ChatRequest, PartKind, Role } from "./chat";
import { Dropped } from "./dropped";

/** Calls, or results, of one turn that are compared with each other; those of larger turns stay as they came. */
const MAX_COMPARED: i32 = 256;

const NO_RESULT: string = "The tool gave no result.";

/**
 * Puts the results of each turn's calls in front of what else is said behind it, `inOrder`: in the order of the calls; those
 * beyond the calls are the user's words. A request that ends with calls, and results behind no calls, stay as they are.
 */
export function settleResults(chat: ChatRequest, inOrder: bool = false): void {
  const messages = chat.messages;
  const settled: ChatMessage[] = [];
  for (let i = 0; i < messages.length;) {
    const start = settled.length;
    let answers = i;
    while (answers < messages.length && messages[answers].role == Role.Assistant) {
      const message = messages[answers++];
      const last = settled.length - 1;
      // Calls whose results stand behind all of them are one message's.
      if (last >= start && settled[last].has(PartKind.ToolCall)) {
        addAll(settled[last].parts, message.parts);
        settled[last].isPlain = false;
      } else {
        settled.push(message);
      }
    }
    let end = answers;
    while (end < messages.length && messages[end].role != Role.Assistant) end++;
    const calls = partsOf(settled, start, settled.length, PartKind.ToolCall);
    const results = partsOf(messages, answers, end, PartKind.ToolResult);
    if (calls.length > 0 && max(calls.length, results.length) <= MAX_COMPARED && answers < messages.length) {
      const first = resultsOf(calls, results, chat.dropped);
      settle(settled, messages.slice(answers, end), inOrder ? first : asTheyCame(first, results));
    } else {
      for (let j = answers; j < end; j++) settled.push(messages[j]);
    }
    i = end;
  }
  chat.messages = settled;
}

function partsOf(messages: ChatMessage[], from: i32, to: i32, kind: PartKind): ChatPart[] {
  const found: ChatPart[] = [];
  for (let i = from; i < to; i++) {
    const parts = messages[i].parts;
    for (let j = 0; j < parts.length; j++) if (parts[j].kind == kind) found.push(parts[j]);
  }
  return found;
}

/** The result of each call: that with its id, else the next that is no other call's. */
function resultsOf(calls: ChatPart[], results: ChatPart[], dropped: Dropped): ChatPart[] {
  const others = results.slice();
  const found = new Array<ChatPart | null>(calls.length);
  for (let i = 0; i < calls.length; i++) {
    let at = 0;
    while (at < others.length && !others[at].id.equals(calls[i].id)) at++;
    found[i] = at < others.length ? others.splice(at, 1)[0] : null;
  }
  if (others.length > 0) dropped.add("messages.tool_call_id");
  const all: ChatPart[] = [];
  for (let i = 0; i < calls.length; i++) {
    const result = found[i];
    const part = result ? result : others.length > 0 ? others.shift() : missingResult();
    part.id = calls[i].id;
    all.push(part);
  }
  return all;
}

/** What stands in for the result of a call that has none. */
export function missingResult(): ChatPart {
  const part = new ChatPart(PartKind.ToolResult);
  part.parts.push(ChatPart.text(Span.text(NO_RESULT)));
  return part;
}

/** Those of `chosen` that are among `results` in their order, then the others. */
function asTheyCame(chosen: ChatPart[], results: ChatPart[]): ChatPart[] {
  const all: ChatPart[] = [];
  for (let i = 0; i < results.length; i++) if (chosen.includes(results[i])) all.push(results[i]);
  for (let i = 0; i < chosen.length; i++) if (!results.includes(chosen[i])) all.push(chosen[i]);
  return all;
}

/** Adds these messages, with the results in the first of them that has any. */
function settle(settled: ChatMessage[], messages: ChatMessage[], results: ChatPart[]): void {
  let host: ChatMessage | null = null;
  const others: ChatMessage[] = [];
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i];
    const hasResults = message.has(PartKind.ToolResult);
    if (hasResults) message.parts = withoutResults(message.parts, results);
    if (hasResults && host === null) {
      host = message;
    } else if (!hasResults || message.parts.length > 0) {
      if (message.role == Role.Tool) message.role = Role.User;
      others.push(message);
    }
  }
  if (host === null) host = new ChatMessage(Role.Tool);
  host.parts = results.concat(host.parts);
  settled.push(host);
  for (let i = 0; i < others.length; i++) settled.push(others[i]);
}

/** What is no result, and what a result says that is not among these. */
function withoutResults(parts: ChatPart[], results: ChatPart[]): ChatPart[] {
  const rest: ChatPart[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i].kind != PartKind.ToolResult) rest.push(parts[i]);
    else if (!results.includes(parts[i])) addAll(rest, parts[i].parts);
  }
  return rest;
}

/** Grows the list in place: `concat` makes garbage as large as the list each time. */
function addAll(list: ChatPart[], more: ChatPart[]): void {
  for (let i = 0; i < more.length; i++) list.push(more[i]);
}
