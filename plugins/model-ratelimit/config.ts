// Which of the three kinds a configuration is, and where it keeps its counts.

import { Config, ConfigReader, every, log, Redis } from "as-proxy-wasm-sdk/sdk";
import { LocalBalances, LocalLedger } from "./local-ledger";
import { hasRate, Unit } from "./limit";
import { NativeLimits, readsReserve } from "./native-limits";
import { Payments } from "./payments";
import { Policy } from "./policy";
import { QuotaPolicy } from "./quota-policy";
import { RatePolicy } from "./rate-policy";
import { RedisBalances, RedisLedger } from "./redis-ledger";
import { readRedis } from "./redis-settings";
import { Reservations } from "./reservations";

const KINDS: string[] = ["token", "quota", "requests"];

const enum Kind {
  Token,
  Quota,
  Requests,
}

/** Keys, defaults and bounds are those of schema.json; a test compares the two. */
export class RatelimitConfig extends Config {
  /** Of Higress's forms. */
  policy: Policy | null = null;
  /** Of the native form, which has no policy. */
  limits: NativeLimits | null = null;
  private payments: Payments | null = null;

  get isUsed(): bool {
    return this.policy !== null || this.limits !== null;
  }

  static parse(reader: ConfigReader, inherited: RatelimitConfig | null): RatelimitConfig {
    const config = new RatelimitConfig();
    const isNative = reader.has("rules");
    const kind = isNative ? Kind.Token : kindOf(reader);
    // `redis` is looked at first, as in Higress's plugins.
    const isShared = reader.has("redis");
    const redis = isShared ? readRedis(reader) : null;
    if (isShared && redis === null) return config;
    const payments = redis !== null ? new Payments(redis) : null;
    config.payments = payments;
    if (isNative) {
      config.limits = NativeLimits.read(reader, payments);
    } else if (kind == Kind.Quota) {
      config.policy = QuotaPolicy.read(
        reader,
        payments !== null ? new RedisBalances(payments) : new LocalBalances(),
      );
    } else {
      const unit = kind == Kind.Requests ? Unit.Requests : Unit.Tokens;
      config.policy = RatePolicy.read(
        reader,
        unit,
        payments !== null ? new RedisLedger(payments) : new LocalLedger(),
      );
    }
    const policy = config.policy;
    if (policy !== null && kind != Kind.Requests && readsReserve(reader, false)) {
      policy.reservations = Reservations.read(reader, payments);
    }
    return config;
  }

  /** A Redis that is away now may come: each command connects again. */
  start(): bool {
    const payments = this.payments;
    if (payments === null) return true;
    if (!Redis.isSupported) {
      log.error(
        "redis: stock Envoy offers no Redis to plugins; without this key counts are kept in the process",
      );
      return false;
    }
    payments.redis.connect();
    every(payments);
    return true;
  }
}

/** What `kind` says, else what the other keys tell. */
function kindOf(reader: ConfigReader): Kind {
  const named = reader.text("kind");
  const index = KINDS.indexOf(named);
  if (index >= 0) return <Kind>index;
  if (named.length > 0) reader.expected("kind", "token, quota or requests");
  if (reader.has("admin_consumer") || reader.has("admin_path") || reader.has("redis_key_prefix"))
    return Kind.Quota;
  const isRequests = reader.has("show_limit_quota_header") || countsRequests(reader);
  return isRequests ? Kind.Requests : Kind.Token;
}

/** True when a rate of requests stands somewhere. */
function countsRequests(reader: ConfigReader): bool {
  if (hasRate(reader.child("global_threshold"), Unit.Requests)) return true;
  const items = reader.list("rule_items");
  for (let i = 0; i < items.length; i++) {
    const keys = items[i].list("limit_keys");
    for (let j = 0; j < keys.length; j++) if (hasRate(keys[j], Unit.Requests)) return true;
  }
  return false;
}
