// Redis for plugins, against a real server.

import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Clusters } from "../../services/clusters.ts";
import { RedisClusterClients } from "../../services/redis/clients.ts";
import { encode } from "../../services/redis/connection.ts";
import { RedisProtocolError, ReplyReader } from "../../services/redis/reply-reader.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { modelOf } from "./model.ts";

const service = "outbound|80||redis.static";

interface Redis {
  clients: RedisClusterClients;
  logs: string[];
  /** The raw reply, one character per byte; undefined for a lost one. */
  send(...words: string[]): Promise<string | undefined>;
}

function clientsOf(port: number): Redis {
  const clusters = new Clusters(modelOf({ "redis.static": port }).clusters);
  const logs: string[] = [];
  const clients = new RedisClusterClients(clusters, (message) => logs.push(message));
  onTestFinished(() => {
    clients.close();
    clusters.close();
  });
  const send = (...words: string[]): Promise<string | undefined> =>
    new Promise((settle, reject) => {
      const outcome = clients.call(service, encode(words), (data) =>
        settle(data === undefined ? undefined : Buffer.from(data).toString("latin1")),
      );
      if (outcome !== "ok") reject(new Error(outcome));
    });
  return { clients, logs, send };
}

describe.skipIf(!(await hasRedisServer()))("Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer("--requirepass", "sesame");
  });
  afterAll(() => server.stop());

  test("replies are the server's own bytes, in the order of the commands", async () => {
    const { clients, send } = clientsOf(server.port);
    expect(clients.init(service, "", "sesame", 1000)).toBe("ok");
    const replies = await Promise.all([
      send("set", "key", "caf\u00e9\r\nb"),
      send("get", "key"),
      send("get", "missing"),
      send("incr", "count"),
      send("lrange", "list", "0", "-1"),
      send("eval", "return {1, {'a', 'b'}, false}", "0"),
      send("incr", "key"),
    ]);
    expect(replies).toEqual([
      "+OK\r\n",
      "$8\r\ncaf\u00c3\u00a9\r\nb\r\n",
      "$-1\r\n",
      ":1\r\n",
      "*0\r\n",
      "*3\r\n:1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n$-1\r\n",
      "-ERR value is not an integer or out of range\r\n",
    ]);
  });

  test("the database of the service string is selected", async () => {
    const { clients, send } = clientsOf(server.port);
    clients.init(
      `${service}?db=3&buffer_flush_timeout=3&max_buffer_size_before_flush=1024`,
      "",
      "sesame",
      1000,
    );
    await send("set", "only-in-3", "x");
    clients.init(service, "", "sesame", 1000);
    expect(await send("get", "only-in-3")).toBe("$-1\r\n");
    clients.init(`${service}?db=3`, "default", "sesame", 1000);
    expect(await send("get", "only-in-3")).toBe("$1\r\nx\r\n");
  });

  test("a wrong password shows in the replies of the commands", async () => {
    const { clients, send } = clientsOf(server.port);
    clients.init(service, "", "wrong", 1000);
    expect(await send("get", "key")).toMatch(/^-NOAUTH /);
  });

  test("a reply of several megabytes arrives whole", async () => {
    const { clients, send } = clientsOf(server.port);
    clients.init(service, "", "sesame", 5000);
    const value = "0123456789abcdef".repeat(300_000);
    await send("set", "large", value);
    expect(await send("get", "large")).toBe(`$${value.length}\r\n${value}\r\n`);
  });

  test("a command the server does not answer in time is lost, and the next one is answered", async () => {
    const { clients, logs, send } = clientsOf(server.port);
    clients.init(service, "", "sesame", 100);
    const lost = [send("blpop", "nothing", "30"), send("get", "behind")];
    expect(await Promise.all(lost)).toEqual([undefined, undefined]);
    expect(logs).toEqual([`redis ${service}: no reply within 100 ms`]);
    expect(await send("ping")).toBe("+PONG\r\n");
  });

  test("commands are lost while the server is away, and answered once it is back", async () => {
    const away = await startRedisServer();
    const { clients, send } = clientsOf(away.port);
    clients.init(service, "", "", 1000);
    expect(await send("ping")).toBe("+PONG\r\n");
    await away.stop();
    expect(await send("ping")).toBe(undefined);
    expect(await send("ping")).toBe(undefined);
    const back = await startRedisServer("--port", String(away.port));
    onTestFinished(() => back.stop());
    expect(await send("ping")).toBe("+PONG\r\n");
  });

  test("a command sent from the callback of a lost one goes to a new connection", async () => {
    const { clients, send } = clientsOf(server.port);
    clients.init(service, "", "sesame", 100);
    const second = new Promise<string | undefined>((settle, reject) => {
      clients.call(service, encode(["blpop", "nothing", "30"]), () => void send("ping").then(settle, reject));
    });
    expect(await second).toBe("+PONG\r\n");
  });
});

test("a cluster nobody defines cannot be initialised, and none can be called before", async () => {
  const { clients } = clientsOf(9);
  expect(clients.init("outbound|80||other.static", "", "", 1000)).toBe("unknown-cluster");
  expect(clients.call(service, encode(["ping"]), () => undefined)).toBe("not-initialised");
});

test("what is no Redis loses the command and says why", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { clients, logs, send } = clientsOf((server.address() as AddressInfo).port);
  clients.init(service, "", "", 1000);
  expect(await send("ping")).toBe(undefined);
  expect(logs).toEqual([expect.stringContaining("unknown reply type")]);
});

test("replies are found whole whatever the cuts", () => {
  const replies = [
    "+OK\r\n",
    "-ERR no\r\n",
    ":42\r\n",
    "$5\r\na\r\nbc\r\n",
    "$0\r\n\r\n",
    "$-1\r\n",
    "*-1\r\n",
    "*0\r\n",
    "*2\r\n*2\r\n:1\r\n$1\r\na\r\n+x\r\n",
    "%1\r\n+k\r\n*1\r\n_\r\n",
  ];
  const stream = Buffer.from(replies.join(""));
  for (let size = 1; size <= stream.length; size++) {
    const reader = new ReplyReader();
    const found: string[] = [];
    for (let at = 0; at < stream.length; at += size) {
      found.push(...reader.feed(stream.subarray(at, at + size)).map((reply) => reply.toString()));
    }
    expect(found).toEqual(replies);
  }
});

test.each(["?\r\n", "$x\r\n", "*1e3\r\n", ":1\n"])("the bytes %j are no reply", (text) => {
  expect(() => new ReplyReader().feed(Buffer.from(text))).toThrow(RedisProtocolError);
});
