// One of `rules`: whom it concerns, by what it tells them apart, and how much of what they may use.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Regex } from "as-proxy-wasm-sdk/regex";
import { Network } from "./address";
import { Demand, NativeUnit, UNITS } from "./demand";
import { MONEY_SCALE } from "./price";
import { RequestFacts } from "./request-facts";
import { Algorithm, Measure } from "./tally";
import { digest, RequestValue } from "./value";

const ALGORITHMS: string[] = ["fixed_window", "sliding_window", "token_bucket"];
const PATTERN: string = "regexp:";
const MOST: f64 = 9007199254740991;

/** One of the texts of `in`: exact, with `*` at its end, `regexp:…`, or a network. */
class Pattern {
  private network: Network | null = null;
  private regex: Regex | null = null;
  private start: Span | null = null;

  constructor(private text: string) {
    if (text.endsWith("*")) this.start = Span.text(text.substring(0, text.length - 1));
    if (text.startsWith(PATTERN)) this.regex = new Regex(text.substring(PATTERN.length));
  }

  /** Why it cannot be used, or "". */
  check(source: RequestValue): string {
    if (source.isAddress) {
      this.network = Network.parse(Span.text(this.text));
      return this.network === null ? "an address or a network" : "";
    }
    const regex = this.regex;
    return regex !== null && regex.error.length > 0 ? "an RE2 expression: " + regex.error : "";
  }

  matches(source: RequestValue, value: Span): bool {
    const network = this.network;
    if (network !== null) {
      const address = source.address();
      return address !== null && network.has(address);
    }
    const regex = this.regex;
    if (regex !== null) return regex.matches(value);
    const start = this.start;
    if (start !== null) return value.size >= start.size && value.slice(0, start.size).equals(start);
    return value.equals(Span.text(this.text));
  }
}

class Condition {
  patterns: Pattern[] = [];
  constructor(readonly source: RequestValue) {}

  holds(head: Head, facts: RequestFacts, tool: Span, isCall: bool): bool {
    const value = this.source.value(head, facts, tool);
    // A call whose tool cannot be read may be of any.
    if (value === null) return isCall && this.source.isTool;
    for (let i = 0; i < this.patterns.length; i++)
      if (this.patterns[i].matches(this.source, value)) return true;
    return false;
  }
}

export class LimitRule {
  private by: RequestValue[] = [];
  private conditions: Condition[] = [];

  private constructor(
    readonly name: string,
    readonly unit: NativeUnit,
    readonly measure: Measure,
  ) {}

  get needsBody(): bool {
    if (this.unit >= NativeUnit.InputTokens) return true;
    for (let i = 0; i < this.by.length; i++) if (this.by[i].needsBody) return true;
    for (let i = 0; i < this.conditions.length; i++) if (this.conditions[i].source.needsBody) return true;
    return false;
  }

  /**
   * Adds the rule's demands on the request, the names of their counters begun with `scope`: none where the rule does
   * not concern it, one for each counter that calls of several tools count in.
   */
  addDemands(scope: string, head: Head, facts: RequestFacts, into: Demand[]): void {
    const tools = facts.tools;
    const isOfTools = this.unit == NativeUnit.ToolCalls;
    const first = into.length;
    const count = isOfTools ? tools.names.length : max(tools.names.length, 1);
    for (let i = 0; i < count; i++) {
      const tool = i < tools.names.length ? tools.names[i] : Span.empty();
      if (!this.concerns(head, facts, tool)) continue;
      const key = this.key(scope, head, facts, tool);
      const calls = isOfTools ? <f64>tools.counts[i] : 1;
      let at = first;
      while (at < into.length && !into[at].key.equals(key)) at++;
      if (at == into.length) into.push(new Demand(key, this.name, this.unit, this.measure, calls));
      else if (isOfTools) into[at].count += calls;
    }
  }

  private concerns(head: Head, facts: RequestFacts, tool: Span): bool {
    const isCall = this.unit == NativeUnit.ToolCalls;
    for (let i = 0; i < this.conditions.length; i++) {
      if (!this.conditions[i].holds(head, facts, tool, isCall)) return false;
    }
    return true;
  }

  private key(scope: string, head: Head, facts: RequestFacts, tool: Span): Span {
    // Values that are missing count together: leaving one out is no way around a limit.
    const values = new Buffer(128);
    for (let i = 0; i < this.by.length; i++) {
      const value = this.by[i].value(head, facts, tool);
      values.text(value === null ? "-" : value.size.toString());
      values.push(0x3a);
      if (value !== null) values.append(value);
    }
    const key = new Buffer(96);
    key.text(`${scope}${this.name}:`);
    key.append(digest(values.span()));
    return key.take();
  }

  /** Null, with an error in the report, when it cannot be used. */
  static read(reader: ConfigReader, index: i32, lifeMs: f64): LimitRule | null {
    const errors = reader.report.errors.length;
    const unit = UNITS.indexOf(reader.text("unit", "total_tokens"));
    if (unit < 0) reader.expected("unit", UNITS.join(", "));
    const algorithm = ALGORITHMS.indexOf(reader.text("algorithm", "fixed_window"));
    if (algorithm < 0) reader.expected("algorithm", ALGORITHMS.join(", "));
    const scale = unit == NativeUnit.Money ? MONEY_SCALE : 1;
    const amount = Math.floor(reader.number("limit") * scale);
    if (!(amount >= 1 && amount <= MOST)) reader.expected("limit", "a number above 0");
    const seconds = reader.integerBetween("window_seconds", 60, 1, 31622400);
    const given = reader.number("window_seconds");
    if (given != Math.floor(given)) reader.expected("window_seconds", "a whole number of seconds");
    const burst = Math.floor(reader.number("burst", amount / scale) * scale);
    if (!(burst >= 1 && burst <= MOST)) reader.expected("burst", "a number above 0");
    const isBucket = algorithm + 1 == Algorithm.Bucket;
    const isConcurrent = unit == NativeUnit.ConcurrentRequests;
    if (isConcurrent && reader.has("algorithm"))
      reader.warn("algorithm: concurrent_requests have none, ignored");
    if (!isBucket && reader.has("burst")) reader.warn("burst: only token_bucket has one, ignored");
    const kind = isConcurrent ? Algorithm.None : <Algorithm>(algorithm + 1);
    const capacity = isBucket && !isConcurrent ? burst : amount;
    const measure = new Measure(kind, capacity, amount, <f64>seconds * 1000, lifeMs);
    const name = reader.text("name", index.toString());
    const rule = new LimitRule(name, <NativeUnit>max(unit, 0), measure);
    if (!isName(name)) reader.expected("name", "letters, digits, dots, hyphens and underscores");
    rule.readValues(reader);
    reader.warnUnread();
    return reader.report.errors.length == errors ? rule : null;
  }

  private readValues(reader: ConfigReader): void {
    const by = reader.texts("by");
    for (let i = 0; i < by.length; i++) {
      const value = RequestValue.parse(by[i]);
      if (value === null) reader.expected("by", VALUES);
      else this.by.push(value);
    }
    const match = reader.list("match");
    for (let i = 0; i < match.length; i++) {
      const source = RequestValue.parse(match[i].text("of"));
      if (source === null) {
        match[i].expected("of", VALUES);
        continue;
      }
      const condition = new Condition(source);
      const texts = match[i].texts("in");
      if (texts.length == 0) match[i].expected("in", "a list of values");
      for (let j = 0; j < texts.length; j++) {
        const pattern = new Pattern(texts[j]);
        const wanted = pattern.check(source);
        if (wanted.length > 0) match[i].expected("in", wanted);
        condition.patterns.push(pattern);
      }
      match[i].warnUnread();
      this.conditions.push(condition);
    }
  }
}

const VALUES: string =
  "consumer, api_key, model, ip, ip/BITS, route, tool, header:NAME, query:NAME or cookie:NAME";

/** It stands in headers and in names of counters. */
function isName(name: string): bool {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    const isWord = (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a);
    if (!isWord && c != 0x2d && c != 0x2e && c != 0x5f) return false;
  }
  return name.length > 0 && name.length <= 64;
}
