// What answers cost: input and output as the provider states them, in every dialect, however the bytes are cut.

import { afterAll, describe, expect, test } from "vitest";
import {
  drip,
  everySingleCut,
  loadRecordings,
  partitions,
  recordingsFolder,
  type Recording,
} from "../../../host-test/testing/recordings.ts";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { Meter } from "./ratelimit.ts";

const meter = new Meter();
afterAll(() => meter.close());

const json = { "content-type": "application/json" };
const sse = { "content-type": "text/event-stream" };

function whole(body: object): TestReply {
  return { headers: json, body: JSON.stringify(body) };
}

function streamed(events: object[]): TestReply {
  return { headers: sse, body: events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("") };
}

const anthropicStart = {
  type: "message_start",
  message: { id: "m", usage: { input_tokens: 25, cache_read_input_tokens: 900, output_tokens: 1 } },
};
const anthropicDelta = { type: "message_delta", delta: {}, usage: { output_tokens: 15 } };
const responsesUsage = { input_tokens: 11, output_tokens: 7, total_tokens: 18 };
const geminiUsage = {
  promptTokenCount: 4,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 90,
  totalTokenCount: 99,
};

describe("an answer costs the input and the output that it states", () => {
  test.each<[string, TestReply, number]>([
    ["chat completions", whole({ usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } }), 7],
    [
      "chat completions, cached tokens included",
      whole({
        usage: { prompt_tokens: 30, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 20 } },
      }),
      34,
    ],
    ["embeddings", whole({ data: [{ embedding: [0.5] }], usage: { prompt_tokens: 8, total_tokens: 8 } }), 8],
    ["images", whole({ data: [], usage: { input_tokens: 9, output_tokens: 90, total_tokens: 99 } }), 99],
    ["Responses", whole({ object: "response", usage: responsesUsage }), 18],
    [
      "Anthropic, without the tokens of its cache",
      whole({ usage: { input_tokens: 5, cache_read_input_tokens: 100, output_tokens: 6 } }),
      11,
    ],
    ["Gemini, without thoughts", whole({ candidates: [], usageMetadata: geminiUsage }), 9],
    [
      "a stream of chat completions",
      streamed([{ usage: null }, { usage: { prompt_tokens: 3, completion_tokens: 4 } }]),
      7,
    ],
    [
      "a stream with usage in every event",
      streamed([
        { usage: { prompt_tokens: 3, completion_tokens: 1 } },
        { usage: { prompt_tokens: 3, completion_tokens: 2 } },
        { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } },
      ]),
      5,
    ],
    [
      "a stream of Responses",
      streamed([{ type: "response.completed", response: { usage: responsesUsage } }]),
      18,
    ],
    ["a stream of Anthropic", streamed([anthropicStart, anthropicDelta]), 40],
    [
      "a stream of Gemini",
      streamed([{ usageMetadata: { promptTokenCount: 4 } }, { usageMetadata: geminiUsage }]),
      9,
    ],
    [
      "a stream of Gemini as a JSON list",
      { headers: json, body: JSON.stringify([{ candidates: [] }, { usageMetadata: geminiUsage }]) },
      9,
    ],
    ["no usage", whole({ choices: [] }), 0],
    ["usage that is null", whole({ usage: null }), 0],
    ["usage that is text", whole({ usage: "prompt_tokens" }), 0],
    ["negative counts", whole({ usage: { prompt_tokens: -5, completion_tokens: -1, total_tokens: -6 } }), 0],
    ["counts as text", whole({ usage: { prompt_tokens: "3", completion_tokens: "4", total_tokens: 7 } }), 7],
    ["usage inside the content", whole({ choices: [{ message: { usage: { prompt_tokens: 9 } } }] }), 0],
    ["no JSON", { headers: json, body: "<html>usage</html>" }, 0],
    ["nothing", { headers: json, body: "" }, 0],
    ["a compressed answer", { headers: { ...json, "content-encoding": "gzip" }, body: "\x1f\x8b" }, 0],
  ])("%s", (_, reply, cost) => {
    expect(meter.cost(reply)).toBe(cost);
  });
});

describe("an answer costs the same at every cut", () => {
  const text = `"usage": {"prompt_tokens": 1} \\" }`;
  const bodies: [string, string, string, number][] = [
    [
      "a JSON answer, usage in the middle",
      json["content-type"],
      `\ufeff{"choices":[{"message":{"content":${JSON.stringify(text)}}}], "usage" : {"prompt_tokens":12,"completion_tokens":34,"total_tokens":46},"x":[1]}`,
      46,
    ],
    [
      "a stream with CRLF, comments and an event over two lines",
      sse["content-type"],
      `: ping\r\n\r\ndata: {"choices":[]}\r\n\r\nevent: x\r\ndata: {"usage":{"prompt_tokens":12,\r\ndata: "completion_tokens":34}}\r\n\r\ndata: [DONE]\r\n\r\n`,
      46,
    ],
    [
      "a stream of Anthropic whose last event lacks its blank line",
      sse["content-type"],
      `event: message_start\ndata: ${JSON.stringify(anthropicStart)}\n\nevent: message_delta\ndata: ${JSON.stringify(anthropicDelta)}\n`,
      40,
    ],
    [
      "a JSON list",
      json["content-type"],
      `[${JSON.stringify({ a: text })},\n{"usageMetadata":${JSON.stringify(geminiUsage)}}]`,
      9,
    ],
  ];
  test.each(bodies)("%s", (_, type, body, cost) => {
    const bytes = Buffer.from(body);
    const headers = { "content-type": type };
    for (const chunks of everySingleCut(bytes)) {
      const found = meter.cost({ headers, chunks });
      if (found !== cost) expect.unreachable(`${found} when cut at ${chunks[0]!.length}`);
    }
    expect(meter.cost({ headers, chunks: drip(bytes) })).toBe(cost);
    expect(meter.cost({ headers, body: bytes, trailers: { "x-a": "b" } })).toBe(cost);
  });

  test("a large answer with usage at its end", () => {
    const body = Buffer.from(
      JSON.stringify({ data: "x".repeat(1_000_000), usage: { prompt_tokens: 1, completion_tokens: 2 } }),
    );
    expect(meter.cost({ headers: json, body })).toBe(3);
    for (const chunks of partitions(body, 8, 7)) expect(meter.cost({ headers: json, chunks })).toBe(3);
  });
});

describe("what is known by then is charged", () => {
  const events = [anthropicStart, anthropicDelta].map((event) => `data: ${JSON.stringify(event)}\n\n`);

  test("when the provider breaks off", () => {
    expect(meter.cost({ headers: sse, chunks: events, reset: { afterChunks: 1 } })).toBe(26);
  });

  test("when the answer is only headers", () => {
    expect(meter.cost({ headers: json })).toBe(0);
  });
});

const folder = recordingsFolder();

/** The rules of Higress's plugins (compat "observability" §2), with the parts of a stream put together. */
function stated(documents: unknown[]): number {
  const at = (value: unknown, path: string): unknown =>
    path
      .split(".")
      .reduce<unknown>(
        (node, key) => (node as Record<string, unknown> | undefined)?.[key] ?? undefined,
        value,
      );
  const first = (value: unknown, paths: string[]): unknown =>
    paths.map((path) => at(value, path)).find((found) => found !== undefined);
  const inputs = ["usage.prompt_tokens", "usage.input_tokens", "response.usage.input_tokens"];
  const outputs = ["usage.completion_tokens", "usage.output_tokens", "response.usage.output_tokens"];
  let input = 0;
  let output = 0;
  for (const document of documents) {
    const more = ["usageMetadata.promptTokenCount", "message.usage.input_tokens"];
    const moreOut = ["usageMetadata.candidatesTokenCount", "message.usage.output_tokens"];
    const nextInput = Number(first(document, [...inputs, ...more]) ?? input);
    const nextOutput = Number(first(document, [...outputs, ...moreOut]) ?? output);
    if (nextInput + nextOutput === 0) continue;
    [input, output] = [nextInput, nextOutput];
  }
  return input + output;
}

function documentsOf(recording: Recording): unknown[] {
  const texts = recording.streamed ? recording.events : [Buffer.from(recording.answerBytes).toString()];
  return texts.map((text) => JSON.parse(text));
}

describe.skipIf(!folder)("recorded answers (skipped without ../shared/data/recordings)", () => {
  const kinds = ["chat", "responses", "messages", "gemini", "embedding"];
  const recordings = (folder ? loadRecordings(folder) : []).filter(
    (one) => kinds.includes(one.kind) && !(one.streamed && (one.malformed || one.framing === "websocket")),
  );

  test("there are many, and most state usage", () => {
    expect(recordings.length).toBeGreaterThan(100);
    const costly = recordings.filter((one) => stated(documentsOf(one)) > 0);
    expect(costly.length).toBeGreaterThan(recordings.length / 2);
  });

  test.each(recordings)("$name costs what it states, whole and in pieces", (recording) => {
    const bytes = recording.streamed ? recording.streamBytes : recording.answerBytes;
    const headers = { "content-type": recording.contentType };
    const cost = stated(documentsOf(recording));
    expect(meter.cost({ headers, body: bytes })).toBe(cost);
    for (const chunks of partitions(bytes, 5, bytes.length))
      expect(meter.cost({ headers, chunks })).toBe(cost);
  });
});
