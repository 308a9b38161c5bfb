// What a limit says: how many of what, in which window.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";

/** What is counted. */
export const enum Unit {
  Tokens,
  Requests,
}

/** A fixed window that begins with the first that is counted. */
export class Limit {
  constructor(
    public unit: Unit,
    public amount: i64,
    public windowSeconds: i64,
  ) {}
}

const PERIODS: string[] = ["second", "minute", "hour", "day"];
const SECONDS: i64[] = [1, 60, 3600, 86400];

/** How a period's key begins. */
function keyPrefix(unit: Unit): string {
  return unit == Unit.Tokens ? "token_per_" : "query_per_";
}

/** True when one of the unit's rates is there, whatever it says. */
export function hasRate(reader: ConfigReader, unit: Unit): bool {
  for (let i = 0; i < PERIODS.length; i++) if (reader.has(keyPrefix(unit) + PERIODS[i])) return true;
  return false;
}

/**
 * The rate with the shortest window; null, with an error in Higress's words, when there is none: `prefix` begins them,
 * `suffix` and `owner` tell whose rate is meant.
 */
export function readRate(
  reader: ConfigReader,
  unit: Unit,
  prefix: string,
  suffix: string,
  owner: string,
): Limit | null {
  const keys: string[] = [];
  for (let i = 0; i < PERIODS.length; i++) keys.push(keyPrefix(unit) + PERIODS[i]);
  for (let i = 0; i < keys.length; i++) {
    if (!reader.has(keys[i])) continue;
    const amount = reader.value.get(keys[i]).lenientInteger();
    if (amount > 0) return new Limit(unit, amount, SECONDS[i]);
    reader.fail(`${prefix}'${keys[i]}' must be a positive integer${suffix}, got ${amount}`);
    return null;
  }
  reader.fail(
    `${prefix}one of '${keys[0]}', '${keys[1]}', '${keys[2]}', or '${keys[3]}' must be set for ${owner}`,
  );
  return null;
}
