// The native form: several rules, reservations, settlements, algorithms, units.

import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import type { TestChainOptions } from "../../../host-test/testing/chain.ts";
import { NATIVE, NATIVE_SHA1 } from "../native-script.ts";
import { ratelimit, refusal, used } from "./ratelimit.ts";

function started(configuration: object, options: Partial<TestChainOptions> = {}) {
  const chain = ratelimit(configuration, { logLevel: "error", upstream: () => used(4, 6), ...options });
  onTestFinished(() => chain.close());
  return chain;
}

const chat = (more: object = {}, headers: Record<string, string> = {}) => ({
  method: "POST",
  path: "/v1/chat/completions",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({ model: "gpt-4o", max_tokens: 10, messages: [], ...more }),
});

test("Redis knows the script by the digest that is compiled in", () => {
  expect(NATIVE_SHA1).toBe(createHash("sha1").update(NATIVE).digest("hex"));
});

test("all rules must allow, and the tightest names itself in OpenAI's words", () => {
  const chain = started({
    rules: [
      { name: "day", unit: "requests", limit: 100, window_seconds: 86_400 },
      { name: "minute", unit: "requests", limit: 2 },
    ],
  });
  const first = chain.exchange(chat()).client;
  expect(first.status).toBe(200);
  expect(first.header("x-ratelimit-limit-requests")).toBe("2");
  expect(first.header("x-ratelimit-remaining-requests")).toBe("1");
  expect(first.header("ratelimit")).toBe('"day";r=99;t=86400, "minute";r=1;t=60');
  expect(first.header("ratelimit-policy")).toBe('"day";q=100;w=86400, "minute";q=2;w=60');
  chain.exchange(chat());
  const refused = chain.exchange(chat()).client;
  expect(refused.status).toBe(429);
  expect(refused.header("retry-after")).toBe("60");
  expect(JSON.parse(refused.text).error).toMatchObject({
    type: "rate_limit_error",
    code: "rate_limit_exceeded",
  });
  expect(JSON.parse(refused.text).error.message).toContain("Limit minute of requests");
  // What one rule refuses is not counted by the others.
  chain.advance(60_000);
  expect(chain.exchange(chat()).client.header("ratelimit")).toContain('"day";r=97');
});

test("a refusal speaks the client's dialect", () => {
  const chain = started({ rules: [{ unit: "requests", limit: 1 }] });
  chain.exchange(chat());
  const refused = (path: string, body: object) =>
    JSON.parse(chain.exchange({ ...chat(), path, body: JSON.stringify(body) }).client.text);
  expect(refused("/v1/messages", {})).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
  expect(refused("/v1beta/models/gemini-2.5-pro:generateContent", {}).error.status).toBe(
    "RESOURCE_EXHAUSTED",
  );
});

test("what is under way is held: parallel requests do not pass a limit of tokens", () => {
  const chain = started({ rules: [{ unit: "total_tokens", limit: 300 }] });
  const body = chat({ max_tokens: 20 }).body;
  const streams = Array.from({ length: 10 }, () => {
    const stream = chain.open("HTTP/1.1", true);
    const headers: [string, string][] = [
      [":method", "POST"],
      [":path", "/v1/chat/completions"],
      [":authority", "test.local"],
      [":scheme", "http"],
      ["content-type", "application/json"],
    ];
    stream.http.requestHeaders(headers, false);
    stream.http.requestData(Buffer.from(body), true);
    chain.settle();
    return stream;
  });
  const passed = streams.filter((stream) => stream.client.status !== 429).length;
  // Of each 27 are expected, 7 of them for the empty prompt, and 82 held: twice these 7, and the 48 bytes of the body.
  expect(passed).toBe(4);
  expect(streams.filter((stream) => stream.client.status === 404)).toHaveLength(0);
});

test("an error of the provider costs nothing, and gives back what was held", () => {
  const upstream = () => ({ status: 500, body: "{}" });
  const chain = started({ rules: [{ unit: "total_tokens", limit: 100 }] }, { upstream });
  const remaining = Array.from({ length: 5 }, () =>
    chain.exchange(chat({ max_tokens: 60 })).client.header("x-ratelimit-remaining-tokens"),
  );
  expect(new Set(remaining).size).toBe(1);
});

test("a client that leaves gives back what was held", () => {
  const chain = started({ rules: [{ unit: "concurrent_requests", limit: 1 }] });
  const stream = chain.open("HTTP/1.1", true);
  const headers: [string, string][] = [
    [":method", "GET"],
    [":path", "/"],
    [":authority", "test.local"],
  ];
  stream.http.requestHeaders(headers, true);
  expect(chain.exchange(chat()).client.status).toBe(429);
  stream.http.requestReset();
  chain.settle();
  expect(chain.exchange(chat()).client.status).toBe(200);
});

test("what nobody settles is given back after its time", () => {
  const rules = [{ unit: "concurrent_requests", limit: 1 }];
  const chain = started({ rules, reservation_seconds: 40 });
  const stream = chain.open("HTTP/1.1", true);
  const headers: [string, string][] = [
    [":method", "GET"],
    [":path", "/"],
    [":authority", "test.local"],
  ];
  stream.http.requestHeaders(headers, true);
  chain.advance(39_999);
  expect(chain.exchange(chat()).client.status).toBe(429);
  chain.advance(10_001);
  expect(chain.exchange(chat()).client.status).toBe(200);
});

test("a settlement replaces the estimate by the usage that the answer states", () => {
  const chain = started({ rules: [{ unit: "total_tokens", limit: 1000 }] });
  chain.exchange(chat({ max_tokens: 900 }));
  const second = chain.exchange(chat({ max_tokens: 900 })).client;
  expect(second.status).toBe(200);
  expect(Number(second.header("x-ratelimit-remaining-tokens"))).toBeLessThan(90);
  chain.advance(60_000);
  expect(chain.exchange(chat({ max_tokens: 900 })).client.status).toBe(200);
});

test("after: nothing is held, and requests pass until the limit is used", () => {
  const chain = started({ accounting: "after", rules: [{ unit: "total_tokens", limit: 20 }] });
  const statuses = Array.from({ length: 3 }, () => chain.exchange(chat({ max_tokens: 900 })).client.status);
  expect(statuses).toEqual([200, 200, 429]);
});

test("money: the price of the model decides what an answer costs", () => {
  const rules = [{ unit: "money", limit: 0.001 }];
  const prices = { "gpt-4o": { input: 2.5, output: 100 }, "*": { input: 0, output: 0 } };
  const chain = started({ accounting: "after", rules, prices });
  expect(chain.exchange(chat()).client.status).toBe(200);
  expect(chain.exchange(chat()).client.status).toBe(200);
  expect(chain.exchange(chat()).client.status).toBe(429);
});

test("calls of a tool are limited by consumer, and refused in JSON-RPC", () => {
  const chain = started({ rules: [{ unit: "tool_calls", by: ["consumer", "tool"], limit: 1 }] });
  const call = (consumer: string, tool: string) =>
    chain.exchange({
      method: "POST",
      path: "/mcp",
      headers: { "x-mse-consumer": consumer, "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: tool } }),
    }).client;
  expect([call("ann", "a"), call("ann", "b"), call("bob", "a")].map(({ status }) => status)).toEqual([
    200, 200, 200,
  ]);
  const refused = call("ann", "a");
  expect(refused.status).toBe(429);
  expect(JSON.parse(refused.text)).toMatchObject({ jsonrpc: "2.0", id: 7, error: { code: -32029 } });
});

test("dimensions combine, conditions choose, and a missing value is a value", () => {
  const match = [{ of: "model", in: ["gpt-4*"] }];
  const chain = started({ rules: [{ unit: "requests", by: ["api_key", "header:x-team"], match, limit: 1 }] });
  const status = (model: string, key: string, team?: string) =>
    chain.exchange(chat({ model }, { "x-api-key": key, ...(team ? { "x-team": team } : {}) })).client.status;
  expect([status("gpt-4o", "k", "a"), status("gpt-4o", "k", "b"), status("gpt-4o", "l", "a")]).toEqual([
    200, 200, 200,
  ]);
  expect([status("gpt-4o", "k", "a"), status("claude", "k", "a")]).toEqual([429, 200]);
  expect([status("gpt-4o", "k"), status("gpt-4o", "k")]).toEqual([200, 429]);
});

test("a sliding window never holds more than the limit, wherever it begins", () => {
  const chain = started({
    rules: [{ unit: "requests", algorithm: "sliding_window", limit: 5, window_seconds: 16 }],
  });
  const passed: number[] = [];
  for (let now = 0; now < 200_000; now += 700) {
    if (chain.exchange(chat()).client.status === 200) passed.push(now);
    chain.advance(700);
  }
  for (const from of passed)
    expect(passed.filter((at) => at >= from && at < from + 16_000).length).toBeLessThanOrEqual(5);
  expect(passed.length).toBeGreaterThan(45);
});

test("a token bucket gives its burst at once, and its rate from then on", () => {
  const bucket = { unit: "requests", algorithm: "token_bucket", limit: 60, window_seconds: 60, burst: 3 };
  const chain = started({ rules: [bucket] });
  const statuses = (count: number) =>
    Array.from({ length: count }, () => chain.exchange(chat()).client.status);
  expect(statuses(4)).toEqual([200, 200, 200, 429]);
  chain.advance(1000);
  expect(statuses(2)).toEqual([200, 429]);
});

test("workers of one process decide together, over several rules", () => {
  const sharedData = new LocalData();
  const clock = new VirtualClock();
  const configuration = {
    rules: [
      { unit: "requests", limit: 5 },
      { unit: "requests", limit: 9 },
    ],
  };
  const chains = [0, 1, 2].map(() => started(configuration, { sharedData, clock }));
  const statuses = Array.from({ length: 12 }, (_, i) => chains[i % 3]!.exchange(chat()).client.status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
});

test("a bad rule is refused by its path", async () => {
  expect(await refusal({ rules: [{ unit: "words", limit: 1 }] })).toContain("rules[0].unit");
  expect(await refusal({ rules: [{ limit: 0 }] })).toContain("rules[0].limit");
  expect(await refusal({ rules: [{ limit: 1, by: ["who"] }] })).toContain("rules[0].by");
  expect(await refusal({ rules: [{ limit: 1, match: [{ of: "ip", in: ["x"] }] }] })).toContain(
    "rules[0].match[0].in",
  );
  expect(await refusal({ rules: [{ limit: 1, unit: "money" }] })).toContain("prices");
});

test("a refusal tells how all limits stand, and counts nothing against those that would allow", () => {
  const chain = started({
    rules: [
      { name: "first", unit: "requests", limit: 5 },
      { name: "full", unit: "requests", limit: 1 },
      { name: "last", unit: "requests", limit: 7 },
    ],
  });
  chain.exchange(chat());
  for (let i = 0; i < 2; i++) {
    const refused = chain.exchange(chat()).client;
    expect(refused.status).toBe(429);
    expect(refused.header("ratelimit")).toBe('"first";r=4;t=60, "full";r=0;t=60, "last";r=6;t=60');
  }
});

test("a request for more than a limit allows at all is told so, and not to try again", () => {
  const chain = started({ rules: [{ name: "minute", limit: 100 }] });
  const refused = chain.exchange(chat({ max_tokens: 500 })).client;
  expect(refused.status).toBe(429);
  expect(refused.header("retry-after")).toBeUndefined();
  expect(JSON.parse(refused.text).error.message).toBe(
    "The request may use more total_tokens than limit minute allows at all.",
  );
});
