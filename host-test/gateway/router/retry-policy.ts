// When Envoy's router tries again: `x-envoy-retry-on` and its companions, and the route's own policy.

import type { Headers } from "../../host/types.ts";
import { headerValue } from "../../services/upstream-stream.ts";
import type { FailureReason } from "../../services/upstream-stream.ts";
import type { RouteRule } from "../model.ts";

/** How one attempt ended. */
export type Outcome =
  | { kind: "response"; status: number; headers: Headers }
  | { kind: "failure"; reason: FailureReason }
  | { kind: "per-try-timeout" };

const connectFailures: FailureReason[] = ["remote connection failure", "connection timeout"];
const baseIntervalMs = 25;
const maxIntervalMs = 250;

export class RetryPolicy {
  #on: Set<string>;
  #statusCodes: Set<number>;
  #left: number;
  #attempts = 0;

  constructor(headers: Headers, rule: RouteRule) {
    const fromHeader = words(headerValue(headers, "x-envoy-retry-on")).concat(
      words(headerValue(headers, "x-envoy-retry-grpc-on")),
    );
    this.#on = new Set([...(rule.retry?.on ?? []), ...fromHeader]);
    this.#statusCodes = new Set([
      ...(rule.retry?.statusCodes ?? []),
      ...words(headerValue(headers, "x-envoy-retriable-status-codes")).map(Number),
    ]);
    this.#left = this.#on.size === 0 ? 0 : maxRetries(headers, rule);
  }

  /** Whether a body has to be kept for another attempt. */
  get mayRetry(): boolean {
    return this.#left > 0;
  }

  get hasRetried(): boolean {
    return this.#attempts > 0;
  }

  /** The body is gone: no more attempts. */
  giveUp(): void {
    this.#left = 0;
  }

  /** Takes one of the remaining attempts if this outcome deserves one. */
  take(outcome: Outcome): boolean {
    if (this.#left === 0 || !this.#covers(outcome)) return false;
    this.#left--;
    this.#attempts++;
    return true;
  }

  /** Envoy's jittered exponential pause before the attempt just taken, milliseconds. */
  pauseMs(): number {
    const ceiling = Math.min(baseIntervalMs * (2 ** this.#attempts - 1), maxIntervalMs);
    return Math.floor(Math.random() * ceiling);
  }

  #covers(outcome: Outcome): boolean {
    if (outcome.kind === "response") return this.#coversStatus(outcome.status, outcome.headers);
    if (this.#on.has("5xx") || this.#on.has("gateway-error")) return true;
    if (this.#on.has("reset")) return true;
    if (outcome.kind === "per-try-timeout") return false;
    if (outcome.reason === "remote refused stream reset") return this.#on.has("refused-stream");
    const isConnectFailure = connectFailures.includes(outcome.reason);
    return isConnectFailure && (this.#on.has("connect-failure") || this.#on.has("reset-before-request"));
  }

  #coversStatus(status: number, headers: Headers): boolean {
    const isLimited = headerValue(headers, "x-envoy-ratelimited") !== undefined;
    if (isLimited) return this.#on.has("envoy-ratelimited");
    if (this.#on.has("5xx") && status >= 500) return true;
    if (this.#on.has("gateway-error") && status >= 502 && status <= 504) return true;
    if (this.#on.has("retriable-4xx") && status === 409) return true;
    if (this.#on.has("retriable-status-codes") && this.#statusCodes.has(status)) return true;
    return this.#coversGrpc(headerValue(headers, "grpc-status"));
  }

  /** Only a status that came with the headers: later ones are part of an answer already under way. */
  #coversGrpc(status: string | undefined): boolean {
    const names: Record<string, string> = {
      "1": "cancelled",
      "4": "deadline-exceeded",
      "8": "resource-exhausted",
      "13": "internal",
      "14": "unavailable",
    };
    return status !== undefined && this.#on.has(names[status] ?? "");
  }
}

function maxRetries(headers: Headers, rule: RouteRule): number {
  const given = Number(headerValue(headers, "x-envoy-max-retries") ?? Number.NaN);
  if (Number.isInteger(given) && given >= 0) return given;
  return rule.retry?.attempts ?? 1;
}

function words(value: string | undefined): string[] {
  return (value ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
