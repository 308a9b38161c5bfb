// The native limits with a real Redis that dies, forgets, errs, is slow or breaks off: every answer is the documented
// one, what was used is counted exactly once, and what was reserved comes back.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  hasRedisServer,
  startRedisServer,
  type RedisServer,
} from "../../../host-test/test/gateway/redis-server.ts";
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
  const redis = { service_name: "redis.static", timeout: 500 };
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
async function untilCounted(port: number, answers: number): Promise<void> {
  while ((await counted(port)) < answers * COST) await new Promise(setImmediate);
  expect(await counted(port)).toBe(answers * COST);
}

/** Waits until nothing is reserved but for the asking request itself. */
async function untilNothingIsHeld(gateway: Gateway): Promise<number> {
  for (let asked = 1; ; asked++) {
    const { status, header } = await gateway.send(request).then((sent) => ({
      status: sent.status,
      header: sent.header("ratelimit"),
    }));
    expect(status).toBe(200);
    if (header?.includes(`"parallel";r=${PARALLEL - 1};`)) return asked;
  }
}

describe.skipIf(!(await hasRedisServer()))("native limits and a Redis with faults", () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await startRedisServer()));
  beforeEach(async () => void (await command(server.port, "flushall")));
  afterAll(() => server.stop());

  test("killed and restarted among many requests: none is lost, counted twice or held for ever", async () => {
    const total = process.env.LONG ? 10_000 : 600;
    const folder = await mkdtemp(join(tmpdir(), "ratelimit-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    // A Redis that keeps what it has confirmed, as one that counts money should.
    const durable = ["--dir", folder, "--appendonly", "yes", "--appendfsync", "always"];
    let redis = await startRedisServer(...durable);
    onTestFinished(() => redis.stop());
    const { port } = redis;
    const gateway = await gatewayOn(`127.0.0.1:${port}`, { workers: 2, reservation_seconds: 2 });
    const seen = new Map<number, number>();
    let sent = 0;
    const client = async () => {
      while (sent < total) {
        sent++;
        if (sent === Math.floor(total / 3)) await redis.stop();
        if (sent === Math.floor((total * 2) / 3)) {
          redis = await startRedisServer("--port", String(port), ...durable);
          expect(await status(gateway).then((one) => (count(one), one))).toBe(200);
        }
        if (sent === Math.floor((total * 5) / 6)) await command(port, "script", "flush");
        count(await status(gateway));
      }
    };
    const count = (one: number) => seen.set(one, (seen.get(one) ?? 0) + 1);
    await Promise.all(Array.from({ length: 32 }, client));
    expect([...seen.keys()].toSorted()).toEqual([200, 503]);
    await untilCounted(port, seen.get(200)!);
    const asked = await untilNothingIsHeld(gateway);
    await untilCounted(port, seen.get(200)! + asked);
    expect(await gateway.metrics()).not.toContain("model_ratelimit_uncounted");
  }, 300_000);

  test("what was counted without Redis is told to it when it is back, with the first request decided there", async () => {
    let redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const { port } = redis;
    const gateway = await gatewayOn(`127.0.0.1:${port}`, { on_redis_failure: "local" });
    await redis.stop();
    const passed = await Promise.all(Array.from({ length: 50 }, () => status(gateway)));
    expect(new Set(passed)).toEqual(new Set([200]));
    redis = await startRedisServer("--port", String(port));
    expect(await status(gateway)).toBe(200);
    await untilCounted(port, 51);
  }, 60_000);

  test("a settlement that was done but not confirmed is sent again and counts once", async () => {
    for (const fault of [{ isMute: true }, { isReset: true }]) {
      await command(server.port, "flushall");
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
      const before = relay.commands;
      relay.fault = {};
      while (relay.commands === before) await new Promise(setImmediate);
      gateway.upstream("llm.static").reply(answer);
      expect(await status(gateway)).toBe(200);
      await untilCounted(server.port, 2);
    }
  }, 60_000);

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
  }, 60_000);

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
      await command(server.port, "flushall");
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
  }, 60_000);

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
  }, 60_000);

  test("of the settlements that wait for Redis at most a thousand are kept, and those beyond are told", async () => {
    let redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const { port } = redis;
    const gateway = await gatewayOn(`127.0.0.1:${port}`, { on_redis_failure: "open" });
    await redis.stop();
    for (let i = 0; i < 11; i++) await Promise.all(Array.from({ length: 100 }, () => status(gateway)));
    await gateway.logged("usage not counted");
    redis = await startRedisServer("--port", String(port));
    await untilCounted(port, 1000);
    expect(await gateway.metrics()).toMatch(/model_ratelimit_uncounted\S* 100\n/);
  }, 60_000);
});
