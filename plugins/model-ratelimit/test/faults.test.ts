// The native limits with a real Redis that errs, is slow or breaks off: every answer is the documented one, what was used
// is counted exactly once, and what was reserved comes back.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasRedis, openRedis, type RedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { engine, type Gateway } from "../../../host-test/testing/scenario.ts";
import { command, RedisRelay } from "./redis-relay.ts";

const COST = 10;
const answer = { body: { usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: COST } } };
const request = {
  method: "POST",
  path: "/v1/chat/completions",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "gpt-4o", max_tokens: 6, messages: [] }),
};
const PARALLEL = 64;
const LIMIT = 1_000_000_000;
const rules = [
  { name: "tokens", limit: LIMIT, window_seconds: 86_400 },
  { name: "parallel", unit: "concurrent_requests", limit: PARALLEL },
];

interface Options {
  workers?: number;
  [key: string]: unknown;
}

function gatewayOn(address: string, { workers = 1, ...more }: Options = {}): Promise<Gateway> {
  const redis = { service_name: "redis.static", timeout: 2000 };
  const configuration = { redis, rule_name: "f", rules, on_redis_failure: "closed", ...more };
  return engine("node").start({
    plugins: [{ plugin: "model-ratelimit", configuration }],
    upstreams: { "llm.static": answer, "redis.static": { address } },
    workers,
  });
}

const status = async (gateway: Gateway) => (await gateway.send(request)).status;

/** Tokens that Redis has counted. */
async function counted(port: number): Promise<number> {
  const keys = (await command(port, "keys", "model-ratelimit:{f}:tokens:*")).split("\r\n");
  const key = keys.find((line) => line.startsWith("model-ratelimit:"));
  if (key === undefined) return 0;
  return Number((await command(port, "get", key)).split("\r\n")[1]!.split(" ")[0]);
}

/** Waits until Redis has counted what so many answers cost; what is lost never comes, what is twice never goes. */
const untilCounted = (port: number, answers: number) => expect.poll(() => counted(port)).toBe(answers * COST);

/** Waits until nothing is reserved but for the asking request itself. */
const untilNothingIsHeld = (gateway: Gateway) =>
  expect
    .poll(async () => {
      const sent = await gateway.send(request);
      return `${sent.status} ${sent.header("ratelimit")}`;
    })
    .toMatch(new RegExp(`^200 .*"parallel";r=${PARALLEL - 1};`));

describe.skipIf(!(await hasRedis()))("native limits and a Redis with faults", () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await openRedis()));
  beforeEach(async () => void (await command(server.port, "flushdb")));
  afterAll(() => server.stop());

  test("a settlement that was done but not confirmed is sent again and counts once", async () => {
    for (const fault of [{ isMute: true }, { isReset: true }]) {
      await command(server.port, "flushdb");
      const relay = await new RedisRelay(server.port).start();
      const gateway = await gatewayOn(relay.address, { workers: 1 });
      gateway.upstream("llm.static").reply(async (exchange) => {
        await exchange.requestEnd;
        relay.fault = fault;
        await exchange.head(200, { "content-type": "application/json" });
        await exchange.end({ data: Buffer.from(JSON.stringify(answer.body)) });
      });
      expect(await status(gateway)).toBe(200);
      await untilCounted(server.port, 1);
      const before = relay.replies;
      relay.fault = {};
      // It has been sent again, and Redis has answered: had it counted twice, it would show by now.
      await expect.poll(() => relay.replies).toBeGreaterThan(before);
      expect(await counted(server.port)).toBe(COST);
      gateway.upstream("llm.static").reply(answer);
      expect(await status(gateway)).toBe(200);
      await untilCounted(server.port, 2);
    }
  });

  test("an admission that was done but not confirmed is answered as configured, and its hold expires", async () => {
    const relay = await new RedisRelay(server.port).start();
    const gateway = await gatewayOn(relay.address, { reservation_seconds: 1 });
    for (const fault of [{ isMute: true }, { isReset: true }]) {
      relay.fault = fault;
      expect(await status(gateway)).toBe(503);
      relay.fault = {};
      await untilNothingIsHeld(gateway);
    }
    const open = await gatewayOn(relay.address, { on_redis_failure: "open" });
    relay.fault = { isMute: true };
    expect(await status(open)).toBe(200);
  });

  test("errors of the server: refused, open or local as configured, and the usage arrives later", async () => {
    const relay = await new RedisRelay(server.port).start();
    const errors = [
      "-MOVED 3999 127.0.0.1:9",
      "-LOADING Redis is loading",
      "-READONLY read only",
      "+OK",
      ":7",
    ];
    const modes: [string, number][] = [
      ["closed", 503],
      ["open", 200],
      ["local", 200],
    ];
    for (const [mode, expected] of modes) {
      await command(server.port, "flushdb");
      relay.fault = {};
      const gateway = await gatewayOn(relay.address, { on_redis_failure: mode });
      expect(await status(gateway)).toBe(200);
      for (const error of errors) {
        relay.fault = { answer: error };
        expect([mode, error, await status(gateway)]).toEqual([mode, error, expected]);
      }
      relay.fault = {};
      expect(await status(gateway)).toBe(200);
      await untilCounted(server.port, expected === 200 ? errors.length + 2 : 2);
    }
  });

  test("a counter that takes another type before its settlement counts it when it is put right", async () => {
    const gateway = await gatewayOn(`127.0.0.1:${server.port}`);
    const key = () => command(server.port, "keys", "*:tokens:*").then((reply) => reply.split("\r\n")[2]!);
    gateway.upstream("llm.static").reply(async (exchange) => {
      await exchange.requestEnd;
      const name = await key();
      await command(server.port, "del", name);
      await command(server.port, "rpush", name, "x");
      await exchange.head(200, { "content-type": "application/json" });
      await exchange.end({ data: Buffer.from(JSON.stringify(answer.body)) });
    });
    expect(await status(gateway)).toBe(200);
    gateway.upstream("llm.static").reply(answer);
    expect(await status(gateway)).toBe(503);
    await command(server.port, "del", await key());
    expect(await status(gateway)).toBe(200);
    await untilCounted(server.port, 2);
  });
});
