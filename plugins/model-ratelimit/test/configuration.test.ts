// What is taken, what is refused and why: Higress's words.

import { describe, expect, test } from "vitest";
import { byHeader, ratelimit, refusal } from "./ratelimit.ts";

const rate = { token_per_minute: 5 };
const redis = { service_name: "redis.static" };
const items = (item: object) => ({ rule_name: "r", rule_items: [item] });
const keys = (limit_keys: unknown, by: object = { limit_by_header: "x-key" }) => items({ ...by, limit_keys });
const one = (key: string, by: object) => keys([{ key, ...rate }], by);

describe("a configuration is refused", () => {
  test.each<[object, string]>([
    [{ rule_name: "r", redis: {} }, "redis service name must not be empty"],
    [{ rule_name: "r", redis: null }, "redis service name must not be empty"],
    [{ admin_consumer: "a", redis: {} }, "redis service name must not be empty"],
    [{ global_threshold: rate }, "missing rule_name in config"],
    [{ rule_name: "r" }, "at least one of 'global_threshold' or 'rule_items' must be set"],
    [
      { ...keys([{ key: "a", ...rate }]), global_threshold: rate },
      "'global_threshold' and 'rule_items' cannot be set at the same time",
    ],
    [{ rule_name: "r", rule_items: [] }, "config rule_items cannot be empty"],
    [
      { rule_name: "r", global_threshold: { token_per_day: 0 } },
      "failed to parse global_threshold: 'token_per_day' must be a positive integer, got 0",
    ],
    [
      { rule_name: "r", global_threshold: { query_per_day: -3 } },
      "failed to parse global_threshold: 'query_per_day' must be a positive integer, got -3",
    ],
    [
      { rule_name: "r", global_threshold: {} },
      "failed to parse global_threshold: one of 'token_per_second', 'token_per_minute', 'token_per_hour', or 'token_per_day' must be set for global_threshold",
    ],
    [
      { kind: "requests", rule_name: "r", global_threshold: {} },
      "one of 'query_per_second', 'query_per_minute', 'query_per_hour', or 'query_per_day' must be set for global_threshold",
    ],
    [
      items({ limit_keys: [{ key: "a", ...rate }] }),
      "failed to parse rule_item in rule_items: only one of 'limit_by_header' and 'limit_by_param' and 'limit_by_consumer' and 'limit_by_cookie' and 'limit_by_per_header' and 'limit_by_per_param' and 'limit_by_per_consumer' and 'limit_by_per_cookie' and 'limit_by_per_ip' can be set",
    ],
    [
      items({ limit_by_header: "x-key" }),
      "failed to parse rule_item in rule_items: missing limit_keys in config",
    ],
    [keys([]), "failed to parse rule_item in rule_items: config limit_keys cannot be empty"],
    [keys([rate]), "failed to parse rule_item in rule_items: limit_keys key is required"],
    [
      keys([{ key: "a", token_per_hour: "x" }]),
      "failed to parse rule_item in rule_items: 'token_per_hour' must be a positive integer for key 'a', got 0",
    ],
    [
      keys([{ key: "a" }]),
      "failed to parse rule_item in rule_items: one of 'token_per_second', 'token_per_minute', 'token_per_hour', or 'token_per_day' must be set for key: a",
    ],
    [
      one("a.*", { limit_by_per_header: "x-key" }),
      "failed to parse rule_item in rule_items: the 'limit_by_per_header' restriction must start with 'regexp:' or be exactly '*'",
    ],
    [one("regexp:(", { limit_by_per_param: "k" }), "failed to compile regex for key 'regexp:(': "],
    [
      one("10.0.0.0/33", { limit_by_per_ip: "from-remote-addr" }),
      "failed to parse IPNet for key '10.0.0.0/33': invalid IP[10.0.0.0/33]",
    ],
    [
      one("1.1.1.1", { limit_by_per_ip: "from-header-" }),
      "failed to parse rule_item in rule_items: limit_by_per_ip parse error: empty after 'from-header-'",
    ],
    [
      one("1.1.1.1", { limit_by_per_ip: "x-real-ip" }),
      "the 'limit_by_per_ip' restriction must start with 'from-header-' or be exactly 'from-remote-addr'",
    ],
    [{ kind: "quota" }, "missing admin_consumer in config"],
    [{ admin_path: "/quota" }, "missing admin_consumer in config"],
    [{ kind: "money" }, 'kind: expected token, quota or requests, found "money"'],
    [
      { rule_name: "r", global_threshold: rate, rejected_code: 99 },
      "rejected_code: expected an integer from 200 to 599, found 99",
    ],
    [
      { rule_name: "r", global_threshold: rate, redis: { ...redis, service_port: 70000 } },
      "redis.service_port: expected an integer from 1 to 65535, found 70000",
    ],
  ])("%j", async (configuration, message) => {
    expect(await refusal(configuration)).toContain(message);
  });
});

test("an error names the item that it is about", async () => {
  const configuration = items({ limit_by_header: "x", limit_keys: [{ key: "a", ...rate }, { key: "" }] });
  expect(await refusal(configuration)).toContain("rule_items[0].limit_keys[1]: ");
});

describe("a configuration is taken", () => {
  test.each<[object]>([
    [{ rule_name: "", global_threshold: rate }],
    [{ rule_name: "r", global_threshold: { token_per_minute: "5" }, redis }],
    [{ rule_name: "r", global_threshold: rate, redis: { ...redis, service_port: "6379", timeout: 0 } }],
    [{ rule_name: "r", rule_items: { limit_by_consumer: "", limit_keys: { key: "a", ...rate } } }],
    [{ admin_consumer: "admin", redis }],
    [one("2001:db8::/32", { limit_by_per_ip: "from-header-x-forwarded-for" })],
    [one("regexp:^a.*", { limit_by_per_cookie: "session" })],
  ])("%j", async (configuration) => {
    expect(await refusal(configuration)).toBe("");
  });
});

describe("the kind is told by the keys", () => {
  const statuses = (configuration: object) => {
    const chain = ratelimit(configuration);
    const found = [1, 2, 3].map(() => chain.exchange({ headers: { "x-key": "a" } }).client.status);
    chain.close();
    return found;
  };

  test("requests are counted where a rate of requests stands", () => {
    expect(statuses({ rule_name: "r", global_threshold: { query_per_minute: 1 } })).toEqual([200, 429, 429]);
    expect(statuses(byHeader({ b: 9, a: 1 }))).toEqual([200, 429, 429]);
  });

  test("tokens are counted where a rate of tokens stands: an answer without usage costs nothing", () => {
    expect(statuses(byHeader({ a: 1 }, "token_per_minute"))).toEqual([200, 200, 200]);
  });

  test("balances are kept where an administrator is named", () => {
    expect(statuses({ admin_consumer: "admin" })).toEqual([401, 401, 401]);
  });

  test("the shortest of several windows counts", () => {
    const chain = ratelimit({ rule_name: "r", global_threshold: { query_per_day: 9, query_per_second: 1 } });
    expect([1, 2].map(() => chain.exchange().client.status)).toEqual([200, 429]);
    chain.advance(1000);
    expect(chain.exchange().client.status).toBe(200);
    chain.close();
  });
});

test("an unknown key is a warning that names it", () => {
  const configuration = {
    rule_name: "r",
    global_threshold: { query_per_minute: 1, burst: 2 },
    rejected_mesage: "x",
  };
  const chain = ratelimit(configuration);
  const warnings = chain.problems("warn").join("\n");
  expect(warnings).toContain("global_threshold.burst: unknown key, ignored");
  expect(warnings).toContain("rejected_mesage: unknown key, ignored");
  chain.close();
});

test("the password of Redis is never logged", async () => {
  const chain = ratelimit({
    rule_name: "r",
    global_threshold: { query_per_minute: 1 },
    redis: { ...redis, password: "canary-password" },
  });
  chain.exchange();
  expect(chain.logs.map(({ message }) => message).join()).not.toContain("canary");
  chain.close();
});
