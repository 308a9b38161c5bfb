// `ip` in the native form: clients by their address or by the network they are in.

import { expect, onTestFinished, test } from "vitest";
import { ratelimit } from "./ratelimit.ts";

/** Which of the clients may pass, one request each. */
function passing(rule: object, sources: string[]): string[] {
  const chain = ratelimit({ rules: [{ unit: "requests", limit: 1, ...rule }] }, { logLevel: "error" });
  onTestFinished(() => chain.close());
  return sources.filter((source) => chain.exchange({ source }).client.status === 200);
}

test("ip: each address has a counter, whatever port it comes from and however it is written", () => {
  const first = ["192.0.2.1:1", "192.0.2.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1"];
  const again = ["192.0.2.1:2", "[::ffff:192.0.2.2]:1", "[2001:DB8:0:0::1]:9"];
  expect(passing({ by: ["ip"] }, [...first, ...again])).toEqual(first);
});

test("ip/24: an IPv4 address counts with its 256, mapped into IPv6 too, an IPv6 address with its /64", () => {
  const first = ["192.0.2.1:1", "192.0.3.1:1", "[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1"];
  const again = ["192.0.2.255:1", "[::ffff:192.0.3.9]:1", "[::ffff:c000:309]:1", "[2001:db8:0:1:ffff::]:1"];
  expect(passing({ by: ["ip/24"] }, [...first, ...again])).toEqual(first);
});

test("ip/16/48, ip/32/128, ip/0/0: so many bits of either", () => {
  const households = [
    "[2001:db8:1:1::1]:1",
    "[2001:db8:1:2::1]:1",
    "[2001:db8:2::1]:1",
    "10.1.2.3:1",
    "10.1.9.9:1",
  ];
  expect(passing({ by: ["ip/16/48"] }, households)).toEqual([households[0], households[2], households[3]]);
  expect(passing({ by: ["ip/32/128"] }, households)).toEqual(households);
  expect(passing({ by: ["ip/0/0"] }, households)).toEqual([households[0], households[3]]);
});

test("match: a rule is for the networks that it names, and for no others", () => {
  const match = [{ of: "ip", in: ["10.0.0.0/8", "2001:db8::/32", "203.0.113.7"] }];
  const inside = ["10.255.0.1:1", "[2001:db8:ffff::1]:1", "203.0.113.7:1", "[::ffff:10.9.9.9]:1"];
  const outside = ["11.0.0.1:1", "[2001:db9::1]:1", "203.0.113.8:1"];
  // One counter for all that it is for.
  expect(passing({ match }, [...inside, ...outside])).toEqual([inside[0], ...outside]);
});
