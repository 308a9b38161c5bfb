// How often a request goes to Redis, counted on the wire.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedis, openRedis, type RedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { engine } from "../../../host-test/testing/scenario.ts";
import { NATIVE } from "../native-script.ts";
import { chatPath, quota } from "./ratelimit.ts";
import { command, RedisRelay } from "./redis-relay.ts";

const answer = { body: { usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 } } };
const request = {
  method: "POST",
  path: chatPath,
  headers: { "content-type": "application/json", "x-mse-consumer": "ann" },
  body: JSON.stringify({ model: "gpt-4o", max_tokens: 6, messages: [] }),
};
const REQUESTS = 25;

const several = [
  { name: "day", limit: 1e9, window_seconds: 86_400 },
  { name: "minute", by: ["consumer", "model"], limit: 1e9, algorithm: "sliding_window" },
  { name: "parallel", by: ["consumer"], unit: "concurrent_requests", limit: 1000 },
  { name: "money", unit: "money", limit: 1e6, algorithm: "token_bucket" },
];
const prices = { "*": { input: 1, output: 2 } };

const cases: [string, object, number][] = [
  ["four rules of the native form: one at admission, one at settlement", { rules: several, prices }, 2],
  ["the same with accounting after", { rules: several, prices, accounting: "after" }, 2],
  [
    "a native limit of requests: one, there is nothing to settle",
    { rules: [{ unit: "requests", limit: 1e9 }] },
    1,
  ],
  [
    "ai-token-ratelimit: one look, one charge",
    { rule_name: "r", global_threshold: { token_per_day: 1e9 } },
    2,
  ],
  ["cluster-key-rate-limit: one", { rule_name: "r", global_threshold: { query_per_day: 1e9 } }, 1],
  ["ai-quota: one look, one payment", quota, 2],
];

describe.skipIf(!(await hasRedis()))("round trips to Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await openRedis();
    // A server that has it not yet costs the first request one more.
    await command(server.port, "script", "load", NATIVE);
  });
  afterAll(() => server.stop());

  test.each(cases)("%s", async (_, configuration, expected) => {
    await command(server.port, "flushdb");
    await command(server.port, "set", "chat_quota:ann", 1_000_000_000);
    const relay = await new RedisRelay(server.port).start();
    const gateway = await engine("node").start({
      plugins: [
        {
          plugin: "model-ratelimit",
          configuration: { redis: { service_name: "redis.static", timeout: 60_000 }, ...configuration },
        },
      ],
      upstreams: { "llm.static": answer, "redis.static": { address: relay.address } },
    });
    for (let i = 0; i < REQUESTS; i++) expect((await gateway.send(request)).status).toBe(200);
    await expect.poll(() => relay.commands).toBe(REQUESTS * expected);
    // Nothing of them comes later: commands of a connection stand in order.
    await gateway.send(request);
    await expect.poll(() => relay.commands).toBe((REQUESTS + 1) * expected);
  });
});
