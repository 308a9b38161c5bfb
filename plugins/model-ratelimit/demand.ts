// What a request asks of one counter, and what it was told.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Measure, Step } from "./tally";

export const enum NativeUnit {
  Requests,
  ConcurrentRequests,
  InputTokens,
  OutputTokens,
  TotalTokens,
  CachedTokens,
  Money,
  ToolCalls,
}

/** Names of `NativeUnit` in configurations. */
export const UNITS: string[] = [
  "requests",
  "concurrent_requests",
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "cached_tokens",
  "money",
  "tool_calls",
];

/** True for what only the answer tells. */
export function isOfUsage(unit: NativeUnit): bool {
  return unit >= NativeUnit.InputTokens && unit != NativeUnit.ToolCalls;
}

export class Demand {
  /** What the next decision or settlement does. */
  step: Step = new Step();
  /** What was expected, where it is reserved. */
  estimate: f64 = 0;
  /** What is held until the settlement, in the cell of that time: the most that is believed possible. */
  held: f64 = 0;
  cell: f64 = 0;
  remaining: f64 = 0;
  resetMs: f64 = 0;
  waitMs: f64 = 0;
  /** Of other requests' reservations, as found by the last decision. */
  expired: f64 = 0;

  constructor(
    /** Name of the counter, the same in all gateways. */
    readonly key: Span,
    /** Of the rule. */
    readonly name: string,
    readonly unit: NativeUnit,
    readonly measure: Measure,
    /** Requests, or calls of tools. */
    public count: f64,
  ) {}
}

/** How a question ended. */
export class Decision {
  constructor(
    /** Place of the demand that refuses, or -1. */
    readonly refusedBy: i32,
    /** Why nobody could tell; "" when somebody could. */
    readonly failure: string = "",
  ) {}

  get isAdmitted(): bool {
    return this.refusedBy < 0 && this.failure.length == 0;
  }
}

export interface DecisionAsker {
  decided(decision: Decision): void;
  /** More was asked for while the answer came, and `isAsking` was true. */
  extended(): void;
}
