// Whatever clients, providers and Redis send, the VM lives, the exchange ends, and what is neither refused nor the
// plugin's own call passes byte for byte: limits of every kind, in the process and in Redis, with headers, bodies and
// replies changed at random, cut at random.
//
// Each run takes a slice; LONG=1 makes a million exchanges. FUZZ_SEED=n repeats a run, FUZZ_RUNS=n sets its length.

import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import type { RedisClients } from "../../../host-test/host/types.ts";
import type { ClientSees, TestReply } from "../../../host-test/testing/chain.ts";
import { change, changed } from "../../../host-test/testing/changed-bytes.ts";
import { changedJson, jsonChange } from "../../../host-test/testing/changed-json.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { chatPath, quota, ratelimit } from "./ratelimit.ts";

const runs = Number(
  process.env.FUZZ_RUNS ?? (process.env.LONG ? 1_000_000 : guestBuild === "stress" ? 600 : 6_000),
);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

const keys = (rate: string) => [
  { key: "regexp:^(a|b+)+$", [rate]: 5 },
  { key: "*", [rate]: 50 },
];
const redis = { service_name: "redis.static", password: "p", timeout: 100 };

const higressForms = {
  tokens: {
    rule_name: "t",
    rule_items: [
      { limit_by_header: "x-key", limit_keys: [{ key: "a", token_per_second: 5 }] },
      { limit_by_param: "p", limit_keys: [{ key: "b", token_per_minute: 20 }] },
      { limit_by_per_cookie: "c", limit_keys: keys("token_per_minute") },
      { limit_by_per_ip: "from-header-x-ip", limit_keys: [{ key: "::/0", token_per_hour: 50 }] },
      { limit_by_per_consumer: "", limit_keys: keys("token_per_day") },
    ],
  },
  requests: {
    rule_name: "r",
    show_limit_quota_header: true,
    rejected_code: 430,
    rule_items: [{ limit_by_per_header: "x-key", limit_keys: keys("query_per_second") }],
  },
  quota: { ...quota, metered_paths: ["*"] },
};
const rules = [
  { name: "a", by: ["consumer", "model"], limit: 5_000 },
  { name: "b", by: ["api_key", "header:x-key", "cookie:c", "query:p"], unit: "money", limit: 5 },
  { name: "c", by: ["ip"], unit: "concurrent_requests", limit: 3 },
  { name: "d", by: ["tool"], unit: "tool_calls", algorithm: "token_bucket", limit: 30, burst: 5 },
  { name: "e", unit: "output_tokens", algorithm: "sliding_window", limit: 9_000, window_seconds: 1 },
  { name: "f", match: [{ of: "model", in: ["gpt*", "regexp:(x+x+)+y"] }], unit: "requests", limit: 90 },
];
const prices = { "*": { input: 2.5, cached: 1.25, output: 10 } };
const configurations: [string, object][] = [
  ...Object.entries(higressForms),
  ["native", { rules, prices }],
  ["native, charged afterwards", { rules, prices, accounting: "after" }],
  ...Object.entries(higressForms).map(([name, form]): [string, object] => [
    `${name} in Redis`,
    { ...form, redis },
  ]),
  ["native in Redis", { rules, prices, redis }],
  ["native in Redis, closed", { rules, prices, redis, on_redis_failure: "closed" }],
];

const requests = [
  {
    path: chatPath,
    json: '{"model":"gpt-4o","max_tokens":10,"messages":[{"role":"user","content":"Grüße"}]}',
  },
  { path: "/v1/messages", json: '{"model":"claude","max_tokens":9,"stream":true,"messages":[]}' },
  { path: "/v1/responses", json: '{"model":"gpt-4o","max_output_tokens":9,"input":"x"}' },
  {
    path: "/v1beta/models/gemini-2.5-pro:generateContent",
    json: '{"generationConfig":{"maxOutputTokens":7}}',
  },
  {
    path: "/mcp",
    json: '{"jsonrpc":"2.0","id":"1","method":"tools/call","params":{"name":"greet","arguments":{}}}',
  },
  { path: `${chatPath}/quota?consumer=ann`, json: "" },
  { path: `${chatPath}/quota/refresh`, json: "consumer=ann&quota=1000000" },
  { path: `${chatPath}/quota/delta`, json: "consumer=ann&value=-5" },
];
const openai = '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}';
const claudeStart = '{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}';
const claudeEnd = '{"type":"message_delta","usage":{"output_tokens":12,"cache_read_input_tokens":3}}';
const gemini = '{"candidates":[],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":5}}';
const answers = [
  { type: "application/json", documents: [openai] },
  { type: "application/json; charset=utf-8", documents: [`[${gemini},${gemini}]`] },
  { type: "text/event-stream", documents: ['{"choices":[{"delta":{"content":"x"}}]}', openai, "[DONE]"] },
  { type: "text/event-stream", documents: [claudeStart, claudeEnd, '{"type":"message_stop"}'] },
  { type: "text/event-stream", documents: ['{"type":"response.completed","response":{"usage":{}}}', gemini] },
];
/** Replies of Redis, as it sends them. */
const replies = [
  "*3\r\n:100\r\n:5\r\n:60\r\n",
  ":7\r\n",
  "$3\r\n100\r\n",
  "$-1\r\n",
  "*-1\r\n",
  "+OK\r\n",
  "*0\r\n",
].concat(
  [
    "-MOVED 3999 127.0.0.1:6381\r\n",
    "-NOSCRIPT No matching script\r\n",
    "-WRONGTYPE x\r\n",
    "*2\r\n*1\r\n:1\r\n",
  ],
  ["*3\r\n:100\r\n$-1\r\n:60\r\n", "*9\r\n:1\r\n:1\r\n:100\r\n:99\r\n:60\r\n:1\r\n:1\r\n:1\r\n:1\r\n"],
);

const headerText = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "",
    "*",
    "1.2.3.4",
    "::1",
    "[::1]:80, x",
    "a=b; c=a; c",
    "Bearer k",
    "x".repeat(5_000),
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[^ -~]/g, "é")),
);
const some = <T>(of: fc.Arbitrary<T>, maxLength: number) =>
  fc.oneof(fc.constant<T[]>([]), fc.array(of, { maxLength }));

const hostile = fc.record({
  request: fc.constantFrom(...requests),
  headers: fc.dictionary(
    fc.constantFrom(
      "x-key",
      "x-ip",
      "x-mse-consumer",
      "cookie",
      "authorization",
      "x-api-key",
      "content-type",
    ),
    fc.oneof(headerText, fc.constantFrom("admin", "ann", "application/json")),
    { maxKeys: 4 },
  ),
  query: some(headerText, 1),
  requestChanges: some(jsonChange, 2),
  requestBytes: some(change, 2),
  answer: fc.constantFrom(...answers),
  answerChanges: some(jsonChange, 2),
  answerBytes: some(change, 2),
  status: fc.constantFrom(200, 200, 200, 200, 204, 400, 429, 503),
  breaks: fc.constantFrom(-1, -1, -1, -1, 0, 1),
  leaves: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 0, 1),
  trailers: fc.boolean(),
  redis: fc.array(
    fc.record({
      reply: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...replies) }, fc.constant(undefined)),
      bytes: some(change, 2),
      outcome: fc.constantFrom("ok", "ok", "ok", "ok", "ok", "ok", "failed", "not-initialised"),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  pauseMs: fc.constantFrom(0, 0, 0, 1, 900, 61_000),
  cuts: fc.nat(),
});

const isFine = (client: ClientSees) => [200, 400, 401, 403, 404, 413, 429, 430, 503].includes(client.status);
const totals = { exchanges: 0, refused: 0, passed: 0 };

describe.each(configurations)("%s", (_, configuration) => {
  test(
    "whatever comes, the plugin admits it or refuses it, and changes no byte",
    { timeout: 14_400_000 },
    () => {
      let reply: TestReply = {};
      let script: { reply: string | undefined; bytes: object[]; outcome: string }[] = [];
      let asked = 0;
      const clients: RedisClients = {
        init: () => "ok",
        call: (_service, _command, answered) => {
          const next = script[asked++ % script.length]!;
          if (next.outcome !== "ok") return next.outcome as "failed";
          const bytes =
            next.reply === undefined ? undefined : changed(Buffer.from(next.reply), next.bytes as never);
          pending.push(() => answered(bytes));
          return "ok";
        },
      };
      const pending: (() => void)[] = [];
      const chain = ratelimit(configuration, { redis: clients, upstream: () => reply, logLevel: "critical" });
      const deliver = () => {
        for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
          next();
          chain.settle();
        }
      };
      const check = (given: typeof hostile extends fc.Arbitrary<infer T> ? T : never) => {
        const { request, cuts, status, breaks, leaves } = given;
        script = given.redis;
        let text = request.json;
        for (const made of given.requestChanges) text = changedJson(text, made);
        const body = changed(Buffer.from(text), given.requestBytes);
        let documents = given.answer.documents;
        for (const made of given.answerChanges) documents = documents.map((one) => changedJson(one, made));
        const isStream = given.answer.type === "text/event-stream";
        const framed = isStream ? documents.map((one) => `data: ${one}\n\n`).join("") : documents.join("");
        const answer = status === 204 ? Buffer.alloc(0) : changed(Buffer.from(framed), given.answerBytes);
        const chunks = answer.length === 0 ? [] : [...partitions(answer, 1, cuts)][0]!;
        reply = { status, headers: { "content-type": given.answer.type }, chunks };
        if (breaks >= 0) reply.reset = { afterChunks: breaks };
        else if (given.trailers && chunks.length > 0) reply.trailers = { "x-end": "1" };
        const query = given.query.map((value) => `?p=${encodeURIComponent(value)}`).join("");
        const stream = chain.open("HTTP/1.1");
        const headers: [string, string][] = [
          [":method", body.length > 0 ? "POST" : "GET"],
          [":path", request.path + query],
          [":authority", "test.local"],
          [":scheme", "http"],
          ...Object.entries(given.headers),
        ];
        const pieces = body.length === 0 ? [] : [...partitions(body, 1, cuts + 1)][0]!;
        stream.http.requestHeaders(headers, pieces.length === 0 && leaves === undefined);
        chain.settle();
        deliver();
        for (const piece of pieces.slice(0, leaves)) {
          stream.http.requestData(piece, false);
          chain.settle();
        }
        if (leaves !== undefined) stream.http.requestReset();
        else if (pieces.length > 0) stream.http.requestData(new Uint8Array(0), true);
        chain.settle();
        deliver();
        const { client, upstream, record } = stream.result();
        totals.exchanges++;
        assert.ok(record, "the exchange ends");
        assert.ok(!record.details.includes("wasm_fail"), record.details);
        if (leaves === undefined && upstream === undefined) {
          totals.refused++;
          assert.ok(isFine(client), `${client.status} ${client.text}`);
        } else if (leaves === undefined && upstream !== undefined) {
          totals.passed++;
          assert.ok(upstream.body.equals(body), "the request is as it was");
          if (breaks < 0) assert.ok(client.complete && client.body.equals(answer), "the answer is as it was");
          if (breaks < 0) assert.equal(client.status, status);
        }
        chain.advance(given.pauseMs);
        deliver();
      };
      fc.assert(fc.property(hostile, check), { numRuns: Math.ceil(runs / configurations.length), seed });
      chain.close();
    },
  );
});

test("exchanges were tried of both outcomes", () => {
  assert.ok(totals.refused > 0 && totals.passed > 0);
  figure(
    "fuzz model-ratelimit",
    `${totals.exchanges.toLocaleString("en")} exchanges (${totals.refused.toLocaleString("en")} refused), 0 traps, 0 hangs; seed ${seed}`,
    totals.exchanges,
  );
});
