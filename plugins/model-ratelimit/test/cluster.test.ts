// A real Redis Cluster: behind a proxy that knows it all forms work, since the keys of each script are in one slot. Straight
// to one of its nodes, what is on another node is answered as documented, and spoils nothing else.

import { describe, expect, onTestFinished, test } from "vitest";
import { findEnvoy } from "../../../host-test/envoy/binary.ts";
import { hasRedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { engine, type Gateway } from "../../../host-test/testing/scenario.ts";
import { chatPath } from "./ratelimit.ts";
import { RedisCluster } from "./redis-cluster.ts";
import { command } from "./redis-relay.ts";

const COST = 10;
const answer = { body: { usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: COST } } };
const users = process.env.LONG ? 120 : 40;

function gatewayOn(address: string, configuration: object): Promise<Gateway> {
  return engine("node").start({
    plugins: [
      {
        plugin: "model-ratelimit",
        configuration: { redis: { service_name: "redis.static", timeout: 5000 }, ...configuration },
      },
    ],
    upstreams: { "llm.static": answer, "redis.static": { address } },
  });
}

const send = (gateway: Gateway, user: string) =>
  gateway.send({
    method: "POST",
    path: chatPath,
    headers: { "content-type": "application/json", "x-user": user, "x-mse-consumer": user },
    body: JSON.stringify({ model: "gpt-4o", max_tokens: 6, messages: [] }),
  });

/** Clients do not wait for what is counted. */
const until = (cluster: RedisCluster, key: string, value: string) =>
  expect.poll(() => cluster.get(key), { message: key }).toBe(value);

/** Some have names that a hash tag cannot hold. */
const names = Array.from(
  { length: users },
  (_, i) => `u${i}${["", "{", "}", "{}", "}{", "{x}", "{}x}", "a}b{c"][i % 8]}`,
);

const perUser = { limit_by_per_header: "x-user", limit_keys: [{ key: "*", token_per_day: 1000 }] };
const tokens = { rule_name: "r", rule_items: [perUser] };
const counterOf = (name: string) => `higress-token-ratelimit:r:limit_by_per_header:86400:x-user:${name}`;
const balanceOf = (name: string) => `chat_quota:${name}`;
const quota = { kind: "quota", admin_consumer: "admin" };
const reserve = { accounting: "reserve" };

const hasEnvoy = (await findEnvoy()) !== null;

describe.skipIf(!(await hasRedisServer()))("a Redis Cluster", () => {
  test.skipIf(!hasEnvoy)(
    "behind a proxy: every form counts every client, whatever the names of its counters",
    async () => {
      const cluster = await RedisCluster.start();
      const address = await cluster.proxy();
      for (const form of [tokens, { ...tokens, ...reserve, rule_name: "r" }]) {
        for (const { port } of cluster.nodes) await command(port, "flushall");
        const gateway = await gatewayOn(address, form);
        for (const name of names) expect([name, (await send(gateway, name)).status]).toEqual([name, 200]);
        for (const name of names) await until(cluster, counterOf(name), String(COST));
        expect(await gateway.metrics()).not.toMatch(/model_ratelimit_(unchecked|uncounted|deferred)/);
        expect((await cluster.keys("*held*")).length).toBe(0);
      }
      for (const form of [quota, { ...quota, ...reserve }]) {
        for (const name of names) {
          await command((await cluster.nodeOf(balanceOf(name))).port, "set", balanceOf(name), 100);
        }
        const gateway = await gatewayOn(address, form);
        for (const name of names) expect([name, (await send(gateway, name)).status]).toEqual([name, 200]);
        for (const name of names) await until(cluster, balanceOf(name), String(100 - COST));
        expect(await gateway.metrics()).not.toMatch(/model_ratelimit_(unchecked|uncounted|deferred)/);
      }
      const native = {
        on_redis_failure: "closed",
        rules: [
          { name: "user", by: ["header:x-user"], limit: 1e9 },
          { name: "all", limit: 1e9, algorithm: "sliding_window" },
          { name: "parallel", unit: "concurrent_requests", limit: 1000 },
        ],
      };
      for (const rule_name of ["r", "a}b", "{", ""]) {
        const gateway = await gatewayOn(address, { ...native, rule_name });
        for (const name of names) expect([name, (await send(gateway, name)).status]).toEqual([name, 200]);
        // All are settled once a request is alone.
        await expect
          .poll(async () => (await send(gateway, "last")).header("ratelimit"))
          .toContain('"parallel";r=999;');
        expect(await gateway.metrics()).not.toMatch(/model_ratelimit_(unchecked|uncounted|deferred)/);
      }
      // The keys of all clients are spread over the nodes.
      for (const { port } of cluster.nodes) expect(await command(port, "dbsize")).not.toBe(":0\r\n");
    },
    120_000,
  );

  test("straight to one node: what it has is counted, what it has not is answered as without Redis and waits", async () => {
    const cluster = await RedisCluster.start();
    const [node] = cluster.nodes;
    const gateway = await gatewayOn(`127.0.0.1:${node!.port}`, tokens);
    const own: string[] = [];
    for (const name of names) {
      expect([name, (await send(gateway, name)).status]).toEqual([name, 200]);
      if ((await cluster.nodeOf(counterOf(name))) === node) own.push(name);
    }
    expect(own.length).toBeGreaterThan(3);
    expect(own.length).toBeLessThan(names.length - 3);
    for (const name of own) await until(cluster, counterOf(name), String(COST));
    const others = names.length - own.length;
    await expect
      .poll(async () => {
        const metrics = await gateway.metrics();
        return ["unchecked", "deferred", "uncounted"].map((name) =>
          Number(new RegExp(`model_ratelimit_${name}\\S* (\\d+)`).exec(metrics)?.[1] ?? 0),
        );
      })
      .toEqual([others, others, 0]);
    await gateway.logged("limit not checked, request passes: MOVED");
    // A node that is being emptied answers with -ASK: the same, until the slot has moved back.
    const [name] = own;
    const slot = (await command(node!.port, "cluster", "keyslot", counterOf(name!))).trim().slice(1);
    const id = (await command(cluster.nodes[1]!.port, "cluster", "myid")).split("\r\n")[1]!;
    await command(node!.port, "cluster", "setslot", slot, "migrating", id);
    await command(node!.port, "del", counterOf(name!));
    expect((await send(gateway, name!)).status).toBe(200);
    await gateway.logged("limit not checked, request passes: ASK");
    expect((await send(gateway, own[1]!)).status).toBe(200);
    await until(cluster, counterOf(own[1]!), String(2 * COST));
    await command(node!.port, "cluster", "setslot", slot, "stable");
    await until(cluster, counterOf(name!), String(COST));
    onTestFinished(() => gateway.stop());
  }, 120_000);
});
