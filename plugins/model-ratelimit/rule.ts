// One rule: whom it concerns, and which limit they get.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Regex } from "as-proxy-wasm-sdk/regex";
import { Network } from "./address";
import { Claim } from "./claim";
import { CONSUMER, Dimension, FIELDS, Source } from "./dimension";
import { Limit, readRate, Unit } from "./limit";

const PATTERN: string = "regexp:";
const PREFIX: string = "failed to parse rule_item in rule_items: ";

/** One of `limit_keys`: which values it is for. */
class KeyLimit {
  /** Null with a pattern, a network, or `*`. */
  text: Span | null = null;
  pattern: Regex | null = null;
  network: Network | null = null;

  constructor(public limit: Limit) {}

  matches(value: Span): bool {
    const text = this.text;
    if (text !== null) return text.equals(value);
    const pattern = this.pattern;
    return pattern === null || pattern.matches(value);
  }
}

export class Rule {
  private keys: KeyLimit[] = [];

  constructor(private dimension: Dimension) {}

  /** The request's claim, its counter's name begun with `scope`; null when no key is for it. */
  claim(head: Head, scope: string): Claim | null {
    return this.dimension.source == Source.Ip ? this.addressClaim(head, scope) : this.valueClaim(head, scope);
  }

  private valueClaim(head: Head, scope: string): Claim | null {
    const value = this.dimension.valueOf(head);
    if (value === null) return null;
    for (let i = 0; i < this.keys.length; i++) {
      if (this.keys[i].matches(value)) return this.claimOf(this.keys[i].limit, scope, value);
    }
    return null;
  }

  private addressClaim(head: Head, scope: string): Claim | null {
    const address = this.dimension.addressOf(head);
    if (address === null) return null;
    for (let i = 0; i < this.keys.length; i++) {
      const network = this.keys[i].network;
      if (network !== null && network.has(address)) {
        return this.claimOf(this.keys[i].limit, scope, Span.text(address.toString()));
      }
    }
    return null;
  }

  private claimOf(limit: Limit, scope: string, value: Span): Claim {
    const dimension = this.dimension;
    const key = new Buffer(128);
    key.text(`${scope}:${dimension.field}:${limit.windowSeconds}:${dimension.name}:`);
    key.append(value);
    return new Claim(key.take(), limit);
  }

  /** Null, with an error in the report, when it cannot be used. */
  static read(reader: ConfigReader, unit: Unit): Rule | null {
    const dimension = readDimension(reader);
    if (dimension === null) return null;
    const rule = new Rule(dimension);
    if (!reader.has("limit_keys")) {
      reader.fail(PREFIX + "missing limit_keys in config");
      return null;
    }
    const keys = reader.list("limit_keys");
    if (keys.length == 0) reader.fail(PREFIX + "config limit_keys cannot be empty");
    for (let i = 0; i < keys.length; i++) {
      const key = readKey(keys[i], dimension, unit);
      if (key !== null) rule.keys.push(key);
      keys[i].warnUnread();
    }
    reader.warnUnread();
    return rule;
  }
}

/** The last of the fields that are set. */
function readDimension(reader: ConfigReader): Dimension | null {
  let index = -1;
  let name = "";
  for (let i = 0; i < FIELDS.length; i++) {
    const isConsumer = FIELDS[i].endsWith("consumer");
    const text = reader.text(FIELDS[i]);
    if (isConsumer ? !reader.has(FIELDS[i]) : text.length == 0) continue;
    index = i;
    name = isConsumer ? CONSUMER : text;
  }
  if (index < 0) {
    reader.fail(`${PREFIX}only one of ${quotedFields()} can be set`);
    return null;
  }
  const dimension = new Dimension(index, name);
  const error = dimension.source == Source.Ip ? Dimension.addressError(name) : null;
  if (error === null) return dimension;
  reader.fail(PREFIX + error);
  return null;
}

/** In the order of Higress's message. */
function quotedFields(): string {
  const order = [0, 1, 6, 2, 3, 4, 7, 5, 8];
  let text = "";
  for (let i = 0; i < order.length; i++) text += `${i > 0 ? " and " : ""}'${FIELDS[order[i]]}'`;
  return text;
}

function readKey(reader: ConfigReader, dimension: Dimension, unit: Unit): KeyLimit | null {
  const key = reader.text("key");
  if (key.length == 0) {
    reader.fail(PREFIX + "limit_keys key is required");
    return null;
  }
  const limit = readRate(reader, unit, PREFIX, ` for key '${key}'`, `key: ${key}`);
  if (limit === null) return null;
  const keyLimit = new KeyLimit(limit);
  const error = readPattern(keyLimit, key, dimension);
  if (error.length == 0) return keyLimit;
  reader.fail(PREFIX + error);
  return null;
}

/** Why the key cannot be used, or "". */
function readPattern(into: KeyLimit, key: string, dimension: Dimension): string {
  if (dimension.source == Source.Ip) {
    into.network = Network.parse(Span.text(key));
    return into.network === null ? `failed to parse IPNet for key '${key}': invalid IP[${key}]` : "";
  }
  if (!dimension.isPerValue) {
    into.text = Span.text(key);
    return "";
  }
  if (key == "*") return "";
  if (!key.startsWith(PATTERN)) {
    return `the '${dimension.field}' restriction must start with 'regexp:' or be exactly '*'`;
  }
  const pattern = new Regex(key.substring(PATTERN.length));
  into.pattern = pattern;
  return pattern.error.length > 0 ? `failed to compile regex for key '${key}': ${pattern.error}` : "";
}
