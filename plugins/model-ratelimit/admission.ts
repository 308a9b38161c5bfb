// One exchange against the native limits: asked once, settled once.

import { AnyStream, count, Head } from "as-proxy-wasm-sdk/sdk";
import { familyOf } from "as-proxy-wasm-sdk/llm/token-estimator";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { Decision, DecisionAsker, Demand, isOfUsage, NativeUnit } from "./demand";
import { Forecast, observeError } from "./forecast";
import { EXPIRED } from "./ledger";
import { MeteredAnswer } from "./metered-answer";
import { NativeLimits } from "./native-limits";
import { RequestFacts } from "./request-facts";
import { ScriptAsker } from "./script-limits";
import { StreamCut } from "./stream-cut";

/** Of what is held: how much more is asked for at a time by an answer that has become longer. */
const GROWTH: f64 = 0.25;
const LEAST_GROWTH: f64 = 64;

/** Hears whether more may be held. */
class Extension implements ScriptAsker {
  constructor(
    private admission: Admission,
    private output: f64,
  ) {}

  told(decision: Decision): void {
    this.admission.extended(decision, this.output);
  }

  gone(decision: Decision): void {
    this.told(decision);
  }
}

export class Admission implements ScriptAsker {
  readonly facts: RequestFacts = new RequestFacts();
  demands: Demand[] = [];
  private forecast: Forecast = new Forecast();
  private isOpen: bool = false;
  private answer: MeteredAnswer | null = null;
  /** Redis has decided. */
  private isShared: bool = false;
  /** Output tokens that something is held for. */
  private heldOutput: f64 = 0;
  /** Demands that grow with the output, and by how much. */
  private growing: Demand[] = [];
  private growth: f64[] = [];
  /** Redis has not said yet whether more may be held. */
  isAsking: bool = false;
  /** The answer has used all that it may. */
  private isExhausted: bool = false;
  /** The answer ended while more was asked for. */
  private ending: Usage | null = null;

  constructor(
    readonly limits: NativeLimits,
    private asker: DecisionAsker,
  ) {}

  /** The answer goes to the asker; a request that no rule concerns is admitted at once. */
  ask(head: Head, stream: AnyStream): void {
    if (this.limits.countsUsage) this.forecast = this.limits.forecast(this.facts);
    this.demands = this.limits.demands(head, this.facts, this.forecast);
    if (this.demands.length == 0) this.asker.decided(new Decision(-1));
    else this.limits.decide(this.demands, this, stream);
  }

  /** What Redis holds without having said so expires; what it said that it holds is given back. */
  gone(decision: Decision): void {
    if (decision.failure.length > 0) return;
    this.record(decision);
    if (!decision.isAdmitted || !this.hasSettlement) return;
    this.limits.settle(this.demands, this.facts, new Usage(), true);
  }

  told(decision: Decision): void {
    let final = decision;
    this.isShared = decision.failure.length == 0;
    if (!this.isShared) {
      const other = this.limits.withoutRedis(this.demands, decision.failure);
      if (other !== null) final = other;
    }
    this.record(final);
    this.isOpen = final.isAdmitted;
    this.asker.decided(final);
  }

  private record(decision: Decision): void {
    for (let i = 0; i < this.demands.length; i++) {
      const demand = this.demands[i];
      if (demand.expired > 0) count(EXPIRED);
      if (decision.isAdmitted && demand.held > 0) count("model_ratelimit_reserved");
    }
    count(decision.isAdmitted ? "model_ratelimit_admitted" : "model_ratelimit_refused");
  }

  /** Reads the answer; null when nothing of it counts. */
  meter(): MeteredAnswer | null {
    for (let i = 0; i < this.demands.length; i++) {
      if (isOfUsage(this.demands[i].unit)) this.answer = new MeteredAnswer(familyOf(this.facts.model));
    }
    return this.answer;
  }

  /** The answer as it comes; true when it may not become longer. */
  isTooLong(stream: AnyStream): bool {
    const answer = this.answer;
    if (answer === null || !this.isOpen || !this.isShared || this.isAsking || this.isExhausted)
      return this.isExhausted;
    if (this.heldOutput == 0) this.heldOutput = this.forecast.mostOutput;
    if (answer.metered < this.heldOutput) return false;
    this.growing = [];
    this.growth = [];
    const missing = answer.metered - this.heldOutput;
    const more = missing + max(LEAST_GROWTH, Math.ceil(this.heldOutput * GROWTH));
    for (let i = 0; i < this.demands.length; i++) {
      const demand = this.demands[i];
      const cost = this.limits.costOfOutput(demand, this.facts, more);
      if (demand.held == 0 || cost == 0) continue;
      const step = demand.step;
      step.test = cost;
      step.take = 0;
      step.hold = demand.held + cost;
      step.release = demand.held;
      step.cell = demand.cell;
      this.growing.push(demand);
      this.growth.push(cost);
    }
    if (this.growing.length == 0) return false;
    this.isAsking = true;
    this.limits.decide(this.growing, new Extension(this, more), stream);
    return this.isExhausted;
  }

  /** Without an answer of Redis the stream goes on. */
  extended(decision: Decision, output: f64): void {
    this.isAsking = false;
    this.isExhausted = decision.refusedBy >= 0;
    if (!this.isExhausted) this.heldOutput += output;
    for (let i = 0; i < this.growing.length && decision.isAdmitted; i++)
      this.growing[i].held += this.growth[i];
    const ending = this.ending;
    if (ending !== null) this.limits.settle(this.demands, this.facts, ending, this.isShared);
    this.asker.extended();
  }

  /** Where streams are cut: what watches this one. */
  cut(): StreamCut | null {
    const answer = this.answer;
    if (answer === null || !this.limits.cutsStreams) return null;
    answer.cut = new StreamCut();
    return answer.cut;
  }

  get outputSoFar(): i64 {
    const answer = this.answer;
    return answer === null ? 0 : <i64>answer.metered;
  }

  /** What has been used so far, as far as it is known. */
  get inputSoFar(): i64 {
    const answer = this.answer;
    return answer !== null && answer.isKnown ? answer.usage.prompt : <i64>this.forecast.input;
  }

  /** An error that states no usage costs nothing. */
  settle(isError: bool): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const answer = this.answer;
    if (answer !== null) answer.finish();
    let usage = new Usage();
    if (answer !== null && answer.isKnown) {
      usage = answer.usage;
      this.limits.learn(this.facts, usage, answer.metered);
      this.observeError(usage);
    } else if (!isError) {
      usage.input = <i64>this.forecast.input;
      if (answer !== null) usage.output = this.forecast.written(answer.metered);
    }
    if (!this.hasSettlement) return;
    if (this.isAsking) this.ending = usage;
    else this.limits.settle(this.demands, this.facts, usage, this.isShared);
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
