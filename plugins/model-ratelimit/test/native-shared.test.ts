// Native limits with real workers and gateways, in the process and in a real Redis: what is admitted stays within the
// limit, however many clients come at once.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedis, openRedis, type RedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { describeEngines, engine, type Gateway } from "../../../host-test/testing/scenario.ts";
import { command } from "./redis-relay.ts";

const answer = { body: { usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 } } };
const request = {
  method: "POST",
  path: "/v1/chat/completions",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "gpt-4o", max_tokens: 6, messages: [] }),
};
const LIMIT = 1000;
const rules = [
  { name: "tokens", unit: "total_tokens", limit: LIMIT, window_seconds: 86_400 },
  { name: "parallel", unit: "concurrent_requests", limit: 100 },
];

/** Tokens that parallel clients could spend before all are refused. */
async function spend(gateways: Gateway[]): Promise<number> {
  let spent = 0;
  for (let round = 0; round < 4; round++) {
    const sent = Array.from({ length: 200 }, (_, i) => gateways[i % gateways.length]!.send(request));
    spent += (await Promise.all(sent)).filter(({ status }) => status === 200).length * 10;
  }
  return spent;
}

describeEngines("native limits", (kind) => {
  test("four workers spend no more than the limit, and nearly all of it", async () => {
    const gateway = await kind.start({
      plugins: [{ plugin: "model-ratelimit", configuration: { rules } }],
      upstreams: { "llm.static": answer },
      workers: 4,
    });
    const spent = await spend([gateway]);
    expect(spent).toBeLessThanOrEqual(LIMIT);
    expect(spent).toBeGreaterThan(LIMIT / 2);
  });
});

describe.skipIf(!(await hasRedis()))("native limits in Redis", () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await openRedis()));
  afterAll(() => server.stop());

  const start = (address: string, more: object) =>
    engine("node").start({
      plugins: [
        {
          plugin: "model-ratelimit",
          configuration: { redis: { service_name: "redis.static", timeout: 60_000 }, rules, ...more },
        },
      ],
      upstreams: { "llm.static": answer, "redis.static": { address } },
      workers: 2,
    });

  test("two gateways over one Redis spend no more than the limit, and nearly all of it", async () => {
    const address = `127.0.0.1:${server.port}`;
    const gateways = [await start(address, { rule_name: "two" }), await start(address, { rule_name: "two" })];
    const spent = await spend(gateways);
    expect(spent).toBeLessThanOrEqual(LIMIT);
    expect(spent).toBeGreaterThan(LIMIT / 2);
  });

  test("limits go on after the server has lost its scripts, and a counter of another type is answered for", async () => {
    const address = `127.0.0.1:${server.port}`;
    const one = [{ name: "one", unit: "requests", limit: 2 }];
    const gateway = await start(address, { rule_name: "lost", rules: one, on_redis_failure: "closed" });
    const status = async () => (await gateway.send(request)).status;
    expect(await status()).toBe(200);
    const said = (...words: string[]) => command(server.port, ...words);
    const key = (await said("KEYS", "*{lost}*")).split("\r\n")[2]!;
    await said("SCRIPT", "FLUSH");
    expect([await status(), await status()]).toEqual([200, 429]);
    await said("DEL", key);
    await said("RPUSH", key, "x");
    expect(await status()).toBe(503);
    await said("DEL", key);
    expect(await status()).toBe(200);
  });

  test("without Redis: open passes, closed refuses with 503, local counts in the process", async () => {
    const one = { rules: [{ unit: "requests", limit: 1 }] };
    const statuses = async (failure: string) => {
      const gateway = await start("127.0.0.1:9", { ...one, on_redis_failure: failure });
      return [(await gateway.send(request)).status, (await gateway.send(request)).status];
    };
    expect(await statuses("open")).toEqual([200, 200]);
    expect(await statuses("closed")).toEqual([503, 503]);
    expect(await statuses("local")).toEqual([200, 429]);
  });
});
