// Ten times as many parallel clients as a limit has room for: what they spend with each way of accounting.

import { expect, onTestFinished, test } from "vitest";
import { hasRedisServer, startRedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import { engine, type UpstreamSetup } from "../../../host-test/testing/scenario.ts";

const request = {
  method: "POST",
  path: "/v1/chat/completions",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "gpt-4o", max_tokens: 90, messages: [] }),
};
const answer = { body: { usage: { prompt_tokens: 10, completion_tokens: 90, total_tokens: 100 } } };
const LIMIT = 10_000;

async function spend(accounting: string, redisPort = 0): Promise<number> {
  const redis = redisPort > 0 ? { redis: { service_name: "redis.static", timeout: 30_000 } } : {};
  const address: Record<string, UpstreamSetup> =
    redisPort > 0 ? { "redis.static": { address: `127.0.0.1:${redisPort}` } } : {};
  const configuration = { accounting, rule_name: accounting, rules: [{ limit: LIMIT }], ...redis };
  const gateway = await engine("node").start({
    plugins: [{ plugin: "model-ratelimit", configuration }],
    upstreams: { "llm.static": answer, ...address },
    workers: 8,
  });
  const answers = await Promise.all(Array.from({ length: 800 }, () => gateway.send(request)));
  const spent = answers.filter(({ status }) => status === 200).length * 100;
  figure(
    "limits",
    `accounting ${accounting}${redisPort > 0 ? " in Redis" : ""}: ${spent.toLocaleString("en")} tokens spent of ${LIMIT.toLocaleString("en")}`,
  );
  return spent;
}

test("eight workers and 800 clients: reserve keeps the limit to one request", async () => {
  expect(await spend("reserve")).toBeLessThanOrEqual(LIMIT + 100);
  expect(await spend("after")).toBeGreaterThanOrEqual(LIMIT);
}, 120_000);

test.skipIf(!(await hasRedisServer()))(
  "the same in Redis",
  async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    expect(await spend("reserve", server.port)).toBeLessThanOrEqual(LIMIT + 100);
    expect(await spend("after", server.port)).toBeGreaterThanOrEqual(LIMIT);
  },
  120_000,
);
