// Version 2 of Cohere's chat API, and what both versions have in common.

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
import { assembled } from "./assembled-chunks.ts";
import { change, changed } from "../../../host-test/testing/changed-bytes.ts";
import { call, schema, sent, user, v1, v2, weather } from "./cohere.ts";
import { answering, chat, eventStream, events, json, message, provider, refusal } from "./proxy.ts";

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings =
  folder === undefined
    ? []
    : loadRecordings(folder).filter(({ file }) => /^cohere\/(?!cohere-embedding)/.test(file));

/** What a recording of version 2 says, read in the simplest way. */
function recorded(recording: Recording) {
  const result = { content: "", reasoning: "", calls: [] as any[], finish: "", usage: null as any };
  const read = (part: any) => {
    result.content += part.text ?? "";
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

  test("is given a schema for a tool without parameters, which it refuses", () => {
    const bare = { type: "function", function: { name: "now" } };
    const { tools } = sent({ tools: [bare] }, v2);
    expect(tools).toEqual([{ ...bare, function: { name: "now", parameters: { type: "object" } } }]);
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
        expect(choices[0].message.content).toBe(expected.content);
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
