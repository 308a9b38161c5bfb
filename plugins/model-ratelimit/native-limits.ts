// The native form: several rules, all of which must allow. Where counts are kept, and what happens without an answer.

import { AnyStream, ConfigReader, count, Head, log, Redis } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { Demand, Decision, NativeUnit } from "./demand";
import { UNCHECKED } from "./ledger";
import { LimitRule, MONEY_SCALE } from "./limit-rule";
import { RequestFacts } from "./request-facts";
import { ScriptAsker, ScriptLimits } from "./script-limits";
import { SlotLimits } from "./slot-limits";

const FAILURES: string[] = ["open", "closed", "local"];
/** Models whose answers are learned from; further ones share one entry. */
const MAX_MODELS: i32 = 256;
/** An answer counts as much as one of so many. */
const MEMORY: f64 = 8;
const MILLION: f64 = 1000000;

class Price {
  constructor(
    public input: f64,
    public cached: f64,
    public output: f64,
  ) {}
}

/** What the answers of a model have taught this worker. */
class Learned {
  /** Input tokens stated for each that was estimated. */
  ratio: f64 = 1;
  /** Output tokens of an answer; negative: none was seen. */
  output: f64 = -1;
}

export class NativeLimits {
  rules: LimitRule[] = [];
  readonly scope: string;
  /** What is not known at admission is reserved, not only charged afterwards. */
  reserves: bool = true;
  showsHeaders: bool = true;
  failure: string = "local";
  private defaultOutput: f64 = 1000;
  private prices: Map<string, Price> = new Map<string, Price>();
  private learned: Map<string, Learned> = new Map<string, Learned>();
  private slots: SlotLimits = new SlotLimits();
  private fallback: SlotLimits = new SlotLimits();
  private script: ScriptLimits | null = null;

  private constructor(ruleName: string) {
    // One hash tag: a cluster keeps all counters of a decision in one place.
    this.scope = `model-ratelimit:{${ruleName}}:`;
  }

  static read(reader: ConfigReader, redis: Redis | null): NativeLimits {
    const limits = new NativeLimits(reader.text("rule_name", "default"));
    const accounting = reader.text("accounting", "reserve");
    if (accounting != "reserve" && accounting != "after") reader.expected("accounting", "after or reserve");
    limits.reserves = accounting == "reserve";
    limits.showsHeaders = reader.flag("show_limit_headers", true);
    limits.failure = reader.text("on_redis_failure", "local");
    if (!FAILURES.includes(limits.failure)) reader.expected("on_redis_failure", "open, closed or local");
    const share = reader.number("local_share", 1);
    if (!(share > 0 && share <= 1)) reader.expected("local_share", "a number above 0 and up to 1");
    limits.fallback = new SlotLimits(share);
    limits.defaultOutput = <f64>reader.integerBetween("default_output_tokens", 1000, 1, 1 << 30);
    const life = reader.integerBetween("reservation_seconds", 600, 1, 86400);
    const rules = reader.list("rules");
    if (rules.length == 0) reader.expected("rules", "a list of rules");
    const names: string[] = [];
    for (let i = 0; i < rules.length; i++) {
      const rule = LimitRule.read(rules[i], i, <f64>life * 1000);
      if (rule === null) continue;
      if (names.includes(rule.name)) rules[i].expected("name", "a name that no other rule has");
      names.push(rule.name);
      limits.rules.push(rule);
    }
    limits.readPrices(reader);
    if (redis !== null) limits.script = new ScriptLimits(redis);
    return limits;
  }

  private readPrices(reader: ConfigReader): void {
    const prices = reader.entries("prices");
    for (let i = 0; i < prices.length; i++) {
      const price = prices[i].reader;
      const input = price.number("input");
      const cached = price.number("cached", input);
      const output = price.number("output");
      if (!(input >= 0)) price.expected("input", "a number from 0 on");
      if (!(cached >= 0)) price.expected("cached", "a number from 0 on");
      if (!(output >= 0)) price.expected("output", "a number from 0 on");
      price.warnUnread();
      this.prices.set(prices[i].name, new Price(input, cached, output));
    }
    for (let i = 0; i < this.rules.length; i++) {
      if (this.rules[i].unit != NativeUnit.Money || this.prices.size > 0) continue;
      reader.expected("prices", "the prices of models, which a rule of money needs");
      return;
    }
  }

  start(): void {
    const script = this.script;
    if (script !== null) script.start();
  }

  get readsRequest(): bool {
    for (let i = 0; i < this.rules.length; i++) if (this.rules[i].needsBody) return true;
    return false;
  }

  /** What the request asks, with what is held for it. */
  demands(head: Head, facts: RequestFacts): Demand[] {
    const demands: Demand[] = [];
    const learned = this.learnedOf(facts.model);
    const input = Math.ceil(facts.promptTokens * learned.ratio);
    let output = facts.mostOutput;
    if (output < 0) output = learned.output >= 0 ? Math.ceil(learned.output) : this.defaultOutput;
    for (let i = 0; i < this.rules.length; i++) {
      const demand = this.rules[i].demand(this.scope, head, facts);
      if (demand === null) continue;
      const step = demand.step;
      if (demand.unit == NativeUnit.Requests || demand.unit == NativeUnit.ToolCalls) {
        step.test = step.take = 1;
      } else if (demand.unit == NativeUnit.ConcurrentRequests) {
        step.test = step.hold = 1;
      } else {
        const estimate = this.reserves ? this.costOf(demand.unit, facts.model, input, 0, output) : 0;
        step.hold = estimate;
        // Where nothing is reserved, something must be left.
        step.test = max(1, estimate);
      }
      demand.held = step.hold;
      demands.push(demand);
    }
    return demands;
  }

  private costOf(unit: NativeUnit, model: Span, input: f64, cached: f64, output: f64): f64 {
    switch (unit) {
      case NativeUnit.InputTokens:
        return input;
      case NativeUnit.OutputTokens:
        return output;
      case NativeUnit.TotalTokens:
        return input + output;
      case NativeUnit.CachedTokens:
        return cached;
      case NativeUnit.Money: {
        const name = model.toString();
        const key = this.prices.has(name) ? name : "*";
        if (!this.prices.has(key)) return 0;
        const price = this.prices.get(key);
        const cost = (input - cached) * price.input + cached * price.cached + output * price.output;
        return Math.ceil((cost * MONEY_SCALE) / MILLION);
      }
      default:
        return 0;
    }
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

  /**
   * Ends what is held and counts what was used. `isShared`: Redis holds it; else this process, or nobody. Redis hears of
   * all usage, whoever has decided.
   */
  settle(demands: Demand[], facts: RequestFacts, usage: Usage | null, passed: f64, isShared: bool): void {
    const input = Math.ceil(facts.promptTokens * this.learnedOf(facts.model).ratio);
    for (let i = 0; i < demands.length; i++) {
      const demand = demands[i];
      const step = demand.step;
      step.test = step.hold = 0;
      step.release = demand.held;
      step.cell = demand.cell;
      if (demand.unit < NativeUnit.InputTokens || demand.unit == NativeUnit.ToolCalls) step.take = 0;
      else if (usage === null) step.take = this.costOf(demand.unit, facts.model, input, 0, passed);
      else {
        const prompt = <f64>usage.prompt;
        const cached = <f64>usage.cacheRead;
        step.take = this.costOf(demand.unit, facts.model, prompt, cached, <f64>usage.output);
      }
      if (demand.held > 0) count("model_ratelimit_settled");
    }
    if (usage !== null && usage.total > 0) this.learn(facts, usage);
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
    script.settle(demands, this.scope);
  }

  private learnedOf(model: Span): Learned {
    let name = model.toString();
    if (this.learned.has(name)) return this.learned.get(name);
    if (this.learned.size >= MAX_MODELS) name = "";
    if (!this.learned.has(name)) this.learned.set(name, new Learned());
    return this.learned.get(name);
  }

  private learn(facts: RequestFacts, usage: Usage): void {
    const learned = this.learnedOf(facts.model);
    const output = <f64>usage.output;
    learned.output = learned.output < 0 ? output : learned.output + (output - learned.output) / MEMORY;
    if (facts.promptTokens < 16 || usage.prompt <= 0) return;
    const ratio = min(max(<f64>usage.prompt / facts.promptTokens, 0.1), 10);
    learned.ratio += (ratio - learned.ratio) / MEMORY;
  }
}
