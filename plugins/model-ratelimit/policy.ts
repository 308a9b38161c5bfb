// What the three kinds of configuration have in common: whom a request is counted against, what is asked, what the
// answer means. Policies are shared by all requests; what belongs to one is its claim.

import { AnyStream, count, Head } from "as-proxy-wasm-sdk/sdk";
import { Claim } from "./claim";
import { Asker, Standing } from "./ledger";
import { QuotaCall } from "./quota-call";
import { Reservations } from "./reservations";
import { Reply } from "./reply";

export abstract class Policy {
  /** With `accounting: reserve`. */
  reservations: Reservations | null = null;

  constructor(
    /** What is counted is told by the answer. */
    readonly readsAnswer: bool,
  ) {}

  /** A call of the policy's own API; null for all other requests. */
  callOf(head: Head): QuotaCall | null {
    return null;
  }

  /** The refusal of a request that cannot be counted; else null. */
  refusalOf(head: Head): Reply | null {
    return null;
  }

  /** Null: the request passes, and nothing is counted. */
  abstract claimOf(head: Head): Claim | null;

  /** Asks whether the request may pass. */
  abstract ask(claim: Claim, asker: Asker, stream: AnyStream): void;

  /** Asks as `accounting` says. */
  begin(claim: Claim, asker: Asker, stream: AnyStream): void {
    const reservations = this.reservations;
    if (reservations !== null) reservations.reserve(claim, asker, stream);
    else this.ask(claim, asker, stream);
  }

  /** Counts what the answer has used, and ends what was reserved. */
  end(claim: Claim, tokens: i64): void {
    const reservations = this.reservations;
    if (reservations !== null) {
      if (claim.held > 0) count("model_ratelimit_settled");
      reservations.settle(claim, tokens);
    } else if (tokens > 0) this.charge(claim, tokens);
  }

  /** Null: the request passes. */
  abstract verdict(claim: Claim, standing: Standing): Reply | null;

  /** Records a refusal by `verdict`. */
  refused(head: Head): void {}

  /** Tells the client where it stands. */
  announce(head: Head, claim: Claim, standing: Standing): void {}

  /** Counts what the answer has used. */
  charge(claim: Claim, tokens: i64): void {}
}
