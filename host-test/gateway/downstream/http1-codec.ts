// HTTP/1.1 with clients.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Headers } from "../../host/types.ts";
import { headerValue, pairs, withoutPseudo } from "../../services/upstream-stream.ts";
import { addressOf } from "./connection.ts";
import type { AcceptExchange, RequestSink, Responder } from "./exchange-client.ts";

const nothing = new Uint8Array(0);

/** As in Envoy. */
const maxHeaderSize = 60 * 1024;
const idleTimeoutMs = 3_600_000;
const delayedCloseMs = 1_000;

export class Http1Codec {
  /** Emit `connection` on it for every socket that speaks HTTP/1. */
  readonly server: Server;
  #accept: AcceptExchange;
  /** Requests under way on each connection. */
  #running = new Map<Socket, number>();
  #isDraining = false;

  constructor(accept: AcceptExchange) {
    this.#accept = accept;
    this.server = createServer({
      maxHeaderSize,
      requireHostHeader: false,
      // A prompt may take minutes to arrive and an answer longer.
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
    });
    this.server.on("connection", (socket: Socket) => {
      this.#running.set(socket, 0);
      socket.once("close", () => this.#running.delete(socket));
    });
    this.server.on("request", (request, response) => this.#onRequest(request, response));
    this.server.on("checkContinue", (request, response) => {
      response.writeContinue();
      this.#onRequest(request, response, ["expect"]);
    });
    this.server.on("checkExpectation", (request, response) => this.#onRequest(request, response));
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
      refuse(socket as Socket, error.code),
    );
  }

  /** Connections close with their running answers; idle ones at once. */
  drain(): void {
    this.#isDraining = true;
    for (const [socket, running] of this.#running) if (running === 0) socket.destroySoon();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, dropped: string[] = []): void {
    if (request.httpVersion === "1.0") return answerOldClient(response);
    this.#count(request.socket, 1);
    const headers = requestHeaders(request).filter(([name]) => !dropped.includes(name));
    const length = headerValue(headers, "content-length");
    const hasBody =
      headerValue(headers, "transfer-encoding") !== undefined || (length !== undefined && Number(length) > 0);
    const responder = new Http1Responder(request, response, hasBody, () => this.#isDraining);
    const info = { ...addressOf(request.socket), protocol: "HTTP/1.1" as const };
    const sink = this.#accept({ headers, endStream: !hasBody, info }, responder);
    if (hasBody) readBody(request, sink);
    else request.resume();
    response.on("drain", () => sink.drained());
    response.on("close", () => {
      if (!response.writableFinished) sink.reset();
      this.#count(request.socket, -1);
    });
    response.on("error", () => undefined);
    request.on("error", () => undefined);
  }

  /** Unlike Node's own record this one knows sockets that another server has accepted. */
  #count(socket: Socket, change: number): void {
    const running = this.#running.get(socket);
    if (running === undefined) return;
    this.#running.set(socket, running + change);
    // Its answer may have begun before the drain, without a word about closing.
    if (this.#isDraining && running + change === 0) socket.destroySoon();
  }
}

function readBody(request: IncomingMessage, sink: RequestSink): void {
  request.on("data", (chunk: Uint8Array) => sink.data(chunk, false));
  request.on("end", () => {
    const trailers = pairs(request.rawTrailers);
    if (trailers.length > 0) sink.trailers(trailers);
    else sink.data(nothing, true);
  });
}

/** In Envoy's order: pseudo headers, then the rest as sent. */
function requestHeaders(request: IncomingMessage): Headers {
  const raw = pairs(request.rawHeaders);
  let authority = headerValue(raw, "host");
  let path = request.url ?? "";
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(path);
  if (absolute)
    [authority, path] = [absolute[1]!, absolute[2]!.startsWith("/") ? absolute[2]! : `/${absolute[2]}`];
  return [
    ...(authority === undefined ? [] : [[":authority", authority] as [string, string]]),
    [":path", path],
    [":method", request.method ?? "GET"],
    [":scheme", "http"],
    ...raw.filter(([name]) => name !== "host"),
  ];
}

class Http1Responder implements Responder {
  #request: IncomingMessage;
  #response: ServerResponse;
  #hasBody: boolean;
  #isDraining: () => boolean;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    hasBody: boolean,
    isDraining: () => boolean,
  ) {
    this.#request = request;
    this.#response = response;
    this.#hasBody = hasBody;
    this.#isDraining = isDraining;
  }

  headers(headers: Headers, endStream: boolean, closes = false): void {
    const status = Number(headerValue(headers, ":status"));
    const sent = withoutPseudo(headers);
    const hasLength = headerValue(sent, "content-length") !== undefined;
    const isHead = this.#request.method === "HEAD";
    const bodyless = status === 204 || status === 304 || isHead;
    if (endStream && !hasLength && !bodyless) sent.push(["content-length", "0"]);
    // As in Envoy, an answer that overtakes its request ends the connection: nobody waits for the rest.
    const isEarly = this.#hasBody && !this.#request.complete;
    if (isEarly) closeLate(this.#request.socket);
    const isLast = closes || isEarly || this.#isDraining() || !this.#response.shouldKeepAlive;
    if (isLast) sent.push(["connection", "close"]);
    else this.#response.removeHeader("connection");
    if (!endStream && !hasLength && !bodyless) sent.push(["transfer-encoding", "chunked"]);
    this.#response.sendDate = false;
    this.#response.writeHead(status, sent.flat());
    if (endStream) this.#response.end();
    // An empty write sends the head as latin-1, where flushHeaders would make UTF-8 of it.
    else this.#response.write(nothing);
  }

  data(chunk: Uint8Array, endStream: boolean): boolean {
    const hasRoom = chunk.length === 0 || this.#response.write(chunk);
    if (endStream) this.#response.end();
    return hasRoom;
  }

  trailers(trailers: Headers): void {
    if (this.#response.chunkedEncoding) this.#response.addTrailers(trailers);
    this.#response.end();
  }

  reset(): void {
    // What was written still leaves: a client that reads on sees where the answer broke off.
    const { socket } = this.#response;
    if (socket) socket.destroySoon();
    else this.#response.destroy();
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }
}

/**
 * Closing a socket with unread data makes the system send a reset, which can destroy an answer that the client has
 * not read yet. So the rest of the request is read and dropped for a moment, as Envoy's delayed close does.
 */
function closeLate(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), delayedCloseMs);
    socket.once("close", () => clearTimeout(timer));
  };
}

function answerOldClient(response: ServerResponse): void {
  const text = "Upgrade Required";
  response.sendDate = false;
  response.writeHead(426, [
    ...["content-length", String(text.length), "content-type", "text/plain"],
    ...["date", new Date().toUTCString(), "server", "envoy", "connection", "close"],
  ]);
  response.end(text);
}

/** What Envoy says to bytes that are no request. */
function refuse(socket: Socket, code: string | undefined): void {
  if (!socket.writable) return void socket.destroy();
  const [status, text] =
    code === "HPE_HEADER_OVERFLOW" ? [431, "Request Header Fields Too Large"] : [400, "Bad Request"];
  const lines = [
    `HTTP/1.1 ${status} ${text}`,
    `content-length: ${text.length}`,
    "content-type: text/plain",
    `date: ${new Date().toUTCString()}`,
    "server: envoy",
    "connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${text}`);
}
