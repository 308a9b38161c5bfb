// What the algorithms promise, checked on a record of what passed and not on their own counters.

import type { Measure } from "./tallies.ts";

/** What has passed, by real time, whatever a clock said. */
export interface Use {
  at: number;
  amount: number;
}

/** The most that passed in any stretch of real time, beyond what the algorithm allows in it. */
export function excess(measure: Measure, uses: Use[]): number {
  const { algorithm, amount, capacity, windowMs } = measure;
  let most = -Infinity;
  if (algorithm === "fixed") {
    let [end, sum] = [-Infinity, 0];
    for (const use of uses) {
      if (use.at >= end) [end, sum] = [use.at + windowMs, 0];
      sum += use.amount;
      most = Math.max(most, sum - amount);
    }
    return most;
  }
  for (let first = 0; first < uses.length; first++) {
    let sum = 0;
    for (let last = first; last < uses.length; last++) {
      const length = uses[last]!.at - uses[first]!.at;
      if (algorithm === "sliding" && length >= windowMs) break;
      sum += uses[last]!.amount;
      const drained = algorithm === "bucket" ? (length * amount) / windowMs : 0;
      most = Math.max(most, sum - capacity - drained);
    }
  }
  return most;
}
