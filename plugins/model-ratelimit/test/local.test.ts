// Counts in the process: windows, several VMs, bounds.

import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import type { TestChainOptions } from "../../../host-test/testing/chain.ts";
import { byHeader, chat, fill, left, MeasuredData, quota, ratelimit, used } from "./ratelimit.ts";

function started(configuration: object, options: Partial<TestChainOptions> = {}) {
  const chain = ratelimit(configuration, options);
  onTestFinished(() => chain.close());
  return chain;
}

const minute = { rule_name: "all", global_threshold: { query_per_minute: 3 } };

test("exactly the limit passes in a window, and the next window begins anew", () => {
  const chain = started(minute);
  const statuses = () => Array.from({ length: 5 }, () => chain.exchange().client.status);
  expect(statuses()).toEqual([200, 200, 200, 429, 429]);
  chain.advance(59_999);
  expect(chain.exchange().client.status).toBe(429);
  chain.advance(1);
  expect(statuses()).toEqual([200, 200, 200, 429, 429]);
});

test("a window begins with its first request and is not made longer by later ones", () => {
  const chain = started(minute);
  chain.exchange();
  chain.advance(50_000);
  for (let i = 0; i < 3; i++) chain.exchange();
  const refused = chain.exchange().client;
  expect(refused.status).toBe(429);
  expect(refused.header("x-ratelimit-reset")).toBe("10");
  chain.advance(10_000);
  expect(chain.exchange().client.status).toBe(200);
});

test("tokens are refused once more than the limit was used, and charged after each answer", () => {
  const chain = started(
    { rule_name: "all", global_threshold: { token_per_minute: 20 } },
    { upstream: () => used(4, 6) },
  );
  const statuses = Array.from({ length: 4 }, () => chain.exchange().client.status);
  expect(statuses).toEqual([200, 200, 200, 429]);
});

test("two VMs of one process count together", () => {
  const sharedData = new LocalData();
  const clock = new VirtualClock();
  const chains = [started(minute, { sharedData, clock }), started(minute, { sharedData, clock })];
  const statuses = Array.from({ length: 6 }, (_, i) => chains[i % 2]!.exchange().client.status);
  expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
});

test("a write between another VM's read and write is not lost", () => {
  const sharedData = new LocalData();
  const clock = new VirtualClock();
  const other = started(minute, { sharedData, clock });
  let meddled = 0;
  const meddling = Object.assign(Object.create(sharedData) as LocalData, {
    get: sharedData.get.bind(sharedData),
    set(...change: Parameters<LocalData["set"]>) {
      if (meddled++ === 1) expect(other.exchange().client.status).toBe(200);
      return sharedData.set(...change);
    },
  });
  const chain = started(minute, { sharedData: meddling, clock });
  const statuses = Array.from({ length: 3 }, () => chain.exchange().client.status);
  expect(statuses).toEqual([200, 200, 429]);
});

test("a clock that is set back makes no window longer", () => {
  let offset = 0;
  const clock = new VirtualClock();
  const now = clock.now.bind(clock);
  clock.now = () => now() - BigInt(offset) * 1_000_000n;
  const chain = started(minute, { clock });
  for (let i = 0; i < 4; i++) chain.exchange();
  offset = 3_600_000;
  const refused = chain.exchange().client;
  expect(refused.status).toBe(429);
  expect(refused.header("x-ratelimit-reset")).toBe("60");
  chain.advance(60_000);
  expect(chain.exchange().client.status).toBe(200);
});

test("values have counters of their own", () => {
  const chain = started(byHeader({ a: 1, b: 2 }));
  const status = (key: string) => chain.exchange({ headers: { "x-key": key } }).client.status;
  expect(["a", "b", "a", "b", "b", "c", "c"].map(status)).toEqual([200, 200, 429, 200, 429, 200, 200]);
});

test("rules of one name count together, of two names apart", () => {
  const sharedData = new LocalData();
  const one = started(minute, { sharedData });
  const same = started(minute, { sharedData });
  const other = started({ ...minute, rule_name: "others" }, { sharedData });
  for (let i = 0; i < 3; i++) one.exchange();
  expect(same.exchange().client.status).toBe(429);
  expect(other.exchange().client.status).toBe(200);
});

test("balances do not end, and may go below zero", () => {
  const chain = started(quota, { upstream: () => used(5, 10) });
  expect(chain.exchange(chat()).client.status).toBe(403);
  fill(chain, 20);
  expect(chain.exchange(chat()).client.status).toBe(200);
  chain.advance(86_400_000);
  expect(left(chain)).toBe(5);
  expect(chain.exchange(chat()).client.status).toBe(200);
  expect(left(chain)).toBe(-10);
  expect(chain.exchange(chat()).client.status).toBe(403);
});

test("where a bucket is full, the counter that ends first gives way, and no other", () => {
  const sharedData = new LocalData();
  const salt = Buffer.alloc(16, 7);
  sharedData.set("", "model-ratelimit.count.salt", salt, 0);
  const bucketOf = (name: string) =>
    createHash("sha256").update(salt).update(name).digest().readUInt16BE(0) % 16_384;
  const scope = "higress-cluster-key-rate-limit:r:limit_by_per_header:3600:x-key:";
  const names: string[] = [];
  for (let i = 0; names.length < 103; i++) if (bucketOf(`${scope}${i}`) === 5) names.push(String(i));
  const item = { limit_by_per_header: "x-key", limit_keys: [{ key: "*", query_per_hour: 1 }] };
  const chain = started({ rule_name: "r", rule_items: [item] }, { sharedData });
  const status = (name: string) => chain.exchange({ headers: { "x-key": name } }).client.status;
  for (const name of names) {
    expect(status(name)).toBe(200);
    chain.advance(10);
  }
  expect(sharedData.get("", "model-ratelimit.count.5")!.value.length).toBe(102 * 40);
  expect(names.slice(1).map(status)).toEqual(Array(102).fill(429));
  expect(status(names[0]!)).toBe(200);
});

test("a full bucket of balances takes no further one, and says so", () => {
  const sharedData = new LocalData();
  const salt = Buffer.alloc(16, 7);
  sharedData.set("", "model-ratelimit.balance.salt", salt, 0);
  const digest = createHash("sha256").update(salt).update("chat_quota:ann").digest();
  const bucket = `model-ratelimit.balance.${digest.readUInt16BE(0) % 16_384}`;
  const others = Buffer.alloc(102 * 40, 1);
  for (let at = 0; at < others.length; at += 40) {
    others.fill(0, at + 16, at + 24);
    others.writeBigInt64LE(1n, at + 24);
  }
  sharedData.set("", bucket, others, 0);
  const { status, text } = fill(started(quota, { sharedData }), 5);
  expect([status, text]).toEqual([503, "redis error:the gateway's shared data takes no more"]);
  expect(Buffer.from(sharedData.get("", bucket)!.value)).toEqual(others);
});

test("100,000 consumers stay within 16 MiB of shared data, and none is let through early", () => {
  const sharedData = new MeasuredData();
  const chain = started(
    {
      rule_name: "many",
      rule_items: [{ limit_by_per_header: "x-key", limit_keys: [{ key: "*", query_per_hour: 1 }] }],
    },
    { sharedData, logLevel: "error" },
  );
  const status = (i: number) => chain.exchange({ headers: { "x-key": `consumer-${i}` } }).client.status;
  for (let i = 0; i < 100_000; i++) if (status(i) !== 200) expect.unreachable(`consumer ${i} was refused`);
  for (let i = 0; i < 100_000; i += 97)
    if (status(i) !== 429) expect.unreachable(`consumer ${i} passed twice`);
  expect(sharedData.keys).toBeLessThanOrEqual(16_385);
  expect(sharedData.bytes).toBeLessThanOrEqual(16 << 20);
}, 120_000);
