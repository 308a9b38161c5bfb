// vertex: answers of Gemini and Claude models, whole and streamed, to clients of every dialect.

import { describe, expect, test } from "vitest";
import { drip, loadRecordings, partitions, recordingsFolder } from "../../../host-test/testing/recordings.ts";
import type { Expected, Recording } from "../../../host-test/testing/recordings.ts";
import { seenBy } from "../../../shared/llm/test/official-clients.ts";
import { answering, chat, events, eventStream, json, message, provider } from "./proxy.ts";
import { compatible, express, vertex } from "./vertex.ts";

const model = "gemini-2.5-flash";
const usageMetadata = {
  promptTokenCount: 5,
  candidatesTokenCount: 7,
  thoughtsTokenCount: 3,
  totalTokenCount: 15,
};
const thought = (text: string) => ({ text, thought: true });
const event = (parts: object[], more: object = {}) =>
  `data: ${JSON.stringify({ candidates: [{ content: { role: "model", parts }, ...more }], responseId: "r-1", usageMetadata })}\r\n\r\n`;

function streamed(chunks: string[], request = chat({ model, stream: true })) {
  const chain = provider(express, answering(eventStream(chunks)));
  const { client } = chain.exchange(request);
  return { chain, client, text: client.text };
}

/** Contents of the deltas. */
function contents(text: string): string[] {
  return events(text)
    .map(({ choices }) => choices?.[0]?.delta?.content)
    .filter((content) => content);
}

describe("a whole answer of a Gemini model", () => {
  const answer = json({
    candidates: [
      {
        content: {
          role: "model",
          parts: [thought("Hm. "), thought("So."), { text: "Hello " }, { text: "you." }],
        },
        finishReason: "STOP",
      },
    ],
    usageMetadata,
    modelVersion: "theirs",
    responseId: "r-1",
  });

  test("has its reasoning in the content, between tags, for OpenAI's clients", () => {
    const { client } = provider(express, answering(answer)).exchange(chat({ model }));
    expect(JSON.parse(client.text)).toMatchObject({
      id: "r-1",
      model,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "<think>Hm. So.</think>Hello you." },
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 10,
        total_tokens: 15,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    });
    expect(client.text).not.toContain("reasoning_content");
  });

  test("has it as thinking for Anthropic's clients, as a thought for Gemini's", () => {
    const chain = provider(express, answering(answer));
    expect(JSON.parse(chain.exchange(message({ model })).client.text).content).toEqual([
      { type: "thinking", thinking: "Hm. So.", signature: "" },
      { type: "text", text: "Hello you." },
    ]);
  });

  test("with nothing but reasoning closes the tag", () => {
    const only = json({ candidates: [{ content: { parts: [thought("Hm")] }, finishReason: "MAX_TOKENS" }] });
    const [choice] = JSON.parse(
      provider(express, answering(only)).exchange(chat({ model })).client.text,
    ).choices;
    expect(choice).toMatchObject({ message: { content: "<think>Hm</think>" }, finish_reason: "length" });
  });

  test("with a call closes the tag before it", () => {
    const parts = [thought("Hm"), { functionCall: { name: "f", args: { a: 1 } } }];
    const call = json({ candidates: [{ content: { parts }, finishReason: "STOP" }], responseId: "r" });
    const [choice] = JSON.parse(
      provider(express, answering(call)).exchange(chat({ model })).client.text,
    ).choices;
    expect(choice.message.content).toBe("<think>Hm</think>");
    expect(choice.message.tool_calls).toMatchObject([
      { type: "function", function: { name: "f", arguments: '{"a":1}' } },
    ]);
    expect(choice.message.tool_calls[0].id).toBeTruthy();
    expect(choice.finish_reason).toBe("tool_calls");
  });

  test("of several candidates has tags of its own for each", () => {
    const candidates = [0, 1].map((index) => ({
      index,
      content: { parts: [thought(`t${index}`), { text: `x${index}` }] },
      finishReason: "STOP",
    }));
    const { client } = provider(express, answering(json({ candidates }))).exchange(chat({ model, n: 2 }));
    const found = JSON.parse(client.text).choices.map((choice: any) => choice.message.content);
    expect(found).toEqual(["<think>t0</think>x0", "<think>t1</think>x1"]);
  });

  test("that is no answer is the gateway's error", () => {
    const { client } = provider(express, answering({ body: "<html>" })).exchange(chat({ model }));
    expect([client.status, client.text]).toEqual([
      500,
      "failed to process response body: the provider's body is no answer",
    ]);
  });

  test.each([chat({ model }), message({ model }), chat({ model: "claude-x" })])(
    "that failed is an error in the client's dialect",
    (request) => {
      const body = [{ error: { code: 429, message: "Quota exceeded", status: "RESOURCE_EXHAUSTED" } }];
      const { client } = provider(express, answering(json(body, { status: 429 }))).exchange(request);
      expect(client.status).toBe(429);
      expect(JSON.parse(client.text).error).toMatchObject({
        message: "Quota exceeded",
        type: "rate_limit_error",
      });
    },
  );
});

describe("a stream of a Gemini model", () => {
  const chunks = [
    event([thought("Hm. ")]),
    event([thought("So."), { text: "Hello " }]),
    event([{ text: "you." }]),
    event([{ text: "" }], { finishReason: "STOP" }),
  ];

  test("has its reasoning in the content, between tags, for OpenAI's clients", () => {
    const { text } = streamed(chunks);
    expect(contents(text)).toEqual(["<think>Hm. ", "So.", "</think>Hello ", "you."]);
    expect(text).not.toContain("reasoning_content");
    const all = events(text);
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set(["r-1"]));
    expect(new Set(all.map(({ model: named }) => named))).toEqual(new Set([model]));
    expect(all.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(["stop"]);
    expect(all.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens: 10, total_tokens: 15 },
    });
  });

  test("has it as thinking for Anthropic's clients", async () => {
    const { text } = streamed(chunks, message({ model, stream: true }));
    expect(await seenBy("anthropic", text, true)).toMatchObject({ reasoning: "Hm. So.", text: "Hello you." });
  });

  test.each([
    ["after a reason to finish", chunks],
    ["when the provider sends it", [...chunks, "data: [DONE]\n\n"]],
    ["when the last event is not ended", [...chunks.slice(0, 3), chunks[3]!.trimEnd()]],
    ["when the answer ends early", chunks.slice(0, 2)],
    ["when nothing comes", [""]],
  ])("ends with one [DONE] %s", (_, pieces) => {
    const { chain, text } = streamed(pieces);
    expect(text.split("data: [DONE]\n\n")).toHaveLength(2);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    const logged = chain.problems("debug").filter((line) => line.includes("=== modified response chunk: "));
    expect(logged.filter((line) => line.includes("[DONE]"))).toHaveLength(1);
    expect(chain.problems()).toEqual([]);
  });

  test("cut inside an event, sends nothing for the first part", () => {
    const [head, tail] = [chunks[0]!.slice(0, 20), chunks[0]!.slice(20)];
    const chain = provider(express, answering(eventStream([head, tail, ...chunks.slice(1)])));
    const { client } = chain.exchange(chat({ model, stream: true }));
    expect(client.text).toBe(
      streamed(chunks).text.replaceAll(/"created":\d+/g, /"created":\d+/.exec(client.text)![0]),
    );
    expect(client.chunks[0]!.toString()).toContain("<think>Hm. ");
    expect(chain.problems().join()).not.toContain("unable to unmarshal");
  });
});

describe("the OpenAI-compatible mode", () => {
  const request = (stream: boolean) => chat({ model: "google/gemini-2.5-flash", stream });
  // Quotes, line feeds and backslashes must stay escaped, half a character cannot be written.
  const written = String.raw`"\u00e9\u4F60\ud83d\ude00 \u0022\u000a\\u00e9 \\\u00e9 \ud83d \udc00\ud83dx \u00zz \u2028 \t"`;
  const plain =
    String.raw`"é你😀 \u0022\u000a\\u00e9 \\é \ud83d \udc00\ud83dx \u00zz ` + "\u2028" + String.raw` \t"`;

  test("writes the characters of a whole answer, and nothing else anew", () => {
    const answer = (content: string) => `{ "choices": [{"message": {"content": ${content}}}],  "x": 1e0 }`;
    const { client } = vertex(
      compatible,
      answering({
        // What is no JSON is no answer.
        body: answer(written.replace("\\u00zz", "")),
        headers: { "content-type": "application/json", "content-length": "7" },
      }),
    ).exchange(request(false));
    expect(client.text).toBe(answer(plain.replace("\\u00zz", "")));
    expect(client.header("content-length")).toBeUndefined();
  });

  test.each(['{"candidates":[]}', '{"choices":{}}', '{"choices":[', "<html></html>", '["choices"]'])(
    "answers 500 where the provider's answer is none of this dialect: %s",
    (body) => {
      const reply = { body, headers: { "content-type": "application/json" } };
      const { client } = vertex(compatible, answering(reply)).exchange(request(false));
      expect([client.status, client.header("content-type")]).toEqual([500, "text/plain"]);
      expect(client.text).toBe("failed to process response body: the provider's body is no answer");
    },
  );

  test("writes the characters of a stream, however it is cut", () => {
    const body = Buffer.from(`data: {"choices":[{"delta":{"content":${written}}}]}\n\ndata: [DONE]\n\n`);
    const expected = `data: {"choices":[{"delta":{"content":${plain}}}]}\n\ndata: [DONE]\n\n`;
    let pieces: Uint8Array[] = [];
    const chain = vertex(compatible, { upstream: () => eventStream(pieces) });
    const answer = (given: Uint8Array[]) => {
      pieces = given;
      return chain.exchange(request(true)).client.text;
    };
    for (let cut = 0; cut < body.length; cut++)
      expect(answer([body.subarray(0, cut), body.subarray(cut)])).toBe(expected);
    expect(answer(drip(body))).toBe(expected);
    expect(answer([body.subarray(0, 43)])).toBe(body.toString().slice(0, 43));
  });

  test("passes whole answers and streams of ASCII as they are", () => {
    const stream = ['data: {"choices":[{"delta":{"content":"a\\n', '\\""}}]}\r\n\r\ndata: [DONE]\n\n'];
    const { client } = vertex(compatible, answering(eventStream(stream))).exchange(request(true));
    expect(client.chunks.join("")).toBe(stream.join(""));
  });

  test("serves Anthropic's clients", async () => {
    const answer = {
      id: "c",
      choices: [{ index: 0, message: { role: "assistant", content: "é" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    };
    const body = JSON.stringify(answer).replace("é", "\\u00e9");
    const reply = { headers: { "content-type": "application/json" }, body };
    const { client, upstream } = vertex(compatible, answering(reply)).exchange(
      message({ model: "google/g" }),
    );
    expect(JSON.parse(upstream!.text)).toMatchObject({
      model: "google/g",
      messages: [{ role: "user", content: "Hi" }],
    });
    expect(await seenBy("anthropic", client.text, false)).toMatchObject({ text: "é", stop: "end_turn" });
  });
});

const folder = recordingsFolder();
const recordings =
  folder === undefined
    ? []
    : loadRecordings(folder).filter(
        ({ kind, expected }) => expected !== undefined && (kind === "gemini" || kind === "messages"),
      );

/** The model that such an answer comes from. */
const modelOf = ({ kind }: Recording) => (kind === "gemini" ? model : "claude-x");

function contentOf({ text, reasoning, toolCalls }: Expected): object {
  const calls = toolCalls.map(({ name, arguments: args }) => ({ name, arguments: JSON.parse(args || "{}") }));
  return { text, reasoning, calls };
}

/** The same with the reasoning taken out of the tags. */
function untagged(seen: { text: string; reasoning: string; calls: object[] }): object {
  let reasoning = seen.reasoning;
  const text = seen.text.replaceAll(/<think>(.*?)<\/think>/gs, (_, inner: string) => {
    reasoning += inner;
    return "";
  });
  return { text, reasoning, calls: seen.calls };
}

describe.skipIf(folder === undefined)("recorded answers (skipped without ../shared/data/recordings)", () => {
  function open(recording: Recording, dialect: "openai" | "anthropic") {
    let pieces: Uint8Array[] = [];
    const chain = vertex(express, {
      upstream: () =>
        recording.streamed
          ? eventStream(pieces)
          : { headers: { "content-type": "application/json" }, body: recording.answerBytes },
      logLevel: "error",
    });
    const options = { model: modelOf(recording), stream: recording.streamed };
    const request =
      dialect === "openai" ? chat({ ...options, stream_options: { include_usage: true } }) : message(options);
    return {
      chain,
      answer(given: Uint8Array[]): string {
        pieces = given;
        return chain.exchange(request).client.text;
      },
    };
  }

  const bodyOf = (recording: Recording) =>
    recording.streamed ? recording.streamBytes : recording.answerBytes;

  describe.each(["openai", "anthropic"] as const)("the official client of %s", (dialect) => {
    test.each(recordings)("gets the content of $name", async (recording) => {
      const { answer } = open(recording, dialect);
      // Claude's reasoning has the name that Go gives it.
      const text = answer([bodyOf(recording)]).replaceAll('"reasoning":', '"reasoning_content":');
      const seen = await seenBy(dialect, text, recording.streamed);
      expect(
        dialect === "openai" && recording.kind === "gemini"
          ? untagged(seen)
          : { text: seen.text, reasoning: seen.reasoning, calls: seen.calls },
      ).toEqual(contentOf(recording.expected!));
    });
  });

  test.each(recordings.filter(({ streamed: isStream }) => isStream))(
    "a slice of the cuts of $name gives the same bytes",
    (recording) => {
      const bytes = bodyOf(recording);
      for (const dialect of ["openai", "anthropic"] as const) {
        const { chain, answer } = open(recording, dialect);
        const whole = answer([bytes]);
        const stride = Math.max(1, Math.ceil((bytes.length * bytes.length) / 1_000_000));
        for (let cut = 1; cut < bytes.length; cut += stride)
          expect(answer([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toBe(whole);
        expect(answer(drip(bytes))).toBe(whole);
        for (const pieces of partitions(bytes, 3, 20261123)) expect(answer(pieces)).toBe(whole);
        expect(chain.problems()).toEqual([]);
        chain.close();
      }
    },
    120_000,
  );
});
