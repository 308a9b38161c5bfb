// The HTTP/2 cleartext side of an upstream.

import { createServer, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Headers } from "../../host/types.ts";
import { flushed } from "./flush.ts";
import { headerList, headerObject, pairs, SeenRequest, type Ending, type HeaderList } from "./message.ts";
import type { Exchange, Server } from "./upstream.ts";

export async function listenHttp2(serve: (exchange: Exchange) => void): Promise<Server> {
  const server = createServer();
  const sessions = new Set<Http2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, _headers, _flags, raw) => serve(new Http2Exchange(stream, pairs(raw))));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      for (const session of sessions) session.destroy();
      await once(server, "close");
    },
  };
}

class Http2Exchange implements Exchange {
  readonly request: SeenRequest;
  readonly requestEnd: Promise<void>;
  #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, headers: Headers) {
    this.#stream = stream;
    const value = (wanted: string): string => headers.find(([name]) => name === wanted)?.[1] ?? "";
    this.request = new SeenRequest("http2", value(":method"), value(":path"), value(":authority"));
    this.request.headers = headers;
    stream.on("data", (chunk: Buffer) => this.request.chunks.push(chunk));
    stream.on("trailers", (_headers, _flags, raw?: string[]) => (this.request.trailers = pairs(raw ?? [])));
    stream.on("error", () => undefined);
    this.requestEnd = new Promise((settle) => {
      stream.once("end", () => {
        this.request.complete = stream.rstCode === 0;
        settle();
      });
      stream.once("close", settle);
    });
  }

  async head(status: number, headers?: HeaderList, mayHaveTrailers = true): Promise<void> {
    if (this.#stream.destroyed) return;
    this.#stream.respond(
      { ":status": status, ...headerObject(headerList(headers)) },
      { waitForTrailers: mayHaveTrailers },
    );
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.#stream.destroyed) return;
    await flushed(this.#stream, (done) => this.#stream.write(data, () => done()));
  }

  async end({ data, trailers }: Ending = {}): Promise<void> {
    if (this.#stream.destroyed) return;
    await flushed(this.#stream, (done) => {
      this.#stream.once("wantTrailers", () => {
        if (trailers) this.#stream.sendTrailers(headerObject(headerList(trailers)));
        else this.#stream.close();
      });
      this.#stream.end(data ?? "", done);
    });
  }

  cut(): void {
    // `close` would end the body first, as if it were whole.
    this.#stream.destroy(new Error("cut"));
  }
}
