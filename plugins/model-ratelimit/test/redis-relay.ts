// Between a gateway and a real Redis: passes everything on, until a test asks for a fault.

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { encode, RedisConnection } from "../../../host-test/services/redis/connection.ts";
import { ReplyReader } from "../../../host-test/services/redis/reply-reader.ts";

export interface Fault {
  /** Commands reach Redis and are done; their replies are kept back. */
  isMute?: boolean;
  /** Commands reach Redis and are done; instead of the first reply the connection is reset. */
  isReset?: boolean;
  /** Commands do not reach Redis, and nothing answers. */
  isDeaf?: boolean;
  /** Commands do not reach Redis and are answered with this line. */
  answer?: string;
}

export class RedisRelay {
  /** Holds for commands and replies from now on, also of open connections. */
  fault: Fault = {};
  /** Commands that came. */
  commands = 0;
  /** Replies of Redis that were passed on. */
  replies = 0;
  #server = createServer((socket) => this.#serve(socket));
  #sockets = new Set<Socket>();
  #redisPort: number;

  constructor(redisPort: number) {
    this.#redisPort = redisPort;
  }

  /** Ends with the test. */
  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    onTestFinished(() => {
      this.#server.close();
      for (const socket of this.#sockets) socket.destroy();
    });
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  #serve(client: Socket): void {
    const redis = connect(this.#redisPort, "127.0.0.1");
    // Arrays of strings read the same as replies and as commands.
    const commands = new ReplyReader();
    const replies = new ReplyReader();
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    client.on("data", (chunk) => {
      const count = commands.feed(chunk).length;
      this.commands += count;
      const { answer } = this.fault;
      if (this.fault.isDeaf) return;
      if (answer === undefined) redis.write(chunk);
      else client.write(`${answer}\r\n`.repeat(count));
    });
    redis.on("data", (chunk) => {
      if (this.fault.isReset) client.resetAndDestroy();
      else if (!this.fault.isMute) {
        client.write(chunk);
        this.replies += replies.feed(chunk).length;
      }
    });
  }
}

/** Runs one command; gives the reply as it is on the wire. */
export async function command(port: number, ...words: (string | number)[]): Promise<string> {
  const target = { host: "127.0.0.1", port, database: 0, username: "", password: "", timeoutMs: 10_000 };
  const connection = new RedisConnection(target, () => undefined);
  try {
    return await new Promise((settle) =>
      connection.send(encode(words.map(String)), (reply) =>
        settle(Buffer.from(reply ?? "lost").toString("latin1")),
      ),
    );
  } finally {
    connection.close();
  }
}
