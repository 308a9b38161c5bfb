// One Redis connection: commands go out as they are, replies come back in order.

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ReplyReader } from "./reply-reader.ts";

export interface RedisTarget {
  host: string;
  port: number;
  tls?: { serverName: string };
  database: number;
  username: string;
  password: string;
  /** For connecting and for each command; 0: none. */
  timeoutMs: number;
}

/** `undefined`: the connection was lost, or no reply came in time. */
export type ReplyHandler = (reply: Uint8Array | undefined) => void;

interface Pending {
  handler: ReplyHandler;
  timer: NodeJS.Timeout | undefined;
}

export class RedisConnection {
  #socket: Socket;
  #reader = new ReplyReader();
  #pending: Pending[] = [];
  #timeoutMs: number;
  #isClosed = false;
  #onClose: (reason: string) => void;

  /** `onClose` is called once, before the waiting commands fail. */
  constructor(target: RedisTarget, onClose: (reason: string) => void) {
    this.#timeoutMs = target.timeoutMs;
    this.#onClose = onClose;
    const { host, port, tls } = target;
    this.#socket = tls
      ? connectTls({ host, port, servername: tls.serverName })
      : connect({ host, port, noDelay: true });
    this.#socket.on("data", (chunk) => this.#onData(chunk));
    this.#socket.on("error", (error) => this.#close(error.message));
    this.#socket.on("close", () => this.#close("connection closed by the server"));
    this.#greet(target);
  }

  /** `command`: a RESP array of bulk strings. The handler is never called before this returns. */
  send(command: Uint8Array, handler: ReplyHandler): void {
    // Replies come in order, so a missing one makes all later ones unusable.
    const lost = (): void => this.#close(`no reply within ${this.#timeoutMs} ms`);
    const timer = this.#timeoutMs > 0 ? setTimeout(lost, this.#timeoutMs) : undefined;
    this.#pending.push({ handler, timer });
    // Commands of one turn of the loop leave together.
    if (!this.#socket.writableCorked) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(command);
  }

  close(): void {
    this.#close("closed");
  }

  /** As Envoy does: errors of these commands are not looked at, the following commands will show them. */
  #greet({ username, password, database }: RedisTarget): void {
    const ignore: ReplyHandler = () => undefined;
    if (password !== "")
      this.send(encode(["auth", ...(username === "" ? [] : [username]), password]), ignore);
    if (database !== 0) this.send(encode(["select", String(database)]), ignore);
  }

  #onData(chunk: Buffer): void {
    let replies: Buffer[];
    try {
      replies = this.#reader.feed(chunk);
    } catch (error) {
      this.#close((error as Error).message);
      return;
    }
    for (const reply of replies) {
      const pending = this.#pending.shift();
      // A reply nobody asked for: from here on none can be told apart.
      if (!pending) return this.#close("a reply without a command");
      clearTimeout(pending.timer);
      pending.handler(reply);
    }
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    const waiting = this.#pending;
    this.#pending = [];
    for (const { timer } of waiting) clearTimeout(timer);
    // The owner forgets this connection first: a handler may send its next command at once.
    this.#onClose(reason);
    for (const { handler } of waiting) handler(undefined);
  }
}

/** A command as a RESP array of bulk strings. */
export function encode(words: string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join("")}`);
}
