// Official clients at DashScope and Cohere, on both engines: native answers in several forms, recorded ones, and
// requests as the providers get them over real sockets.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { describeEngines, type GatewaySetup } from "../../../host-test/testing/scenario.ts";
import { isStream, loadRecordings, recordingsFolder } from "../../../host-test/testing/recordings.ts";

const apiTokens = ["sk-provider"];
const providers = [
  { id: "native", type: "qwen", apiTokens, qwenEnableCompatible: false, basePath: "/native" },
  { id: "compatible", type: "qwen", apiTokens, basePath: "/compatible" },
  { id: "cohere", type: "cohere", apiTokens, basePath: "/cohere" },
  { id: "cohere-v2", type: "cohere", apiTokens, cohereApiVersion: "v2", basePath: "/cohere-v2" },
];

const setup: GatewaySetup = {
  plugins: [
    {
      plugin: "ai-proxy",
      configuration: { providers },
      rules: providers.map(({ id }) => ({ ingress: [id], config: { activeProviderId: id } })),
    },
  ],
  upstreams: { "provider.static": {} },
  // The longer prefix first.
  routes: providers.toReversed().map(({ id }) => ({ name: id, to: "provider.static", path: `/${id}` })),
};

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings =
  folder === undefined
    ? []
    : loadRecordings(folder).filter(({ file }) => /^cohere\/(?!cohere-embedding)/.test(file));

const question = { role: "user", content: "Hello" } as const;
const tool = { type: "function", function: { name: "weather", parameters: { type: "object" } } } as const;
const streaming = { "content-type": "text/event-stream;charset=UTF-8" };

const usage = { input_tokens: 5, output_tokens: 7, total_tokens: 12 };
const answer = (message: object, finish_reason = "null") => ({
  output: { choices: [{ message: { role: "assistant", content: "", ...message }, finish_reason }] },
  usage,
  request_id: "req-1",
});
const event = (value: object, number: number) =>
  Buffer.from(`id:${number}\nevent:result\n:HTTP_STATUS/200\ndata:${JSON.stringify(value)}\n\n`);
const called = (name: string, text: string) => ({
  tool_calls: [{ index: 0, id: "c1", type: "function", function: { name, arguments: text } }],
});

describeEngines("official clients at DashScope and Cohere", (engine) => {
  const gateway = engine.shared(setup);
  const upstream = () => gateway.upstream("provider.static");
  const openai = (id: string) =>
    new OpenAI({ baseURL: `http://127.0.0.1:${gateway.port}/${id}/v1`, apiKey: "client", maxRetries: 0 });
  const anthropic = (id: string) =>
    new Anthropic({ baseURL: `http://127.0.0.1:${gateway.port}/${id}`, apiKey: "client", maxRetries: 0 });

  /** What OpenAI's client puts together from a stream. */
  async function assembled(id: string, more: object = {}) {
    const runner = openai(id).chat.completions.stream({
      model: "any",
      messages: [question],
      stream_options: { include_usage: true },
      ...more,
    });
    let reasoning = "";
    for await (const chunk of runner) {
      reasoning +=
        (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? "";
    }
    const completion = await runner.finalChatCompletion();
    return { ...completion, reasoning };
  }

  describe("qwen, native", () => {
    test("a whole answer", async () => {
      upstream().reply({ body: answer({ content: "Hallo", ...called("weather", '{"a":1}') }, "tool_calls") });
      const got = await openai("native").chat.completions.create({ model: "qwen-max", messages: [question] });
      expect(got).toMatchObject({ id: "req-1", model: "qwen-max", usage: { total_tokens: 12 } });
      expect(got.choices[0]).toMatchObject({
        message: {
          content: "Hallo",
          tool_calls: [{ id: "c1", function: { name: "weather", arguments: '{"a":1}' } }],
        },
        finish_reason: "tool_calls",
      });
      const [seen] = upstream().requests;
      expect([seen!.authority, seen!.path]).toEqual([
        "dashscope.aliyuncs.com",
        "/api/v1/services/aigc/text-generation/generation",
      ]);
      expect([
        seen!.header("authorization"),
        seen!.header("accept"),
        seen!.header("x-dashscope-sse"),
      ]).toEqual(["Bearer sk-provider", "*/*", undefined]);
    });

    test("a stream of increments, event by event", async () => {
      const proceed = Promise.withResolvers<void>();
      upstream().reply({
        headers: streaming,
        chunks: [
          event(answer({ reasoning_content: "Hm" }), 1),
          event(answer({ content: "first" }), 2),
          () => proceed.promise,
          event(answer({ content: " second" }, "stop"), 3),
        ],
      });
      const stream = await openai("native").chat.completions.create({
        model: "qwen-vl-max",
        messages: [question],
        stream: true,
      });
      const seen: string[] = [];
      for await (const chunk of stream) {
        const { delta } = chunk.choices[0] ?? {};
        seen.push(delta?.content ?? "");
        if (delta?.content === "first") proceed.resolve();
      }
      expect(seen.join("")).toBe("first second");
      const [request] = upstream().requests;
      expect(request!.path).toBe("/api/v1/services/aigc/multimodal-generation/generation");
      expect(request!.header("x-dashscope-sse")).toBe("enable");
      expect(request!.header("accept")).toBe("text/event-stream");
      expect(request!.json()).toMatchObject({ parameters: { incremental_output: true } });
    });

    test("a stream that repeats itself, with a call", async () => {
      upstream().reply({
        headers: streaming,
        chunks: [
          event(answer({ content: "I lo" }), 1),
          event(answer({ content: "I look" }), 2),
          event(answer({ content: "I look", ...called("wea", "") }), 3),
          event(answer({ content: "I look", ...called("weather", '{"ci') }), 4),
          event(answer({ content: "I look", ...called("weather", '{"city":"Ulm"}') }, "tool_calls"), 5),
        ],
      });
      const got = await assembled("native", { tools: [tool] });
      expect(got.choices[0]).toMatchObject({
        finish_reason: "tool_calls",
        message: {
          content: "I look",
          tool_calls: [{ id: "c1", function: { name: "weather", arguments: '{"city":"Ulm"}' } }],
        },
      });
      expect(got.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 7 });
    });

    test("an error", async () => {
      upstream().reply({ status: 429, body: { code: "Throttling", message: "No.", request_id: "r" } });
      const caught = await openai("native")
        .chat.completions.create({ model: "m", messages: [question] })
        .catch((error) => error);
      expect(caught).toBeInstanceOf(OpenAI.RateLimitError);
      expect([caught.code, caught.error.message]).toEqual(["Throttling", "No."]);
    });

    test("embeddings, which the client asks for in base 64", async () => {
      upstream().reply({
        body: { output: { embeddings: [{ text_index: 0, embedding: [0.5, -1] }] }, usage },
      });
      const got = await openai("native").embeddings.create({ model: "text-embedding-v4", input: "Hello" });
      expect(got.data[0]!.embedding).toEqual([0.5, -1]);
      expect(upstream().requests[0]!.json()).toEqual({
        model: "text-embedding-v4",
        input: { texts: ["Hello"] },
        parameters: {},
      });
    });
  });

  test("qwen, compatible: a conversation keeps its body, Claude's messages go to Claude's path", async () => {
    const text = '{"items": [ ]}';
    await gateway.send({
      path: "/compatible/v1/conversations",
      headers: { "content-type": "application/json" },
      body: text,
    });
    const message = { id: "m", type: "message", role: "assistant", content: [{ type: "text", text: "Hi" }] };
    upstream().reply({ body: message });
    const got = await anthropic("compatible").messages.create({
      model: "m",
      max_tokens: 9,
      messages: [question],
    });
    expect(got).toMatchObject(message);
    const requests = upstream().requests;
    expect(requests.map(({ path }) => path)).toEqual([
      "/compatible-mode/v1/conversations",
      "/apps/anthropic/v1/messages",
    ]);
    expect(requests[0]!.text).toBe(text);
  });

  test("cohere, version 1: answers as they are for OpenAI's clients, translated for Anthropic's", async () => {
    const native = { response_id: "r", text: "Hi", finish_reason: "COMPLETE", meta: {} };
    upstream().reply({ body: native });
    const body = { model: "m", messages: [question] };
    expect((await gateway.send({ path: "/cohere/v1/chat/completions", body })).json()).toEqual(native);
    expect(upstream().requests[0]!.json()).toEqual({ message: "Hello", model: "m" });
    const lines = [
      { event_type: "stream-start", generation_id: "g" },
      { event_type: "text-generation", text: "Grüße" },
      { event_type: "stream-end", finish_reason: "COMPLETE", response: { meta } },
    ];
    const text = Buffer.from(lines.map((line) => JSON.stringify(line) + "\n").join(""));
    upstream().reply({
      headers: { "content-type": "application/stream+json" },
      chunks: [text.subarray(0, 90), text.subarray(90)],
    });
    const got = await anthropic("cohere")
      .messages.stream({ model: "m", max_tokens: 9, messages: [question] })
      .finalMessage();
    expect(got).toMatchObject({ content: [{ type: "text", text: "Grüße" }], stop_reason: "end_turn" });
    expect(got.usage).toMatchObject({ input_tokens: 4, output_tokens: 2 });
  });
  const meta = { tokens: { input_tokens: 4, output_tokens: 2 } };

  test.each(recordings.map((recording) => [recording.name, recording] as const))(
    "cohere, version 2: both clients have the same of %s in hand",
    async (_, recording) => {
      const reply = () => {
        if (!isStream(recording))
          return upstream().reply({
            headers: { "content-type": "application/json" },
            body: recording.answerBytes,
          });
        const bytes = recording.streamBytes;
        upstream().reply({ headers: streaming, chunks: [bytes.subarray(0, 333), bytes.subarray(333)] });
      };
      const request = { model: "any", max_tokens: 100, messages: [question] };
      reply();
      const chatted = isStream(recording)
        ? await assembled("cohere-v2")
        : await openai("cohere-v2").chat.completions.create({ model: "any", messages: [question] });
      reply();
      const messaged = isStream(recording)
        ? await anthropic("cohere-v2").messages.stream(request).finalMessage()
        : await anthropic("cohere-v2").messages.create(request);

      const { message, finish_reason } = chatted.choices[0]!;
      const blocks = (type: string) => messaged.content.filter((block) => block.type === type) as any[];
      const recorded = Buffer.from(
        isStream(recording) ? recording.streamBytes : recording.answerBytes,
      ).toString();
      expect(
        blocks("text")
          .map(({ text }) => text)
          .join(""),
      ).toBe(message.content ?? "");
      expect(blocks("tool_use").map(({ id, name, input }) => [id, name, input])).toEqual(
        (message.tool_calls ?? []).map((call: any) => [
          call.id,
          call.function.name,
          JSON.parse(call.function.arguments),
        ]),
      );
      const reasoning =
        "reasoning" in chatted ? chatted.reasoning : ((message as any).reasoning_content ?? "");
      expect(
        blocks("thinking")
          .map(({ thinking }) => thinking)
          .join(""),
      ).toBe(reasoning);
      const stops = { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use" } as Record<
        string,
        string
      >;
      expect(messaged.stop_reason).toBe(stops[finish_reason!]);
      const cached = messaged.usage.cache_read_input_tokens ?? 0;
      expect(messaged.usage.input_tokens + cached).toBe(chatted.usage!.prompt_tokens);
      expect(recorded).toContain(
        `"cached_tokens": ${cached}`.replace(": ", isStream(recording) ? ":" : ": "),
      );
      expect(messaged.usage.output_tokens).toBe(chatted.usage!.completion_tokens);
      expect((message.content ?? "").length + reasoning.length).toBeGreaterThan(0);
      expect(upstream().requests[0]!.path).toBe("/v2/chat");
    },
  );
});
