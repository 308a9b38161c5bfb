// One port that speaks HTTP/1.1 and HTTP/2 in cleartext: the first bytes tell which.

import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { AcceptExchange } from "./exchange-client.ts";
import { Http1Codec } from "./http1-codec.ts";
import { Http2Codec } from "./http2-codec.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export interface ListenOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Several threads listen on the port, and the system spreads connections over them. */
  reusePort: boolean;
}

export class Listener {
  #server: Server;
  #http1: Http1Codec;
  #http2: Http2Codec;
  #sockets = new Set<Socket>();
  /** Connections whose protocol is not known yet. */
  #undecided = new Set<Socket>();

  constructor(accept: AcceptExchange) {
    this.#http1 = new Http1Codec(accept);
    this.#http2 = new Http2Codec(accept);
    this.#server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
  }

  /** Resolves with the port. Rejects with the system's error. */
  async listen({ host, port, reusePort }: ListenOptions): Promise<number> {
    await new Promise<void>((settle, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port, reusePort, backlog: 4096 }, settle);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops accepting; idle connections close, busy ones with their last answer. Resolves when all have. */
  async drain(): Promise<void> {
    const closed = new Promise<void>((settle) => this.#server.close(() => settle()));
    for (const socket of this.#undecided) socket.destroy();
    this.#http1.drain();
    this.#http2.drain();
    await closed;
  }

  /** Cuts every connection. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #onConnection(socket: Socket): void {
    let received = Buffer.alloc(0);
    this.#sockets.add(socket);
    this.#undecided.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#undecided.delete(socket);
    });
    socket.on("error", () => undefined);
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const compared = Math.min(received.length, preface.length);
      const mayBeHttp2 = received.subarray(0, compared).equals(preface.subarray(0, compared));
      if (mayBeHttp2 && compared < preface.length) return;
      socket.off("data", onData);
      this.#undecided.delete(socket);
      socket.pause();
      socket.unshift(received);
      const { server } = mayBeHttp2 ? this.#http2 : this.#http1;
      server.emit("connection", socket);
      process.nextTick(() => socket.resume());
    };
    socket.on("data", onData);
  }
}
