// Requests to version 2 of Cohere's chat API: OpenAI's messages and tools, settings of its own.
// https://docs.cohere.com/v2/reference/chat

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { Answer, ChatPart, ChatRequest, PartKind, ToolChoice } from "as-proxy-wasm-sdk/llm/chat";
import { MessageWriter } from "as-proxy-wasm-sdk/llm/openai/message-writer";
import { writeOpenaiTool } from "as-proxy-wasm-sdk/llm/openai/request-writer";
import { NONE } from "as-proxy-wasm-sdk/llm/text";
import { settleResults } from "as-proxy-wasm-sdk/llm/tool-results";
import { thinkingBudget, wantsThinking } from "../thinking";
import { writeResponseFormat, writeSettings } from "./settings-writer";

class CohereMessageWriter extends MessageWriter {
  protected canWrite(part: ChatPart): bool {
    if (part.kind != PartKind.Audio && part.kind != PartKind.File) return super.canWrite(part);
    this.dropped.add("messages.content." + (part.kind == PartKind.File ? "file" : "input_audio"));
    return false;
  }
}

/** Appends the request. What has no place is noted in `chat.dropped`. */
export function writeCohereV2(chat: ChatRequest, out: Buffer): void {
  settleResults(chat);
  const json = new JsonWriter(out).object().key("model").escaped(chat.model).key("messages").array();
  const messages = new CohereMessageWriter(json, chat.dropped, false);
  messages.keepsCacheControl = false;
  for (let i = 0; i < chat.messages.length; i++) {
    const message = chat.messages[i];
    if (!message.name.isEmpty) chat.dropped.add("messages.name");
    message.name = NONE;
    messages.write(message);
  }
  json.end();
  writeSettings(json, chat);
  writeTools(json, chat);
  writeResponseFormat(json, chat, "json_schema");
  const thinks = wantsThinking(chat);
  if (thinks != Answer.Unset) {
    json
      .key("thinking")
      .object()
      .key("type")
      .text(thinks == Answer.Yes ? "enabled" : "disabled");
    const budget = thinkingBudget(chat);
    if (thinks == Answer.Yes && budget > 0) json.key("token_budget").integer(budget);
    json.end();
  }
  json.end();
}

/** One tool that must be called is one that is offered alone. */
function writeTools(json: JsonWriter, chat: ChatRequest): void {
  if (chat.tools.length == 0) return;
  const choice = chat.toolChoice;
  json.key("tools").array();
  for (let i = 0; i < chat.tools.length; i++) {
    const tool = chat.tools[i];
    if (choice == ToolChoice.Tool && !tool.name.equals(chat.toolChoiceName)) continue;
    // It is strict with all tools or with none.
    tool.dropStrict(chat.dropped);
    tool.strict = NONE;
    if (tool.parameters.isEmpty) tool.parameters = Span.text('{"type":"object"}'); // Refused without.
    writeOpenaiTool(json, tool, chat.dropped);
  }
  json.end();
  if (choice == ToolChoice.None) json.key("tool_choice").text("NONE");
  else if (choice >= ToolChoice.Required) json.key("tool_choice").text("REQUIRED");
}
