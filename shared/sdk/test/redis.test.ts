// Redis through the host, with a client in memory that shows every word, and with a real server.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RedisClients } from "../../../host-test/host/types.ts";
import { Clusters } from "../../../host-test/services/clusters.ts";
import { RedisClusterClients } from "../../../host-test/services/redis/clients.ts";
import {
  hasRedisServer,
  startRedisServer,
  type RedisServer,
} from "../../../host-test/test/gateway/redis-server.ts";
import { specOf, TestChain } from "../../../host-test/testing/chain.ts";
import { heard, messages, probe, probeChain, said, type Steps } from "./probe-chain.ts";

const cluster = "outbound|6379||redis.dns";

/** A client whose answers a test gives. */
class FakeRedis implements RedisClients {
  readonly inits: { service: string; username: string; password: string; timeoutMs: number }[] = [];
  readonly commands: string[] = [];
  known = true;
  callOutcome: "ok" | "not-initialised" | "failed" = "ok";
  readonly #waiting: ((data: Uint8Array | undefined) => void)[] = [];

  init(service: string, username: string, password: string, timeoutMs: number): "ok" | "unknown-cluster" {
    this.inits.push({ service, username, password, timeoutMs });
    return this.known ? "ok" : "unknown-cluster";
  }

  call(
    service: string,
    command: Uint8Array,
    reply: (data: Uint8Array | undefined) => void,
  ): "ok" | "not-initialised" | "failed" {
    expect(service).toBe(cluster);
    if (this.callOutcome !== "ok") {
      const outcome = this.callOutcome;
      this.callOutcome = "ok";
      return outcome;
    }
    this.commands.push(Buffer.from(command).toString());
    this.#waiting.push(reply);
    return "ok";
  }

  /** Answers the oldest command. */
  answer(data: string | undefined): void {
    this.#waiting.shift()!(data === undefined ? undefined : Buffer.from(data));
  }
}

function start(redis: FakeRedis, { steps = {}, ...options }: { steps?: Steps; [key: string]: unknown } = {}) {
  const all = {
    requestHead: ["redis get key", "wait"],
    redis: ["resume"],
    redisFailure: ["resume"],
    ...steps,
  };
  const chain = probeChain({ redis: { cluster, ...options }, steps: all }, { redis });
  const stream = chain.open();
  stream.http.requestHeaders(
    [
      [":method", "GET"],
      [":path", "/"],
      [":authority", "a"],
      [":scheme", "http"],
      ["x-request-id", "r-1"],
    ],
    true,
  );
  return { chain, stream };
}

function answered(data: string | undefined) {
  const redis = new FakeRedis();
  const { chain, stream } = start(redis);
  redis.answer(data);
  chain.settle();
  expect(stream.client.status).toBe(200);
  return heard(chain)[1];
}

describe("connecting", () => {
  test("happens when the configuration starts, with what it says", () => {
    const redis = new FakeRedis();
    const { chain } = start(redis, {
      username: "u",
      password: "canary-password",
      database: 3,
      timeoutMs: 250,
    });
    expect(redis.inits).toEqual([
      {
        service: `${cluster}?db=3&buffer_flush_timeout=3&max_buffer_size_before_flush=1024`,
        username: "u",
        password: "canary-password",
        timeoutMs: 250,
      },
    ]);
    expect(chain.logs.map(({ message }) => message).join()).not.toContain("canary");
  });

  test.each([0, -5, undefined])(
    "without a database none is named, and a timeout of %s is one second",
    (timeoutMs) => {
      const redis = new FakeRedis();
      start(redis, timeoutMs === undefined ? {} : { timeoutMs });
      expect(redis.inits[0]).toEqual({
        service: `${cluster}?buffer_flush_timeout=3&max_buffer_size_before_flush=1024`,
        username: "",
        password: "",
        timeoutMs: 1000,
      });
    },
  );

  test("an unknown cluster refuses no configuration, and every command tries again", () => {
    const redis = new FakeRedis();
    redis.known = false;
    const { chain, stream } = start(redis, { steps: { requestHead: ["redis get key"] } });
    chain.settle();
    expect(stream.client.status).toBe(200);
    expect(said(chain)).toContain("redis connected: false");
    expect(said(chain)).toContain("redis refused");
    expect(said(chain)).toContain(`redis ${cluster} not ready: status 2`);
    expect(redis.inits).toHaveLength(2);
    redis.known = true;
    chain.exchange();
    expect(redis.inits).toHaveLength(3);
    expect(redis.commands).toHaveLength(1);
  });

  test("a client that the host has forgotten is made again", () => {
    const redis = new FakeRedis();
    redis.callOutcome = "not-initialised";
    start(redis);
    expect(redis.inits).toHaveLength(2);
    expect(redis.commands).toHaveLength(1);
  });

  test("a command that cannot be sent is refused at once", () => {
    const redis = new FakeRedis();
    redis.callOutcome = "failed";
    const { chain } = start(redis, { steps: { requestHead: ["redis get key"] } });
    expect(said(chain)).toContain("redis refused");
  });
});

describe("answers", () => {
  test.each([
    ["+OK\r\n", "redis 1:OK"],
    ["-ERR wrong\r\n", "redis 2:ERR wrong"],
    [":42\r\n", "redis 3:42"],
    ["$5\r\nhello\r\n", "redis 4:hello"],
    ["$-1\r\n", "redis 5:"],
    ["*2\r\n$1\r\na\r\n:2\r\n", "redis 6[ a 2 ]"],
    ["*0\r\n", "redis 6:[]"],
    [undefined, "redisFailure cannot connect to redis cluster"],
    ["", "redisFailure cannot get redis response"],
    ["$5\r\nhel", "redisFailure cannot read redis response"],
    ["*2\r\n:1\r\n", "redisFailure cannot read redis response"],
    ["nonsense", "redisFailure cannot read redis response"],
  ])("%j", (data, expected) => {
    expect(answered(data)).toBe(expected);
  });

  test("commands are arrays of bulk strings, several may wait, each gets its own answer", () => {
    const redis = new FakeRedis();
    const { chain } = start(redis, {
      steps: {
        requestHead: ["redis set key välue ex 60", "redis incr n", "wait"],
        redis: [["say first"], ["resume"]],
      },
    });
    expect(redis.commands).toEqual([
      "*5\r\n$3\r\nset\r\n$3\r\nkey\r\n$6\r\nvälue\r\n$2\r\nex\r\n$2\r\n60\r\n",
      "*2\r\n$4\r\nincr\r\n$1\r\nn\r\n",
    ]);
    redis.answer("+OK\r\n");
    redis.answer(":1\r\n");
    expect(heard(chain).slice(1)).toEqual(["redis 1:OK", "redis 3:1"]);
  });

  test("a line of an answer names its request", () => {
    const redis = new FakeRedis();
    const { chain } = start(redis);
    redis.answer("+OK\r\n");
    expect(chain.logs.map(({ message }) => message)).toContain("[probe] [nil] [r-1] > redis 1:OK");
  });
});

describe("a lost login", () => {
  const denied = "-NOAUTH Authentication required.\r\n";

  test("is renewed once, and the command sent again", () => {
    const redis = new FakeRedis();
    const { chain } = start(redis);
    redis.answer(denied);
    expect(redis.inits).toHaveLength(2);
    expect(redis.commands).toEqual(Array(2).fill("*2\r\n$3\r\nget\r\n$3\r\nkey\r\n"));
    redis.answer("$1\r\nv\r\n");
    expect(heard(chain).slice(1)).toEqual(["redis 4:v"]);
  });

  test("is told when it stays lost", () => {
    const redis = new FakeRedis();
    const { chain } = start(redis);
    redis.answer(denied);
    redis.answer(denied);
    expect(redis.inits).toHaveLength(2);
    expect(heard(chain).slice(1)).toEqual(["redis 2:NOAUTH Authentication required."]);
  });

  test("is told when it cannot be renewed", () => {
    const redis = new FakeRedis();
    const { chain } = start(redis);
    redis.known = false;
    redis.answer(denied);
    expect(heard(chain).slice(1)).toEqual(["redis 2:NOAUTH Authentication required."]);
  });
});

describe("when nobody waits any more", () => {
  test("the call of a stream that is gone is told, once", () => {
    const redis = new FakeRedis();
    const { chain, stream } = start(redis);
    stream.http.requestReset();
    redis.answer("+OK\r\n");
    expect(messages(chain).slice(-3)).toEqual(["> log", "> done", "> gone"]);
  });

  test("the answer after the configuration is gone is nobody's", async () => {
    const redis = new FakeRedis();
    const { chain, stream } = start(redis);
    stream.http.requestReset();
    await chain.chain.reconfigure([
      specOf({ name: "probe", module: probe.higress, configuration: { name: "next" } }),
    ]);
    redis.answer("+OK\r\n");
    expect(messages(chain)).not.toContain("> gone");
    expect(chain.exchange().client.status).toBe(200);
  });
});

test("stock Envoy has no Redis: every command is refused at once", () => {
  const chain = probeChain(
    { redis: { cluster }, steps: { requestHead: ["redis get key"] } },
    { flavour: "envoy" },
  );
  expect(chain.exchange().client.status).toBe(200);
  expect(said(chain)).toContain("redis refused");
});

describe.skipIf(!(await hasRedisServer()))("a real server", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer("--requirepass", "open-sesame");
  });
  afterAll(() => server.stop());

  /** What one command is answered. */
  async function ask(command: string, options: object): Promise<string> {
    const position = { file: "test", line: 1, path: "" };
    const clusters = new Clusters([
      { name: cluster, endpoints: [{ host: "127.0.0.1", port: server.port }], protocol: "http1", position },
    ]);
    const redis = new RedisClusterClients(clusters, () => {});
    onTestFinished(() => {
      redis.close();
      clusters.close();
    });
    const answer = Promise.withResolvers<string>();
    const chain = new TestChain({
      plugins: [
        {
          name: "probe",
          module: probe.higress,
          configuration: {
            redis: { cluster, ...options },
            steps: { requestHead: [`redis ${command}`, "wait"] },
          },
        },
      ],
      redis: {
        init: (...init) => redis.init(...init),
        call: (service, bytes, reply) =>
          redis.call(service, bytes, (data) => {
            reply(data);
            const last = heard(chain).at(-1)!;
            if (last.startsWith("redis")) answer.resolve(last);
          }),
      },
    });
    const stream = chain.open();
    stream.http.requestHeaders(
      [
        [":method", "GET"],
        [":path", "/"],
        [":authority", "a"],
        [":scheme", "http"],
      ],
      true,
    );
    return answer.promise;
  }

  test("answers commands of the chosen database", async () => {
    const login = { password: "open-sesame", database: 2 };
    expect(await ask("set key value ex 60", login)).toBe("redis 1:OK");
    expect(await ask("get key", login)).toBe("redis 4:value");
    expect(await ask("get key", { password: "open-sesame" })).toBe("redis 5:");
    expect(await ask("incr key", login)).toBe("redis 2:ERR value is not an integer or out of range");
    expect(await ask("keys *", login)).toBe("redis 6[ key ]");
  });

  test("without a password is told to be missing one, after one renewal", async () => {
    expect(await ask("get key", {})).toContain("NOAUTH Authentication required");
  });
});
