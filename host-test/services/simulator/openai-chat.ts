// OpenAI chat completions: https://platform.openai.com/docs/api-reference/chat
import type { SimulatedRequest, SimulatedResponse } from "./dialect.ts";
import { eventResponse, jsonResponse } from "./dialect.ts";
import type { JsonObject } from "./json-value.ts";
import { arrayOf, isObject, numberOf, objectOf, objectsOf, textOf } from "./json-value.ts";
import { checkMessages } from "./openai-messages.ts";
import { openaiBody, openaiHeaders, openaiModel } from "./openai-request.ts";
import { Refusal } from "./refusal.ts";
import type { Prompt, Reply, ToolCall } from "./reply.ts";
import { composeReply } from "./reply.ts";
import { countTokens, tokensOf } from "./tokens.ts";

export function respondToChat(request: SimulatedRequest): SimulatedResponse {
  const body = openaiBody(request);
  const prompt = promptOf(body);
  const reply = composeReply(prompt);
  const shape = new ChatShape(request, prompt.model, Math.min(8, Math.max(1, numberOf(body.n) ?? 1)));
  if (body.stream !== true) return jsonResponse(200, openaiHeaders(request), shape.completion(reply));
  const includeUsage = objectOf(body.stream_options).include_usage === true;
  return eventResponse(openaiHeaders(request), shape.events(reply, includeUsage));
}

function promptOf(body: JsonObject): Prompt {
  const model = openaiModel(body);
  const messages = checkMessages(body.messages);
  const last = messages.at(-1);
  const said = messages.findLast((message) => message.role === "user");
  const tools = objectsOf(body.tools).map((tool) => objectOf(tool.function));
  const format = objectOf(body.response_format);
  return {
    model,
    said: contentText(said?.content),
    toolResult: last?.role === "tool" ? contentText(last.content) : undefined,
    inputTokens:
      messages
        .map((message) => countTokens(contentText(message.content)))
        .reduce((sum, count) => sum + count, 0) + (tools.length ? countTokens(JSON.stringify(tools)) : 0),
    tools: tools.map((tool) => ({ name: textOf(tool.name), parameters: objectOf(tool.parameters) })),
    toolChoice: toolChoiceOf(body.tool_choice),
    parallelTools: body.parallel_tool_calls !== false,
    maxTokens: numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens),
    stopSequences: typeof body.stop === "string" ? [body.stop] : arrayOf(body.stop).map(textOf),
    schema: schemaOf(format),
    reasons: wantsReasoning(body, model),
  };
}

/** The text parts of a message's content, in one. */
export function contentText(content: unknown): string {
  return typeof content === "string"
    ? content
    : objectsOf(content)
        .map((part) => textOf(part.text))
        .join("");
}

function toolChoiceOf(choice: unknown): Prompt["toolChoice"] {
  if (choice === "none" || choice === "required") return choice;
  const name = textOf(objectOf(objectOf(choice).function).name);
  return name === "" ? "auto" : { name };
}

function schemaOf(format: JsonObject): JsonObject | undefined {
  if (format.type === "json_object") return { type: "object", properties: { answer: { type: "string" } } };
  if (format.type !== "json_schema") return undefined;
  const { schema, name } = objectOf(format.json_schema);
  if (textOf(name) === "") {
    throw new Refusal(400, "Missing required parameter: 'response_format.json_schema.name'.", {
      field: "response_format.json_schema.name",
      code: "missing_required_parameter",
    });
  }
  return objectOf(schema);
}

// OpenAI, DeepSeek and Zhipu, Qwen; and models that always reason.
function wantsReasoning(body: JsonObject, model: string): boolean {
  const effort = textOf(body.reasoning_effort);
  if (effort !== "") return effort !== "none";
  if (isObject(body.thinking)) return body.thinking.type === "enabled";
  return body.enable_thinking === true || /reasoner|thinking/.test(model);
}

class ChatShape {
  readonly #id: string;
  readonly #digest: string;
  readonly #common: JsonObject;
  readonly #choices: number[];

  constructor(request: SimulatedRequest, model: string, count: number) {
    this.#digest = request.digest;
    this.#id = `chatcmpl-${request.digest.slice(0, 29)}`;
    this.#common = {
      created: request.now,
      model,
      service_tier: "default",
      system_fingerprint: "fp_simulated",
    };
    this.#choices = Array.from({ length: count }, (_, index) => index);
  }

  completion(reply: Reply): object {
    const message = {
      role: "assistant",
      content: reply.toolCalls.length ? null : reply.text.join(""),
      ...(reply.reasoning.length && { reasoning_content: reply.reasoning.join("") }),
      ...(reply.toolCalls.length && {
        tool_calls: reply.toolCalls.map((call, index) => this.#call(call, index)),
      }),
      refusal: null,
      annotations: [],
    };
    return {
      id: this.#id,
      object: "chat.completion",
      ...this.#common,
      choices: this.#choices.map((index) => ({
        index,
        message,
        logprobs: null,
        finish_reason: finishOf(reply),
      })),
      usage: this.#usage(reply),
    };
  }

  *events(reply: Reply, includeUsage: boolean): Generator<string> {
    const usage = includeUsage ? { usage: null } : {};
    for (const delta of this.#deltas(reply)) {
      for (const index of this.#choices)
        yield this.#event([{ index, delta, logprobs: null, finish_reason: null }], usage);
    }
    for (const index of this.#choices) {
      yield this.#event([{ index, delta: {}, logprobs: null, finish_reason: finishOf(reply) }], usage);
    }
    if (includeUsage) yield this.#event([], { usage: this.#usage(reply) });
    yield "data: [DONE]\n\n";
  }

  *#deltas(reply: Reply): Generator<object> {
    yield { role: "assistant", content: reply.toolCalls.length ? null : "", refusal: null };
    for (const token of reply.reasoning) yield { reasoning_content: token };
    for (const token of reply.text) yield { content: token };
    for (const [index, call] of reply.toolCalls.entries()) {
      const { id, type, function: called } = this.#call(call, index);
      yield { tool_calls: [{ index, id, type, function: { name: called.name, arguments: "" } }] };
      for (const token of tokensOf(called.arguments)) {
        yield { tool_calls: [{ index, function: { arguments: token } }] };
      }
    }
  }

  #event(choices: object[], rest: object): string {
    return `data: ${JSON.stringify({ id: this.#id, object: "chat.completion.chunk", ...this.#common, choices, ...rest })}\n\n`;
  }

  #call(
    call: ToolCall,
    index: number,
  ): { id: string; type: string; function: { name: string; arguments: string } } {
    const id = `call_${this.#digest.slice(0, 22)}${String(index).padStart(2, "0")}`;
    return { id, type: "function", function: { name: call.name, arguments: JSON.stringify(call.arguments) } };
  }

  #usage(reply: Reply): object {
    const completion = reply.outputTokens * this.#choices.length;
    return {
      prompt_tokens: reply.inputTokens,
      completion_tokens: completion,
      total_tokens: reply.inputTokens + completion,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: reply.reasoning.length * this.#choices.length,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    };
  }
}

function finishOf(reply: Reply): string {
  return reply.stop === "tools" ? "tool_calls" : reply.stop === "length" ? "length" : "stop";
}
