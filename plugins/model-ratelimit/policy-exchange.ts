// One exchange against a policy of Higress's forms: asked once, settled once.

import { AnyStream, Body, count, Head } from "as-proxy-wasm-sdk/sdk";
import { familyOf } from "as-proxy-wasm-sdk/llm/token-estimator";
import { UsageReader } from "as-proxy-wasm-sdk/llm/usage-reader";
import { Claim } from "./claim";
import { Forecast, observeError } from "./forecast";
import { Asker, Standing } from "./ledger";
import { MeteredAnswer } from "./metered-answer";
import { Policy } from "./policy";
import { Reply } from "./reply";
import { RequestFacts } from "./request-facts";

export interface VerdictAsker {
  /** Null: the request passes. */
  judged(refusal: Reply | null): void;
}

export class PolicyExchange implements Asker {
  /** With `accounting: reserve`. */
  readonly facts: RequestFacts | null;
  private forecast: Forecast = new Forecast();
  private standing: Standing | null = null;
  /** Of an admitted request whose answer is counted. */
  private usage: UsageReader | null = null;
  private metered: MeteredAnswer | null = null;

  constructor(
    private policy: Policy,
    private claim: Claim,
    private asker: VerdictAsker,
  ) {
    this.facts = policy.reservations !== null ? new RequestFacts() : null;
  }

  /** The body, where it is read, is complete. */
  ask(head: Head, body: Body | null, stream: AnyStream): void {
    const facts = this.facts;
    const reservations = this.policy.reservations;
    if (facts !== null && reservations !== null) {
      facts.finish(head, body);
      this.forecast = reservations.prepare(this.claim, facts);
    }
    this.policy.begin(this.claim, this, stream);
  }

  answered(standing: Standing): void {
    const claim = this.claim;
    this.standing = standing;
    const refusal = this.policy.verdict(claim, standing);
    // What Redis may hold without having said so expires.
    if (!standing.isKnown) claim.held = 0;
    count(refusal === null ? "model_ratelimit_admitted" : "model_ratelimit_refused");
    if (refusal === null && claim.held > 0) count("model_ratelimit_reserved");
    this.asker.judged(refusal);
  }

  /** Reads the answer of an admitted request; null when nothing of it counts. */
  reader(): UsageReader | null {
    const facts = this.facts;
    if (facts !== null) this.usage = this.metered = new MeteredAnswer(familyOf(facts.model));
    else if (this.policy.readsAnswer) this.usage = new UsageReader();
    return this.usage;
  }

  /** Tells the client where it stands. */
  announce(head: Head): void {
    const standing = this.standing;
    if (standing !== null) this.policy.announce(head, this.claim, standing);
  }

  /** Nothing where the request was not admitted. An error that states no usage costs nothing. */
  settle(isError: bool): void {
    const usage = this.usage;
    if (usage === null) return;
    this.usage = null;
    usage.finish();
    let tokens = usage.statedInput + usage.statedOutput;
    const facts = this.facts;
    const metered = this.metered;
    const reservations = this.policy.reservations;
    if (facts !== null && metered !== null && reservations !== null) {
      if (usage.isKnown) {
        reservations.learn(facts, usage.usage, metered.metered);
        observeError(<f64>this.claim.estimate, <f64>tokens);
      } else if (!isError) tokens = <i64>this.forecast.input + this.forecast.written(metered.metered);
    }
    this.policy.end(this.claim, tokens);
  }
}
