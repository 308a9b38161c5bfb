// Requests to Tencent's API: https://cloud.tencent.com/document/api/1729/105701

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import {
  Answer,
  ChatMessage,
  ChatPart,
  ChatRequest,
  ChatTool,
  Option,
  PartKind,
  ToolChoice,
} from "as-proxy-wasm-sdk/llm/chat";
import { writeValueEscaped } from "as-proxy-wasm-sdk/llm/text";
import { dropOptions, dropOtherParts, messageText, writeResultText } from "../plain-request";

/** Positions are those of `Role`. */
const ROLES: StaticArray<string> = ["system", "system", "user", "assistant", "tool"];
const TAKEN: StaticArray<Option> = [Option.TopP, Option.Temperature, Option.Seed];
const NAMES: StaticArray<string> = ["TopP", "Temperature", "Seed"];

export function writeHunyuanRequest(chat: ChatRequest, out: Buffer): void {
  new RequestWriter(chat, new JsonWriter(out)).write();
}

class RequestWriter {
  private readonly scratch: Buffer = new Buffer();

  constructor(
    private readonly chat: ChatRequest,
    private readonly json: JsonWriter,
  ) {}

  write(): void {
    const chat = this.chat;
    dropOptions(chat, TAKEN);
    const json = this.json.object().key("Model").escaped(chat.model).key("Messages").array();
    for (let i = 0; i < chat.messages.length; i++) this.message(chat.messages[i]);
    json.end();
    if (chat.stream != Answer.Unset) json.key("Stream").bool(chat.stream == Answer.Yes);
    for (let i = 0; i < TAKEN.length; i++) {
      const value = chat.option(TAKEN[i]);
      if (!value.isEmpty) json.key(NAMES[i]).raw(value);
    }
    if (chat.stop.length > 0) {
      json.key("Stop").array();
      for (let i = 0; i < chat.stop.length; i++) json.escaped(chat.stop[i]);
      json.end();
    }
    this.tools();
    json.end();
  }

  /** Results of tools are messages of their own. */
  private message(message: ChatMessage): void {
    dropOtherParts(message, this.chat.dropped, PartKind.ToolCall, PartKind.Image);
    let rests = message.parts.length == 0;
    for (let i = 0; i < message.parts.length; i++) {
      if (message.parts[i].kind == PartKind.ToolResult) this.result(message.parts[i]);
      else rests = true;
    }
    if (!rests) return;
    const json = this.json.object().key("Role").text(ROLES[message.role]);
    if (message.has(PartKind.Image)) this.contents(message);
    else {
      const text = messageText(message, false);
      if (!text.isEmpty) json.key("Content").escaped(text);
    }
    if (message.has(PartKind.ToolCall)) this.calls(message);
    json.end();
  }

  private result(part: ChatPart): void {
    const text = new Buffer(256);
    writeResultText(part, text);
    this.json.object().key("Role").text("tool").key("Content").escaped(text.span());
    this.json.key("ToolCallId").escaped(part.id).end();
  }

  private contents(message: ChatMessage): void {
    const json = this.json.key("Contents").array();
    for (let i = 0; i < message.parts.length; i++) {
      const part = message.parts[i];
      if (part.kind == PartKind.Text) {
        json.object().key("Type").text("text").key("Text").escaped(part.text).end();
      } else if (part.kind == PartKind.Image) {
        json.object().key("Type").text("image_url").key("ImageUrl").object();
        json.key("Url").escaped(this.urlOf(part)).end().end();
      }
    }
    json.end();
  }

  private urlOf(part: ChatPart): Span {
    if (part.data.isEmpty) return part.url;
    const url = this.scratch;
    url.clear();
    url.text("data:");
    url.append(part.mediaType);
    url.text(";base64,");
    url.append(part.data);
    return url.span();
  }

  private calls(message: ChatMessage): void {
    const json = this.json.key("ToolCalls").array();
    for (let i = 0; i < message.parts.length; i++) {
      const part = message.parts[i];
      if (part.kind != PartKind.ToolCall) continue;
      json.object().key("Id").escaped(part.id).key("Type").text("function").key("Function").object();
      json.key("Name").escaped(part.name).key("Arguments").escaped(part.argumentsText(this.scratch));
      json.end().end();
    }
    json.end();
  }

  private tools(): void {
    const chat = this.chat;
    const json = this.json;
    let chosen: ChatTool | null = null;
    if (chat.tools.length > 0) {
      json.key("Tools").array();
      for (let i = 0; i < chat.tools.length; i++) {
        this.tool(chat.tools[i]);
        if (chat.tools[i].name.equals(chat.toolChoiceName)) chosen = chat.tools[i];
      }
      json.end();
    }
    if (chat.toolChoice == ToolChoice.Auto) json.key("ToolChoice").text("auto");
    else if (chat.toolChoice == ToolChoice.None) json.key("ToolChoice").text("none");
    else if (chat.toolChoice == ToolChoice.Tool && chosen) {
      json.key("ToolChoice").text("custom").key("CustomTool");
      this.tool(chosen);
    } else if (chat.toolChoice != ToolChoice.Unset) chat.dropped.add("tool_choice");
    if (chat.parallelToolCalls != Answer.Unset) chat.dropped.add("parallel_tool_calls");
  }

  private tool(tool: ChatTool): void {
    const json = this.json.object().key("Type").text("function").key("Function").object();
    json.key("Name").escaped(tool.name);
    if (!tool.description.isEmpty) json.key("Description").escaped(tool.description);
    // The schema goes in as text.
    this.scratch.clear();
    writeValueEscaped(this.scratch, tool.parameters);
    json.key("Parameters").escaped(this.scratch.span()).end().end();
    if (!tool.cacheControl.isEmpty) this.chat.dropped.add("tools.cache_control");
    tool.dropStrict(this.chat.dropped);
  }
}
