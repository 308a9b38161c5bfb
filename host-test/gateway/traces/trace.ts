// One exchange as the chain saw it: what docs/traces.md describes, what the admin port shows and saves, and what
// `gateway replay` reads.

import type { CallKind, Headers } from "../../host/types.ts";

export const traceFormat = "ai-gateway-trace/1";

export interface Trace {
  format: typeof traceFormat;
  /** `<worker>-<stream>`, unique while the gateway runs. */
  id: string;
  /** ISO 8601, milliseconds. */
  startedAt: string;
  durationMs: number;
  /** The client's `ip:port`. */
  source: string;
  protocol: string;
  /** Name of the route, and the cluster the request went to; absent when none was chosen. */
  route?: string;
  cluster?: string;
  /** Endpoints that were tried, `host:port`. */
  upstreams: string[];
  /** Envoy's response code details and flags. */
  details: string;
  flags: string;
  /** As the client sent it, before the first plugin. */
  request: Message;
  /** After the last plugin; absent when nothing went upstream. */
  upstreamRequest?: Message;
  /** As the upstream sent it, before the first plugin; absent when there was no answer. */
  upstreamResponse?: Message;
  /** As the client got it; absent when it got none. */
  response?: Message;
  /** In the order in which they began. */
  steps: Step[];
}

export interface Message {
  /** Wire order, pseudo headers first; values are latin-1, one character per byte. */
  headers: Headers;
  body: Body;
}

export interface Body {
  /** Of the whole body. */
  bytes: number;
  /** What was kept of it: text where it is UTF-8, else base64. */
  text?: string;
  base64?: string;
  /** Less was kept than there was. */
  truncated?: true;
}

/** All that one plugin did in one phase with headers, with the body, or on its own. */
export interface Step {
  plugin: string;
  phase: "request" | "response" | "call" | "log";
  kind: "headers" | "body" | "trailers" | "callback";
  /** Milliseconds since the start of the exchange: the first callback of this step and the last. */
  atMs: number;
  untilMs: number;
  callbacks: number;
  /** Time inside the module. */
  micros: number;
  /** Linear memory of the plugin's VM after the last callback, in pages of 64 KiB. */
  memoryPages: number;
  /** For `headers`. */
  headers?: { before: Headers; after: Headers };
  /** For `body`: what the callbacks saw and what they left. */
  body?: { before: Body; after: Body };
  calls: TracedCall[];
}

export interface TracedCall {
  kind: CallKind;
  cluster: string;
  atMs: number;
  /** Absent while no reply has come. */
  durationMs?: number;
  /** HTTP's or gRPC's, 0 for Redis and for a connection that broke. */
  status?: number;
  bytes?: number;
}
