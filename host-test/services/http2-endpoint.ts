// HTTP/2 to one endpoint: prior knowledge in cleartext, ALPN over TLS. One connection, replaced when it goes away.

import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { Headers } from "../host/types.ts";
import { FrameReader, FrameWriter } from "./http2-frames.ts";
import {
  pairs,
  type EndpointOptions,
  type EndpointPool,
  type FailureReason,
  type UpstreamListener,
  type UpstreamStream,
} from "./upstream-stream.ts";

/** What HTTP/2 has no place for (RFC 9113 §8.2.2). */
const connectionHeaders = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "host",
];

export class Http2Endpoint implements EndpointPool {
  #options: EndpointOptions;
  #session: ClientHttp2Session | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  open(headers: Headers, endStream: boolean, listener: UpstreamListener): UpstreamStream {
    return new Http2Stream(this.#connected(), headers, endStream, listener);
  }

  close(): void {
    this.#session?.close();
  }

  #connected(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const { host, port, tls, connectTimeoutMs, certificateAuthorities } = this.#options;
    const address = `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
    const session = connect(address, {
      ...(tls && { servername: tls.serverName, ALPNProtocols: ["h2"] }),
      ...(certificateAuthorities && { ca: certificateAuthorities }),
    });
    const timer = setTimeout(() => {
      late.add(session);
      session.destroy(new Error(`not connected within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    session.once("connect", () => clearTimeout(timer));
    const forget = (): void => {
      clearTimeout(timer);
      if (this.#session === session) this.#session = undefined;
    };
    session.on("error", forget);
    session.on("goaway", forget);
    session.once("close", forget);
    this.#session = session;
    return session;
  }
}

/** Sessions given up because they were not connected in time: their streams see only that they are gone. */
const late = new WeakSet<ClientHttp2Session>();

class Http2Stream implements UpstreamStream {
  #session: ClientHttp2Session;
  #listener: UpstreamListener;
  #stream: ClientHttp2Stream | undefined;
  #reader: FrameReader | undefined;
  #writer: FrameWriter | undefined;
  #isPaused = false;
  #isDone = false;

  constructor(session: ClientHttp2Session, headers: Headers, endStream: boolean, listener: UpstreamListener) {
    this.#session = session;
    this.#listener = listener;
    const sent = headers.filter(([name]) => !connectionHeaders.includes(name));
    try {
      this.#stream = session.request(sent.flat(), { endStream, waitForTrailers: !endStream });
    } catch (error) {
      process.nextTick(() => this.#fail("protocol error", (error as Error).message));
      return;
    }
    const stream = this.#stream;
    if (!endStream) this.#writer = new FrameWriter(stream, () => this.#listener.drained());
    stream.on("response", (_headers, flags, raw) => this.#onResponse(flags, raw as unknown as string[]));
    stream.on("error", (error: NodeJS.ErrnoException) => this.#onError(error));
    stream.on("close", () => this.#onClose());
  }

  data(chunk: Uint8Array, endStream: boolean): boolean {
    return this.#isDone ? true : (this.#writer?.data(chunk, endStream) ?? true);
  }

  trailers(trailers: Headers): void {
    if (!this.#isDone) this.#writer?.trailers(trailers);
  }

  reset(): void {
    this.#finish();
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }

  pause(): void {
    this.#isPaused = true;
    this.#reader?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#reader?.resume();
  }

  #onResponse(flags: number, raw: string[]): void {
    if (this.#isDone) return;
    const isEnd = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    if (isEnd) {
      this.#finish();
      this.#stream!.resume();
      this.#listener.headers(pairs(raw), true);
      return;
    }
    this.#listener.headers(pairs(raw), false);
    this.#reader = new FrameReader(this.#stream!, {
      data: (chunk, endStream) => {
        if (endStream) this.#finish();
        this.#listener.data(chunk, endStream);
      },
      trailers: (trailers) => {
        this.#finish();
        this.#listener.trailers(trailers);
      },
    });
    if (this.#isPaused) this.#reader.pause();
  }

  #onError(error: NodeJS.ErrnoException): void {
    const isConnecting = this.#session.connecting || error.code === "ECONNREFUSED";
    if (late.has(this.#session)) this.#fail("connection timeout", error.message);
    else if (isConnecting) this.#fail("remote connection failure", error.message);
    else this.#fail(this.#resetReason(), error.message);
  }

  #onClose(): void {
    this.#fail(this.#resetReason(), `stream closed with code ${this.#stream?.rstCode}`);
  }

  #resetReason(): FailureReason {
    const code = this.#stream?.rstCode;
    if (code === constants.NGHTTP2_REFUSED_STREAM) return "remote refused stream reset";
    return this.#session.destroyed || this.#session.closed ? "connection termination" : "remote reset";
  }

  #fail(reason: FailureReason, detail: string): void {
    if (this.#isDone) return;
    this.#reader?.flush();
    this.#finish();
    this.#listener.failed(reason, detail);
  }

  #finish(): void {
    this.#isDone = true;
    this.#reader?.stop();
  }
}
