// Answers that are rare but real: what servers send beside, behind or instead of what their documentation shows. Each
// is held against what the official client of every dialect that is not the provider's own has in hand at the end.

import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { eventStreamMessage } from "../../../host-test/testing/recordings.ts";
import { seenBy, type Seen } from "../../../shared/llm/test/official-clients.ts";
import { checkAnswer } from "./answer-grammar.ts";
import { question, type ClientDialect } from "./client-requests.ts";
import { eventStream, json, provider } from "./proxy.ts";

const entries = {
  bedrock: { type: "bedrock", awsRegion: "eu-central-1" },
  cohere: { type: "cohere", cohereApiVersion: "v2" },
  gemini: { type: "gemini" },
  responses: { type: "openai", chatApi: "responses" },
  spark: { type: "spark" },
  vllm: { type: "vllm", vllmServerHost: "vllm.example.com" },
};
type Entry = keyof typeof entries;
const own: Partial<Record<Entry, ClientDialect>> = { gemini: "gemini", vllm: "openai" };
const dialects = ["openai", "anthropic", "gemini"] as const;

interface Told extends Partial<Omit<Seen, "stop">> {
  stop?: "stop" | "length" | "tool_calls" | "content_filter";
  /** Addresses and other words that the answer's bytes have, and those that they must not have. */
  has?: string[];
  lacks?: string[];
  images?: number;
}

interface Case {
  name: string;
  entry: Entry;
  reply: TestReply;
  told: Told;
}

const stops: Record<string, Told["stop"]> = {
  end_turn: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content_filter",
};

const data = (events: object[]) =>
  eventStream([...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), "data: [DONE]\n\n"]);
const named = (events: { type: string }[]) =>
  eventStream(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
const frames = (events: Record<string, object>[]): TestReply => ({
  headers: { "content-type": "application/vnd.amazon.eventstream" },
  chunks: events.map((event) => {
    const [type, payload] = Object.entries(event)[0]!;
    const headers = { ":event-type": type, ":content-type": "application/json", ":message-type": "event" };
    return eventStreamMessage(headers, Buffer.from(JSON.stringify(payload)));
  }),
});

const head = { id: "c-1", object: "chat.completion.chunk", created: 1, model: "m" };
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) => ({
  ...head,
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
});
const completion = (choice: object) => ({ ...head, object: "chat.completion", choices: [choice], usage });
const message = (content: string | null, tool_calls?: object[]) => ({
  role: "assistant",
  content,
  tool_calls,
});
const call = (index: number, id: string, args: string) => ({
  index,
  id,
  type: "function",
  function: { name: "weather", arguments: args },
});
const weather = (place?: string) => ({ name: "weather", arguments: place ? { place } : {} });

const cohere = (index: number, type: string, tool_calls?: object) => ({
  type: `tool-call-${type}`,
  index,
  delta: { message: { tool_calls } },
});
const begun = (index: number, id: string) =>
  cohere(index, "start", { id, type: "function", function: { name: "weather", arguments: "" } });
const args = (index: number, text: string) => cohere(index, "delta", { function: { arguments: text } });
const calling = (...events: { type: string }[]) =>
  named([
    { type: "message-start" },
    ...events,
    { type: "message-end", delta: { finish_reason: "TOOL_CALL", usage: {} } } as { type: string },
  ]);

const search = {
  type: "custom_tool_call",
  id: "ctc_1",
  call_id: "xs_call_1",
  name: "x_keyword_search",
  input: '{"query":"x"}',
  status: "completed",
};
const said = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: "Hi", annotations: [] }],
};
const response = { id: "resp_1", object: "response", created_at: 1, model: "m", status: "completed" };

const frame = (contentBlockIndex: number, delta: object) => ({
  contentBlockDelta: { contentBlockIndex, delta },
});

const cases: Case[] = [
  {
    name: "a stream that repeats the whole message at its end, as MiniMax's",
    entry: "vllm",
    reply: data([
      chunk({ role: "assistant", content: "Hi" }),
      chunk({ content: " there" }, "stop"),
      { ...completion({ index: 0, message: message("Hi there"), finish_reason: "stop" }), usage },
    ]),
    told: { text: "Hi there", stop: "stop", tokens: { total: 15, output: 5 } },
  },
  {
    name: "sources in a last chunk that has no choice",
    entry: "vllm",
    reply: data([
      chunk({ content: "Hi" }),
      chunk({}, "stop"),
      { ...head, choices: [], usage, citations: ["https://a.example/"] },
    ]),
    told: { text: "Hi", stop: "stop", has: ["https://a.example/"] },
  },
  ...(["MAX_TOKENS", "Length"] as const).map((word): Case => ({
    name: `the reason ${word}`,
    entry: "vllm",
    reply: data([chunk({ content: "Hi" }), chunk({}, word, { usage })]),
    told: { text: "Hi", stop: "length" },
  })),
  ...(["content_filter: RECITATION", "function_call_filter: MALFORMED_FUNCTION_CALL"] as const).map(
    (word): Case => ({
      name: `the reason ${word}`,
      entry: "vllm",
      reply: data([chunk({ content: "Hi" }), chunk({}, word, { usage })]),
      told: { text: "Hi", stop: "content_filter" },
    }),
  ),
  {
    name: "a whole call whose arguments are null",
    entry: "vllm",
    reply: json(
      completion({ index: 0, message: message(null, [call(0, "a", "null")]), finish_reason: "stop" }),
    ),
    told: { calls: [weather()], stop: "tool_calls" },
  },
  {
    name: "a streamed call whose arguments are null, and one with null among its arguments",
    entry: "vllm",
    reply: data([
      chunk({ tool_calls: [call(0, "a", "null")] }),
      chunk({ tool_calls: [call(1, "b", '{"place":')] }),
      chunk({ tool_calls: [{ index: 1, function: { arguments: "null" } }] }),
      chunk({ tool_calls: [{ index: 1, function: { arguments: "}" } }] }, "tool_calls", { usage }),
    ]),
    told: { calls: [weather(), { name: "weather", arguments: { place: null } }], stop: "tool_calls" },
  },
  ...[false, true].map((isStream): Case => {
    const called = { type: "function", function: { name: "weather", arguments: '{"place":"Oslo"}' } };
    const told = { ...message(""), tool_calls: called };
    const spark = { code: 0, message: "Success", sid: "s-1", usage };
    return {
      name: `a call that is no list, as Spark's, ${isStream ? "streamed" : "whole"}`,
      entry: "spark",
      reply: isStream
        ? data([{ ...spark, choices: [{ index: 0, delta: told }] }])
        : json({ ...spark, choices: [{ index: 0, message: told }] }),
      told: { calls: [weather("Oslo")], stop: "tool_calls", tokens: { total: 15, output: 5 } },
    };
  }),
  {
    name: "usage in the words of OpenAI's other API",
    entry: "vllm",
    reply: data([
      chunk({ content: "Hi" }),
      chunk({}, "stop", {
        usage: { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 4 } },
      }),
    ]),
    told: { text: "Hi", stop: "stop", tokens: { total: 15, output: 5 }, has: [":4"] },
  },
  {
    name: "calls that Cohere streams in turns, one with null for arguments",
    entry: "cohere",
    reply: calling(
      begun(0, "a"),
      begun(1, "b"),
      begun(2, "c"),
      args(0, '{"place":'),
      args(1, '{"place":"Rome"}'),
      args(0, '"Oslo"}'),
      args(2, "null"),
      cohere(0, "end"),
      cohere(1, "end"),
      cohere(2, "end"),
    ),
    told: { calls: [weather("Oslo"), weather("Rome"), weather()], stop: "tool_calls" },
  },
  {
    name: "drafts of a picture among Gemini's thoughts",
    entry: "gemini",
    reply: json({
      candidates: [
        {
          content: {
            role: "model",
            parts: [
              { inlineData: { mimeType: "image/png", data: "RFJBRlQ=" }, thought: true },
              { inlineData: { mimeType: "image/png", data: "RklOQUw=" } },
              { text: "Hi" },
            ],
          },
          finishReason: "STOP",
        },
      ],
    }),
    told: { text: "Hi", stop: "stop", images: 1, lacks: ["RFJBRlQ="] },
  },
  {
    name: "a picture in Converse's stream, and a source that is no address",
    entry: "bedrock",
    reply: frames([
      { messageStart: { role: "assistant" } },
      { contentBlockStart: { contentBlockIndex: 0, start: { image: { format: "webp" } } } },
      frame(0, { image: { source: { bytes: "RklOQUw=" } } }),
      { contentBlockStop: { contentBlockIndex: 0 } },
      frame(1, { text: "Hi" }),
      frame(1, { citation: { title: "D", location: { documentChar: { documentIndex: 0 } } } }),
      { messageStop: { stopReason: "end_turn" } },
      { metadata: { usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 } } },
    ]),
    told: { text: "Hi", stop: "stop", images: 1, lacks: ['"url":""', '"uri":""'] },
  },
  {
    name: "a search that xAI has run itself, whole",
    entry: "responses",
    reply: json({ ...response, output: [search, said] }),
    told: { text: "Hi", calls: [], stop: "stop" },
  },
  {
    name: "a search that xAI has run itself, streamed",
    entry: "responses",
    reply: named(
      [
        { type: "response.created", response: { ...response, status: "in_progress" } },
        { type: "response.output_item.added", output_index: 0, item: { ...search, input: "" } },
        { type: "response.custom_tool_call_input.delta", output_index: 0, delta: search.input },
        { type: "response.output_item.done", output_index: 0, item: search },
        { type: "response.output_item.done", output_index: 1, item: said },
        { type: "response.completed", response: { ...response, output: [search, said] } },
      ].map((event) => event as { type: string }),
    ),
    told: { text: "Hi", calls: [], stop: "stop" },
  },
];

const reading = cases.flatMap((one) =>
  dialects.filter((dialect) => dialect !== own[one.entry]).map((dialect) => ({ ...one, dialect })),
);

/** What a client of this dialect gets from the provider. */
function answered(entry: Entry, reply: TestReply, dialect: ClientDialect) {
  const options = { upstream: () => reply, logLevel: "error" } as const;
  const chain = provider({ apiTokens: ["k"], modelMapping: { "*": "m" }, ...entries[entry] }, options);
  const { client } = chain.exchange(question(dialect, reply.chunks ? "stream" : "whole"));
  expect(chain.problems()).toEqual([]);
  chain.close();
  checkAnswer(dialect, client);
  return client;
}

describe("answers", () => {
  test.each(reading)("$dialect's client reads $name", async ({ entry, reply, dialect, told }) => {
    const client = answered(entry, reply, dialect);
    const { has = [], lacks = [], images, stop, ...parts } = told;
    const seen = await seenBy(dialect, client.text, reply.chunks !== undefined);
    expect(seen).toMatchObject({ calls: [], ...parts });
    // Gemini has no word for calls.
    const word = stops[seen.stop] ?? seen.stop;
    expect(word === "stop" && seen.calls.length > 0 ? "tool_calls" : word).toBe(stop);
    for (const word of has) expect(client.text).toContain(word);
    for (const word of lacks) expect(client.text).not.toContain(word);
    // Anthropic's answers have no pictures.
    if (dialect !== "anthropic" && images) expect(client.text.split("RklOQUw=").length - 1).toBe(images);
  });

  test.each(["anthropic", "gemini", "responses"] as const)(
    "calls that have one id reach %s's client under two",
    (dialect) => {
      const calls = [call(0, "same", '{"place":"Oslo"}'), call(1, "same", '{"place":"Rome"}')];
      for (const reply of [
        json(completion({ index: 0, message: message(null, calls), finish_reason: "tool_calls" })),
        data([chunk({ tool_calls: calls }), chunk({}, "tool_calls", { usage })]),
      ]) {
        const { text } = answered("vllm", reply, dialect);
        expect(text).toContain('"same"');
        const name = dialect === "responses" ? "call_id" : "id";
        const ids = [...text.matchAll(new RegExp(`"${name}":"([^"]+)","name":"weather"`, "g"))];
        const distinct = new Set(ids.map(([, id]) => id)).size;
        // Gemini's may go without.
        expect(distinct).toBe(dialect === "gemini" ? ids.length : 2);
      }
    },
  );

  test.each(["anthropic", "gemini", "responses"] as const)(
    "%s's client is told why, wherever the provider has put it",
    (dialect) => {
      const why = "what went wrong";
      const failed = { index: 0, error: { code: 502, message: why }, message: message("") };
      for (const reply of [
        json(completion({ ...failed, finish_reason: "error" })),
        json({ error: [why], warnings: [] }, { status: 422 }),
        json({ detail: { error: why } }, { status: 404 }),
      ]) {
        const client = answered("vllm", reply, dialect);
        expect(client.status).toBe(reply.status ?? 500);
        expect(client.text).toContain(why);
      }
    },
  );
});
