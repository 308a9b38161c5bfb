// What Envoy's router filter does with request headers on their way out: rewrites, and its own headers taken away.

import type { Headers } from "../../host/types.ts";
import { headerValue } from "../../services/upstream-stream.ts";
import type { RouteRule } from "../model.ts";

/** Instructions to the router; they end here. */
const consumed = new Set([
  ...["x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-max-retries", "x-envoy-retriable-status-codes"],
  ...["x-envoy-retriable-header-names", "x-envoy-hedge-on-per-try-timeout", "x-envoy-upstream-alt-stat-name"],
  ...["x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms"],
  ...["x-envoy-upstream-rq-first-byte-timeout-ms", "x-envoy-upstream-rq-timeout-alt-response"],
  "x-gateway-destination-endpoint",
]);

export interface Timeouts {
  /** The whole answer, from the end of the request. 0: none. */
  requestMs: number;
  /** Each attempt, up to its answer headers. 0: none. */
  perTryMs: number;
  /** The first byte of the answer, that is its headers, from the end of the request. Higress only. 0: none. */
  firstByteMs: number;
}

export function readTimeouts(headers: Headers, rule: RouteRule): Timeouts {
  const read = (name: string): number | undefined => {
    const value = Number(headerValue(headers, name) ?? Number.NaN);
    return Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  const requestMs = read("x-envoy-upstream-rq-timeout-ms") ?? rule.timeoutMs;
  const perTryMs = read("x-envoy-upstream-rq-per-try-timeout-ms") ?? 0;
  return {
    requestMs,
    // A try longer than the whole is no limit.
    perTryMs: requestMs > 0 && perTryMs >= requestMs ? 0 : perTryMs,
    firstByteMs: read("x-envoy-upstream-rq-first-byte-timeout-ms") ?? 0,
  };
}

/** `ip:port` in order of preference, as a router plugin named them. */
export function preferredEndpoints(headers: Headers, overrideHost: string | undefined): string[] {
  const named = overrideHost ?? headerValue(headers, "x-gateway-destination-endpoint") ?? "";
  return named
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
}

/** Headers as the upstream receives them. */
export function upstreamHeaders(headers: Headers, rule: RouteRule, timeouts: Timeouts): Headers {
  const sent = headers.filter(([name]) => !consumed.has(name));
  const rewrite = (name: string, original: string, value: string): void => {
    const before = headerValue(sent, name);
    if (before === value) return;
    if (before !== undefined && headerValue(sent, original) === undefined) sent.push([original, before]);
    const index = sent.findIndex(([key]) => key === name);
    if (index >= 0) sent[index] = [name, value];
  };
  if (rule.rewriteHost !== undefined) rewrite(":authority", "x-envoy-original-host", rule.rewriteHost);
  const path = headerValue(sent, ":path");
  if (rule.rewritePath !== undefined && path !== undefined) {
    rewrite(":path", "x-envoy-original-path", rewritePath(path, rule.path, rule.rewritePath));
  }
  const expectedMs = timeouts.perTryMs > 0 ? timeouts.perTryMs : timeouts.requestMs;
  if (expectedMs > 0) sent.push(["x-envoy-expected-rq-timeout-ms", String(expectedMs)]);
  return sent;
}

/** The matched part is replaced; what follows is joined with exactly one slash. */
export function rewritePath(path: string, matched: RouteRule["path"], replacement: string): string {
  const end = path.search(/[?#]/);
  const [bare, query] = end < 0 ? [path, ""] : [path.slice(0, end), path.slice(end)];
  if (matched.type === "exact") return replacement + query;
  const prefix = matched.value.replace(/\/$/, "");
  const rest = bare.slice(prefix.length).replace(/^\//, "");
  const base = replacement.replace(/\/$/, "");
  const isWhole = bare === prefix && base !== "";
  return (isWhole ? base : `${base}/${rest}`) + query;
}
