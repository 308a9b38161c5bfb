// However an exchange ends, its reservation ends with it and what it used is counted: with counts in the process and in
// a real Redis.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedis, openRedis, type RedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { engine, type Exchange, type Gateway } from "../../../host-test/testing/scenario.ts";

const LIMIT = 100_000;
const PARALLEL = 8;
const MOST_OUTPUT = 500;
const rules = [
  { name: "tokens", limit: LIMIT, window_seconds: 86_400 },
  { name: "parallel", unit: "concurrent_requests", limit: PARALLEL },
];
const usage = { prompt_tokens: 40, completion_tokens: 60, total_tokens: 100 };
const request = {
  method: "POST",
  path: "/v1/chat/completions",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    model: "gpt-4o",
    max_tokens: MOST_OUTPUT,
    messages: [{ role: "user", content: "Say something about rate limits, please." }],
  }),
};
const json = { "content-type": "application/json" };
const stream = { "content-type": "text/event-stream" };
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const words = event({ choices: [{ index: 0, delta: { content: "some words of an answer that goes on" } }] });

interface Ending {
  title: string;
  upstream: (exchange: Exchange) => Promise<void>;
  /** When the client leaves; it stays by default. */
  leaves?: "before the answer" | "in its midst";
  /** Tokens: exactly the usage, nothing, or what is estimated. */
  costs: "usage" | "nothing" | "estimate";
}

const endings: Ending[] = [
  {
    title: "an answer with usage",
    upstream: async (exchange) => {
      await exchange.head(200, json);
      await exchange.end({ data: Buffer.from(JSON.stringify({ usage })) });
    },
    costs: "usage",
  },
  {
    title: "an answer without usage",
    upstream: async (exchange) => {
      await exchange.head(200, json);
      const choices = [{ message: { content: "an answer whose provider does not say what it cost" } }];
      await exchange.end({ data: Buffer.from(JSON.stringify({ choices })) });
    },
    costs: "estimate",
  },
  {
    title: "a stream without usage",
    upstream: async (exchange) => {
      await exchange.head(200, stream);
      for (let i = 0; i < 5; i++) await exchange.write(words);
      await exchange.end({ data: Buffer.from("data: [DONE]\n\n") });
    },
    costs: "estimate",
  },
  {
    title: "a stream that breaks off before its usage",
    upstream: async (exchange) => {
      await exchange.head(200, stream);
      await exchange.write(words);
      exchange.cut();
    },
    costs: "estimate",
  },
  {
    title: "a stream that breaks off after its usage",
    upstream: async (exchange) => {
      await exchange.head(200, stream);
      await exchange.write(event({ choices: [], usage }));
      exchange.cut();
    },
    costs: "usage",
  },
  {
    title: "a connection that breaks before any answer",
    upstream: async (exchange) => exchange.cut(),
    costs: "nothing",
  },
  {
    title: "an error of the provider",
    upstream: async (exchange) => {
      await exchange.head(500, json);
      await exchange.end({ data: Buffer.from("{}") });
    },
    costs: "nothing",
  },
  {
    title: "a client that leaves before the answer",
    upstream: async () => undefined,
    leaves: "before the answer",
    costs: "estimate",
  },
  {
    title: "a client that leaves in the midst of a stream",
    upstream: async (exchange) => {
      await exchange.head(200, stream);
      await exchange.write(words);
    },
    leaves: "in its midst",
    costs: "estimate",
  },
];

/**
 * Tokens that are left, as a request finds them that costs nothing. A settlement may come a moment after the answer: it
 * asks until nothing runs beside it. What is counted is final then.
 */
async function left(gateway: Gateway, message: string): Promise<number> {
  gateway.upstream("llm.static").reply({ status: 500, headers: json, body: "{}" });
  const body = JSON.stringify({ max_tokens: 1 });
  let header = "";
  await expect
    .poll(async () => (header = (await gateway.send({ ...request, body })).header("ratelimit")!), { message })
    .toContain(`"parallel";r=${PARALLEL - 1};`);
  return Number(/"tokens";r=(\d+);/.exec(header)![1]);
}

async function play(gateway: Gateway, { title, upstream, leaves, costs }: Ending): Promise<void> {
  const before = await left(gateway, title);
  gateway.upstream("llm.static").reply(async (exchange) => {
    await exchange.requestEnd;
    await upstream(exchange);
  });
  if (leaves === undefined) await gateway.send(request);
  else {
    const { requests } = gateway.upstream("llm.static");
    const seen = requests.length;
    const exchange = gateway.open(request);
    await exchange.end({ data: Buffer.from(request.body) });
    if (leaves === "in its midst") await exchange.until("some words");
    await expect.poll(() => requests.length).toBeGreaterThan(seen);
    exchange.abort();
  }
  const cost = before - (await left(gateway, title));
  const expected = { usage: [100, 100], nothing: [0, 0], estimate: [8, 200] }[costs] as [number, number];
  expect([title, cost >= expected[0] && cost <= expected[1], cost]).toEqual([title, true, cost]);
}

const setup = (more: object, address?: string) =>
  engine("node").start({
    plugins: [{ plugin: "model-ratelimit", configuration: { rules, ...more } }],
    upstreams: { "llm.static": {}, ...(address && { "redis.static": { address } }) },
  });

test("in the process", async () => {
  const gateway = await setup({});
  for (const ending of endings) await play(gateway, ending);
  const metrics = await gateway.metrics();
  const count = (name: string) => new RegExp(`model_ratelimit_${name}\\S* (\\d+)`).exec(metrics)?.[1];
  expect(count("settled")).toBe(count("reserved"));
  expect(count("expired")).toBeUndefined();
});

describe.skipIf(!(await hasRedis()))("in Redis", () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await openRedis()));
  afterAll(() => server.stop());

  test("the same", async () => {
    const redis = { service_name: "redis.static", timeout: 60_000 };
    const gateway = await setup({ redis, on_redis_failure: "closed" }, `127.0.0.1:${server.port}`);
    for (const ending of endings) await play(gateway, ending);
  });
});
