// What a dialect is to the simulator's server: a function from a request to a response.
import type { Refusal } from "./refusal.ts";

export interface SimulatedRequest {
  method: string;
  /** Without the query, as it was sent. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
  /** The body's value, or undefined where there is no body or it is not JSON. */
  json: unknown;
  /** Hexadecimal digest of path and body: what ids are made of, so that a request has one answer. */
  digest: string;
  /** Seconds since 1970. */
  now: number;
}

export interface SimulatedResponse {
  status: number;
  headers: Record<string, string>;
  /** A whole body, or the events of a stream, framed; each leaves in a write of its own. */
  body: string | Iterable<string>;
}

export interface Dialect {
  respond(request: SimulatedRequest): SimulatedResponse;
  /** What the provider answers to a request that it refuses. */
  refuse(request: SimulatedRequest, refusal: Refusal): SimulatedResponse;
  /** What the provider says when it fails with this status, whatever the request. */
  failure(status: number): Refusal;
  /** The event that ends a stream which fails half-way. */
  errorEvent(request: SimulatedRequest): string;
  /** Model that a request names, or "". */
  modelOf(request: SimulatedRequest): string;
  /** API key that a request carries, or "". */
  keyOf(request: SimulatedRequest): string;
}

export function jsonResponse(
  status: number,
  headers: Record<string, string>,
  value: unknown,
): SimulatedResponse {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

export function eventResponse(headers: Record<string, string>, body: Iterable<string>): SimulatedResponse {
  const common = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return { status: 200, headers: { ...common, ...headers }, body };
}

/** The token of `authorization: Bearer …`, the whole value where there is no scheme, or "". */
export function bearerOf(request: SimulatedRequest): string {
  return (request.headers.authorization ?? "").replace(/^Bearer\s+/i, "").trim();
}

/** A path segment without its percent-encoding; as it stands where that is broken. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
