// One exchange against the native limits: asked once, settled once.

import { AnyStream, count, Head, observe } from "as-proxy-wasm-sdk/sdk";
import { UsageReader } from "as-proxy-wasm-sdk/llm/usage-reader";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { Decision, DecisionAsker, Demand, NativeUnit } from "./demand";
import { NativeLimits } from "./native-limits";
import { RequestFacts } from "./request-facts";
import { ScriptAsker } from "./script-limits";

export class Admission implements ScriptAsker {
  readonly facts: RequestFacts = new RequestFacts();
  demands: Demand[] = [];
  private isOpen: bool = false;
  /** Redis has decided. */
  private isShared: bool = false;

  constructor(
    readonly limits: NativeLimits,
    private asker: DecisionAsker,
  ) {}

  /** The answer goes to the asker; a request that no rule concerns is admitted at once. */
  ask(head: Head, stream: AnyStream): void {
    this.demands = this.limits.demands(head, this.facts);
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

  get readsAnswer(): bool {
    for (let i = 0; i < this.demands.length; i++) {
      const unit = this.demands[i].unit;
      if (unit >= NativeUnit.InputTokens && unit != NativeUnit.ToolCalls) return true;
    }
    return false;
  }

  /**
   * `passed`: about as many output tokens have come, for answers that state none. An error that states none costs
   * nothing.
   */
  settle(usage: UsageReader | null, passed: f64, isError: bool): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const none = isError ? new Usage() : null;
    const stated = usage !== null && usage.isKnown ? usage.usage : none;
    for (let i = 0; i < this.demands.length && stated !== null; i++) {
      const demand = this.demands[i];
      if (demand.unit != NativeUnit.TotalTokens || demand.held == 0 || stated.total == 0) continue;
      const actual = <f64>stated.total;
      observe("model_ratelimit_estimation_error", <i64>((Math.abs(demand.held - actual) * 100) / actual));
    }
    if (this.hasSettlement) this.limits.settle(this.demands, this.facts, stated, passed, this.isShared);
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
