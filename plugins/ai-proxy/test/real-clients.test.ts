// Official clients, unmodified, through the gateway on both engines, to an upstream that replays recorded answers
// byte for byte. What the client has in hand must be what the recording says.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { describeEngines, type Gateway, type Reply } from "../../../host-test/testing/scenario.ts";
import { loadRecordings, recordingsFolder, type Recording } from "../../../host-test/testing/recordings.ts";
import {
  assembleChatAnswer,
  assembleChatStream,
} from "../../../host-test/testing/recordings/assemble-chat.ts";
import {
  assembleResponsesAnswer,
  assembleResponsesStream,
} from "../../../host-test/testing/recordings/assemble-responses.ts";
import { assembleMessagesAnswer } from "../../../host-test/testing/recordings/assemble-messages.ts";
import type { Expected, ExpectedUsage } from "../../../host-test/testing/recordings/expected.ts";

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings =
  folder === undefined ? [] : loadRecordings(folder).filter(({ expected }) => expected !== undefined);

/** Provider type of ai-proxy for the folder of a recording; folders without one of their own speak OpenAI's dialect. */
const providerTypes: Record<string, string> = {
  alibaba: "qwen",
  anthropic: "claude",
  deepseek: "deepseek",
  groq: "groq",
  mistral: "mistral",
  moonshotai: "moonshot",
  xai: "grok",
};

const chat = recordings.filter(({ kind }) => kind === "chat");
const responses = recordings.filter(({ kind, provider }) => kind === "responses" && provider === "openai");
const messages = recordings.filter(({ kind }) => kind === "messages");

const question = { role: "user", content: "Hello" } as const;

function reply(recording: Recording): Reply {
  const body = recording.streamed ? recording.streamBytes : recording.answerBytes;
  const headers: Record<string, string> = {
    "content-type": recording.contentType,
    "x-request-id": "req_recorded",
  };
  // A stream leaves in pieces of 700 bytes, which cut events anywhere.
  if (!recording.streamed) return { status: recording.status, headers, body };
  const chunks = [];
  for (let at = 0; at < body.length; at += 700) chunks.push(body.subarray(at, at + 700));
  return { status: recording.status, headers, chunks };
}

async function askOpenAi(gateway: Gateway, recording: Recording): Promise<Expected> {
  const client = new OpenAI({
    baseURL: `http://127.0.0.1:${gateway.port}/${typeOf(recording)}/v1`,
    apiKey: "client-key",
    maxRetries: 0,
  });
  const request = { model: "any", messages: [question] };
  if (!recording.streamed)
    return assembleChatAnswer({ ...(await client.chat.completions.create(request)) } as never);
  // OpenAI's own accumulator refuses some of these streams also without a gateway, so chunks are put together here.
  const chunks = [];
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true }))
    chunks.push(chunk);
  return assembleChatStream(chunks as never);
}

async function askResponses(gateway: Gateway, recording: Recording): Promise<Expected> {
  const client = new OpenAI({
    baseURL: `http://127.0.0.1:${gateway.port}/openai/v1`,
    apiKey: "client-key",
    maxRetries: 0,
  });
  const request = { model: "any", input: "Hello" };
  if (!recording.streamed)
    return assembleResponsesAnswer({ ...(await client.responses.create(request)) } as never);
  const events = [];
  for await (const event of await client.responses.create({ ...request, stream: true })) events.push(event);
  return assembleResponsesStream(events as never);
}

async function askAnthropic(gateway: Gateway, recording: Recording): Promise<Expected> {
  const client = new Anthropic({
    baseURL: `http://127.0.0.1:${gateway.port}/${typeOf(recording)}`,
    apiKey: "client-key",
    maxRetries: 0,
  });
  const request = { model: "any", max_tokens: 1000, messages: [question] };
  const message = recording.streamed
    ? await client.messages.stream(request).finalMessage()
    : await client.messages.create(request);
  return assembleMessagesAnswer({ ...message } as never);
}

function typeOf({ provider }: Recording): string {
  return providerTypes[provider] ?? "openai";
}

/** Arguments as values: Anthropic's client parses them, so their spaces are gone. */
function withValues(expected: Expected): object {
  const toolCalls = expected.toolCalls.map((call) => ({ ...call, arguments: parsed(call.arguments) }));
  return { ...expected, toolCalls };
}

/** What every dialect can say. */
function content({ text, reasoning, toolCalls }: Expected, stop: string): object {
  return {
    text,
    reasoning,
    toolCalls: toolCalls.map((call) => ({ ...call, arguments: parsed(call.arguments) })),
    stop,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return text;
  }
}

const toAnthropicStop: Record<string, string> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
};
const toOpenAiStop: Record<string, string> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
  pause_turn: "stop",
};

/** Input tokens however the dialect splits them: Anthropic counts cached ones apart, OpenAI as part of the prompt. */
function anthropicInput(usage: ExpectedUsage | undefined): number {
  return (usage?.input ?? 0) + (usage?.cachedInput ?? 0) + (usage?.cacheWrite ?? 0);
}

describe.skipIf(recordings.length === 0)("recordings", () => {
  describeEngines("official clients read recorded answers through ai-proxy", (engine) => {
    const types = [...new Set([...Object.values(providerTypes), "openai"])];
    const gateway = engine.shared({
      plugins: [
        {
          plugin: "ai-proxy",
          configuration: {
            providers: types.map((type) => ({
              id: type,
              type,
              apiTokens: ["provider-key"],
              basePath: `/${type}`,
            })),
          },
          rules: types.map((type) => ({ ingress: [type], config: { activeProviderId: type } })),
        },
      ],
      upstreams: { "provider.static": {} },
      routes: types.map((type) => ({ name: type, to: "provider.static", path: `/${type}` })),
      logLevel: "error",
    });

    for (const recording of chat) {
      const expected = recording.expected!;
      test(`OpenAI's client gets ${recording.name} as it was recorded`, async () => {
        gateway.upstream("provider.static").reply(reply(recording));
        const seen = await askOpenAi(gateway, recording);
        expect(seen).toEqual(expected);
      });

      test(`Anthropic's client gets the content of ${recording.name}`, async () => {
        gateway.upstream("provider.static").reply(reply(recording));
        // DeepSeek and Qwen speak Anthropic's dialect themselves, so nothing would be converted there.
        const isNative = ["deepseek", "qwen"].includes(typeOf(recording));
        const converted = isNative ? { ...recording, provider: "openai" } : recording;
        const seen = await askAnthropic(gateway, converted);
        expect(content(seen, seen.stop)).toEqual(
          content(expected, toAnthropicStop[expected.stop] ?? expected.stop),
        );
        if (expected.usage !== undefined) expect(anthropicInput(seen.usage)).toBe(expected.usage.input);
      });
    }

    for (const recording of responses) {
      test(`OpenAI's client gets ${recording.name} as it was recorded`, async () => {
        gateway.upstream("provider.static").reply(reply(recording));
        // The client throws the stream's own error event, with the message that was recorded.
        const seen = await askResponses(gateway, recording).catch((error: Error) => ({
          error: error.message,
        }));
        const { expected } = recording;
        if (expected!.error === undefined) expect(seen).toEqual(expected);
        else expect(seen.error).toContain(expected!.error);
      });
    }

    const failures = [
      { status: 400, kind: "invalid_request_error", error: "BadRequestError" },
      { status: 401, kind: "authentication_error", error: "AuthenticationError" },
      { status: 404, kind: "not_found_error", error: "NotFoundError" },
      { status: 429, kind: "rate_limit_error", error: "RateLimitError" },
      { status: 500, kind: "api_error", error: "InternalServerError" },
    ] as const;

    for (const { status, kind, error } of failures) {
      test(`OpenAI's client gets Anthropic's ${status} as its own error, with status and message`, async () => {
        const body = { type: "error", error: { type: kind, message: "what went wrong" } };
        gateway.upstream("provider.static").reply({ status, body });
        const client = new OpenAI({
          baseURL: `http://127.0.0.1:${gateway.port}/claude/v1`,
          apiKey: "k",
          maxRetries: 0,
        });
        const seen = await client.chat.completions
          .create({ model: "any", messages: [question] })
          .catch((caught) => caught);
        expect(seen.constructor.name).toBe(error);
        expect(seen.status).toBe(status);
        expect(seen.error).toMatchObject({ message: "what went wrong" });
      });

      test(`Anthropic's client gets OpenAI's ${status} as its own error, with status and message`, async () => {
        gateway
          .upstream("provider.static")
          .reply({ status, body: { error: { message: "what went wrong", type: kind, code: null } } });
        const client = new Anthropic({
          baseURL: `http://127.0.0.1:${gateway.port}/openai`,
          apiKey: "k",
          maxRetries: 0,
        });
        const seen = await client.messages
          .create({ model: "any", max_tokens: 10, messages: [question] })
          .catch((caught) => caught);
        expect(seen.constructor.name).toBe(error);
        expect(seen.status).toBe(status);
        expect(seen.error).toMatchObject({
          type: "error",
          error: { type: kind, message: "what went wrong" },
        });
      });
    }

    for (const recording of messages) {
      const expected = recording.expected!;
      test(`Anthropic's client gets ${recording.name} as it was recorded`, async () => {
        gateway.upstream("provider.static").reply(reply(recording));
        expect(withValues(await askAnthropic(gateway, recording))).toEqual(withValues(expected));
      });

      test(`OpenAI's client gets the content of ${recording.name}`, async () => {
        gateway.upstream("provider.static").reply(reply(recording));
        const seen = await askOpenAi(gateway, recording);
        expect(content(seen, seen.stop)).toEqual(
          content(expected, toOpenAiStop[expected.stop] ?? expected.stop),
        );
        if (expected.usage !== undefined) {
          expect(seen.usage?.input).toBe(anthropicInput(expected.usage));
          expect(seen.usage?.output).toBe(expected.usage.output);
        }
      });
    }
  });
});
