// What clients, upstreams and call-outs of a TestChain send, and what the two ends of an exchange see.

import { maxReplyBytes } from "../services/cluster-call.ts";
import type { Headers, Route, StreamRecord, UpstreamReply } from "../host/types.ts";

/** Text is UTF-8. */
export type Bytes = string | Uint8Array;
export type HeaderInput = Headers | Record<string, string>;

export interface TestRequest {
  /** Default: POST with a body, else GET. */
  method?: string;
  /** Default `/`. */
  path?: string;
  /** Default `test.local`. */
  authority?: string;
  headers?: HeaderInput;
  /** Body in exactly these pieces. */
  chunks?: Bytes[];
  /** Body in one piece. */
  body?: Bytes;
  trailers?: HeaderInput;
  /** HTTP/1.1 ends a body with an empty last piece, HTTP/2 on the last piece. Default `HTTP/1.1`. */
  protocol?: "HTTP/1.1" | "HTTP/2";
  /** The client goes away after this many chunks. */
  abortAfter?: number;
  /** The client's address with its port. Default `192.0.2.1:50000`. */
  source?: string;
}

export interface TestReply {
  /** Default 200. */
  status?: number;
  headers?: HeaderInput;
  chunks?: Bytes[];
  body?: Bytes;
  trailers?: HeaderInput;
  protocol?: "HTTP/1.1" | "HTTP/2";
  /** Virtual time before the reply. */
  delayMs?: number;
  /** The connection breaks: instead of a response, or after this many chunks. */
  reset?: "connect-failure" | "reset" | "timeout" | { afterChunks: number };
}

/** Reply of a call-out. `no-host`: the call fails at once; `never`: only its deadline ends it. */
export type CallReply = TestReply | "no-host" | "never";

export interface ClientSees {
  /** 0: no response. */
  status: number;
  headers: Headers;
  /** In exactly the pieces the chain gave out. */
  chunks: Buffer[];
  body: Buffer;
  text: string;
  trailers: Headers | undefined;
  /** The response ended in order. */
  complete: boolean;
  /** The response was cut. */
  reset: boolean;
  header(name: string): string | undefined;
}

export interface UpstreamSees {
  route: Route;
  headers: Headers;
  chunks: Buffer[];
  body: Buffer;
  text: string;
  trailers: Headers | undefined;
  complete: boolean;
  /** The chain gave the request up. */
  reset: boolean;
  header(name: string): string | undefined;
}

export interface Exchange {
  client: ClientSees;
  /** undefined: the router was not reached. */
  upstream: UpstreamSees | undefined;
  /** undefined: the exchange has not ended, because a plugin holds it. */
  record: StreamRecord | undefined;
}

/** The headers of a request as the codec hands them to the chain. */
export function requestHeaders(request: TestRequest): Headers {
  const hasBody =
    request.chunks !== undefined || request.body !== undefined || request.trailers !== undefined;
  return [
    [":method", request.method ?? (hasBody ? "POST" : "GET")],
    [":path", request.path ?? "/"],
    [":authority", request.authority ?? "test.local"],
    [":scheme", "http"],
    ...headerList(request.headers),
  ];
}

export function headerList(headers: HeaderInput | undefined): Headers {
  if (headers === undefined) return [];
  if (Array.isArray(headers)) return headers.slice();
  return Object.entries(headers);
}

export function bytesOf(data: Bytes): Uint8Array {
  return typeof data === "string" ? Buffer.from(data, "utf8") : data;
}

export function callReply(reply: TestReply): UpstreamReply {
  if (reply.reset === "connect-failure" || reply.reset === "reset") {
    const cause = reply.reset === "reset" ? "connection termination" : "remote connection failure";
    return plainReply(
      503,
      `upstream connect error or disconnect/reset before headers. reset reason: ${cause}`,
    );
  }
  if (reply.reset === "timeout") return plainReply(504, "upstream request timeout");
  if (reply.reset !== undefined) return { kind: "reset" };
  const chunks = (reply.chunks ?? (reply.body === undefined ? [] : [reply.body])).map(bytesOf);
  const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  if (body.length > maxReplyBytes) return { kind: "reset" };
  return {
    kind: "response",
    headers: [[":status", String(reply.status ?? 200)], ...headerList(reply.headers)],
    body,
    trailers: headerList(reply.trailers),
  };
}

export function plainReply(status: number, text: string): UpstreamReply {
  return {
    kind: "response",
    headers: [
      [":status", String(status)],
      ["content-length", String(text.length)],
      ["content-type", "text/plain"],
    ],
    body: Buffer.from(text),
    trailers: [],
  };
}
