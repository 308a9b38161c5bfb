// Official clients, unmodified, through the gateway on both engines, to an upstream that answers as Bedrock does:
// recorded answers framed as AWS frames them, and a stream that waits.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { describeEngines, type Reply } from "../../../host-test/testing/scenario.ts";
import { loadRecordings, recordingsFolder, type Recording } from "../../../host-test/testing/recordings.ts";
import {
  assembleChatAnswer,
  assembleChatStream,
} from "../../../host-test/testing/recordings/assemble-chat.ts";
import { assembleMessagesAnswer } from "../../../host-test/testing/recordings/assemble-messages.ts";
import type { Expected } from "../../../host-test/testing/recordings/expected.ts";
import { awsAuthorization } from "./aws-signature.ts";
import { delta, metadata, start, stop } from "./bedrock-frames.ts";

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings =
  folder === undefined ? [] : loadRecordings(folder).filter(({ kind }) => kind === "converse");

const credentials = { accessKey: "AKIDEXAMPLE", secretKey: "secret", region: "us-east-1" };
const model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const question = { role: "user", content: "Hello" } as const;
const path = `/model/${encodeURIComponent(model)}`;

function reply(recording: Recording): Reply {
  const headers = { "content-type": recording.contentType, "x-amzn-requestid": "req_recorded" };
  if (!recording.streamed) return { headers, body: recording.answerBytes };
  // Pieces of 100 bytes cut frames anywhere.
  const chunks = [];
  for (let at = 0; at < recording.streamBytes.length; at += 100) {
    chunks.push(recording.streamBytes.subarray(at, at + 100));
  }
  return { headers, chunks };
}

const toOpenAi: Record<string, string> = { end_turn: "stop", max_tokens: "length", tool_use: "tool_calls" };

/**
 * What a client must have in hand: arguments as values, their white space is not said; counts where the recording
 * states them, else the gateway may estimate.
 */
function content(
  { id, text, reasoning, toolCalls, usage }: Expected,
  stop: string,
  stated: Expected,
): object {
  const calls = toolCalls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) }));
  const tokens = stated.usage === undefined ? [] : [usage?.input, usage?.output];
  return { id, text, reasoning, toolCalls: calls, stop, tokens };
}

describeEngines("bedrock", (engine) => {
  const gateway = engine.shared({
    plugins: [
      {
        plugin: "ai-proxy",
        configuration: {
          provider: {
            type: "bedrock",
            awsAccessKey: credentials.accessKey,
            awsSecretKey: credentials.secretKey,
            awsRegion: credentials.region,
          },
        },
      },
    ],
    upstreams: { "provider.static": {} },
    routes: [{ name: "all", to: "provider.static", path: "/" }],
    logLevel: "error",
  });
  const upstream = () => gateway.upstream("provider.static");
  const openai = () =>
    new OpenAI({ baseURL: `http://127.0.0.1:${gateway.port}/v1`, apiKey: "client-key", maxRetries: 0 });
  const anthropic = () =>
    new Anthropic({ baseURL: `http://127.0.0.1:${gateway.port}`, apiKey: "client-key", maxRetries: 0 });

  async function askOpenAi(isStream: boolean): Promise<Expected> {
    const request = { model, messages: [question] };
    if (!isStream)
      return assembleChatAnswer({ ...(await openai().chat.completions.create(request)) } as never);
    const chunks = [];
    for await (const chunk of await openai().chat.completions.create({ ...request, stream: true }))
      chunks.push(chunk);
    return assembleChatStream(chunks as never);
  }

  async function askAnthropic(isStream: boolean): Promise<Expected> {
    const request = { model, max_tokens: 1000, messages: [question] };
    const message = isStream
      ? await anthropic().messages.stream(request).finalMessage()
      : await anthropic().messages.create(request);
    return assembleMessagesAnswer({ ...message } as never);
  }

  for (const recording of recordings) {
    const expected = { ...recording.expected!, id: "req_recorded" };
    test(`OpenAI's client gets ${recording.name} as it was recorded`, async () => {
      upstream().reply(reply(recording));
      const seen = await askOpenAi(recording.streamed);
      expect(content(seen, seen.stop, expected)).toEqual(
        content(expected, toOpenAi[expected.stop]!, expected),
      );
    });

    test(`Anthropic's client gets ${recording.name} as it was recorded`, async () => {
      upstream().reply(reply(recording));
      const seen = await askAnthropic(recording.streamed);
      expect(content(seen, seen.stop, expected)).toEqual(content(expected, expected.stop, expected));
    });
  }

  test("a chat request, a stream and a request without a body are signed as AWS computes it", async () => {
    upstream().reply({
      body: { output: { message: { content: [{ text: "Hi" }] } }, stopReason: "end_turn" },
    });
    const answer = await openai().chat.completions.create({ model, messages: [question] });
    expect(answer.choices[0]!.message.content).toBe("Hi");
    upstream().reply({
      headers: { "content-type": "application/vnd.amazon.eventstream" },
      chunks: [
        start(),
        delta(0, { text: "Hi" }),
        stop("end_turn"),
        metadata({ inputTokens: 1, outputTokens: 1 }),
      ],
    });
    const final = await anthropic()
      .messages.stream({ model, max_tokens: 5, messages: [question] })
      .finalMessage();
    expect(final).toMatchObject({ content: [{ type: "text", text: "Hi" }], stop_reason: "end_turn" });
    await gateway.send({ path: "/v1/models", headers: { "x-api-key": "client-key" } });

    const seen = upstream().requests;
    expect(seen.map((request) => request.path)).toEqual([
      `${path}/converse`,
      `${path}/converse-stream`,
      "/v1/models",
    ]);
    for (const request of seen) {
      const date = request.header("x-amz-date")!;
      const { method, authority, body } = request;
      expect(authority).toBe("bedrock-runtime.us-east-1.amazonaws.com");
      expect(request.header("authorization")).toBe(
        awsAuthorization({ method, path: request.path, authority, date, body }, credentials),
      );
      expect(JSON.stringify(request.headers)).not.toContain("client-key");
    }
  });

  test("an event reaches the client before the provider sends the next", async () => {
    const proceed = Promise.withResolvers<void>();
    upstream().reply({
      headers: { "content-type": "application/vnd.amazon.eventstream" },
      chunks: [
        Buffer.concat([start(), delta(0, { text: "first" }), delta(0, { text: "cut" }).subarray(0, 30)]),
        () => proceed.promise,
        Buffer.concat([delta(0, { text: "cut" }).subarray(30), stop("end_turn")]),
      ],
    });
    const client = gateway.open({
      path: "/v1/chat/completions",
      headers: { "content-type": "application/json" },
    });
    await client.end({ data: Buffer.from(JSON.stringify({ model, stream: true, messages: [question] })) });
    await client.until('"content":"first"');
    expect(client.received.text).not.toContain("cut");
    proceed.resolve();
    const answer = await client.answer;
    expect(answer.text).toContain('"content":"cut"');
    expect(answer.text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(answer.header("content-type")).toBe("text/event-stream; charset=utf-8");
  });

  test("Bedrock's refusal is the client's own error, with its status", async () => {
    upstream().reply({
      status: 429,
      headers: { "x-amzn-errortype": "ThrottlingException" },
      body: { message: "slow" },
    });
    const seen = await openai()
      .chat.completions.create({ model, messages: [question] })
      .catch((caught) => caught);
    expect([seen.constructor.name, seen.status]).toEqual(["RateLimitError", 429]);
    expect(seen.error).toMatchObject({ message: "slow" });
  });
});
