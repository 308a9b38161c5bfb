// Results of tools in the order of their calls: models before Gemini 3 know no ids, and tell calls of one function apart
// by their order only.

import { ChatMessage, ChatPart, PartKind, Role } from "../chat";

/** Results that are compared with each other; more stay as they came. */
const MAX_COMPARED: i32 = 128;

export function orderResults(messages: ChatMessage[]): void {
  let calls: ChatPart[] = [];
  for (let i = 0; i < messages.length; i++) {
    if (messages[i].role == Role.Assistant) {
      calls = partsOf(messages, i, i + 1, PartKind.ToolCall);
      continue;
    }
    let end = i + 1;
    while (end < messages.length && messages[end].role != Role.Assistant) end++;
    const results = partsOf(messages, i, end, PartKind.ToolResult);
    if (calls.length > 1 && results.length > 1 && results.length <= MAX_COMPARED) {
      sort(results, calls);
      putBack(messages, i, end, results);
    }
    i = end - 1;
  }
}

function partsOf(messages: ChatMessage[], from: i32, to: i32, kind: PartKind): ChatPart[] {
  const found: ChatPart[] = [];
  for (let i = from; i < to; i++) {
    const parts = messages[i].parts;
    for (let j = 0; j < parts.length; j++) if (parts[j].kind == kind) found.push(parts[j]);
  }
  return found;
}

/** By insertion: the usual order is right already. */
function sort(results: ChatPart[], calls: ChatPart[]): void {
  for (let i = 1; i < results.length; i++) {
    const result = results[i];
    const place = placeOf(result, calls);
    let at = i;
    while (at > 0 && placeOf(results[at - 1], calls) > place) {
      results[at] = results[at - 1];
      at--;
    }
    results[at] = result;
  }
}

/** Behind all calls for a result that belongs to none. */
function placeOf(result: ChatPart, calls: ChatPart[]): i32 {
  const count = min(calls.length, MAX_COMPARED);
  for (let i = 0; i < count; i++) if (calls[i].id.equals(result.id)) return i;
  return count;
}

function putBack(messages: ChatMessage[], from: i32, to: i32, results: ChatPart[]): void {
  let next = 0;
  for (let i = from; i < to; i++) {
    const parts = messages[i].parts;
    for (let j = 0; j < parts.length; j++) {
      if (parts[j].kind == PartKind.ToolResult) parts[j] = results[next++];
    }
  }
}
