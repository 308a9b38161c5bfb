// Counts in a real Redis: keys, replies, a fleet of old and new gateways, and a Redis that is slow or gone.

import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Clusters } from "../../../host-test/services/clusters.ts";
import { RedisClusterClients } from "../../../host-test/services/redis/clients.ts";
import { encode } from "../../../host-test/services/redis/connection.ts";
import { modelOf } from "../../../host-test/test/gateway/model.ts";
import {
  hasRedis,
  hasRedisServer,
  openRedis,
  startRedisServer,
  type RedisServer,
} from "../../../host-test/test/gateway/redis-server.ts";
import { engine, type ClientRequest, type Gateway } from "../../../host-test/testing/scenario.ts";
import { chatPath, quota } from "./ratelimit.ts";

const service = "outbound|80||redis.static";
const redis = { service_name: "redis.static", timeout: 10_000 };
const answer = { body: { usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 } } };
const consumer = (name: string) => ({ "x-mse-consumer": name });

function gatewayOn(address: string, configuration: object, upstream: object = answer): Promise<Gateway> {
  return engine("node").start({
    plugins: [{ plugin: "model-ratelimit", configuration: { redis, ...configuration } }],
    upstreams: { "llm.static": upstream, "redis.static": { address } },
  });
}

async function statuses(gateway: Gateway, count: number, request: ClientRequest = {}): Promise<number[]> {
  const found = [];
  for (let i = 0; i < count; i++) found.push((await gateway.send(request)).status);
  return found;
}

// Higress's scripts as its plugins describe them, written for this test: an old gateway beside a new one.
const oldCheck = `
local held = redis.call('get', KEYS[1])
if held == false then return {tonumber(ARGV[1]), 0, tonumber(ARGV[2])} end
local left = redis.call('ttl', KEYS[1])
if left < 0 then left = tonumber(ARGV[2]) end
return {tonumber(ARGV[1]), tonumber(held), left}`;
const oldCharge = `
local held = tonumber(redis.call('get', KEYS[1]) or 0)
if held <= tonumber(ARGV[1]) then
  held = redis.call('incrby', KEYS[1], ARGV[3])
  if held == tonumber(ARGV[3]) then redis.call('expire', KEYS[1], ARGV[2])
  elseif redis.call('ttl', KEYS[1]) < 0 then redis.call('expire', KEYS[1], ARGV[2]) end
end
return {tonumber(ARGV[1]), held, redis.call('ttl', KEYS[1])}`;
const oldTake = `
local held = tonumber(redis.call('get', KEYS[1]) or 0)
if held > tonumber(ARGV[1]) then return {tonumber(ARGV[1]), held, redis.call('ttl', KEYS[1])} end
held = redis.call('incr', KEYS[1])
if held == 1 then redis.call('expire', KEYS[1], ARGV[2]) end
return {tonumber(ARGV[1]), held, redis.call('ttl', KEYS[1])}`;

const canKill = await hasRedisServer();

describe.skipIf(!(await hasRedis()))("with Redis", () => {
  let server: RedisServer;
  let clients: RedisClusterClients;
  let clusters: Clusters;

  const send = (...words: (string | number)[]): Promise<string> =>
    new Promise((settle, reject) => {
      const outcome = clients.call(service, encode(words.map(String)), (data) =>
        settle(data === undefined ? "lost" : Buffer.from(data).toString("latin1")),
      );
      if (outcome !== "ok") reject(new Error(outcome));
    });
  const get = async (key: string) => (await send("get", key)).split("\r\n")[1];
  const ttl = async (key: string) => Number((await send("ttl", key)).slice(1));
  /** Charges and payments are not waited for by the client. */
  const until = (key: string, value: string) => expect.poll(() => get(key), { message: key }).toBe(value);
  const start = (configuration: object, upstream?: object) =>
    gatewayOn(`127.0.0.1:${server.port}`, configuration, upstream);

  beforeAll(async () => {
    server = await openRedis();
    clusters = new Clusters(modelOf({ "redis.static": server.port }).clusters);
    clients = new RedisClusterClients(clusters, () => undefined);
    clients.init(service, "", "", 2000);
  });
  beforeEach(() => send("flushdb").then(() => undefined));
  afterAll(async () => {
    clients.close();
    clusters.close();
    await server.stop();
  });

  test("tokens: the names, values and expiries are Higress's", async () => {
    const rules = [
      { limit_by_header: "X-Key", limit_keys: [{ key: "a", token_per_minute: 15 }] },
      { limit_by_per_ip: "from-header-x-ip", limit_keys: [{ key: "::/0", token_per_hour: 5 }] },
      { limit_by_per_consumer: "", limit_keys: [{ key: "*", token_per_day: 5 }] },
    ];
    const gateway = await start({ rule_name: "r", rule_items: rules });
    await gateway.send({ headers: { "x-key": "a" } });
    await gateway.send({ headers: { "x-ip": "2001:DB8::0:1" } });
    await gateway.send({ headers: consumer("ann") });
    await until("higress-token-ratelimit:r:limit_by_header:60:X-Key:a", "10");
    await until("higress-token-ratelimit:r:limit_by_per_ip:3600:from-header-x-ip:2001:db8::1", "10");
    await until("higress-token-ratelimit:r:limit_by_per_consumer:86400:x-mse-consumer:ann", "10");
    // Beside them, for five minutes, the marks of what was charged.
    const names = (await send("keys", "*")).split("\r\n").filter((line) => line.includes("higress"));
    expect(names.filter((name) => !name.includes("}:settled:"))).toHaveLength(3);
    expect(await ttl("higress-token-ratelimit:r:limit_by_header:60:X-Key:a")).toBeGreaterThan(0);
    expect(
      await ttl("higress-token-ratelimit:r:limit_by_per_consumer:86400:x-mse-consumer:ann"),
    ).toBeGreaterThan(86_000);
  });

  test("tokens: a client is refused once the count exceeds the limit, in Higress's words", async () => {
    const gateway = await start({ rule_name: "r", global_threshold: { token_per_hour: 15 } });
    const key = "higress-token-ratelimit:r:global_threshold:3600";
    expect((await gateway.send()).status).toBe(200);
    await until(key, "10");
    expect((await gateway.send()).status).toBe(200);
    await until(key, "20");
    const refused = await gateway.send({ headers: consumer("ann") });
    expect(refused.status).toBe(429);
    expect(refused.text).toBe("Too many requests");
    expect(Number(refused.header("x-tokenratelimit-reset"))).toBeGreaterThan(3000);
    expect(await gateway.metrics()).toMatch(/token_ratelimit_count\S* 1/);
    expect(await get(key)).toBe("20");
  });

  test("requests: exactly the limit passes, and the count stops one above it", async () => {
    const gateway = await start({
      rule_name: "r",
      global_threshold: { query_per_hour: 3 },
      show_limit_quota_header: true,
      rejected_code: 503,
      rejected_msg: "later",
    });
    const first = await gateway.send();
    expect(first.header("x-ratelimit-limit")).toBe("3");
    expect(first.header("x-ratelimit-remaining")).toBe("2");
    expect(await statuses(gateway, 4)).toEqual([200, 200, 503, 503]);
    const refused = await gateway.send();
    expect(refused.text).toBe("later");
    expect(refused.header("x-ratelimit-limit")).toBe("3");
    expect(refused.header("x-ratelimit-remaining")).toBe("0");
    expect(Number(refused.header("x-ratelimit-reset"))).toBeGreaterThan(3000);
    expect(await get("higress-cluster-key-rate-limit:r:global_threshold:3600")).toBe("4");
  });

  test("a quota is Higress's balance", async () => {
    const gateway = await start(quota);
    const request = { path: chatPath, headers: consumer("ann"), body: "{}" };
    expect((await gateway.send(request)).status).toBe(403);
    const refresh = {
      path: `${chatPath}/quota/refresh`,
      headers: consumer("admin"),
      body: "consumer=ann&quota=15",
    };
    expect((await gateway.send(refresh)).text).toBe("refresh quota successful");
    expect(await get("chat_quota:ann")).toBe("15");
    expect(await ttl("chat_quota:ann")).toBe(-1);
    expect((await gateway.send(request)).status).toBe(200);
    await until("chat_quota:ann", "5");
    expect((await gateway.send(request)).status).toBe(200);
    await until("chat_quota:ann", "-5");
    expect((await gateway.send(request)).status).toBe(403);
    const delta = {
      path: `${chatPath}/quota/delta`,
      headers: consumer("admin"),
      body: "consumer=ann&value=-2",
    };
    await gateway.send(delta);
    const query = { path: `${chatPath}/quota?consumer=ann`, headers: consumer("admin") };
    expect((await gateway.send(query)).text).toBe('{"consumer":"ann","quota":-7}');
  });

  test("old and new gateways count together: each sees what the other has charged", async () => {
    const key = "higress-token-ratelimit:r:global_threshold:3600";
    const gateway = await start({ rule_name: "r", global_threshold: { token_per_hour: 25 } });
    await send("eval", oldCharge, 1, key, 25, 3600, 7);
    await gateway.send();
    await until(key, "17");
    expect(await send("eval", oldCheck, 1, key, 25, 3600)).toMatch(/^\*3\r\n:25\r\n:17\r\n:3[56]\d\d\r\n$/);
    await send("eval", oldCharge, 1, key, 25, 3600, 9);
    expect((await gateway.send()).status).toBe(429);
    expect(await get(key)).toBe("26");
  });

  test("old and new gateways share a limit of requests exactly", async () => {
    const key = "higress-cluster-key-rate-limit:r:global_threshold:3600";
    const gateway = await start({ rule_name: "r", global_threshold: { query_per_hour: 20 } });
    const old = async () =>
      Number((await send("eval", oldTake, 1, key, 20, 3600)).split(":")[2]!.trim()) <= 20;
    const fresh = async () => (await gateway.send()).status === 200;
    const passed = await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? old() : fresh())));
    expect(passed.filter(Boolean)).toHaveLength(20);
  });

  test("two gateways of many workers share a limit of requests exactly", async () => {
    const setup = {
      plugins: [
        {
          plugin: "model-ratelimit",
          configuration: { redis, rule_name: "r", global_threshold: { query_per_hour: 30 } },
        },
      ],
      upstreams: { "llm.static": answer, "redis.static": { address: `127.0.0.1:${server.port}` } },
      workers: 2,
    };
    const gateways = [await engine("node").start(setup), await engine("node").start(setup)];
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => gateways[i % 2]!.send()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
  });

  test("a counter that has lost its expiry does not block for ever", async () => {
    const tokens = "higress-token-ratelimit:r:global_threshold:3600";
    const requests = "higress-cluster-key-rate-limit:r:global_threshold:3600";
    await send("mset", tokens, 99, requests, 99);
    const one = await start({ rule_name: "r", global_threshold: { token_per_hour: 5 } });
    const two = await start({ rule_name: "r", global_threshold: { query_per_hour: 5 } });
    expect([(await one.send()).status, (await two.send()).status]).toEqual([429, 429]);
    expect(await ttl(tokens)).toBeGreaterThan(3000);
    expect(await ttl(requests)).toBeGreaterThan(3000);
  });

  test("a counter that is no number lets requests pass, and a log line says why", async () => {
    await send("set", "higress-token-ratelimit:r:global_threshold:60", "text");
    await send("rpush", "higress-cluster-key-rate-limit:r:global_threshold:60", "text");
    for (const rate of ["token_per_minute", "query_per_minute"]) {
      const gateway = await start({ rule_name: "r", global_threshold: { [rate]: 1 } });
      expect((await gateway.send()).status).toBe(200);
      await gateway.logged("limit not checked, request passes");
    }
  });

  test("commands go on after the server has lost its scripts", async () => {
    const gateway = await start({ rule_name: "r", global_threshold: { query_per_hour: 2 } });
    expect(await statuses(gateway, 1)).toEqual([200]);
    await send("script", "flush");
    expect(await statuses(gateway, 2)).toEqual([200, 429]);
  });

  test.skipIf(!canKill)("limits hold again with the first request after Redis is back", async () => {
    const away = await startRedisServer();
    const configuration = { rule_name: "r", global_threshold: { query_per_hour: 1 } };
    const gateway = await gatewayOn(`127.0.0.1:${away.port}`, configuration);
    expect(await statuses(gateway, 2)).toEqual([200, 429]);
    await away.stop();
    expect(await statuses(gateway, 2)).toEqual([200, 200]);
    const back = await startRedisServer("--port", String(away.port));
    onTestFinished(() => back.stop());
    expect(await statuses(gateway, 2)).toEqual([200, 429]);
  });
});

describe("without an answer of Redis", () => {
  const request = { path: chatPath, headers: consumer("ann"), body: "{}" };
  const open = { rule_name: "r", global_threshold: { token_per_hour: 1 } };

  /** Takes connections and never answers. */
  async function silent(): Promise<string> {
    const server = createServer((socket) => socket.on("error", () => undefined).resume());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test("tokens and requests pass when it does not answer in time, quotas are refused", async () => {
    const slow = { redis: { ...redis, timeout: 50 } };
    const address = await silent();
    expect((await (await gatewayOn(address, { ...open, ...slow })).send(request)).status).toBe(200);
    expect((await (await gatewayOn(address, { ...quota, ...slow })).send(request)).status).toBe(403);
  });

  test("the same when its cluster does not exist, and no request hangs", async () => {
    const missing = { redis: { service_name: "missing.static" } };
    const gateway = await gatewayOn("127.0.0.1:9", { ...open, ...missing });
    expect((await gateway.send(request)).status).toBe(200);
    await gateway.logged("what is used waits for it: cannot connect to redis cluster");
    const quotas = await gatewayOn("127.0.0.1:9", { ...quota, ...missing });
    expect((await quotas.send(request)).text).toBe("Request denied by ai quota check, No quota left");
    const refresh = {
      path: `${chatPath}/quota/refresh`,
      headers: consumer("admin"),
      body: "consumer=a&quota=1",
    };
    const refused = await quotas.send(refresh);
    expect([refused.status, refused.text]).toEqual([503, "redis error:cannot connect to redis cluster"]);
  });
});
