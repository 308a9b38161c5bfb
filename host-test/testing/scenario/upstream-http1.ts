// The HTTP/1.1 side of an upstream.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { flushed, flushHeaders } from "./flush.ts";
import { headerList, pairs, SeenRequest, type Ending, type HeaderList } from "./message.ts";
import type { Exchange, Server } from "./upstream.ts";

export async function listenHttp1(serve: (exchange: Exchange) => void): Promise<Server> {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 });
  const answer = (message: IncomingMessage, response: ServerResponse): void =>
    serve(new Http1Exchange(message, response));
  server.on("request", answer);
  // Without a listener Node answers `Expect: 100-continue` by itself, which the gateway under test has to do.
  server.on("checkContinue", answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

class Http1Exchange implements Exchange {
  readonly request: SeenRequest;
  readonly requestEnd: Promise<void>;
  #response: ServerResponse;

  constructor(message: IncomingMessage, response: ServerResponse) {
    this.#response = response;
    response.sendDate = false;
    response.on("error", () => undefined);
    const { method = "", url = "", headers } = message;
    this.request = new SeenRequest("http1", method, url, headers.host ?? "");
    this.request.headers = pairs(message.rawHeaders);
    message.on("data", (chunk: Buffer) => this.request.chunks.push(chunk));
    message.on("error", () => undefined);
    this.requestEnd = new Promise((settle) => {
      message.once("end", () => {
        this.request.trailers = pairs(message.rawTrailers);
        this.request.complete = message.complete;
        settle();
      });
      message.once("close", settle);
    });
  }

  async head(status: number, headers?: HeaderList): Promise<void> {
    this.#response.writeHead(status, headerList(headers).flat());
    flushHeaders(this.#response);
  }

  async write(data: string | Uint8Array): Promise<void> {
    await flushed(this.#response, (done) => this.#response.write(data, () => done()));
  }

  async end({ data, trailers }: Ending = {}): Promise<void> {
    if (trailers) this.#response.addTrailers(headerList(trailers));
    await flushed(this.#response, (done) => this.#response.end(data ?? "", done));
  }

  cut(): void {
    this.#response.socket?.destroy();
  }
}
