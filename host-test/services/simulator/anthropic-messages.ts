// Anthropic messages and their stream: https://docs.anthropic.com/en/api/messages-streaming
import { createHash } from "node:crypto";
import type { JsonObject } from "./json-value.ts";
import { arrayOf, numberOf, objectOf, objectsOf, textOf } from "./json-value.ts";
import type { Prompt, Reply } from "./reply.ts";
import { countTokens, tokensOf } from "./tokens.ts";

export function promptOf(body: JsonObject): Prompt {
  const messages = objectsOf(body.messages);
  const tools = objectsOf(body.tools).filter((tool) => tool.input_schema !== undefined);
  const last = messages.at(-1);
  const said = messages.findLast((message) => message.role === "user" && textIn(message.content) !== "");
  const results = objectsOf(last?.content).filter((block) => block.type === "tool_result");
  const thinking = textOf(objectOf(body.thinking).type);
  const choice = objectOf(body.tool_choice);
  const format = objectOf(objectOf(body.output_config).format ?? body.output_format);
  const texts = [
    body.system,
    ...messages.flatMap((message) => [message.content, ...arrayOf(message.content)]),
  ];
  return {
    model: textOf(body.model),
    said: textIn(said?.content),
    toolResult: results.length ? results.map((block) => textIn(block.content)).join(" ") : undefined,
    inputTokens:
      texts.map((text) => countTokens(inputText(text))).reduce((sum, count) => sum + count, 0) +
      (tools.length ? countTokens(JSON.stringify(tools)) : 0),
    tools: tools.map((tool) => ({ name: textOf(tool.name), parameters: objectOf(tool.input_schema) })),
    toolChoice: toolChoiceOf(choice),
    parallelTools: choice.disable_parallel_tool_use !== true,
    maxTokens: numberOf(body.max_tokens),
    stopSequences: arrayOf(body.stop_sequences).map(textOf),
    schema: format.type === "json_schema" ? objectOf(format.schema) : undefined,
    reasons: thinking === "enabled" || thinking === "adaptive",
  };
}

/** The text blocks of a content, in one. */
function textIn(content: unknown): string {
  return typeof content === "string"
    ? content
    : objectsOf(content)
        .map((block) => textOf(block.text))
        .join("");
}

// Text of a content, or of a tool result inside one; other blocks have none.
function inputText(value: unknown): string {
  const block = objectOf(value);
  return block.type === "tool_result" ? textIn(block.content) : textIn(value);
}

function toolChoiceOf(choice: JsonObject): Prompt["toolChoice"] {
  switch (choice.type) {
    case "none":
      return "none";
    case "any":
      return "required";
    case "tool":
      return { name: textOf(choice.name) };
    default:
      return "auto";
  }
}

const stopReasons = {
  end: "end_turn",
  length: "max_tokens",
  sequence: "stop_sequence",
  tools: "tool_use",
} as const;

export interface Message extends JsonObject {
  content: JsonObject[];
  usage: JsonObject;
}

export function messageOf(digest: string, model: string, reply: Reply): Message {
  const content: JsonObject[] = [];
  if (reply.reasoning.length) {
    const thinking = reply.reasoning.join("");
    const signature = createHash("sha256").update(thinking).digest("base64");
    content.push({ type: "thinking", thinking, signature });
  }
  if (reply.text.length) content.push({ type: "text", text: reply.text.join("") });
  for (const [index, call] of reply.toolCalls.entries()) {
    const id = `toolu_01${digest.slice(0, 20)}${String(index).padStart(2, "0")}`;
    content.push({ type: "tool_use", id, name: call.name, input: call.arguments });
  }
  return {
    id: `msg_01${digest.slice(0, 22)}`,
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: stopReasons[reply.stop],
    stop_sequence: reply.stopSequence ?? null,
    stop_details: null,
    usage: {
      input_tokens: reply.inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: reply.outputTokens,
      output_tokens_details: { thinking_tokens: reply.reasoning.length },
      server_tool_use: null,
      service_tier: "standard",
    },
  };
}

export function* messageEvents(message: Message, reply: Reply): Generator<string> {
  const begun = { ...message, content: [], stop_reason: null, stop_sequence: null };
  yield event("message_start", { message: { ...begun, usage: { ...message.usage, output_tokens: 1 } } });
  for (const [index, block] of message.content.entries()) {
    yield event("content_block_start", { index, content_block: emptied(block) });
    if (index === 0) yield event("ping", {});
    for (const delta of deltasOf(block, reply)) yield event("content_block_delta", { index, delta });
    yield event("content_block_stop", { index });
  }
  const { stop_reason, stop_sequence } = message;
  yield event("message_delta", {
    delta: { stop_reason, stop_sequence },
    usage: { output_tokens: message.usage.output_tokens },
  });
  yield event("message_stop", {});
}

function emptied(block: JsonObject): JsonObject {
  if (block.type === "tool_use") return { ...block, input: {} };
  return block.type === "thinking" ? { ...block, thinking: "", signature: "" } : { ...block, text: "" };
}

function* deltasOf(block: JsonObject, reply: Reply): Generator<object> {
  if (block.type === "tool_use") {
    yield { type: "input_json_delta", partial_json: "" };
    for (const token of tokensOf(JSON.stringify(block.input)))
      yield { type: "input_json_delta", partial_json: token };
  } else if (block.type === "thinking") {
    for (const token of reply.reasoning) yield { type: "thinking_delta", thinking: token };
    yield { type: "signature_delta", signature: block.signature };
  } else {
    for (const token of reply.text) yield { type: "text_delta", text: token };
  }
}

function event(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}
