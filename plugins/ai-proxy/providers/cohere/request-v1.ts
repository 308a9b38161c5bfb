// Requests to version 1 of Cohere's chat API: the last message, and what was said before it.
// https://docs.cohere.com/v1/reference/chat

import { Buffer, Span, SpanIndex } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatMessage, ChatPart, ChatRequest, PartKind, Role, ToolChoice } from "as-proxy-wasm-sdk/llm/chat";
import { MAX_TOOL_CALLS } from "as-proxy-wasm-sdk/llm/events";
import { indexOfName } from "as-proxy-wasm-sdk/llm/names";
import { joinText, NONE, textOf } from "as-proxy-wasm-sdk/llm/text";
import { dropOtherParts, messageText } from "../plain-request";
import { writeResponseFormat, writeSettings } from "./settings-writer";

/** Types of JSON schemas, and the names of their counterparts in Python. */
const SCHEMA_TYPES: StaticArray<string> = ["string", "integer", "number", "boolean", "array"];
const PARAMETER_TYPES: StaticArray<string> = ["str", "int", "float", "bool", "list"];

export class CohereV1Writer {
  private json: JsonWriter;

  constructor(
    private chat: ChatRequest,
    out: Buffer,
  ) {
    this.json = new JsonWriter(out);
  }

  /** Appends the request. What has no place is noted in `chat.dropped`. */
  write(): void {
    const chat = this.chat;
    const json = this.json.object();
    const last = this.lastMessage();
    const isResult = last >= 0 && chat.messages[last].has(PartKind.ToolResult);
    json.key("message").escaped(last < 0 || isResult ? NONE : messageText(chat.messages[last]));
    json.key("model").escaped(chat.model);
    writeSettings(json, chat);
    const first = isResult ? this.firstResult(last) : last;
    this.history(first);
    this.preamble();
    this.tools();
    if (isResult) this.results(first, last + 1);
    writeResponseFormat(json, chat, "schema");
    json.end();
    if (!chat.reasoningEffort.isEmpty || chat.thinkingBudget > 0) chat.dropped.add("reasoning_effort");
  }

  /** Position of the message to be answered, -1 for none. What the assistant was to go on from behind it is lost. */
  private lastMessage(): i32 {
    const messages = this.chat.messages;
    for (let i = messages.length - 1; i >= 0; i--) {
      const role = messages[i].role;
      if (role == Role.User || role == Role.Tool) return i;
      if (role == Role.Assistant) this.chat.dropped.add("messages.assistant");
    }
    return -1;
  }

  /** Position of the first of the results of tools that end there. */
  private firstResult(last: i32): i32 {
    let first = last;
    while (first > 0 && this.chat.messages[first - 1].has(PartKind.ToolResult)) first--;
    return first;
  }

  private history(end: i32): void {
    const messages = this.chat.messages;
    const json = this.json;
    let isOpen = false;
    for (let i = 0; i < end; i++) {
      const message = messages[i];
      if (message.isSystem) continue;
      if (!isOpen) json.key("chat_history").array();
      isOpen = true;
      json.object().key("role");
      if (message.has(PartKind.ToolResult)) {
        json.text("TOOL");
        let next = i + 1;
        while (next < end && messages[next].has(PartKind.ToolResult)) next++;
        this.results(i, next);
        i = next - 1;
      } else {
        json.text(message.role == Role.Assistant ? "CHATBOT" : "USER");
        json.key("message").escaped(messageText(message));
        this.calls(message);
      }
      json.end();
    }
    if (isOpen) json.end();
    for (let i = 0; i < messages.length; i++) {
      dropOtherParts(messages[i], this.chat.dropped, PartKind.ToolCall);
    }
  }

  private calls(message: ChatMessage): void {
    if (!message.has(PartKind.ToolCall)) return;
    const json = this.json.key("tool_calls").array();
    for (let i = 0; i < message.parts.length; i++) {
      if (message.parts[i].kind == PartKind.ToolCall) this.call(message.parts[i]);
    }
    json.end();
  }

  private call(part: ChatPart): void {
    const json = this.json.object().key("name").escaped(part.name).key("parameters");
    const input = part.argumentsJson();
    if (input.isEmpty) json.object().end();
    else json.raw(input);
    json.end();
  }

  /** The results in messages from `first` up to, not including, `end`, each with the call that it answers. */
  private results(first: i32, end: i32): void {
    const json = this.json.key("tool_results").array();
    const said = this.answerBefore(first);
    for (let i = first; i < end; i++) {
      const parts = this.chat.messages[i].parts;
      for (let j = 0; j < parts.length; j++) {
        // With results of tools there is no message beside them.
        if (parts[j].kind == PartKind.Text) this.chat.dropped.add("messages.content.text");
        if (parts[j].kind != PartKind.ToolResult) continue;
        json.object().key("call");
        const call = callOf(parts[j].id, said);
        if (call === null)
          json.object().key("name").escaped(parts[j].id).key("parameters").object().end().end();
        else this.call(call);
        json.key("outputs").array().object().key("result").escaped(joinedText(parts[j])).end().end().end();
      }
    }
    json.end();
  }

  /** What the assistant said last before the message `end`. */
  private answerBefore(end: i32): ChatPart[] {
    const messages = this.chat.messages;
    let at = end - 1;
    while (at >= 0 && messages[at].role != Role.Assistant) at--;
    return at < 0 ? [] : messages[at].parts;
  }

  private preamble(): void {
    const joined = new Buffer();
    const messages = this.chat.messages;
    for (let i = 0; i < messages.length; i++) {
      if (messages[i].isSystem) joinText(joined, "\\n", messageText(messages[i]));
    }
    if (!joined.isEmpty) this.json.key("preamble").escaped(joined.span());
  }

  private tools(): void {
    const chat = this.chat;
    const choice = chat.toolChoice;
    if (choice > ToolChoice.None) chat.dropped.add("tool_choice");
    if (chat.tools.length == 0 || choice == ToolChoice.None) return;
    const json = this.json.key("tools").array();
    for (let i = 0; i < chat.tools.length; i++) {
      const tool = chat.tools[i];
      tool.dropStrict(chat.dropped);
      if (!tool.cacheControl.isEmpty) chat.dropped.add("tools.cache_control");
      json.object().key("name").escaped(tool.name).key("description").escaped(tool.description);
      json.key("parameter_definitions").object();
      this.parameters(Json.read(tool.parameters));
      json.end().end();
    }
    json.end();
  }

  /** Of a schema it knows names, descriptions, simple types, and what is required. */
  private parameters(schema: Json): void {
    const json = this.json;
    const required = new SpanIndex();
    const names = schema.get("required").items();
    while (names.next()) required.add(names.value.bytes());
    const members = schema.get("properties").members();
    while (members.next()) {
      const property = members.value;
      const type = indexOfName(SCHEMA_TYPES, textOf(property.get("type")));
      json.keyBytes(members.keyBytes()).object();
      const description = textOf(property.get("description"));
      if (!description.isEmpty) json.key("description").escaped(description);
      const known = i32(property.get("description").exists) + i32(property.get("type").exists);
      if (property.length() > known) this.chat.dropped.add("tools.function.parameters");
      json.key("type").text(type < 0 ? "dict" : PARAMETER_TYPES[type]);
      const isRequired = required.indexOf(members.keyBytes()) >= 0;
      json.key("required").bool(isRequired).end();
    }
  }
}

/** The call with this id; null when there is none. */
function callOf(id: Span, parts: ChatPart[]): ChatPart | null {
  for (let i = 0; i < min(parts.length, MAX_TOOL_CALLS); i++) {
    if (parts[i].kind == PartKind.ToolCall && parts[i].id.equals(id)) return parts[i];
  }
  return null;
}

function joinedText(result: ChatPart): Span {
  const text = new Buffer();
  for (let i = 0; i < result.parts.length; i++) joinText(text, "\\n", result.parts[i].text);
  return text.span();
}
