// The Redis that REDIS_URL names, for one test file: a local port that logs in and selects a database of the file's own.
// redis://[[user]:password@]host[:port][/database], or rediss:// over TLS. The database, 8 where none is named, is that of the
// first worker of vitest; further workers take those that follow. They must be empty, and are empty afterwards.

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { encode, RedisConnection, type RedisTarget } from "../../services/redis/connection.ts";
import { ReplyReader } from "../../services/redis/reply-reader.ts";
import type { RedisServer } from "./redis-server.ts";

const FIRST_DATABASE = 8;

export async function openDatabase(text: string): Promise<RedisServer> {
  const url = new URL(text);
  if (url.protocol !== "redis:" && url.protocol !== "rediss:")
    throw new Error(`REDIS_URL: no Redis: ${url.protocol}`);
  const worker = Number(process.env["VITEST_POOL_ID"] ?? 1) - 1;
  const target: RedisTarget = {
    host: url.hostname,
    port: Number(url.port || 6379),
    ...(url.protocol === "rediss:" && { tls: { serverName: url.hostname } }),
    database: Number(url.pathname.slice(1) || FIRST_DATABASE) + worker,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    timeoutMs: 10_000,
  };
  const size = await command(target, "dbsize");
  if (size !== ":0\r\n")
    throw new Error(`REDIS_URL: database ${target.database} must be empty, found ${size.trim()}`);
  const sockets = new Set<Socket>();
  const server = createServer((client) => serve(client, target, sockets)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await command(target, "flushdb");
    },
  };
}

async function command(target: RedisTarget, word: string): Promise<string> {
  const connection = new RedisConnection(target, () => undefined);
  try {
    return await new Promise((settle) =>
      connection.send(encode([word]), (reply) =>
        settle(Buffer.from(reply ?? "no answer").toString("latin1")),
      ),
    );
  } finally {
    connection.close();
  }
}

function serve(client: Socket, target: RedisTarget, sockets: Set<Socket>): void {
  const { host, port, tls, username, password, database } = target;
  const redis = tls ? connectTls({ host, port, servername: tls.serverName }) : connect(port, host);
  for (const [one, other] of [
    [client, redis],
    [redis, client],
  ] as const) {
    sockets.add(one);
    one.on("error", () => other.destroy());
    one.on("close", () => {
      sockets.delete(one);
      other.destroy();
    });
  }
  const greeting = [["select", String(database)]];
  if (password !== "") greeting.unshift(["auth", ...(username === "" ? [] : [username]), password]);
  for (const words of greeting) redis.write(encode(words));
  const replies = new ReplyReader();
  let left = greeting.length;
  redis.on("data", (chunk) => {
    left -= replies.feed(chunk).length;
    if (left > 0) return;
    redis.removeAllListeners("data");
    client.pipe(redis).pipe(client);
  });
}
