// HTTP/1.1 to one endpoint, over kept-alive connections.

import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { Socket } from "node:net";
import type { Headers } from "../host/types.ts";
import {
  headerValue,
  pairs,
  withoutPseudo,
  type EndpointOptions,
  type EndpointPool,
  type UpstreamListener,
  type UpstreamStream,
} from "./upstream-stream.ts";

const nothing = new Uint8Array(0);

/** Requests with any other method and without a body get `content-length: 0` from Envoy. */
const methodsWithoutBody = ["GET", "HEAD", "DELETE", "TRACE", "CONNECT"];

/** As in Envoy. */
const maxHeaderSize = 60 * 1024;

export class Http1Endpoint implements EndpointPool {
  #options: EndpointOptions;
  #agent: Agent;

  constructor(options: EndpointOptions) {
    this.#options = options;
    const keep = { keepAlive: true, maxFreeSockets: 256 };
    this.#agent = options.tls
      ? new TlsAgent({
          ...keep,
          servername: options.tls.serverName,
          ALPNProtocols: ["http/1.1"],
          ...(options.certificateAuthorities && { ca: options.certificateAuthorities }),
        })
      : new Agent(keep);
  }

  open(headers: Headers, endStream: boolean, listener: UpstreamListener): UpstreamStream {
    return new Http1Stream(this.#options, this.#agent, headers, endStream, listener);
  }

  close(): void {
    // Busy sockets close with their requests when no more may be kept.
    this.#agent.maxFreeSockets = 0;
    for (const sockets of Object.values(this.#agent.freeSockets))
      sockets?.forEach((socket) => socket.destroy());
  }
}

class Http1Stream implements UpstreamStream {
  #listener: UpstreamListener;
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #isDone = false;
  #isPaused = false;

  constructor(
    options: EndpointOptions,
    agent: Agent,
    headers: Headers,
    endStream: boolean,
    listener: UpstreamListener,
  ) {
    this.#listener = listener;
    try {
      this.#request = this.#start(options, agent, headers, endStream);
    } catch (error) {
      // A method, path or header that cannot be written.
      process.nextTick(() => this.#fail("protocol error", (error as Error).message));
      return;
    }
    if (endStream) this.#request.end();
    // An empty write sends the head as latin-1, where flushHeaders would make UTF-8 of it.
    else this.#request.write(nothing);
  }

  #start(options: EndpointOptions, agent: Agent, headers: Headers, endStream: boolean): ClientRequest {
    const method = headerValue(headers, ":method") ?? "GET";
    const started = (options.tls ? tlsRequest : request)({
      ...{ host: options.host, port: options.port, agent, method, maxHeaderSize, setHost: false },
      path: headerValue(headers, ":path") ?? "/",
    });
    started.on("error", (error) => this.#onError(error));
    const authority = headerValue(headers, ":authority");
    if (authority !== undefined) started.setHeader("host", authority);
    setGrouped(started, withoutPseudo(headers));
    if (!started.hasHeader("content-length")) {
      if (!endStream) started.setHeader("transfer-encoding", "chunked");
      else if (!methodsWithoutBody.includes(method)) started.setHeader("content-length", "0");
    }
    // Persistence is the default of HTTP/1.1; Envoy does not ask for it either.
    started.removeHeader("connection");
    started.on("socket", (socket) => this.#onSocket(socket, options));
    started.on("response", (response) => this.#onResponse(response));
    started.on("drain", () => this.#listener.drained());
    return started;
  }

  data(chunk: Uint8Array, endStream: boolean): boolean {
    if (this.#isDone || !this.#request) return true;
    const hasRoom = chunk.length === 0 || this.#request.write(chunk);
    if (endStream) this.#request.end();
    return hasRoom;
  }

  trailers(trailers: Headers): void {
    if (this.#isDone) return;
    this.#request?.addTrailers(trailers);
    this.#request?.end();
  }

  reset(): void {
    this.#finish();
    this.#request?.destroy();
  }

  pause(): void {
    this.#isPaused = true;
    this.#response?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#response?.resume();
  }

  #onSocket(socket: Socket, { connectTimeoutMs, tls }: EndpointOptions): void {
    this.#isConnected = this.#request?.reusedSocket ?? false;
    if (this.#isConnected) return;
    const connected = (): void => {
      this.#isConnected = true;
      clearTimeout(this.#connectTimer);
    };
    if (socket.readyState === "open" && !tls) return connected();
    socket.once(tls ? "secureConnect" : "connect", connected);
    this.#connectTimer = setTimeout(() => {
      this.#fail("connection timeout", `not connected within ${connectTimeoutMs} ms`);
      this.#request?.destroy();
    }, connectTimeoutMs);
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#isDone) return;
    this.#response = response;
    const status = response.statusCode ?? 0;
    const headers: Headers = [[":status", String(status)], ...pairs(response.rawHeaders)];
    response.on("error", () => undefined);
    response.on("close", () => this.#onClose());
    const hasBody =
      this.#request?.method !== "HEAD" &&
      status !== 204 &&
      status !== 304 &&
      headerValue(headers, "content-length") !== "0";
    if (!hasBody) {
      response.resume();
      this.#finish();
      this.#listener.headers(headers, true);
      return;
    }
    this.#listener.headers(headers, false);
    response.on("data", (chunk: Uint8Array) => {
      if (!this.#isDone) this.#listener.data(chunk, false);
    });
    response.on("end", () => this.#onEnd(response));
    if (this.#isPaused) response.pause();
  }

  #onEnd(response: IncomingMessage): void {
    if (this.#isDone || !response.complete) return;
    const trailers = pairs(response.rawTrailers);
    this.#finish();
    if (trailers.length > 0) this.#listener.trailers(trailers);
    else this.#listener.data(nothing, true);
  }

  #onClose(): void {
    this.#fail("connection termination", "connection closed within the response");
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (!this.#isConnected) this.#fail("remote connection failure", error.message);
    else if (error.code?.startsWith("HPE_")) this.#fail("protocol error", error.message);
    else this.#fail("connection termination", error.message);
  }

  #fail(reason: Parameters<UpstreamListener["failed"]>[0], detail: string): void {
    if (this.#isDone) return;
    this.#finish();
    this.#listener.failed(reason, detail);
  }

  #finish(): void {
    this.#isDone = true;
    clearTimeout(this.#connectTimer);
  }
}

/** Values of one name stay in order. Node writes a line for each, but joins cookies, as RFC 6265 has them. */
function setGrouped(target: ClientRequest, headers: Headers): void {
  const grouped = new Map<string, string[]>();
  for (const [name, value] of headers) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  for (const [name, values] of grouped) {
    target.setHeader(name, values.length === 1 ? values[0]! : values);
  }
}
