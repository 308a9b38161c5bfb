// Tokens or requests in a window: the configurations of ai-token-ratelimit and cluster-key-rate-limit.

import {
  AnyStream,
  clusterName,
  ConfigReader,
  count,
  Head,
  log,
  logAttribute,
  routeName,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Claim } from "./claim";
import { CONSUMER } from "./dimension";
import { Asker, Ledger, Standing, UNCHECKED } from "./ledger";
import { Limit, readRate, Unit } from "./limit";
import { Policy } from "./policy";
import { Reply } from "./reply";
import { Rule } from "./rule";

const TOO_MANY = 429;

export class RatePolicy extends Policy {
  /** Counts all requests together; null where rules tell them apart. */
  private limit: Limit | null = null;
  private rules: Rule[] = [];
  /** How the names of the counters begin. */
  private scope: string;
  private rejectedCode: i32 = TOO_MANY;
  private rejectedMessage: string = "";
  /** Headers say what is left. */
  private showsQuota: bool = false;

  constructor(
    private unit: Unit,
    ruleName: string,
    private ledger: Ledger,
  ) {
    super(unit == Unit.Tokens);
    this.scope =
      (unit == Unit.Tokens ? "higress-token-ratelimit:" : "higress-cluster-key-rate-limit:") + ruleName;
  }

  static read(reader: ConfigReader, unit: Unit, ledger: Ledger): RatePolicy {
    if (!reader.has("rule_name")) reader.fail("missing rule_name in config");
    const policy = new RatePolicy(unit, reader.text("rule_name"), ledger);
    const isGlobal = reader.has("global_threshold");
    const hasRules = reader.has("rule_items");
    if (isGlobal && hasRules) {
      reader.fail("'global_threshold' and 'rule_items' cannot be set at the same time");
    } else if (isGlobal) {
      const global = reader.child("global_threshold");
      policy.limit = readRate(global, unit, "failed to parse global_threshold: ", "", "global_threshold");
      global.warnUnread();
    } else if (hasRules) {
      const items = reader.list("rule_items");
      if (items.length == 0) reader.fail("config rule_items cannot be empty");
      for (let i = 0; i < items.length; i++) {
        const rule = Rule.read(items[i], unit);
        if (rule !== null) policy.rules.push(rule);
      }
    } else {
      reader.fail("at least one of 'global_threshold' or 'rule_items' must be set");
    }
    policy.rejectedCode = <i32>reader.integerBetween("rejected_code", TOO_MANY, 200, 599);
    policy.rejectedMessage = reader.has("rejected_msg") ? reader.text("rejected_msg") : "Too many requests";
    if (unit == Unit.Requests) policy.showsQuota = reader.flag("show_limit_quota_header");
    return policy;
  }

  claimOf(head: Head): Claim | null {
    const limit = this.limit;
    if (limit !== null) {
      return new Claim(Span.text(`${this.scope}:global_threshold:${limit.windowSeconds}`), limit);
    }
    for (let i = 0; i < this.rules.length; i++) {
      const claim = this.rules[i].claim(head, this.scope);
      if (claim !== null) return claim;
    }
    return null;
  }

  ask(claim: Claim, asker: Asker, stream: AnyStream): void {
    if (this.unit == Unit.Tokens) this.ledger.check(claim, asker, stream);
    else this.ledger.take(claim, asker, stream);
  }

  /** Without an answer of the ledger the request passes. */
  verdict(claim: Claim, standing: Standing): Reply | null {
    if (!standing.isKnown) {
      log.error(`limit not checked, request passes: ${standing.failure}`);
      count(UNCHECKED);
      return null;
    }
    if (standing.count <= claim.limit.amount) return null;
    const isTokens = this.unit == Unit.Tokens;
    const name = isTokens ? "ai-token-ratelimit" : "cluster-key-rate-limit";
    const reply = new Reply(this.rejectedCode, name + ".rejected", this.rejectedMessage);
    if (this.showsQuota) {
      reply.headers.add("X-RateLimit-Limit", claim.limit.amount.toString()).add("X-RateLimit-Remaining", "0");
    }
    reply.headers.add(
      isTokens ? "X-TokenRateLimit-Reset" : "X-RateLimit-Reset",
      standing.resetSeconds.toString(),
    );
    return reply;
  }

  refused(head: Head): void {
    if (this.unit != Unit.Tokens) return;
    logAttribute("token_ratelimit_status", "limited");
    const route = orDash(routeName());
    const cluster = orDash(clusterName());
    const consumer = head.get(CONSUMER);
    const who = consumer.length > 0 ? consumer : "none";
    count(`route.${route}.upstream.${cluster}.model.none.consumer.${who}.metric.token_ratelimit_count`);
  }

  announce(head: Head, claim: Claim, standing: Standing): void {
    if (!this.showsQuota || !standing.isKnown) return;
    head.set("x-ratelimit-limit", claim.limit.amount.toString());
    head.set("x-ratelimit-remaining", (claim.limit.amount - standing.count).toString());
  }

  charge(claim: Claim, tokens: i64): void {
    this.ledger.charge(claim, tokens);
  }
}

function orDash(name: string): string {
  return name.length > 0 ? name : "-";
}
