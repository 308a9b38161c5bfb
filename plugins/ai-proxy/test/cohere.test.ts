// Cohere: both versions of its chat API, requests and answers.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import {
  drip,
  everySingleCut,
  isStream,
  loadRecordings,
  partitions,
  recordingsFolder,
  type Recording,
} from "../../../host-test/testing/recordings.ts";
import { change, changed } from "./changed-bytes.ts";
import { answering, chat, eventStream, events, json, message, provider, refusal } from "./proxy.ts";

const apiTokens = ["sk-provider"];
const v1 = { type: "cohere", apiTokens, modelMapping: { "*": "command-a" } };
const v2 = { ...v1, cohereApiVersion: "v2" };

const user = (content: unknown) => ({ role: "user", content });
const sent = (body: object, entry: object) => JSON.parse(provider(entry).exchange(chat(body)).upstream!.text);

const schema = {
  type: "object",
  properties: {
    city: { type: "string", description: "Which one" },
    days: { type: "integer" },
    where: { type: ["object", "null"] },
  },
  required: ["city"],
};
const weather = { type: "function", function: { name: "weather", description: "Sky", parameters: schema } };
const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Ulm"}' } };

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings =
  folder === undefined
    ? []
    : loadRecordings(folder).filter(({ file }) => /^cohere\/(?!cohere-embedding)/.test(file));

/** An answer's content, put together from OpenAI's chunks. */
function assembled(text: string) {
  const result = {
    text: "",
    reasoning: "",
    calls: [] as any[],
    finish: null as string | null,
    usage: null as any,
  };
  for (const { choices, usage } of events(text)) {
    if (usage) result.usage = usage;
    for (const { delta, finish_reason } of choices ?? []) {
      result.text += delta.content ?? "";
      result.reasoning += delta.reasoning_content ?? "";
      result.finish = finish_reason ?? result.finish;
      for (const { index, id, function: called } of delta.tool_calls ?? []) {
        const known = (result.calls[index] ??= { id, name: called.name, arguments: "" });
        known.arguments += called.arguments;
      }
    }
  }
  return result;
}

/** What a recording of version 2 says, read in the simplest way. */
function recorded(recording: Recording) {
  const result = { text: "", reasoning: "", calls: [] as any[], finish: "", usage: null as any };
  const read = (part: any) => {
    result.text += part.text ?? "";
    result.reasoning += part.thinking ?? "";
  };
  const end = ({ finish_reason, usage }: any) => {
    result.finish = { COMPLETE: "stop", MAX_TOKENS: "length", TOOL_CALL: "tool_calls" }[
      finish_reason as string
    ]!;
    result.usage = {
      prompt_tokens: usage.tokens.input_tokens,
      completion_tokens: usage.tokens.output_tokens,
      total_tokens: usage.tokens.input_tokens + usage.tokens.output_tokens,
      prompt_tokens_details: { cached_tokens: usage.cached_tokens },
    };
  };
  if (!isStream(recording)) {
    const answer = JSON.parse(Buffer.from(recording.answerBytes).toString());
    answer.message.content.forEach(read);
    end(answer);
    return result;
  }
  for (const value of recording.events.map((event) => JSON.parse(event))) {
    const said = value.delta?.message ?? {};
    if (said.content && !Array.isArray(said.content)) read(said.content);
    if (value.type === "tool-plan-delta") result.reasoning += said.tool_plan;
    if (value.type === "tool-call-start")
      result.calls.push({ id: said.tool_calls.id, name: said.tool_calls.function.name, arguments: "" });
    if (value.type === "tool-call-delta") result.calls.at(-1).arguments += said.tool_calls.function.arguments;
    if (value.type === "message-end") end(value.delta);
  }
  for (const one of result.calls) one.arguments ||= "{}";
  return result;
}

describe("version 1, which is what Higress speaks", () => {
  test("gets the last message, what was said before it, and settings under its own names in Go's order", () => {
    const request = {
      messages: [
        { role: "system", content: "a" },
        user("One"),
        { role: "assistant", content: "Two" },
        { role: "system", content: "b" },
        user("Three"),
      ],
      stream: true,
      max_completion_tokens: 9,
      temperature: 0,
      top_k: 4,
      top_p: 0.5,
      seed: 0,
      stop: "END",
      frequency_penalty: 0.1,
      presence_penalty: 0,
    };
    expect(provider(v1).exchange(chat(request)).upstream!.text).toBe(
      '{"message":"Three","model":"command-a","stream":true,"max_tokens":9,"temperature":0,"k":4,"p":0.5,"seed":0,' +
        '"stop_sequences":["END"],"frequency_penalty":0.1,"presence_penalty":0,' +
        '"chat_history":[{"role":"USER","message":"One"},{"role":"CHATBOT","message":"Two"}],"preamble":"a\\nb"}',
    );
  });

  test("gets tools with the parameters that it can describe, and results with their calls", () => {
    const body = sent(
      {
        messages: [
          user("Hi"),
          { role: "assistant", content: "I look", tool_calls: [call] },
          { role: "tool", tool_call_id: "c1", content: "sunny" },
          { role: "tool", tool_call_id: "unknown", content: "?" },
        ],
        tools: [weather],
        response_format: { type: "json_object" },
      },
      v1,
    );
    const parameters = { city: "Ulm" };
    expect(body).toEqual({
      message: "",
      model: "command-a",
      chat_history: [
        { role: "USER", message: "Hi" },
        { role: "CHATBOT", message: "I look", tool_calls: [{ name: "weather", parameters }] },
      ],
      tools: [
        {
          name: "weather",
          description: "Sky",
          parameter_definitions: {
            city: { description: "Which one", type: "str", required: true },
            days: { type: "int", required: false },
            where: { type: "dict", required: false },
          },
        },
      ],
      tool_results: [
        { call: { name: "weather", parameters }, outputs: [{ result: "sunny" }] },
        { call: { name: "unknown", parameters: {} }, outputs: [{ result: "?" }] },
      ],
      response_format: { type: "json_object" },
    });
  });

  test("gets earlier results in the history", () => {
    const body = sent(
      {
        messages: [
          user("Hi"),
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", tool_call_id: "c1", content: "sunny" },
          { role: "assistant", content: "Sun" },
          user("Thanks"),
        ],
      },
      v1,
    );
    expect(body.message).toBe("Thanks");
    expect(body.chat_history.map(({ role }: any) => role)).toEqual(["USER", "CHATBOT", "TOOL", "CHATBOT"]);
    expect(body.chat_history[2].tool_results[0].outputs).toEqual([{ result: "sunny" }]);
  });

  test("OpenAI's clients get its answers, streams and errors as they are, as from Higress", () => {
    const answer = '{"text": "Hi",  "finish_reason": "COMPLETE"}';
    const whole = provider(v1, answering({ body: answer, headers: { "content-type": "application/json" } }));
    expect(whole.exchange(chat()).client.text).toBe(answer);
    const pieces = ['{"event_type":"text-gene', 'ration","text":"Hi"}\n'];
    const stream = answering({ headers: { "content-type": "application/stream+json" }, chunks: pieces });
    for (const more of [{}, { promoteThinkingOnEmpty: true }]) {
      const { client } = provider({ ...v1, ...more }, stream).exchange(chat({ stream: true }));
      expect(client.chunks.map(String)).toEqual(pieces);
      expect(client.header("content-type")).toBe("application/stream+json");
    }
    const error = '{"message": "No."}';
    const failed = provider(
      v1,
      answering({ status: 429, body: error, headers: { "content-type": "application/json" } }),
    );
    expect(failed.exchange(chat()).client.text).toBe(error);
  });

  const meta = {
    tokens: { input_tokens: 7, output_tokens: 3 },
    billed_units: { input_tokens: 1, output_tokens: 3 },
  };

  test("Anthropic's clients get its answers in their dialect", () => {
    const answer = {
      response_id: "r",
      text: "I look",
      finish_reason: "COMPLETE",
      tool_calls: [{ name: "weather", parameters: { city: "Ulm" } }],
      meta,
    };
    const { client } = provider(v1, answering(json(answer))).exchange(message());
    expect(JSON.parse(client.text)).toMatchObject({
      type: "message",
      content: [
        { type: "text", text: "I look" },
        { type: "tool_use", id: expect.stringMatching(/^call_/), name: "weather", input: { city: "Ulm" } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 7, output_tokens: 3 },
    });
  });

  const lines = [
    { event_type: "stream-start", generation_id: "g", is_finished: false },
    { event_type: "search-results", is_finished: false },
    { event_type: "text-generation", text: "Grü", is_finished: false },
    { event_type: "text-generation", text: "ße", is_finished: false },
    {
      event_type: "tool-calls-generation",
      text: "Grüße",
      tool_calls: [{ name: "weather", parameters: { city: "Ulm" } }],
    },
    {
      event_type: "stream-end",
      finish_reason: "COMPLETE",
      response: { text: "Grüße", tool_calls: [{ name: "weather", parameters: { city: "Ulm" } }], meta },
    },
  ].map((value) => JSON.stringify(value));
  const framings: [string, string, string][] = [
    ["lines", "application/stream+json", lines.join("\n") + "\n"],
    [
      "lines with CRLF, without the last one",
      "application/stream+json; charset=utf-8",
      "\r\n" + lines.join("\r\n"),
    ],
    ["events", "text/event-stream", lines.map((line) => `event: x\ndata: ${line}\n\n`).join("")],
  ];

  test.each(framings)(
    "Anthropic's clients get its streams of %s in their dialect, however they are cut",
    (_, type, text) => {
      let chunks: Uint8Array[] = [Buffer.from(text)];
      const chain = provider(v1, { upstream: () => ({ headers: { "content-type": type }, chunks }) });
      const ask = () => chain.exchange(message({ stream: true })).client;
      const whole = ask();
      expect(whole.header("content-type")).toMatch(/^text\/event-stream/);
      const values = events(whole.text);
      const texts = values.map(({ delta }) => delta?.text ?? "").join("");
      expect(texts).toBe("Grüße");
      expect(
        values
          .filter(({ type: name }) => name === "content_block_start")
          .map((value) => value.content_block.type),
      ).toEqual(["text", "tool_use"]);
      expect(values.map(({ delta }) => delta?.partial_json ?? "").join("")).toBe('{"city":"Ulm"}');
      expect(values.find(({ type: name }) => name === "message_delta")).toMatchObject({
        delta: { stop_reason: "tool_use" },
        usage: { output_tokens: 3 },
      });
      const bytes = Buffer.from(text);
      for (chunks of [...everySingleCut(bytes), drip(bytes)].map((pieces) => [...pieces])) {
        if (ask().text !== whole.text) expect(chunks.map(String)).toBe("the same");
      }
    },
  );

  test.each([
    [{ message: "No." }, "api_error"],
    [{ event_type: "stream-end", finish_reason: "ERROR", error: "No." }, "api_error"],
    [{ event_type: "stream-end", finish_reason: "TIMEOUT", error: "No." }, "timeout_error"],
  ])("an error in a stream, %j, is one for the client", (error, type) => {
    const text = `${lines[0]}\n${JSON.stringify(error)}\n`;
    const { client } = provider(
      v1,
      answering({ headers: { "content-type": "application/stream+json" }, body: text }),
    ).exchange(message({ stream: true }));
    expect(events(client.text).at(-1)).toMatchObject({ type: "error", error: { type, message: "No." } });
  });
});

describe("version 2", () => {
  test("gets OpenAI's messages and tools, and settings under its own names", () => {
    const image = { type: "image_url", image_url: { url: "https://a.example.com/b.png" } };
    const body = sent(
      {
        messages: [
          { role: "developer", content: "s" },
          user([{ type: "text", text: "Hi" }, image]),
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", tool_call_id: "c1", content: "sunny" },
        ],
        tools: [weather],
        tool_choice: "required",
        stream: false,
        top_p: 1,
        response_format: { type: "json_schema", json_schema: { name: "n", schema } },
        reasoning_effort: "low",
      },
      v2,
    );
    expect(body).toEqual({
      model: "command-a",
      messages: [
        { role: "system", content: "s" },
        user([{ type: "text", text: "Hi" }, image]),
        { role: "assistant", tool_calls: [call] },
        { role: "tool", content: "sunny", tool_call_id: "c1" },
      ],
      stream: false,
      p: 1,
      tools: [weather],
      tool_choice: "REQUIRED",
      response_format: { type: "json_object", json_schema: schema },
      thinking: { type: "enabled", token_budget: 1024 },
    });
  });

  test("is given one tool alone when the model has to call that, and none when it must not", () => {
    const other = { type: "function", function: { name: "other" } };
    const tools = [other, weather];
    const named = { type: "function", function: { name: "weather" } };
    expect(sent({ tools, tool_choice: named }, v2)).toMatchObject({
      tools: [weather],
      tool_choice: "REQUIRED",
    });
    expect(sent({ tools, tool_choice: "none" }, v2)).toMatchObject({ tools, tool_choice: "NONE" });
  });

  test("says what was left out", () => {
    const strict = { type: "function", function: { name: "a", strict: true } };
    const messages = [{ ...user("Hi"), name: "n" }];
    const { client } = provider(v2, answering(json({ message: {}, finish_reason: "COMPLETE" }))).exchange(
      chat({ n: 2, messages, tools: [strict] }),
    );
    expect(client.header("x-ai-proxy-dropped")!.split(",")).toEqual(
      expect.arrayContaining(["n", "messages.name", "tools.function.strict"]),
    );
  });

  test.each(recordings.map((recording) => [recording.name, recording] as const))(
    "%s is OpenAI's for an OpenAI client, however it is cut",
    (_, recording) => {
      const expected = recorded(recording);
      if (!isStream(recording)) {
        const body = recording.answerBytes;
        const { client } = provider(
          v2,
          answering({ headers: { "content-type": "application/json" }, body }),
        ).exchange(chat());
        const { choices, usage, model } = JSON.parse(client.text);
        expect(model).toBe("command-a");
        expect(choices[0].message.content).toBe(expected.text);
        expect(choices[0].message.reasoning_content ?? "").toBe(expected.reasoning);
        expect([choices[0].finish_reason, usage]).toEqual([expected.finish, expected.usage]);
        return;
      }
      const bytes = Buffer.from(recording.streamBytes);
      let chunks: Uint8Array[] = [bytes];
      const chain = provider(v2, { upstream: () => eventStream(chunks), logLevel: "error" });
      const ask = () => chain.exchange(chat({ stream: true })).client.text.replaceAll(/"created":\d+/g, "");
      const ofClient = chain.exchange(chat({ stream: true })).client.text;
      expect(assembled(ofClient)).toEqual(expected);
      expect(ofClient.endsWith("data: [DONE]\n\n")).toBe(true);
      const whole = ask();
      for (chunks of [...everySingleCut(bytes), drip(bytes)].map((pieces) => [...pieces])) {
        if (ask() !== whole) expect(chunks.map(String)).toBe("the same");
      }
      expect(chain.problems()).toEqual([]);
    },
  );

  test("an answer cut short is an error", () => {
    const text =
      'data: {"type":"message-start","id":"1"}\n\ndata: {"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}}\n\n';
    const { client } = provider(v2, answering(eventStream([text]))).exchange(chat({ stream: true }));
    expect(events(client.text).at(-1)).toHaveProperty("error");
  });

  test("errors are OpenAI's for an OpenAI client", () => {
    const error = answering(json({ id: "1", message: "invalid api token" }, { status: 401 }));
    const { client } = provider(v2, error).exchange(chat());
    expect(client.status).toBe(401);
    expect(JSON.parse(client.text).error).toMatchObject({
      message: "invalid api token",
      type: "authentication_error",
    });
  });

  test("embeddings are converted both ways", () => {
    const answer = { embeddings: { float: [[0.5, -1], [2]] }, meta: { billed_units: { input_tokens: 10 } } };
    const chain = provider(v2, answering(json(answer)));
    const ask = (body: object) =>
      chain.exchange(chat(JSON.stringify({ model: "m", ...body }), { path: "/v1/embeddings" }));
    const { client, upstream } = ask({ input: ["a", "b"], dimensions: 256 });
    expect(JSON.parse(upstream!.text)).toEqual({
      model: "command-a",
      texts: ["a", "b"],
      input_type: "search_document",
      embedding_types: ["float"],
      output_dimension: 256,
    });
    expect(JSON.parse(client.text)).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [0.5, -1] },
        { object: "embedding", index: 1, embedding: [2] },
      ],
      model: "command-a",
      usage: { prompt_tokens: 10, total_tokens: 10 },
    });
    expect(JSON.parse(ask({ input: "q", input_type: "search_query" }).upstream!.text).input_type).toBe(
      "search_query",
    );
  });
});

describe("both versions", () => {
  test.each([v1, v2])("rerank keeps its body save for the model", (entry) => {
    const request = chat('{"model": "m",  "query": "q"}', { path: "/v1/rerank" });
    expect(provider(entry).exchange(request).upstream!.text).toBe('{"model": "command-a",  "query": "q"}');
  });

  test("an unknown version is refused", async () => {
    const entry = { ...v1, cohereApiVersion: "3" };
    expect(await refusal({ provider: entry })).toContain("cohereApiVersion: expected v1 or v2");
  });

  test.each([
    [v1, "/v1/chat"],
    [v2, "/v2/chat"],
  ])("with protocol original %j takes %s as it is", (entry, path) => {
    const text = '{"message": "Hi"}';
    const { upstream } = provider({ ...entry, protocol: "original" }).exchange(chat(text, { path }));
    expect(upstream!.header(":path")).toBe(path);
    expect(upstream!.text).toBe(text);
  });
});

test("no changed byte in requests, answers and streams makes it fail", { timeout: 1_200_000 }, () => {
  let reply: TestReply = {};
  const chains = [v1, v2].map((entry) => provider(entry, { upstream: () => reply, logLevel: "error" }));
  const messages = [
    { role: "system", content: "s" },
    user("Hi"),
    { role: "assistant", content: "a", tool_calls: [call] },
    { role: "tool", tool_call_id: "c1", content: "b" },
  ];
  const claude = {
    tools: [{ name: "weather", input_schema: schema }],
    messages: [
      user("Hi"),
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "c1", name: "weather", input: { city: "Ulm" } }],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "b" }] },
    ],
  };
  const requests = [
    chat({ messages, tools: [weather], stop: "x", response_format: { type: "json_object" } }),
    message({ ...claude, stream: true }),
    message(claude),
    chat('{"model":"m","input":["a"],"encoding_format":"base64"}', { path: "/v1/embeddings" }),
  ];
  const end = {
    event_type: "stream-end",
    finish_reason: "COMPLETE",
    response: { text: "a", tool_calls: [] },
  };
  const bodies = [
    JSON.stringify({ text: "a", tool_calls: [{ name: "n", parameters: {} }], finish_reason: "COMPLETE" }),
    `{"event_type":"text-generation","text":"a"}\n{"event_type":"tool-calls-generation","tool_calls":[{"name":"n"}]}\n${JSON.stringify(end)}\n`,
    JSON.stringify({ embeddings: { float: [[1.5]] }, meta: { billed_units: { input_tokens: 1 } } }),
    ...recordings.map((one) => Buffer.from(isStream(one) ? one.streamBytes : one.answerBytes).toString()),
  ];
  const hostile = fc.record({
    chain: fc.constantFrom(...chains),
    request: fc.constantFrom(...requests),
    requestChanges: fc.array(change, { maxLength: 3 }),
    body: fc.constantFrom(...bodies),
    bodyChanges: fc.array(change, { maxLength: 4 }),
    type: fc.constantFrom("application/json", "text/event-stream", "application/stream+json"),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(hostile, ({ chain, request, requestChanges, body, bodyChanges, type, seed }) => {
      const [chunks] = partitions(changed(Buffer.from(body), bodyChanges), 1, seed);
      reply = { headers: { "content-type": type }, chunks: chunks! };
      const sent = changed(Buffer.from(request.body as string), requestChanges);
      const { client, record } = chain.exchange({ ...request, body: sent });
      expect([200, 400, 500]).toContain(client.status);
      expect(client.complete).toBe(true);
      expect(record!.details).not.toContain("wasm_fail");
    }),
    { numRuns: process.env.LONG ? 20_000 : 500 },
  );
  for (const chain of chains) {
    reply = json({ text: "a" });
    expect(chain.exchange(message()).client.status).toBe(200);
    chain.close();
  }
});
