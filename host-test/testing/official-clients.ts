// The official clients of the dialects that the gateway answers in, unmodified, and what they have in hand at the
// end, in words that all dialects share: so a recorded answer can be held against what each of them assembles.

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import {
  assembleChatAnswer,
  assembleChatStream,
  assembleGeminiAnswer,
  assembleGeminiStream,
  assembleMessagesAnswer,
  assembleResponsesAnswer,
  assembleResponsesStream,
  type Expected,
  type RecordingKind,
} from "./recordings.ts";

export type ClientDialect = "openai" | "anthropic" | "responses" | "gemini";

export const clientDialects: readonly ClientDialect[] = ["openai", "anthropic", "responses", "gemini"];

/** An answer in no dialect's words. */
export interface Outcome {
  text: string;
  reasoning: string;
  toolCalls: { name: string; arguments: unknown }[];
  /** `stop`, `length`, `tool_calls`, `content_filter`, or the provider's own word. */
  stop: string;
  /** All input tokens, cached ones included; all output tokens, those of reasoning included. */
  usage?: { input: number; output: number; cached: number };
}

const question = { role: "user", content: "Hello" } as const;

/** Asks through `base` (`http://host:port/prefix`) and reads the answer to its end. Rejects as the client does. */
export async function ask(client: ClientDialect, base: string, streamed: boolean): Promise<Outcome> {
  switch (client) {
    case "openai":
      return outcomeOf("chat", await askChat(base, streamed));
    case "anthropic":
      return outcomeOf("messages", await askMessages(base, streamed));
    case "responses":
      return outcomeOf("responses", await askResponses(base, streamed));
    case "gemini":
      return outcomeOf("gemini", await askGemini(base, streamed));
  }
}

async function askChat(base: string, streamed: boolean): Promise<Expected> {
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "client-key", maxRetries: 0 });
  const request = { model: "any", messages: [question] };
  if (!streamed) {
    return assembleChatAnswer({ ...(await client.chat.completions.create(request)) } as never);
  }
  // OpenAI's own accumulator refuses some of these streams also without a gateway, so chunks are put together here.
  const chunks = [];
  const stream_options = { include_usage: true };
  for await (const chunk of await client.chat.completions.create({
    ...request,
    stream: true,
    stream_options,
  }))
    chunks.push(chunk);
  return assembleChatStream(chunks as never);
}

async function askMessages(base: string, streamed: boolean): Promise<Expected> {
  const client = new Anthropic({ baseURL: base, apiKey: "client-key", maxRetries: 0 });
  const request = { model: "any", max_tokens: 1000, messages: [question] };
  const message = streamed
    ? await client.messages.stream(request).finalMessage()
    : await client.messages.create(request);
  return assembleMessagesAnswer({ ...message } as never);
}

async function askResponses(base: string, streamed: boolean): Promise<Expected> {
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "client-key", maxRetries: 0 });
  const request = { model: "any", input: "Hello", store: false };
  if (!streamed) return assembleResponsesAnswer({ ...(await client.responses.create(request)) } as never);
  const events = [];
  for await (const event of await client.responses.create({ ...request, stream: true })) events.push(event);
  return assembleResponsesStream(events as never);
}

async function askGemini(base: string, streamed: boolean): Promise<Expected> {
  const client = new GoogleGenAI({ apiKey: "client-key", httpOptions: { baseUrl: base } });
  const request = { model: "any", contents: "Hello" };
  if (!streamed) return assembleGeminiAnswer({ ...(await client.models.generateContent(request)) } as never);
  const chunks = [];
  for await (const chunk of await client.models.generateContentStream(request)) chunks.push({ ...chunk });
  return assembleGeminiStream(chunks as never);
}

/** What a client or the reference reading of a recording has, in the shared words. */
export function outcomeOf(kind: RecordingKind, expected: Expected): Outcome {
  const { text, reasoning, usage, error } = expected;
  if (error !== undefined) throw new Error(error);
  const toolCalls = expected.toolCalls.map(({ name, arguments: json }) => ({
    name,
    // Some providers write `null` where a tool has no parameters.
    arguments: (JSON.parse(json || "{}") as unknown) ?? {},
  }));
  let stop = stops[expected.stop] ?? expected.stop;
  // Some providers, and OpenAI's Responses always, end with the plain word also after a call.
  if (stop === "stop" && toolCalls.length > 0) stop = "tool_calls";
  if (usage === undefined) return { text, reasoning, toolCalls, stop };
  const cachedApart = kind === "messages" || kind === "converse";
  const input = usage.input + (cachedApart ? usage.cachedInput + usage.cacheWrite : 0);
  // Gemini and xAI state the tokens of reasoning beside those of the output: their total has both.
  const output = usage.total === undefined || cachedApart ? usage.output : usage.total - input;
  return { text, reasoning, toolCalls, stop, usage: { input, output, cached: usage.cachedInput } };
}

const stops: Record<string, string> = {
  // Anthropic and Bedrock
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
  content_filtered: "content_filter",
  guardrail_intervened: "content_filter",
  // OpenAI's Responses
  completed: "stop",
  max_output_tokens: "length",
  // Gemini
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content_filter",
  RECITATION: "content_filter",
  BLOCKLIST: "content_filter",
  PROHIBITED_CONTENT: "content_filter",
  SPII: "content_filter",
  LANGUAGE: "content_filter",
  OTHER: "content_filter",
  MALFORMED_FUNCTION_CALL: "content_filter",
  UNEXPECTED_TOOL_CALL: "content_filter",
  IMAGE_SAFETY: "content_filter",
  NO_IMAGE: "content_filter",
  // Cohere
  COMPLETE: "stop",
  STOP_SEQUENCE: "stop",
  TOOL_CALL: "tool_calls",
  ERROR_TOXIC: "content_filter",
  // Servers that speak OpenAI's dialect
  eos: "stop",
  model_length: "length",
  sensitive: "content_filter",
};
