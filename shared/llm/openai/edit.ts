// Changes to an OpenAI chat request in place: what is not named stays byte for byte. Every function answers the
// very same span when there is nothing to change or the body is no JSON object.

import { Buffer, Span } from "../../bytes";
import { Json, JsonEdit, JsonError, JsonKind } from "../../json";
import { textOf, writeQuoted } from "../text";
import { Rewrite } from "./rewrite";

/** The role `developer` becomes `system`, for servers that do not know it. */
export function developerToSystem(body: Span): Span {
  const rewrite = new Rewrite(body);
  const messages = messagesOf(body).items();
  while (messages.next()) {
    const role = messages.value.get("role");
    if (!textOf(role).equalsAscii("developer")) continue;
    rewrite.replace(role.offset, role.offset + role.raw().size, Span.text('"system"'));
  }
  return rewrite.finish();
}

/**
 * When the text of a user message is one of the commands, the last such message and all before it that are not
 * system messages go; what follows stays.
 */
export function cleanContext(body: Span, commands: Span[]): Span {
  const messages = messagesOf(body);
  const last = lastCommand(messages, commands);
  if (last < 0) return body;
  const kept = new Buffer(body.size);
  kept.push(0x5b);
  const items = messages.items();
  while (items.next()) {
    const isSystem = textOf(items.value.get("role")).equalsAscii("system");
    if (items.index <= last && (!isSystem || items.index == last)) continue;
    if (kept.size > 1) kept.push(0x2c);
    kept.append(items.value.raw());
  }
  kept.push(0x5d);
  const rewrite = new Rewrite(body);
  rewrite.replace(messages.offset, messages.offset + messages.raw().size, kept.span());
  return rewrite.finish();
}

/** Puts a system message (escaped text) behind the leading system messages; in front where all are. */
export function insertSystem(body: Span, text: Span): Span {
  const messages = messagesOf(body);
  if (messages.kind != JsonKind.Array) return body;
  const front = messages.offset + 1;
  let at = front;
  let isEmpty = true;
  let isAllSystem = true;
  const items = messages.items();
  while (items.next()) {
    isEmpty = false;
    isAllSystem = textOf(items.value.get("role")).equalsAscii("system");
    if (!isAllSystem) break;
    at = items.value.offset + items.value.raw().size;
  }
  if (isAllSystem) at = front;
  const message = new Buffer(text.size + 48);
  if (at > front) message.push(0x2c);
  message.text('{"role":"system","content":');
  writeQuoted(message, text);
  message.push(0x7d);
  if (at == front && !isEmpty) message.push(0x2c);
  const rewrite = new Rewrite(body);
  rewrite.replace(at, at, message.span());
  return rewrite.finish();
}

/** Asks for usage at the end of a stream, unless the client has said whether it wants it. */
export function includeUsage(body: Span): Span {
  const root = Json.checked(body);
  if (!root.get("stream").isTrue || root.path("stream_options.include_usage").exists) return body;
  return applied(body, new JsonEdit(body).set("stream_options.include_usage", Span.text("true")));
}

/** Sets `model` (UTF-8). */
export function replaceModel(body: Span, model: Span): Span {
  if (Json.read(body).get("model").bytes().equals(model)) return body;
  return applied(body, new JsonEdit(body).setBytes("model", model));
}

/** `messages` of a body that is JSON as a whole; else a missing value. */
export function messagesOf(body: Span): Json {
  return Json.checked(body).get("messages");
}

/** The edited body, or the body itself where it cannot be edited. */
export function applied(body: Span, edit: JsonEdit): Span {
  const edited = edit.apply();
  return edit.error == JsonError.None ? edited : body;
}

function lastCommand(messages: Json, commands: Span[]): i32 {
  let last = -1;
  const items = messages.items();
  while (items.next()) {
    if (!textOf(items.value.get("role")).equalsAscii("user")) continue;
    const text = contentText(items.value.get("content"));
    for (let i = 0; i < commands.length; i++) {
      if (!commands[i].isEmpty && text.equals(commands[i])) last = items.index;
    }
  }
  return last;
}

/** Text of a message as UTF-8; that of several parts is joined with line feeds. */
function contentText(content: Json): Span {
  if (content.kind == JsonKind.String) return content.bytes();
  const joined = new Buffer();
  const parts = content.items();
  while (parts.next()) {
    if (!textOf(parts.value.get("type")).equalsAscii("text")) continue;
    if (!joined.isEmpty) joined.push(0x0a);
    joined.append(parts.value.get("text").bytes());
  }
  return joined.span();
}
