// One request on its way to one endpoint, over whatever protocol the endpoint speaks.

import type { Headers } from "../host/types.ts";

/** In Envoy's words, which reach the client in the text of the 503. */
export type FailureReason =
  | "remote connection failure"
  | "connection timeout"
  | "connection termination"
  | "remote reset"
  | "remote refused stream reset"
  | "protocol error"
  | "overflow";

export interface UpstreamStream {
  /** False: more should wait for `drained`. */
  data(chunk: Uint8Array, endStream: boolean): boolean;
  trailers(trailers: Headers): void;
  /** The answer is no longer wanted. Nothing is reported afterwards. */
  reset(): void;
  /** Holds the answer back, and with it the sender. */
  pause(): void;
  resume(): void;
}

/** Never called before the function that opens the stream has returned. */
export interface UpstreamListener {
  headers(headers: Headers, endStream: boolean): void;
  data(chunk: Uint8Array, endStream: boolean): void;
  trailers(trailers: Headers): void;
  /** Once, and nothing after it. `detail` is for the log. */
  failed(reason: FailureReason, detail: string): void;
  drained(): void;
}

/** Connections to one endpoint. */
export interface EndpointPool {
  open(headers: Headers, endStream: boolean, listener: UpstreamListener): UpstreamStream;
  /** Lets running requests end, opens no more. */
  close(): void;
}

export interface EndpointOptions {
  host: string;
  port: number;
  tls?: { serverName: string };
  connectTimeoutMs: number;
  /** Certificate authorities in PEM; default Node's and the system's. */
  certificateAuthorities?: string[];
}

export function headerValue(headers: Headers, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1];
}

export function withoutPseudo(headers: Headers): Headers {
  return headers.filter(([name]) => !name.startsWith(":"));
}

/** `[k, v, k, v]` as Node gives headers → pairs with lower-case names. */
export function pairs(raw: readonly string[]): Headers {
  const headers: Headers = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    headers.push([raw[index]!.toLowerCase(), raw[index + 1]!]);
  return headers;
}
