// The client of a scenario: one exchange on a connection of its own, whole or step by step.

import { connect } from "node:net";
import type { Headers } from "../../host/types.ts";
import { openHttp1 } from "./client-http1.ts";
import { openHttp2 } from "./client-http2.ts";
import {
  bytes,
  cut,
  headerList,
  type Answer,
  type BodySource,
  type Chunk,
  type Ending,
  type HeaderList,
  type Protocol,
} from "./message.ts";

export interface ClientRequest {
  /** Default POST with a body, GET without. */
  method?: string;
  /** Default `/`. */
  path?: string;
  /** Host the request is for. Default `gateway.test`. */
  host?: string;
  headers?: HeaderList;
  /** The whole body, with a `content-length`; an object gets `content-type: application/json`. */
  body?: BodySource;
  /** Instead of `body`: steps, each flushed before the next, without a `content-length`. */
  chunks?: Chunk[];
  trailers?: HeaderList;
  /** Default `http1`. */
  protocol?: Protocol;
}

/** A request as it is put on the wire. */
export interface RequestHead {
  method: string;
  path: string;
  host: string;
  headers: Headers;
  /** No body follows. */
  endStream: boolean;
  mayHaveTrailers: boolean;
}

/** An exchange in the client's hands. */
export interface ClientExchange {
  /** What has arrived of the answer by now. */
  readonly received: Answer;
  /** Resolves with the answer so far when its headers have arrived, or when they never will. */
  readonly head: Promise<Answer>;
  /** Resolves when the answer has ended or was cut off. */
  readonly answer: Promise<Answer>;
  write(data: string | Uint8Array): Promise<void>;
  end(ending?: Ending): Promise<void>;
  /** The next piece of the answer's body, null after its end. */
  next(): Promise<Buffer | null>;
  /** Reads on until the answer's body holds `text`; rejects if it ends before. */
  until(text: string): Promise<void>;
  /** The client goes away. */
  abort(): void;
}

/** Starts an exchange and leaves the body to the caller. */
export function open(port: number, request: ClientRequest): ClientExchange {
  return start(port, request, { endStream: false, mayHaveTrailers: true });
}

function start(port: number, request: ClientRequest, framing: Framing): ClientExchange {
  const head = requestHead(request, framing);
  return request.protocol === "http2" ? openHttp2(port, head) : openHttp1(port, head);
}

/** Sends a request and reads its answer to the end. */
export async function send(port: number, request: ClientRequest): Promise<Answer> {
  const { body, chunks, trailers } = request;
  const endStream = body === undefined && chunks === undefined && trailers === undefined;
  const exchange = start(port, request, { endStream, mayHaveTrailers: trailers !== undefined });
  if (endStream) return exchange.answer;
  if (chunks) await sendChunks(exchange, chunks, trailers);
  else await exchange.end({ data: bytes(body ?? ""), ...(trailers && { trailers }) });
  return exchange.answer;
}

/** Sends bytes as they are and reads until the gateway closes the connection. */
export async function sendRaw(port: number, data: string | Uint8Array): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  socket.on("error", () => undefined);
  socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data);
  await new Promise<void>((settle) => socket.once("close", () => settle()));
  return Buffer.concat(received).toString("latin1");
}

async function sendChunks(exchange: ClientExchange, chunks: Chunk[], trailers?: HeaderList): Promise<void> {
  for (const chunk of chunks) {
    if (chunk === cut) return exchange.abort();
    if (typeof chunk === "function") await chunk();
    else await exchange.write(bytes(chunk));
  }
  await exchange.end(trailers && { trailers });
}

type Framing = Pick<RequestHead, "endStream" | "mayHaveTrailers">;

function requestHead(request: ClientRequest, framing: Framing): RequestHead {
  const { body, chunks, trailers } = request;
  const headers = [...headerList(request.headers)];
  const has = (name: string): boolean => headers.some(([one]) => one.toLowerCase() === name);
  const isJson = typeof body === "object" && !(body instanceof Uint8Array);
  if (isJson && !has("content-type")) headers.push(["content-type", "application/json"]);
  const knowsLength = body !== undefined && chunks === undefined && trailers === undefined;
  if (knowsLength && !has("content-length")) headers.push(["content-length", String(bytes(body).length)]);
  return {
    method: request.method ?? (framing.endStream ? "GET" : "POST"),
    path: request.path ?? "/",
    host: request.host ?? "gateway.test",
    headers,
    ...framing,
  };
}
