// Ten times as many parallel clients as a limit has room for: what they spend with each way of accounting. With LONG,
// twenty times.

import { expect, onTestFinished, test } from "vitest";
import { hasRedis, openRedis } from "../../../host-test/test/gateway/redis-server.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import { engine, type UpstreamSetup } from "../../../host-test/testing/scenario.ts";

const request = {
  method: "POST",
  path: "/v1/chat/completions",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "gpt-4o", max_tokens: 90, messages: [] }),
};
// Seven tokens are estimated for the empty prompt: each request uses more than it was expected to.
const answer = { body: { usage: { prompt_tokens: 30, completion_tokens: 90, total_tokens: 120 } } };
const COST = 120;
const ERROR = 30 - 7;
const LIMIT = 10_000;
const CLIENTS = 800;
const RUNS = process.env.LONG ? 20 : 1;

interface Setup {
  accounting: string;
  /** Of a Redis; none: counts stay in the process. */
  redisPort?: number;
  gateways?: number;
}

/** Tokens spent by all clients at once, over eight workers. */
async function spend({ accounting, redisPort, gateways = 1 }: Setup): Promise<number> {
  const redis = redisPort ? { redis: { service_name: "redis.static", timeout: 60_000 } } : {};
  const address: Record<string, UpstreamSetup> = redisPort
    ? { "redis.static": { address: `127.0.0.1:${redisPort}` } }
    : {};
  // A name of its own: every run begins with nothing counted.
  const name = `run-${Math.random().toString(36).slice(2)}`;
  const configuration = { accounting, rule_name: name, rules: [{ limit: LIMIT }], ...redis };
  const started = await Promise.all(
    Array.from({ length: gateways }, () =>
      engine("node").start({
        plugins: [{ plugin: "model-ratelimit", configuration }],
        upstreams: { "llm.static": answer, ...address },
        workers: 8 / gateways,
      }),
    ),
  );
  const answers = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) => started[i % gateways]!.send(request)),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
  await Promise.all(started.map((gateway) => gateway.stop()));
  return statuses.filter((status) => status === 200).length * COST;
}

async function spendOften(where: string, setup: Omit<Setup, "accounting">): Promise<void> {
  const spent: number[] = [];
  for (let run = 0; run < RUNS; run++) spent.push(await spend({ accounting: "reserve", ...setup }));
  const after = await spend({ accounting: "after", ...setup });
  const text = (tokens: number) => tokens.toLocaleString("en");
  figure(
    "limits",
    `accounting ${where}: of ${text(LIMIT)} tokens, ${RUNS} runs of reserve spent ` +
      `${text(Math.min(...spent))} to ${text(Math.max(...spent))}, after ${text(after)}`,
  );
  expect(Math.max(...spent)).toBeLessThanOrEqual(LIMIT + ERROR);
  // Nothing is known of the model when all come at once, so more than a request uses is held for it.
  expect(Math.min(...spent)).toBeGreaterThan(LIMIT / 4);
  expect(after).toBeGreaterThanOrEqual(LIMIT);
}

const TIMEOUT = RUNS * 120_000;

test(
  "eight workers, 800 clients: reserve passes the limit by no more than one request's error",
  () => spendOften("in the process", {}),
  TIMEOUT,
);

test.skipIf(!(await hasRedis()))(
  "the same in Redis, by one gateway and by two",
  async () => {
    const server = await openRedis();
    onTestFinished(() => server.stop());
    await spendOften("in Redis", { redisPort: server.port });
    await spendOften("two gateways over one Redis", { redisPort: server.port, gateways: 2 });
  },
  2 * TIMEOUT,
);
