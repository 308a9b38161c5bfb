// HTTP/2 in cleartext with clients.

import {
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Headers } from "../../host/types.ts";
import { FrameReader, FrameWriter } from "../../services/http2-frames.ts";
import { headerValue, pairs } from "../../services/upstream-stream.ts";
import { addressOf } from "./connection.ts";
import type { AcceptExchange, RequestSink, Responder } from "./exchange-client.ts";

export class Http2Codec {
  /** Emit `connection` on it for every socket that starts with HTTP/2's preface. */
  readonly server: Http2Server;
  #accept: AcceptExchange;
  #sessions = new Set<ServerHttp2Session>();

  constructor(accept: AcceptExchange) {
    this.#accept = accept;
    this.server = createServer({
      // As in Envoy: 60 KiB of headers, and windows that do not throttle a large prompt.
      settings: {
        maxHeaderListSize: 60 * 1024,
        initialWindowSize: 16 * 1024 * 1024,
        maxConcurrentStreams: 1024,
      },
    });
    this.server.on("session", (session) => {
      this.#sessions.add(session);
      session.setLocalWindowSize(24 * 1024 * 1024);
      session.on("close", () => this.#sessions.delete(session));
      session.on("error", () => undefined);
    });
    this.server.on("sessionError", () => undefined);
    this.server.on("stream", (stream, _headers, flags, raw) =>
      this.#onStream(stream, flags, raw as unknown as string[]),
    );
  }

  /** Tells clients to go elsewhere; sessions close with their last stream. */
  drain(): void {
    for (const session of this.#sessions) session.close();
  }

  #onStream(stream: ServerHttp2Stream, flags: number, raw: string[]): void {
    stream.on("error", () => undefined);
    const { socket } = stream.session ?? {};
    if (!socket) return stream.close(constants.NGHTTP2_CANCEL);
    const received = requestHeaders(pairs(raw));
    const expectsContinue = headerValue(received, "expect")?.toLowerCase() === "100-continue";
    if (expectsContinue) stream.additionalHeaders({ ":status": 100 });
    const headers = expectsContinue ? received.filter(([name]) => name !== "expect") : received;
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const responder = new Http2Responder(stream);
    const sink = this.#accept(
      { headers, endStream, info: { ...addressOf(socket), protocol: "HTTP/2" } },
      responder,
    );
    responder.start(sink, endStream);
  }
}

/** Pseudo headers first; a `host` that stands in for `:authority` takes its place (RFC 9113 §8.3.1). */
function requestHeaders(received: Headers): Headers {
  const host = headerValue(received, "host");
  const pseudo = received.filter(([name]) => name.startsWith(":"));
  if (host !== undefined && headerValue(pseudo, ":authority") === undefined)
    pseudo.push([":authority", host]);
  const rest = received.filter(([name]) => !name.startsWith(":") && name !== "host" && name !== "cookie");
  const crumbs = received.filter(([name]) => name === "cookie").map(([, value]) => value);
  // Clients may split cookies for compression; what follows wants one line (RFC 9113 §8.2.3).
  if (crumbs.length > 0) rest.push(["cookie", crumbs.join("; ")]);
  return [...pseudo, ...rest];
}

class Http2Responder implements Responder {
  #stream: ServerHttp2Stream;
  #sink: RequestSink | undefined;
  #reader: FrameReader | undefined;
  #writer: FrameWriter;
  #isEnded = false;
  #isPaused = false;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
    this.#writer = new FrameWriter(
      stream,
      () => this.#sink?.drained(),
      () => this.#stopRequest(),
    );
  }

  /** The answer may have been given before. */
  start(sink: RequestSink, endStream: boolean): void {
    this.#stream.on("close", () => {
      this.#reader?.stop();
      if (!this.#isEnded || this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) sink.reset();
    });
    this.#sink = sink;
    if (endStream || this.#isEnded) {
      this.#stream.resume();
      return;
    }
    this.#reader = new FrameReader(this.#stream, sink);
    if (this.#isPaused) this.#reader.pause();
  }

  headers(headers: Headers, endStream: boolean): void {
    if (this.#stream.destroyed) return;
    if (endStream) this.#isEnded = true;
    this.#stream.respond(headers.flat() as never, { endStream, waitForTrailers: !endStream });
    if (endStream) setImmediate(() => this.#stopRequest());
  }

  data(chunk: Uint8Array, endStream: boolean): boolean {
    if (endStream) this.#isEnded = true;
    return this.#writer.data(chunk, endStream);
  }

  trailers(trailers: Headers): void {
    this.#isEnded = true;
    this.#writer.trailers(trailers);
  }

  reset(): void {
    const close = (): void => this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    this.#writer.afterFlush(close);
  }

  pause(): void {
    this.#isPaused = true;
    this.#reader?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#reader?.resume();
  }

  /** Tells a client that still sends that the answer is complete without the rest (RFC 9113 §8.1). */
  #stopRequest(): void {
    this.#reader?.stop();
    this.#stream.resume();
    if (!this.#stream.readableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }
}
