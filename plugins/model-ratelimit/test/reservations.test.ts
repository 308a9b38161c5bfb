// `accounting: reserve` in Higress's forms: what parallel requests hold stands beside Higress's counters.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { hasRedis, openRedis, type RedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import type { TestChain, TestStream } from "../../../host-test/testing/chain.ts";
import { engine, type Gateway } from "../../../host-test/testing/scenario.ts";
import { chat, fill, left, quota, ratelimit, used } from "./ratelimit.ts";
import { command } from "./redis-relay.ts";

const tokens = { rule_name: "r", global_threshold: { token_per_minute: 1000 } };
const body = JSON.stringify({ model: "gpt-4o", max_tokens: 90, messages: [] });
/** What is expected of the body: its bound, and seven tokens for the empty prompt. */
const EXPECTED = 97;

function started(configuration: object): TestChain[] {
  const shared = { sharedData: new LocalData(), clock: new VirtualClock() };
  const chains = [0, 1, 2].map(() =>
    ratelimit(configuration, { ...shared, logLevel: "error", upstream: () => used(10, 90) }),
  );
  onTestFinished(() => {
    for (const chain of chains) chain.close();
  });
  return chains;
}

/** A request of `ann` that waits for its answer. */
function open(chain: TestChain): TestStream {
  const stream = chain.open("HTTP/2", true);
  const headers: [string, string][] = [
    [":method", "POST"],
    [":path", "/v1/chat/completions"],
    [":authority", "test.local"],
    [":scheme", "http"],
    ["x-mse-consumer", "ann"],
  ];
  stream.http.requestHeaders(headers, false);
  stream.http.requestData(Buffer.from(body), true);
  chain.settle();
  return stream;
}

function answer(chain: TestChain, stream: TestStream, prompt: number, output: number): void {
  stream.http.upstreamSelected("10.0.0.1:80", "10.0.0.2:40000");
  stream.http.responseHeaders(
    [
      [":status", "200"],
      ["content-type", "application/json"],
    ],
    false,
  );
  stream.http.responseData(Buffer.from(String(used(prompt, output).body)), true);
  chain.settle();
}

test("tokens: parallel requests of three workers pass the limit by no more than one request's error", () => {
  const chains = started({ ...tokens, accounting: "reserve" });
  const streams = Array.from({ length: 60 }, (_, i) => open(chains[i % 3]!));
  const passed = streams.flatMap((stream, i) => (stream.client.status === 429 ? [] : [{ stream, i }]));
  for (const { stream, i } of passed) answer(chains[i % 3]!, stream, 30, 90);
  expect(passed.length).toBeGreaterThan(3);
  expect(passed.length * 120).toBeLessThanOrEqual(1000 + 120 - EXPECTED);
});

test("tokens: after, the default, lets all of them pass", () => {
  const chains = started(tokens);
  const streams = Array.from({ length: 60 }, (_, i) => open(chains[i % 3]!));
  expect(streams.filter(({ client }) => client.status === 429)).toHaveLength(0);
});

test("tokens: a refusal is Higress's, and what was used counts until its window ends", () => {
  const [chain] = started({ ...tokens, accounting: "reserve" });
  for (let i = 0; i < 10; i++) expect(chain!.exchange(chat({ body })).client.status).toBe(i < 10 ? 200 : 429);
  chain!.advance(20_000);
  const { client } = chain!.exchange(chat({ body }));
  expect([client.status, client.text, client.header("x-tokenratelimit-reset")]).toEqual([
    429,
    "Too many requests",
    "40",
  ]);
  chain!.advance(40_000);
  expect(chain!.exchange(chat({ body })).client.status).toBe(200);
});

test("a client that leaves gives back what was held, and what nobody settles is given back after its time", () => {
  const [chain] = started({
    ...tokens,
    accounting: "reserve",
    reservation_seconds: 40,
    global_threshold: { token_per_day: 150 },
  });
  const stream = open(chain!);
  expect(open(chain!).client.status).toBe(429);
  chain!.advance(39_000);
  expect(open(chain!).client.status).toBe(429);
  chain!.advance(11_001);
  const second = open(chain!);
  expect(second.client.status).not.toBe(429);
  second.http.requestReset();
  stream.http.requestReset();
  chain!.settle();
  expect(open(chain!).client.status).not.toBe(429);
});

test("quotas: parallel requests of three workers do not overdraw a balance", () => {
  const chains = started({ ...quota, accounting: "reserve" });
  fill(chains[0]!, 1000);
  const streams = Array.from({ length: 60 }, (_, i) => open(chains[i % 3]!));
  const passed = streams.flatMap((stream, i) => (stream.client.status === 403 ? [] : [{ stream, i }]));
  for (const { stream, i } of passed) answer(chains[i % 3]!, stream, 30, 90);
  expect(passed.length).toBeGreaterThan(3);
  expect(left(chains[0]!)).toBe(1000 - passed.length * 120);
  expect(left(chains[0]!)).toBeGreaterThanOrEqual(EXPECTED - 120);
  // Nothing is held any more: what is left may be spent.
  fill(chains[0]!, 120);
  expect(chains[1]!.exchange(chat({ body })).client.status).toBe(200);
  expect(left(chains[0]!)).toBe(20);
});

describe.skipIf(!(await hasRedis()))("in Redis", () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await openRedis()));
  afterAll(() => server.stop());
  const redis = { service_name: "redis.static", timeout: 60_000 };
  /** An integer as `:1`; of a text its last line. */
  const said = async (...words: string[]) =>
    (await command(server.port, ...words)).trim().split("\r\n").at(-1)!;
  /** Clients do not wait for settlements. With the last of them nothing is held, and what is counted is final. */
  const settled = async (key: string, held: string, value: number) => {
    await expect.poll(() => said("EXISTS", held)).toBe(":0");
    expect(await said("GET", key)).toBe(String(value));
  };
  const start = (configuration: object): Promise<Gateway> =>
    engine("node").start({
      plugins: [
        { plugin: "model-ratelimit", configuration: { ...configuration, redis, accounting: "reserve" } },
      ],
      upstreams: {
        "llm.static": { body: { usage: { prompt_tokens: 30, completion_tokens: 90, total_tokens: 120 } } },
        "redis.static": { address: `127.0.0.1:${server.port}` },
      },
      workers: 2,
    });
  const burst = async (gateways: Gateway[], path = "/v1/chat/completions"): Promise<number> => {
    const headers = { "content-type": "application/json", "x-mse-consumer": "ann" };
    const sent = Array.from({ length: 100 }, (_, i) =>
      gateways[i % gateways.length]!.send({ method: "POST", path, headers, body }),
    );
    return (await Promise.all(sent)).filter(({ status }) => status === 200).length;
  };

  test("two gateways keep a limit of tokens, in Higress's counter, and hold nothing afterwards", async () => {
    const passed = await burst([await start(tokens), await start(tokens)]);
    expect(passed).toBeGreaterThan(3);
    expect(passed * 120).toBeLessThanOrEqual(1000 + 120 - EXPECTED);
    const key = "higress-token-ratelimit:r:global_threshold:60";
    await settled(key, `{${key}}:held`, passed * 120);
    expect(Number((await said("TTL", key)).slice(1))).toBeGreaterThan(0);
  });

  test("two gateways do not overdraw Higress's balance, and hold nothing afterwards", async () => {
    await said("SET", "chat_quota:ann", "1000");
    const passed = await burst([await start(quota), await start(quota)]);
    expect(passed).toBeGreaterThan(3);
    await settled("chat_quota:ann", "{chat_quota:ann}:held", 1000 - passed * 120);
    expect(passed * 120).toBeLessThanOrEqual(1000 + 120 - EXPECTED);
  });
});
