// Whom a rule counts by: where values come from, and which limit a value gets.

import { describe, expect, test } from "vitest";
import type { TestRequest } from "../../../host-test/testing/chain.ts";
import { ratelimit } from "./ratelimit.ts";

const only = { rule_name: "r", rejected_code: 418 };

/** Whether a second request is refused: the rule is for the request. */
function isLimited(item: object, request: TestRequest): boolean {
  const chain = ratelimit({ ...only, rule_items: [item] });
  const statuses = [chain.exchange(request).client.status, chain.exchange(request).client.status];
  chain.close();
  expect(statuses[0]).toBe(200);
  return statuses[1] === 418;
}

const limited = (by: object, key: string) => ({ ...by, limit_keys: [{ key, query_per_hour: 1 }] });

describe("a value is found", () => {
  test.each<[object, string, TestRequest, boolean]>([
    [{ limit_by_header: "X-Key" }, "a", { headers: { "x-key": "a" } }, true],
    [{ limit_by_header: "x-key" }, "a", { headers: { "x-key": "A" } }, false],
    [{ limit_by_header: "x-key" }, "a", {}, false],
    [{ limit_by_param: "key" }, "a b", { path: "/?x=1&key=a+b&key=c" }, true],
    [{ limit_by_param: "key" }, "a/b", { path: "/?%6bey=a%2Fb" }, true],
    [{ limit_by_param: "key" }, "c", { path: "/?key=a&key=c" }, false],
    [{ limit_by_param: "key" }, "a", { path: "/key=a" }, false],
    [{ limit_by_param: "key" }, "a", { path: "/?monkey=a" }, false],
    [{ limit_by_cookie: "id" }, "7", { headers: { cookie: "a=b; id=7; c" } }, true],
    [{ limit_by_cookie: "id" }, "7=8=", { headers: { cookie: "id=7=8=" } }, true],
    [{ limit_by_cookie: "id" }, "7", { headers: { cookie: "id; id=7" } }, true],
    [{ limit_by_cookie: "id" }, "7", { headers: { cookie: "id" } }, false],
    [{ limit_by_cookie: "id" }, "7", { headers: { cookie: "; ;=;" } }, false],
    [{ limit_by_consumer: "" }, "ann", { headers: { "x-mse-consumer": "ann" } }, true],
    [{ limit_by_per_header: "x-key" }, "*", { headers: { "x-key": "anything" } }, true],
    [{ limit_by_per_header: "x-key" }, "*", {}, false],
    [{ limit_by_per_header: "x-key" }, "regexp:^a\\d+$", { headers: { "x-key": "a42" } }, true],
    [{ limit_by_per_header: "x-key" }, "regexp:^a\\d+$", { headers: { "x-key": "ab" } }, false],
    [{ limit_by_per_param: "key" }, "regexp:b", { path: "/?key=abc" }, true],
    [{ limit_by_per_cookie: "id" }, "*", { headers: { cookie: "id=1" } }, true],
    [{ limit_by_per_consumer: "x" }, "*", { headers: { "x-mse-consumer": "ann" } }, true],
  ])("%j, key %s, %j: %s", (by, key, request, expected) => {
    expect(isLimited(limited(by, key), request)).toBe(expected);
  });
});

describe("an address is found", () => {
  const header = { limit_by_per_ip: "from-header-x-ip" };
  test.each<[string, string, boolean]>([
    ["10.0.0.0/8", "10.200.3.4", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.1.2.3", "10.1.2.3:443", true],
    ["0.0.0.0/0", "203.0.113.7", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["10.128.0.0/9", "10.127.255.255", false],
    ["10.128.0.0/9", " 10.128.0.1 , 1.1.1.1", true],
    ["::ffff:10.0.0.0/104", "10.9.9.9", true],
    ["2001:db8::/32", "2001:db8:ffff::1", true],
    ["2001:db8::/32", "[2001:db8::1]:443", true],
    ["2001:db8::/33", "2001:db8:8000::", false],
    ["::1", "0:0:0:0:0:0:0:1", true],
    ["::/0", "fe80::1", true],
    ["1.2.3.4", "::ffff:102:304", true],
    ["0.0.0.0/0", "::ffff:1.2.3.4", false],
    ["0.0.0.0/0", "1.2.3", false],
    ["0.0.0.0/0", "1.2.3.4.5", false],
    ["0.0.0.0/0", "01.2.3.4", false],
    ["0.0.0.0/0", "1.2.3.256", false],
    ["::/0", "1::2::3", false],
    ["::/0", "1:2:3:4:5:6:7", false],
    ["::/0", "1:2:3:4:5:6:7:8:9", false],
    ["::/0", "12345::", false],
    ["::/0", "::1%eth0", false],
    ["::/0", "unknown", false],
    ["::/0", ":", false],
  ])("%s has %s: %s", (network, address, expected) => {
    expect(isLimited(limited(header, network), { headers: { "x-ip": address } })).toBe(expected);
  });

  test("of the client itself", () => {
    const peer = { limit_by_per_ip: "from-remote-addr" };
    expect(isLimited(limited(peer, "192.0.2.0/24"), {})).toBe(true);
    expect(isLimited(limited(peer, "198.51.100.0/24"), {})).toBe(false);
  });
});

test("one address in two spellings has one counter", () => {
  const chain = ratelimit({
    ...only,
    rule_items: [limited({ limit_by_per_ip: "from-header-x-ip" }, "::/0")],
  });
  const status = (address: string) => chain.exchange({ headers: { "x-ip": address } }).client.status;
  expect(["2001:DB8:0:0:0:0:0:1", "2001:db8::1", "2001:db8::2"].map(status)).toEqual([200, 418, 200]);
  chain.close();
});

test("the first rule with a match wins, and within it the first key", () => {
  const chain = ratelimit({
    ...only,
    rule_items: [
      { limit_by_header: "x-a", limit_keys: [{ key: "1", query_per_hour: 1 }] },
      {
        limit_by_per_header: "x-b",
        limit_keys: [
          { key: "regexp:^vip", query_per_hour: 3 },
          { key: "*", query_per_hour: 2 },
        ],
      },
    ],
  });
  const passes = (headers: Record<string, string>) =>
    [1, 2, 3, 4].filter(() => chain.exchange({ headers }).client.status === 200).length;
  expect(passes({ "x-a": "1", "x-b": "vip-1" })).toBe(1);
  expect(passes({ "x-a": "2", "x-b": "vip-1" })).toBe(3);
  expect(passes({ "x-b": "other" })).toBe(2);
  expect(passes({})).toBe(4);
  chain.close();
});

test("of several fields the last in Higress's order counts", () => {
  const both = { limit_by_per_header: "x-key", limit_by_header: "x-other" };
  expect(isLimited(limited(both, "*"), { headers: { "x-key": "a" } })).toBe(true);
});
