// What the two downstream codecs have in common: one exchange as the gateway sees it.

import type { Headers, StreamInfo } from "../../host/types.ts";

/** The client's side of one exchange, for what goes back to it. */
export interface Responder {
  /** Answer headers, `:status` first. `closes`: where the protocol has connections for one request, this was the last. */
  headers(headers: Headers, endStream: boolean, closes?: boolean): void;
  /** False: more should wait until `RequestSink.drained`. */
  data(chunk: Uint8Array, endStream: boolean): boolean;
  trailers(trailers: Headers): void;
  /** Cuts the answer off after what was written so far. */
  reset(): void;
  /** Holds the request body back, and with it the sender. */
  pause(): void;
  resume(): void;
}

/** The gateway's side of one exchange, for what the client sends. */
export interface RequestSink {
  data(chunk: Uint8Array, endStream: boolean): void;
  trailers(trailers: Headers): void;
  /** The client went away before the answer was complete. */
  reset(): void;
  drained(): void;
}

export interface RequestHead {
  /** As received: pseudo headers first, names in lower case. */
  headers: Headers;
  endStream: boolean;
  info: StreamInfo;
}

/** Called once per request. The sink's methods are called after it has returned. */
export type AcceptExchange = (head: RequestHead, responder: Responder) => RequestSink;
