// Where counts are kept. A question is answered at once or later, by `Asker.answered`, exactly once unless the
// asking stream ends first; it never stays open, since every call-out has a deadline.

import { AnyStream, count, log } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Claim } from "./claim";

/** Counts requests whose ledger did not answer. */
export const UNCHECKED: string = "model_ratelimit_unchecked";

/** Counts decisions that found reservations which nobody has settled in their time. */
export const EXPIRED: string = "model_ratelimit_expired";

/** That usage could not be counted must not be silent. */
export function reportUncounted(reason: string): void {
  log.error(`usage not counted: ${reason}`);
  count("model_ratelimit_uncounted");
}

/** What a ledger knows. */
export class Standing {
  /** Why the ledger could not tell; "" when it could. */
  failure: string = "";
  /** What has been counted in the present window, or what is left of a balance. */
  count: i64 = 0;
  /** Seconds until the window ends. */
  resetSeconds: i64 = 0;

  static failed(reason: string): Standing {
    const standing = new Standing();
    standing.failure = reason;
    return standing;
  }

  static counted(count: i64, resetSeconds: i64): Standing {
    const standing = new Standing();
    standing.count = count;
    standing.resetSeconds = resetSeconds;
    return standing;
  }

  get isKnown(): bool {
    return this.failure.length == 0;
  }
}

export interface Asker {
  answered(standing: Standing): void;
}

/** Counters that end with their window. */
export abstract class Ledger {
  /** Looks what stands against the claim; nothing is counted. */
  abstract check(claim: Claim, asker: Asker, stream: AnyStream): void;
  /** Counts one, and looks, in one step. A counter above the limit stays as it is. */
  abstract take(claim: Claim, asker: Asker, stream: AnyStream): void;
  /** Counts what was used. A counter above the limit stays as it is. */
  abstract charge(claim: Claim, amount: i64): void;
}

/** Balances that are spent and filled up, and never end. */
export abstract class Balances {
  abstract read(key: Span, asker: Asker, stream: AnyStream): void;
  abstract spend(key: Span, amount: i64): void;
  abstract set(key: Span, amount: i64, asker: Asker, stream: AnyStream): void;
  /** `amount` may be negative. */
  abstract add(key: Span, amount: i64, asker: Asker, stream: AnyStream): void;
}
