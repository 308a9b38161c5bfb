// Which configuration a request gets: Higress's rule matching in full (compat "Higress plugin conventions" §2).

import { describe, expect, test } from "vitest";
import { messages, probeChain, said, scripted, times } from "./probe-chain.ts";
import type { TestChainOptions } from "../../../host-test/testing/chain.ts";

interface Case {
  name: string;
  rules: object[];
  authority?: string;
  route?: string;
  cluster?: string;
  /** Name of the configuration that applies; undefined: none does. */
  expected: string | undefined;
}

const stamp = { steps: { requestHead: ["say matched"] } };

/** Name of the configuration that served one request. */
function matched(
  rules: object[],
  {
    authority,
    route,
    cluster,
    global,
  }: {
    authority?: string | undefined;
    route?: string | undefined;
    cluster?: string | undefined;
    global?: object;
  },
  options: Partial<TestChainOptions> = {},
) {
  const named = rules.map((rule, index) => ({
    name: `rule ${index}`,
    ...rule,
    steps: { requestHead: [`say rule ${index}`] },
  }));
  const chain = probeChain(
    { ...global, _rules_: named },
    { route: () => ({ name: route ?? "r", cluster: cluster ?? "outbound|80||s.static" }), ...options },
  );
  chain.exchange({ authority: authority ?? "test.local" });
  return said(chain).find((message) => /^rule \d$|^global$/.test(message));
}

const cases: Case[] = [
  {
    name: "a route is compared as a whole",
    rules: [{ _match_route_: ["a"] }],
    route: "a",
    expected: "rule 0",
  },
  {
    name: "a route that only begins the same does not match",
    rules: [{ _match_route_: ["a"] }],
    route: "ab",
    expected: undefined,
  },
  {
    name: "routes are compared with case",
    rules: [{ _match_route_: ["A"] }],
    route: "a",
    expected: undefined,
  },
  {
    name: "any entry of a list will do",
    rules: [{ _match_route_: ["x", "a"] }],
    route: "a",
    expected: "rule 0",
  },
  {
    name: "a lone string stands for a list",
    rules: [{ _match_route_: "a" }],
    route: "a",
    expected: "rule 0",
  },
  {
    name: "a route prefix matches the beginning",
    rules: [{ _match_route_prefix_: ["mcp-"] }],
    route: "mcp-x",
    expected: "rule 0",
  },
  {
    name: "a route prefix is not looked for inside",
    rules: [{ _match_route_prefix_: ["mcp-"] }],
    route: "x-mcp-",
    expected: undefined,
  },
  {
    name: "a domain is compared as a whole",
    rules: [{ _match_domain_: ["a.com"] }],
    authority: "a.com",
    expected: "rule 0",
  },
  {
    name: "a domain does not match below itself",
    rules: [{ _match_domain_: ["a.com"] }],
    authority: "b.a.com",
    expected: undefined,
  },
  {
    name: "a star in front matches below",
    rules: [{ _match_domain_: ["*.a.com"] }],
    authority: "x.y.a.com",
    expected: "rule 0",
  },
  {
    name: "a star and a dot do not match the domain itself",
    rules: [{ _match_domain_: ["*.a.com"] }],
    authority: "a.com",
    expected: undefined,
  },
  {
    name: "a lone star matches every host",
    rules: [{ _match_domain_: ["*"] }],
    authority: "a.com",
    expected: "rule 0",
  },
  {
    name: "a star at the end matches the beginning",
    rules: [{ _match_domain_: ["api.*"] }],
    authority: "api.a.com",
    expected: "rule 0",
  },
  {
    name: "a star at the end does not match inside",
    rules: [{ _match_domain_: ["api.*"] }],
    authority: "x.api.a",
    expected: undefined,
  },
  {
    name: "of stars at both ends the first counts",
    rules: [{ _match_domain_: ["*a*"] }],
    authority: "xa*",
    expected: "rule 0",
  },
  {
    name: "of stars at both ends the last is a character",
    rules: [{ _match_domain_: ["*a*"] }],
    authority: "xab",
    expected: undefined,
  },
  {
    name: "the port of the request does not count",
    rules: [{ _match_domain_: ["a.com"] }],
    authority: "a.com:8080",
    expected: "rule 0",
  },
  {
    name: "a port in the rule never matches",
    rules: [{ _match_domain_: ["a.com:8080"] }],
    authority: "a.com:8080",
    expected: undefined,
  },
  {
    name: "an IPv6 host keeps its colons",
    rules: [{ _match_domain_: ["[::1]"] }],
    authority: "[::1]",
    expected: "rule 0",
  },
  {
    name: "an IPv6 host loses only its port",
    rules: [{ _match_domain_: ["[::1]"] }],
    authority: "[::1]:80",
    expected: "rule 0",
  },
  {
    name: "hosts are compared without case",
    rules: [{ _match_domain_: ["API.a.Com"] }],
    authority: "api.A.cOM",
    expected: "rule 0",
  },
  {
    name: "wildcards are compared without case",
    rules: [{ _match_domain_: ["*.A.com"] }],
    authority: "x.a.COM:1",
    expected: "rule 0",
  },
  {
    name: "an empty domain matches an empty host",
    rules: [{ _match_domain_: [""] }],
    authority: "",
    expected: "rule 0",
  },
  {
    name: "an empty domain matches no other host",
    rules: [{ _match_domain_: [""] }],
    authority: "a.com",
    expected: undefined,
  },
  {
    name: "a service matches on any port",
    rules: [{ _match_service_: ["s.dns"] }],
    cluster: "outbound|443||s.dns",
    expected: "rule 0",
  },
  {
    name: "a service with a port matches on that port",
    rules: [{ _match_service_: ["s.dns:443"] }],
    cluster: "outbound|443||s.dns",
    expected: "rule 0",
  },
  {
    name: "a service with a port matches on no other",
    rules: [{ _match_service_: ["s.dns:80"] }],
    cluster: "outbound|443||s.dns",
    expected: undefined,
  },
  {
    name: "a service of a versioned cluster matches",
    rules: [{ _match_service_: ["s.ns.svc.cluster.local:80"] }],
    cluster: "outbound|80|v1|s.ns.svc.cluster.local",
    expected: "rule 0",
  },
  {
    name: "a cluster name of three parts is no service",
    rules: [{ _match_service_: ["s.dns"] }],
    cluster: "outbound|443|s.dns",
    expected: undefined,
  },
  {
    name: "a cluster name of five parts is no service",
    rules: [{ _match_service_: ["s.dns"] }],
    cluster: "outbound|443|||s.dns",
    expected: undefined,
  },
  {
    name: "a bare cluster name is no service",
    rules: [{ _match_service_: ["upstream"] }],
    cluster: "upstream",
    expected: undefined,
  },
  {
    name: "route and service must both match",
    rules: [{ _match_route_: ["a"], _match_service_: ["s.dns"] }],
    route: "a",
    cluster: "outbound|443||s.dns",
    expected: "rule 0",
  },
  {
    name: "route without its service does not match",
    rules: [{ _match_route_: ["a"], _match_service_: ["t.dns"] }],
    route: "a",
    cluster: "outbound|443||s.dns",
    expected: undefined,
  },
  {
    name: "service without its route does not match",
    rules: [{ _match_route_: ["b"], _match_service_: ["s.dns"] }],
    route: "a",
    cluster: "outbound|443||s.dns",
    expected: undefined,
  },
  {
    name: "beside a route the domain does not count",
    rules: [{ _match_route_: ["a"], _match_domain_: ["other.com"] }],
    route: "a",
    authority: "a.com",
    expected: "rule 0",
  },
  {
    name: "beside a domain the service does not count",
    rules: [{ _match_domain_: ["a.com"], _match_service_: ["other.dns"] }],
    authority: "a.com",
    expected: "rule 0",
  },
  {
    name: "beside a domain the route prefix does not count",
    rules: [{ _match_domain_: ["a.com"], _match_route_prefix_: ["zzz"] }],
    route: "a",
    authority: "a.com",
    expected: "rule 0",
  },
  {
    name: "beside a service the route prefix does not count",
    rules: [{ _match_service_: ["s.dns"], _match_route_prefix_: ["zzz"] }],
    cluster: "outbound|1||s.dns",
    expected: "rule 0",
  },
  {
    name: "empty routes are dropped, so the domain counts",
    rules: [{ _match_route_: [""], _match_domain_: ["a.com"] }],
    authority: "a.com",
    expected: "rule 0",
  },
  {
    name: "empty services are dropped, so the route alone counts",
    rules: [{ _match_route_: ["a"], _match_service_: [""] }],
    route: "a",
    expected: "rule 0",
  },
  {
    name: "an empty prefix is dropped, so it does not match everything",
    rules: [{ _match_route_prefix_: ["", "b"] }],
    route: "a",
    expected: undefined,
  },
  {
    name: "the first rule that matches counts, whatever its kind",
    rules: [{ _match_route_prefix_: ["a"] }, { _match_route_: ["a"] }],
    route: "a",
    expected: "rule 0",
  },
  {
    name: "later rules are tried",
    rules: [{ _match_route_: ["b"] }, { _match_domain_: ["x"] }, { _match_service_: ["s.dns"] }],
    cluster: "outbound|1||s.dns",
    expected: "rule 2",
  },
];

describe.each(["higress", "envoy"] as const)("rules, %s build", (flavour) => {
  test.each(cases)("$name", ({ rules, expected, ...request }) => {
    expect(matched(rules, request, { flavour })).toBe(expected);
  });
});

test("a lone rule stands for a list", () => {
  const chain = probeChain({ _rules_: { _match_route_: ["route"], ...stamp } });
  chain.exchange();
  expect(said(chain)).toContain("matched");
});

test("without a rule that matches the global configuration applies", () => {
  const global = { name: "global", steps: { requestHead: ["say global"] } };
  expect(matched([{ _match_route_: ["b"] }], { route: "a", global })).toBe("global");
  expect(matched([{ _match_route_: ["a"] }], { route: "a", global })).toBe("rule 0");
});

test("without any match the plugin does nothing in any callback", () => {
  const chain = probeChain({ _rules_: [{ _match_route_: ["other"], ...stamp }] });
  const { client } = chain.exchange({ body: "text", trailers: { "x-end": "1" } });
  expect(client.status).toBe(200);
  expect(messages(chain).filter((message) => message.startsWith("> "))).toEqual([]);
});

test("the fields of the global configuration are not merged into a rule's", () => {
  const chain = probeChain({ name: "global", ...stamp, _rules_: [{ _match_route_: ["route"] }] });
  chain.exchange();
  expect(said(chain)).not.toContain("matched");
});

test("a rule's parser receives the global configuration", () => {
  const chain = probeChain({ name: "global", _rules_: [{ name: "own", _match_route_: ["route"] }] });
  expect(messages(chain)).toContain("own inherits global");
});

test("a rule's parser receives nothing when the global configuration is broken", () => {
  const chain = probeChain({
    name: "global",
    fail: "no",
    _rules_: [{ name: "own", _match_route_: ["route"] }],
  });
  expect(messages(chain).filter((message) => message.includes("inherits"))).toEqual([]);
});

test("a broken global configuration beside rules is logged as an error, and the rules work", () => {
  const chain = probeChain({
    fail: "bad limit",
    ...stamp,
    _rules_: [{ _match_domain_: ["a.com"], steps: { requestHead: ["say rule"] } }],
  });
  expect(chain.problems()).toEqual(["[probe] [nil] [nil] global configuration ignored: bad limit"]);
  chain.exchange({ authority: "a.com" });
  expect(said(chain)).toContain("rule");
  chain.logs.length = 0;
  chain.exchange({ authority: "b.com" });
  expect(chain.logs).toEqual([]);
});

test("a rule that hides one of its own conditions warns", () => {
  const chain = probeChain({
    _rules_: [
      { _match_route_: ["a"], _match_domain_: ["b"] },
      { _match_domain_: ["b"], _match_service_: ["c"] },
    ],
  });
  expect(chain.problems("warn").map((line) => line.replace(/^.*\] /, ""))).toEqual(
    [
      "_match_domain_ has no effect beside _match_route_",
      "_match_service_ has no effect beside _match_domain_",
    ].map((text, index) => `_rules_[${index}]: ${text}`),
  );
});

test.each([
  ["higress", "the old property names"],
  ["envoy", "the names under xds, which are all that stock Envoy 1.40 has"],
] as const)("%s: route and cluster are read from %s", (flavour, _names) => {
  const chain = scripted(
    { requestHead: ["properties"] },
    { flavour, route: () => ({ name: "a", cluster: "outbound|443||s.dns" }) },
  );
  chain.exchange();
  const old = flavour === "higress" ? "a, outbound|443||s.dns" : "absent, absent";
  expect(said(chain)).toContain(`old ${old}; found a, outbound|443||s.dns`);
});

test("thousands of rules are taken and the last one matches", () => {
  const last = times(10_000) - 1;
  const rules = Array.from({ length: last + 1 }, (_, index) => ({
    _match_service_: [`s${index}.dns:443`],
    ...(index === last && stamp),
  }));
  const chain = probeChain(
    { _rules_: rules },
    { route: () => ({ name: "r", cluster: `outbound|443||s${last}.dns` }) },
  );
  chain.exchange();
  expect(said(chain)).toContain("matched");
});
