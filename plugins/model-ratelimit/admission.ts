// One exchange against the native limits: asked once, settled once.

import { AnyStream, count, Head } from "as-proxy-wasm-sdk/sdk";
import { familyOf } from "as-proxy-wasm-sdk/llm/token-estimator";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { Decision, DecisionAsker, Demand, isOfUsage, NativeUnit } from "./demand";
import { Forecast, observeError } from "./forecast";
import { MeteredAnswer } from "./metered-answer";
import { NativeLimits } from "./native-limits";
import { RequestFacts } from "./request-facts";
import { ScriptAsker } from "./script-limits";

export class Admission implements ScriptAsker {
  readonly facts: RequestFacts = new RequestFacts();
  demands: Demand[] = [];
  private forecast: Forecast = new Forecast();
  private isOpen: bool = false;
  /** Redis has decided. */
  private isShared: bool = false;

  constructor(
    readonly limits: NativeLimits,
    private asker: DecisionAsker,
  ) {}

  /** The answer goes to the asker; a request that no rule concerns is admitted at once. */
  ask(head: Head, stream: AnyStream): void {
    this.forecast = this.limits.forecast(this.facts);
    this.demands = this.limits.demands(head, this.facts, this.forecast);
    if (this.demands.length == 0) this.asker.decided(new Decision(-1));
    else this.limits.decide(this.demands, this, stream);
  }

  told(decision: Decision): void {
    let final = decision;
    this.isShared = decision.failure.length == 0;
    if (!this.isShared) {
      const other = this.limits.withoutRedis(this.demands, decision.failure);
      if (other !== null) final = other;
    }
    for (let i = 0; i < this.demands.length; i++) {
      const demand = this.demands[i];
      if (demand.expired > 0) count("model_ratelimit_expired");
      if (final.isAdmitted && demand.held > 0) count("model_ratelimit_reserved");
    }
    count(final.isAdmitted ? "model_ratelimit_admitted" : "model_ratelimit_refused");
    this.isOpen = final.isAdmitted;
    this.asker.decided(final);
  }

  /** Reads the answer; null when nothing of it counts. */
  meter(): MeteredAnswer | null {
    for (let i = 0; i < this.demands.length; i++) {
      if (isOfUsage(this.demands[i].unit)) return new MeteredAnswer(familyOf(this.facts.model));
    }
    return null;
  }

  /** An error that states no usage costs nothing. */
  settle(answer: MeteredAnswer | null, isError: bool): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    let usage = new Usage();
    if (answer !== null && answer.isKnown) {
      usage = answer.usage;
      this.limits.learn(this.facts, usage);
      this.observeError(usage);
    } else if (!isError) {
      usage.input = <i64>this.forecast.input;
      if (answer !== null) usage.output = <i64>answer.metered;
    }
    if (this.hasSettlement) this.limits.settle(this.demands, this.facts, usage, this.isShared);
  }

  private observeError(usage: Usage): void {
    for (let i = 0; i < this.demands.length; i++) {
      const demand = this.demands[i];
      if (demand.unit != NativeUnit.TotalTokens || demand.held == 0) continue;
      observeError(demand.estimate, <f64>usage.total);
      return;
    }
  }

  /** Requests that were counted at admission have nothing to settle. */
  private get hasSettlement(): bool {
    for (let i = 0; i < this.demands.length; i++) {
      const unit = this.demands[i].unit;
      if (unit != NativeUnit.Requests && unit != NativeUnit.ToolCalls) return true;
    }
    return false;
  }
}
