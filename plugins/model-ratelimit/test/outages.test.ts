// A real Redis that is killed and comes back: in every form every answer is the documented one, and what was used is
// counted exactly once, also when the configuration is replaced meanwhile.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { hasRedisServer, startRedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { engine, type Gateway } from "../../../host-test/testing/scenario.ts";
import { chatPath } from "./ratelimit.ts";
import { command, RedisRelay } from "./redis-relay.ts";

const COST = 10;
const FULL = 1_000_000_000;
const answer = { body: { usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: COST } } };
const request = {
  method: "POST",
  path: chatPath,
  headers: { "content-type": "application/json", "x-mse-consumer": "ann" },
  body: JSON.stringify({ model: "gpt-4o", max_tokens: 6, messages: [] }),
};

const tokens = { rule_name: "r", global_threshold: { token_per_day: FULL } };
const quota = { kind: "quota", admin_consumer: "admin" };
const native = { rule_name: "r", rules: [{ name: "tokens", limit: FULL, window_seconds: 86_400 }] };
const counter = "higress-token-ratelimit:r:global_threshold:86400";
const ofNative = (reply: string) => Number(reply.split("\r\n")[1]?.split(" ")[0] ?? 0);
const ofText = (reply: string) => Number(reply.split("\r\n")[1] ?? 0);

interface Form {
  title: string;
  configuration: object;
  /** While Redis is away. */
  away: 200 | 403 | 503;
  /** Tokens that Redis has counted. */
  counted: (port: number) => Promise<number>;
}

async function nativeCount(port: number): Promise<number> {
  const names = (await command(port, "keys", "model-ratelimit:{r}:tokens:*")).split("\r\n");
  const name = names.find((line) => line.startsWith("model-ratelimit:"));
  return name === undefined ? 0 : ofNative(await command(port, "get", name));
}
const tokenCount = async (port: number) => ofText(await command(port, "get", counter));
const spent = async (port: number) => FULL - ofText(await command(port, "get", "chat_quota:ann"));

const forms: Form[] = [
  { title: "native, closed", configuration: native, away: 503, counted: nativeCount },
  { title: "native, local", configuration: native, away: 200, counted: nativeCount },
  { title: "tokens", configuration: tokens, away: 200, counted: tokenCount },
  {
    title: "tokens that are reserved",
    configuration: { ...tokens, accounting: "reserve" },
    away: 200,
    counted: tokenCount,
  },
  { title: "a quota", configuration: quota, away: 403, counted: spent },
  {
    title: "a quota that is reserved",
    configuration: { ...quota, accounting: "reserve" },
    away: 403,
    counted: spent,
  },
];
forms[0]!.configuration = { ...native, on_redis_failure: "closed" };

const setup = (port: number, configuration: object, workers = 1) => ({
  plugins: [
    {
      plugin: "model-ratelimit",
      configuration: {
        redis: { service_name: "redis.static", timeout: 10_000 },
        reservation_seconds: 2,
        ...configuration,
      },
    },
  ],
  upstreams: { "llm.static": answer, "redis.static": { address: `127.0.0.1:${port}` } },
  workers,
});

/** A Redis that keeps what it has confirmed, as one that counts money should. */
async function durable() {
  const folder = await mkdtemp(join(tmpdir(), "ratelimit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const settings = ["--dir", folder, "--appendonly", "yes", "--appendfsync", "always"];
  let server = await startRedisServer(...settings);
  onTestFinished(() => server.stop());
  const { port } = server;
  await command(port, "set", "chat_quota:ann", FULL);
  return {
    port,
    stop: () => server.stop(),
    async restart() {
      server = await startRedisServer("--port", String(port), ...settings);
    },
  };
}

/** What is lost never comes; what counts twice never goes. */
const untilCounted = (form: Form, port: number, answers: number) =>
  expect.poll(() => form.counted(port), { message: form.title }).toBe(answers * COST);

const status = async (gateway: Gateway, headers = {}) =>
  (await gateway.send({ ...request, headers: { ...request.headers, ...headers } })).status;

async function uncounted(gateway: Gateway): Promise<number> {
  return Number(/model_ratelimit_uncounted\S* (\d+)/.exec(await gateway.metrics())?.[1] ?? 0);
}

describe.skipIf(!(await hasRedisServer()))("a Redis that is killed", () => {
  test.each(forms)(
    "$title: none of many requests is lost or counted twice",
    async (form) => {
      const total = process.env.LONG ? 10_000 : 240;
      const redis = await durable();
      const gateway = await engine("node").start(setup(redis.port, form.configuration, 2));
      const seen = new Map<number, number>();
      const note = (one: number) => seen.set(one, (seen.get(one) ?? 0) + 1);
      let sent = 0;
      const client = async () => {
        while (sent < total) {
          sent++;
          if (sent === Math.floor(total / 3)) await redis.stop();
          if (sent === Math.floor((total * 2) / 3)) {
            await redis.restart();
            // What is decided from now on, Redis has decided.
            const first = await status(gateway);
            note(first);
            expect(first).toBe(200);
          }
          if (sent === Math.floor((total * 5) / 6)) await command(redis.port, "script", "flush");
          note(await status(gateway));
        }
      };
      await Promise.all(Array.from({ length: 32 }, client));
      expect([...seen.keys()].toSorted()).toEqual([...new Set([200, form.away])].toSorted());
      await untilCounted(form, redis.port, seen.get(200)!);
      expect(await uncounted(gateway)).toBe(0);
      // Nothing is held: reservations that nobody knows of have expired.
      let asked = 0;
      for (;;) {
        asked++;
        expect(await status(gateway)).toBe(200);
        await untilCounted(form, redis.port, seen.get(200)! + asked);
        const held = (await command(redis.port, "keys", "*:held")).split("\r\n").slice(1, -1);
        if (held.length === 0) break;
      }
    },
    300_000,
  );

  test.each(forms.filter(({ away }) => away === 200))(
    "$title: what waits for Redis is paid by the configuration that comes next",
    async (form) => {
      const redis = await durable();
      const gateway = await engine("node").start(setup(redis.port, form.configuration, 2));
      expect(await status(gateway)).toBe(200);
      await untilCounted(form, redis.port, 1);
      await redis.stop();
      for (let i = 0; i < 30; i++) expect(await status(gateway)).toBe(200);
      await gateway.reload(setup(redis.port, { ...form.configuration, rejected_msg: "other" }, 2));
      await redis.restart();
      await untilCounted(form, redis.port, 31);
      expect(await uncounted(gateway)).toBe(0);
    },
  );

  test("a charge that is under way when the configuration is replaced is made by the next one", async () => {
    for (const form of forms.slice(1)) {
      const redis = await durable();
      const relay = await new RedisRelay(redis.port).start();
      const slow = { ...form.configuration, redis: { service_name: "redis.static", timeout: 60_000 } };
      const gateway = await engine("node").start(setup(relay.port, slow));
      gateway.upstream("llm.static").reply(async (exchange) => {
        await exchange.requestEnd;
        relay.fault = { isDeaf: true };
        await exchange.head(200, { "content-type": "application/json" });
        await exchange.end({ data: Buffer.from(JSON.stringify(answer.body)) });
      });
      const before = relay.commands;
      expect(await status(gateway)).toBe(200);
      await expect.poll(() => relay.commands).toBeGreaterThanOrEqual(before + 2);
      await gateway.reload(setup(relay.port, { ...slow, default_output_tokens: 999 }));
      relay.fault = {};
      await untilCounted(form, redis.port, 1);
      expect(await uncounted(gateway)).toBe(0);
    }
  });

  test("what waits has a bound, and every charge beyond it is told", async () => {
    const redis = await durable();
    const rule_items = [{ limit_by_per_header: "x-user", limit_keys: [{ key: "*", token_per_day: FULL }] }];
    const gateway = await engine("node").start(setup(redis.port, { rule_name: "r", rule_items }));
    await redis.stop();
    // Each counter has a name of 2 KB; those with the same name add up.
    const users = Array.from({ length: 800 }, (_, i) => `${i}-`.padEnd(2000, "u"));
    for (let i = 0; i < users.length; i += 50) {
      await Promise.all(users.slice(i, i + 50).map((user) => status(gateway, { "x-user": user })));
    }
    const dropped = await uncounted(gateway);
    expect(dropped).toBeGreaterThan(0);
    await gateway.logged("usage not counted: too much waits for Redis");
    await redis.restart();
    const names = async () => (await command(redis.port, "keys", "higress-*")).split("\r\n");
    const counters = async () => (await names()).filter((name) => name.startsWith("higress-")).length;
    await expect.poll(counters).toBeGreaterThanOrEqual(users.length - dropped);
    expect(await uncounted(gateway)).toBe(dropped);
    // One that gave way while it was under way may have come through nevertheless.
    expect(await counters()).toBeLessThan(users.length);
  });
});
