// DashScope: embeddings and rerank of its native dialect, and what both of its dialects have in common.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { change, changed } from "../../../host-test/testing/changed-bytes.ts";
import { answer, compatible, event, native, user, weather } from "./dashscope.ts";
import { answering, chat, eventStream, json, message, provider } from "./proxy.ts";

describe("other native APIs", () => {
  test("embeddings are converted both ways", () => {
    const upstream = json({
      output: {
        embeddings: [
          { text_index: 1, embedding: [0.5, -1] },
          { text_index: 0, embedding: [2, 3e-2] },
        ],
      },
      usage: { total_tokens: 9 },
      request_id: "r",
    });
    const chain = provider(native, answering(upstream));
    const ask = (body: object) =>
      chain.exchange(
        chat(JSON.stringify({ model: "text-embedding-v3", ...body }), { path: "/v1/embeddings" }),
      );
    const { client, upstream: seen } = ask({ input: ["a\n", "b"], dimensions: 64 });
    expect(seen!.text).toBe(
      '{"model":"qwen-max","input":{"texts":["a\\n","b"]},"parameters":{"dimension":64}}',
    );
    expect(JSON.parse(client.text)).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 1, embedding: [0.5, -1] },
        { object: "embedding", index: 0, embedding: [2, 3e-2] },
      ],
      model: "qwen-max",
      usage: { prompt_tokens: 9, total_tokens: 9 },
    });
    const packed = JSON.parse(ask({ input: "a", encoding_format: "base64" }).client.text).data[0].embedding;
    expect([...new Float32Array(Uint8Array.from(Buffer.from(packed, "base64")).buffer)]).toEqual([0.5, -1]);
    expect(ask({ input: "a" }).upstream!.text).toContain('"parameters":{}');
  });

  test.each([[[1, 2, 3]], [{}], [null], [[]]])("embeddings of %j are refused", (input) => {
    const { client, upstream } = provider(native).exchange(
      chat(JSON.stringify({ model: "m", input }), { path: "/v1/embeddings" }),
    );
    expect(upstream).toBeUndefined();
    expect(client.text).toContain("unsupported input type");
  });

  test("rerank keeps its body save for the model", () => {
    const { upstream } = provider(native).exchange(
      chat('{"model": "m",  "query": "q"}', { path: "/v1/reranks" }),
    );
    expect(upstream!.text).toBe('{"model": "qwen-max",  "query": "q"}');
  });
});

describe("both modes", () => {
  test.each([compatible, native])(
    "Claude's requests and answers pass as they are, save for the model",
    (entry) => {
      const body = { type: "message", content: [] };
      const { client, upstream } = provider(entry, answering(json(body))).exchange(message());
      expect(upstream!.header(":path")).toBe("/apps/anthropic/v1/messages");
      expect(JSON.parse(upstream!.text)).toMatchObject({ model: "qwen-max", max_tokens: 100 });
      expect(JSON.parse(client.text)).toEqual(body);
    },
  );

  test("a conversation gains no model", () => {
    const text = '{"items": []}';
    const { upstream } = provider(compatible).exchange(chat(text, { path: "/v1/conversations" }));
    expect(upstream!.text).toBe(text);
    expect(upstream!.header(":path")).toBe("/compatible-mode/v1/conversations");
  });

  test.each([
    "/api/v1/services/aigc/text-generation/generation",
    "/api/v1/services/aigc/multimodal-generation/generation",
    "/api/v1/services/aigc/image-synthesis/x",
    "/api/v1/apps/a/completion",
    "/api/v1/tasks/t",
    "/compatible-mode/v1/chat/completions",
    "/compatible-mode/v1/embeddings",
    "/compatible-mode/v1/responses",
    "/compatible-mode/v1/conversations",
    "/api/v1/services/embeddings/text-embedding/text-embedding",
    "/api/v1/services/rerank/text-rerank/text-rerank",
    "/compatible-api/v1/reranks",
  ])("with protocol original %s passes, and customSettings know DashScope's places", (path) => {
    // Go knows responses and conversations in compatible mode only.
    const isCompatibleOnly = /\/(responses|conversations)$/.test(path);
    for (const entry of isCompatibleOnly ? [compatible] : [compatible, native]) {
      const customSettings = [{ name: "seed", value: 3 }];
      const chain = provider({ ...entry, protocol: "original", customSettings });
      const { upstream } = chain.exchange(chat('{"model":"m","stream":true}', { path }));
      expect(upstream!.header(":path")).toBe(path);
      expect(upstream!.header("authorization")).toBe("Bearer sk-provider");
      expect(JSON.parse(upstream!.text)).toEqual({ model: "m", stream: true, parameters: { seed: 3 } });
    }
  });
});

test("no changed byte in requests, answers and streams makes it fail", { timeout: 1_200_000 }, () => {
  let reply: TestReply = {};
  const entry = {
    ...native,
    reasoningContentMode: "concat",
    qwenFileIds: ["f"],
    modelMapping: { m: "qwen-long" },
  };
  const chain = provider(entry, { upstream: () => reply, logLevel: "error" });
  const call = { id: "c", type: "function", function: { name: "weather", arguments: '{"a":1}' } };
  const messages = [
    { role: "system", content: "s" },
    user([
      { type: "text", text: "a" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ]),
    { role: "assistant", reasoning_content: "r", tool_calls: [call] },
    { role: "tool", tool_call_id: "c", content: "b" },
  ];
  const requests = [
    chat({ model: "m", messages, tools: [weather], top_p: 0.5, stop: ["x"], reasoning_effort: "low" }),
    chat({ model: "n", messages, tools: [weather], stream: true }),
    chat(JSON.stringify({ model: "m", input: ["a"], encoding_format: "base64" }), { path: "/v1/embeddings" }),
  ];
  const whole = answer(
    { content: [{ text: "a" }], reasoning_content: "r", tool_calls: [call] },
    "tool_calls",
  );
  const bodies = [
    JSON.stringify(whole),
    event(answer({ content: "a", reasoning_content: "r" }, "null")) +
      event(whole) +
      event({ code: "c", message: "m" }),
    JSON.stringify({
      output: { embeddings: [{ text_index: 0, embedding: [1.5] }] },
      usage: { total_tokens: 1 },
    }),
  ];
  const hostile = fc.record({
    request: fc.constantFrom(...requests),
    requestChanges: fc.array(change, { maxLength: 3 }),
    body: fc.constantFrom(...bodies),
    bodyChanges: fc.array(change, { maxLength: 4 }),
    isStream: fc.boolean(),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(hostile, ({ request, requestChanges, body, bodyChanges, isStream, seed }) => {
      const [chunks] = partitions(changed(Buffer.from(body), bodyChanges), 1, seed);
      reply = isStream
        ? eventStream(chunks!)
        : { headers: { "content-type": "application/json" }, chunks: chunks! };
      const sent = changed(Buffer.from(request.body as string), requestChanges);
      const { client, record } = chain.exchange({ ...request, body: sent });
      expect([200, 400, 500]).toContain(client.status);
      expect(client.complete).toBe(true);
      expect(record!.details).not.toContain("wasm_fail");
    }),
    { numRuns: process.env.LONG ? 20_000 : 500 },
  );
  reply = json(whole);
  expect(chain.exchange(chat()).client.status).toBe(200);
  chain.close();
});
