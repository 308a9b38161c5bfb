// The OpenAI Responses API: https://platform.openai.com/docs/api-reference/responses
// Nothing is stored: `previous_response_id` is accepted and brings nothing back.
import type { SimulatedRequest, SimulatedResponse } from "./dialect.ts";
import { eventResponse, jsonResponse } from "./dialect.ts";
import type { JsonObject } from "./json-value.ts";
import { isObject, numberOf, objectOf, objectsOf, textOf } from "./json-value.ts";
import { contentText } from "./openai-chat.ts";
import { openaiBody, openaiHeaders, openaiModel } from "./openai-request.ts";
import { Refusal } from "./refusal.ts";
import type { Prompt, Reply } from "./reply.ts";
import { composeReply } from "./reply.ts";
import { countTokens, tokensOf } from "./tokens.ts";

export function respondToResponses(request: SimulatedRequest): SimulatedResponse {
  const body = openaiBody(request);
  const prompt = promptOf(body);
  const reply = composeReply(prompt);
  const response = responseOf(request, body, prompt.model, reply);
  if (body.stream !== true) return jsonResponse(200, openaiHeaders(request), response);
  return eventResponse(openaiHeaders(request), numbered(eventsOf(response)));
}

function promptOf(body: JsonObject): Prompt {
  const model = openaiModel(body);
  if (body.input === undefined) {
    throw new Refusal(400, "Missing required parameter: 'input'.", {
      field: "input",
      code: "missing_required_parameter",
    });
  }
  const items =
    typeof body.input === "string" ? [{ role: "user", content: body.input }] : objectsOf(body.input);
  const texts = items.map((item) => contentText(item.content) || textOf(item.output));
  const last = items.at(-1);
  const tools = objectsOf(body.tools).filter((tool) => tool.type === "function");
  const format = objectOf(objectOf(body.text).format);
  const choice = body.tool_choice;
  return {
    model,
    said: contentText(items.findLast((item) => item.role === "user")?.content),
    toolResult: last?.type === "function_call_output" ? textOf(last.output) : undefined,
    inputTokens: [textOf(body.instructions), ...texts]
      .map(countTokens)
      .reduce((sum, count) => sum + count, 0),
    tools: tools.map((tool) => ({ name: textOf(tool.name), parameters: objectOf(tool.parameters) })),
    toolChoice:
      choice === "none" || choice === "required"
        ? choice
        : isObject(choice)
          ? { name: textOf(choice.name) }
          : "auto",
    parallelTools: body.parallel_tool_calls !== false,
    maxTokens: numberOf(body.max_output_tokens),
    stopSequences: [],
    schema: format.type === "json_schema" ? objectOf(format.schema) : undefined,
    reasons: isObject(body.reasoning) && body.reasoning.effort !== "none",
  };
}

interface Item extends JsonObject {
  id: string;
  type: string;
}

interface Response extends JsonObject {
  output: Item[];
}

function responseOf(request: SimulatedRequest, body: JsonObject, model: string, reply: Reply): Response {
  const isCut = reply.stop === "length";
  return {
    id: `resp_${request.digest.slice(0, 48)}`,
    object: "response",
    created_at: request.now,
    status: isCut ? "incomplete" : "completed",
    error: null,
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model,
    output: itemsOf(request.digest, reply, isCut),
    parallel_tool_calls: body.parallel_tool_calls !== false,
    previous_response_id: body.previous_response_id ?? null,
    temperature: body.temperature ?? 1,
    text: body.text ?? { format: { type: "text" } },
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: "disabled",
    metadata: body.metadata ?? {},
    usage: {
      input_tokens: reply.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: reply.outputTokens,
      output_tokens_details: { reasoning_tokens: reply.reasoning.length },
      total_tokens: reply.inputTokens + reply.outputTokens,
    },
  };
}

function itemsOf(digest: string, reply: Reply, isCut: boolean): Item[] {
  const id = (prefix: string, index: number): string =>
    `${prefix}_${digest.slice(0, 46)}${String(index).padStart(2, "0")}`;
  const items: Item[] = [];
  if (reply.reasoning.length) {
    const summary = [{ type: "summary_text", text: reply.reasoning.join("") }];
    items.push({ id: id("rs", 0), type: "reasoning", summary });
  }
  if (reply.stop !== "tools") {
    const content = [{ type: "output_text", text: reply.text.join(""), annotations: [], logprobs: [] }];
    const status = isCut ? "incomplete" : "completed";
    items.push({ id: id("msg", 0), type: "message", status, role: "assistant", content });
  }
  for (const [index, call] of reply.toolCalls.entries()) {
    const called = { call_id: id("call", index), name: call.name, arguments: JSON.stringify(call.arguments) };
    items.push({ id: id("fc", index), type: "function_call", status: "completed", ...called });
  }
  return items;
}

type Event = { type: string } & JsonObject;

function* eventsOf(response: Response): Generator<Event> {
  const begun = { ...response, status: "in_progress", incomplete_details: null, output: [], usage: null };
  yield { type: "response.created", response: begun };
  yield { type: "response.in_progress", response: begun };
  for (const [index, item] of response.output.entries()) yield* itemEvents(item, index);
  yield { type: response.status === "incomplete" ? "response.incomplete" : "response.completed", response };
}

function* itemEvents(item: Item, output_index: number): Generator<Event> {
  const at = { item_id: item.id, output_index };
  const added = (empty: object): Event => ({
    type: "response.output_item.added",
    output_index,
    item: { ...item, ...("status" in item && { status: "in_progress" }), ...empty },
  });
  if (item.type === "reasoning") {
    yield added({ summary: [] });
    yield* partEvents(
      objectsOf(item.summary)[0],
      "response.reasoning_summary_part",
      "response.reasoning_summary_text",
      {
        ...at,
        summary_index: 0,
      },
    );
  } else if (item.type === "message") {
    yield added({ content: [] });
    yield* partEvents(objectsOf(item.content)[0], "response.content_part", "response.output_text", {
      ...at,
      content_index: 0,
    });
  } else {
    yield added({ arguments: "" });
    const text = textOf(item.arguments);
    for (const delta of tokensOf(text))
      yield { type: "response.function_call_arguments.delta", ...at, delta };
    yield { type: "response.function_call_arguments.done", ...at, name: item.name, arguments: text };
  }
  yield { type: "response.output_item.done", output_index, item };
}

function* partEvents(
  part: JsonObject | undefined,
  partType: string,
  textType: string,
  at: object,
): Generator<Event> {
  const text = textOf(part?.text);
  const logprobs = part && "logprobs" in part ? { logprobs: [] } : {};
  yield { type: `${partType}.added`, ...at, part: { ...part, text: "" } };
  for (const delta of tokensOf(text)) yield { type: `${textType}.delta`, ...at, delta, ...logprobs };
  yield { type: `${textType}.done`, ...at, text, ...logprobs };
  yield { type: `${partType}.done`, ...at, part };
}

function* numbered(events: Iterable<Event>): Generator<string> {
  let sequence_number = 0;
  for (const event of events) {
    const { type, ...rest } = event;
    yield `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...rest })}\n\n`;
  }
}
