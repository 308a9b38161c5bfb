// What the official clients make of an answer, in one shape for all of them.
import Anthropic from "@anthropic-ai/sdk";
import type { GenerateContentResponse } from "@google/genai";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import type { Dialect } from "./gemini-conversion.ts";

export interface Seen {
  text: string;
  reasoning: string;
  calls: { name: string; arguments: unknown }[];
  stop: string;
  /** All tokens, and those of the output. */
  tokens: { total: number; output: number };
}

const request = { model: "m", max_tokens: 1, messages: [{ role: "user" as const, content: "x" }] };

export function seenBy(dialect: Dialect, body: string, isStream: boolean, status = 200): Promise<Seen> {
  const contentType = isStream ? "text/event-stream" : "application/json";
  const fetch = async () => new Response(body, { status, headers: { "content-type": contentType } });
  if (dialect === "openai") return seenByOpenai(fetch, isStream);
  return dialect === "anthropic" ? seenByAnthropic(fetch, isStream) : seenByGoogle(fetch, isStream);
}

async function seenByOpenai(fetch: typeof globalThis.fetch, isStream: boolean): Promise<Seen> {
  const { completions } = new OpenAI({ apiKey: "-", maxRetries: 0, fetch }).chat;
  let reasoning = "";
  let completion: OpenAI.ChatCompletion;
  if (isStream) {
    const stream = completions.stream(request);
    stream.on("chunk", (chunk) => (reasoning += (chunk.choices[0]?.delta as any)?.reasoning_content ?? ""));
    completion = await stream.finalChatCompletion();
  } else {
    completion = await completions.create(request);
    reasoning = (completion.choices[0]!.message as any).reasoning_content ?? "";
  }
  const { message, finish_reason } = completion.choices[0]!;
  const calls = (message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
  return {
    text: message.content ?? "",
    reasoning,
    calls: calls.map((call) => ({
      name: call.function.name,
      arguments: JSON.parse(call.function.arguments),
    })),
    stop: finish_reason,
    tokens: {
      total: completion.usage?.total_tokens ?? 0,
      output: completion.usage?.completion_tokens ?? 0,
    },
  };
}

async function seenByAnthropic(fetch: typeof globalThis.fetch, isStream: boolean): Promise<Seen> {
  const { messages } = new Anthropic({ apiKey: "-", maxRetries: 0, fetch });
  const message = isStream ? await messages.stream(request).finalMessage() : await messages.create(request);
  const of = (type: string) => message.content.filter((block) => block.type === type) as any[];
  const { usage } = message;
  return {
    text: of("text")
      .map((block) => block.text)
      .join(""),
    reasoning: of("thinking")
      .map((block) => block.thinking)
      .join(""),
    calls: of("tool_use").map((block) => ({ name: block.name, arguments: block.input })),
    stop: message.stop_reason ?? "",
    tokens: {
      total:
        usage.input_tokens +
        usage.output_tokens +
        (usage.cache_read_input_tokens ?? 0) +
        (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens,
    },
  };
}

async function seenByGoogle(fetch: typeof globalThis.fetch, isStream: boolean): Promise<Seen> {
  const { models } = new GoogleGenAI({ apiKey: "-", httpOptions: { fetch } });
  const asked = { model: "m", contents: "x" };
  const answers: GenerateContentResponse[] = [];
  if (isStream) for await (const answer of await models.generateContentStream(asked)) answers.push(answer);
  else answers.push(await models.generateContent(asked));
  const parts = answers.flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? []);
  const texts = (isThought: boolean) =>
    parts.map((part) => ((part.thought === true) === isThought ? (part.text ?? "") : "")).join("");
  const usage = answers.findLast((answer) => answer.usageMetadata)?.usageMetadata;
  return {
    text: texts(false),
    reasoning: texts(true),
    calls: parts.flatMap((part) =>
      part.functionCall
        ? [{ name: part.functionCall.name ?? "", arguments: part.functionCall.args ?? {} }]
        : [],
    ),
    stop:
      answers.findLast((answer) => answer.candidates?.[0]?.finishReason)?.candidates?.[0]?.finishReason ?? "",
    tokens: {
      total: usage?.totalTokenCount ?? 0,
      output: (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0),
    },
  };
}
