// schema.json is what the documentation and lint go by: the parser must agree with it.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ratelimit, refusal } from "./ratelimit.ts";

interface Schema {
  type?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  examples?: object[];
}

const schema: Schema = JSON.parse(readFileSync(new URL("../schema.json", import.meta.url), "utf8"));

/** A value that fits: every member of an object, the least of numbers above 0. */
function valueOf(part: Schema): unknown {
  if (part.enum) return part.enum[0];
  if (part.properties) {
    return Object.fromEntries(Object.entries(part.properties).map(([key, value]) => [key, valueOf(value)]));
  }
  if (part.items) return [valueOf(part.items)];
  if (part.type === "integer") return Math.max(part.minimum ?? 1, 1);
  if (part.type === "boolean") return true;
  return "*";
}

/** Keys of the native form, which have a test of their own. */
const native = [
  "rules",
  "accounting",
  "cut_streams",
  "reservation_seconds",
  "default_output_tokens",
  "prices",
  "on_redis_failure",
  "local_share",
  "show_limit_headers",
];

const full = valueOf(schema) as Record<string, unknown>;
const item = (full.rule_items as Record<string, unknown>[])[0]!;

const rates = Object.keys(schema.properties!.global_threshold!.properties!);
const isRate = (line: string) => rates.some((rate) => line.includes(rate));

/** Keys that a kind is warned of. Of several rates one counts: those have a test of their own. */
function warningsOf(kind: string, left: string[], more: object = {}): string {
  const configuration = Object.fromEntries(
    Object.entries(full).filter(([key]) => !left.includes(key) && !native.includes(key)),
  );
  const chain = ratelimit({ ...configuration, kind, ...more });
  const problems = chain.problems("warn").filter((line) => line.includes("unknown key") && !isRate(line));
  chain.close();
  return problems.join("\n");
}

test("every key is read by the kind that it is for", () => {
  const quota = ["admin_consumer", "admin_path", "redis_key_prefix", "metered_paths"];
  const window = ["rule_name", "global_threshold", "rule_items", "rejected_code", "rejected_msg"];
  const perHeader = { ...item, limit_by_per_ip: "" };
  const rules = { rule_items: [perHeader] };
  expect(warningsOf("requests", [...quota, "global_threshold"], rules)).toBe("");
  expect(warningsOf("requests", [...quota, "rule_items"])).toBe("");
  expect(warningsOf("token", [...quota, "global_threshold", "show_limit_quota_header"], rules)).toBe("");
  expect(warningsOf("quota", [...window, "show_limit_quota_header"])).toBe("");
});

test("every rate is read, and alone tells the kind", () => {
  expect(rates).toHaveLength(8);
  for (const rate of rates) {
    const chain = ratelimit({ rule_name: "r", global_threshold: { [rate]: 1 } });
    expect(chain.problems("warn")).toEqual([]);
    const statuses = [chain.exchange().client.status, chain.exchange().client.status];
    expect(statuses).toEqual(rate.startsWith("query") ? [200, 429] : [200, 200]);
    chain.close();
  }
});

test("reservations are for tokens and quotas: the kind of requests is warned of their keys", () => {
  const keys = { accounting: "reserve", reservation_seconds: 9, default_output_tokens: 9 };
  const quota = ["admin_consumer", "admin_path", "redis_key_prefix", "metered_paths"];
  const window = ["rule_name", "global_threshold", "rule_items", "rejected_code", "rejected_msg"];
  const left = [...quota, "rule_items", "show_limit_quota_header"];
  expect(warningsOf("token", left, keys)).toBe("");
  expect(warningsOf("quota", [...window, "show_limit_quota_header"], keys)).toBe("");
  expect(warningsOf("requests", [...quota, "rule_items"], keys)).toContain("accounting: unknown key");
});

test("a key that another kind reads is warned of", () => {
  expect(warningsOf("quota", ["rule_items"])).toContain("rejected_code: unknown key, ignored");
});

test("bounds are the parser's", async () => {
  const window = { rule_name: "r", global_threshold: { token_per_day: 1 } };
  const of = (part: string, value: number): object =>
    part === "rejected_code"
      ? { ...window, rejected_code: value }
      : { ...window, redis: { service_name: "r.static", [part]: value } };
  const redis = schema.properties!.redis!.properties!;
  const bounded = { rejected_code: schema.properties!.rejected_code!, service_port: redis.service_port! };
  for (const [key, { minimum, maximum }] of Object.entries(bounded)) {
    expect(await refusal(of(key, minimum!))).toBe("");
    expect(await refusal(of(key, maximum!))).toBe("");
    expect(await refusal(of(key, maximum! + 1))).toContain(key);
  }
  for (const key of ["timeout", "database"]) {
    expect(await refusal(of(key, 0))).toBe("");
    expect(await refusal(of(key, -1))).toContain(key);
  }
});

test("the examples are taken without a warning", () => {
  for (const example of schema.examples!) {
    const chain = ratelimit(example);
    expect(chain.problems("warn")).toEqual([]);
    chain.close();
  }
});
