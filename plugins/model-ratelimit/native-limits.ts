// The native form: several rules, all of which must allow. Where counts are kept, and what happens without an answer.
//
// A reservation holds the most that its request may use, while admission asks room for what it is expected to use: of
// all requests under way only the one that came last may pass the limit, by what its own estimate was short.

import { AnyStream, ConfigReader, count, Head, log } from "as-proxy-wasm-sdk/sdk";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { Demand, Decision, isOfUsage, NativeUnit } from "./demand";
import { Experience, Forecast } from "./forecast";
import { UNCHECKED } from "./ledger";
import { LimitRule } from "./limit-rule";
import { Payments } from "./payments";
import { PriceTable } from "./price";
import { RequestFacts } from "./request-facts";
import { ScriptAsker, ScriptLimits } from "./script-limits";
import { SlotLimits } from "./slot-limits";

const FAILURES: string[] = ["open", "closed", "local"];

export class NativeLimits {
  rules: LimitRule[] = [];
  readonly scope: string;
  /** What is not known at admission is reserved, not only charged afterwards. */
  reserves: bool = true;
  showsHeaders: bool = true;
  /** Streams that use more than they may are ended. */
  cutsStreams: bool = false;
  failure: string = "local";
  private defaultOutput: f64 = 1000;
  private prices: PriceTable = new PriceTable();
  private experience: Experience = new Experience();
  private slots: SlotLimits = new SlotLimits();
  private fallback: SlotLimits = new SlotLimits();
  private script: ScriptLimits | null = null;

  private constructor(ruleName: string) {
    // One hash tag: a cluster keeps all counters of a decision in one place.
    this.scope = `model-ratelimit:{${ruleName}}:`;
  }

  static read(reader: ConfigReader, payments: Payments | null): NativeLimits {
    const ruleName = reader.text("rule_name");
    if (ruleName.startsWith("}")) reader.expected("rule_name", "a name that does not begin with }");
    const limits = new NativeLimits(ruleName.length > 0 ? ruleName : "default");
    limits.reserves = readsReserve(reader, true);
    limits.cutsStreams = reader.flag("cut_streams", false);
    if (limits.cutsStreams && !limits.reserves) reader.expected("cut_streams", "accounting: reserve");
    limits.showsHeaders = reader.flag("show_limit_headers", true);
    limits.failure = reader.text("on_redis_failure", "local");
    if (!FAILURES.includes(limits.failure)) reader.expected("on_redis_failure", "open, closed or local");
    const share = reader.number("local_share", 1);
    if (!(share > 0 && share <= 1)) reader.expected("local_share", "a number above 0 and up to 1");
    limits.fallback = new SlotLimits(share);
    limits.defaultOutput = readDefaultOutput(reader);
    const lifeMs = readLifeMs(reader);
    const rules = reader.list("rules");
    if (rules.length == 0) reader.expected("rules", "a list of rules");
    const names: string[] = [];
    for (let i = 0; i < rules.length; i++) {
      const rule = LimitRule.read(rules[i], i, lifeMs);
      if (rule === null) continue;
      if (names.includes(rule.name)) rules[i].expected("name", "a name that no other rule has");
      names.push(rule.name);
      limits.rules.push(rule);
    }
    limits.readPrices(reader);
    if (payments !== null) limits.script = new ScriptLimits(payments);
    return limits;
  }

  private readPrices(reader: ConfigReader): void {
    this.prices = PriceTable.read(reader);
    for (let i = 0; i < this.rules.length; i++) {
      if (this.rules[i].unit != NativeUnit.Money) continue;
      if (this.prices.isEmpty) reader.expected("prices", "the prices of models, which a rule of money needs");
      else if (!this.prices.isComplete)
        reader.warn("prices: models without a price cost nothing; `*` gives them one");
      return;
    }
  }

  get readsRequest(): bool {
    for (let i = 0; i < this.rules.length; i++) if (this.rules[i].needsBody) return true;
    return false;
  }

  /** Only the answer tells what some of the rules count. */
  get countsUsage(): bool {
    for (let i = 0; i < this.rules.length; i++) if (isOfUsage(this.rules[i].unit)) return true;
    return false;
  }

  forecast(facts: RequestFacts): Forecast {
    return this.experience.forecast(facts, this.defaultOutput);
  }

  /** What the request asks, with what is held for it. */
  demands(head: Head, facts: RequestFacts, forecast: Forecast): Demand[] {
    const demands: Demand[] = [];
    for (let i = 0; i < this.rules.length; i++) this.rules[i].addDemands(this.scope, head, facts, demands);
    for (let i = 0; i < demands.length; i++) {
      const demand = demands[i];
      const step = demand.step;
      if (demand.unit == NativeUnit.ConcurrentRequests) {
        step.test = step.hold = 1;
      } else if (!isOfUsage(demand.unit)) {
        step.test = step.take = demand.count;
      } else {
        if (this.reserves) this.reserve(demand, facts, forecast);
        // Where nothing is reserved, something must be left.
        step.test = max(1, demand.estimate);
      }
      demand.held = step.hold;
    }
    return demands;
  }

  private reserve(demand: Demand, facts: RequestFacts, forecast: Forecast): void {
    const most = forecast.mostInput;
    const cached = demand.unit == NativeUnit.CachedTokens ? most : 0;
    const prices = this.prices;
    demand.estimate = prices.cost(demand.unit, facts.model, forecast.input, 0, forecast.output);
    demand.step.hold = prices.cost(demand.unit, facts.model, most, cached, forecast.mostOutput);
  }

  /** What so many more tokens of output count. */
  costOfOutput(demand: Demand, facts: RequestFacts, output: f64): f64 {
    return this.prices.cost(demand.unit, facts.model, 0, 0, output);
  }

  decide(demands: Demand[], asker: ScriptAsker, stream: AnyStream): void {
    const script = this.script;
    if (script === null) asker.told(this.slots.decide(demands));
    else script.decide(demands, asker, stream);
  }

  /** What becomes of a request that Redis did not decide on: null when it is to be refused. */
  withoutRedis(demands: Demand[], failure: string): Decision | null {
    log.error(`limits not checked in Redis, on_redis_failure is ${this.failure}: ${failure}`);
    count(UNCHECKED);
    if (this.failure == "closed" || this.script === null) return null;
    return this.failure == "local" ? this.fallback.decide(demands) : new Decision(-1);
  }

  learn(facts: RequestFacts, usage: Usage, metered: f64): void {
    this.experience.learn(facts, usage, metered);
  }

  /**
   * Ends what is held and counts what was used. `isShared`: Redis holds it; else this process, or nobody. Redis hears of
   * all usage, whoever has decided.
   */
  settle(demands: Demand[], facts: RequestFacts, usage: Usage, isShared: bool): void {
    for (let i = 0; i < demands.length; i++) {
      const demand = demands[i];
      const step = demand.step;
      step.test = step.hold = 0;
      step.release = demand.held;
      step.cell = demand.cell;
      const cached = <f64>usage.cacheRead;
      step.take = this.prices.cost(demand.unit, facts.model, <f64>usage.prompt, cached, <f64>usage.output);
      if (demand.held > 0) count("model_ratelimit_settled");
    }
    const script = this.script;
    if (script === null || (!isShared && this.failure == "local")) {
      const slots = script === null ? this.slots : this.fallback;
      for (let i = 0; i < demands.length; i++) {
        if (!slots.settle(demands[i])) count("model_ratelimit_uncounted");
      }
    }
    if (script === null || demands.length == 0) return;
    // Nobody knows whether Redis holds what it did not answer for: it expires.
    for (let i = 0; i < demands.length && !isShared; i++) demands[i].step.release = 0;
    script.settle(demands);
  }
}

/** True where `accounting` is `reserve`. */
export function readsReserve(reader: ConfigReader, otherwise: bool): bool {
  const accounting = reader.text("accounting", otherwise ? "reserve" : "after");
  if (accounting != "reserve" && accounting != "after") reader.expected("accounting", "after or reserve");
  return accounting == "reserve";
}

export function readLifeMs(reader: ConfigReader): f64 {
  return <f64>reader.integerBetween("reservation_seconds", 600, 1, 86400) * 1000;
}

export function readDefaultOutput(reader: ConfigReader): f64 {
  return <f64>reader.integerBetween("default_output_tokens", 1000, 1, 1 << 30);
}
