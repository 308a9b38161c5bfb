// Which rule takes a request: Envoy's virtual hosts, then the first match in order.

import type { Headers, Route } from "../host/types.ts";
import { headerValue } from "../services/upstream-stream.ts";
import type { RouteRule } from "./model.ts";

/** What the chain shows to plugins, and the rule for the router. */
export interface RuledRoute extends Route {
  rule: RouteRule;
}

type Matcher = (value: string) => boolean;

interface CompiledRule {
  rule: RouteRule;
  matchesPath: Matcher;
  headers: [name: string, matches: Matcher][];
}

export class RouteTable {
  #hosts = new Map<string, CompiledRule[]>();
  /** `.suffix`, longest first. */
  #suffixes: string[] = [];

  constructor(rules: RouteRule[]) {
    for (const rule of rules) {
      const compiled = { rule, matchesPath: pathMatcher(rule.path), headers: headerMatchers(rule) };
      this.#hosts.set(rule.host, [...(this.#hosts.get(rule.host) ?? []), compiled]);
    }
    this.#suffixes = [...this.#hosts.keys()]
      .filter((host) => host.startsWith("*."))
      .map((host) => host.slice(1))
      .toSorted((a, b) => b.length - a.length);
  }

  /** `undefined`: 404. */
  match(headers: Headers): RuledRoute | undefined {
    const authority = headerValue(headers, ":authority") ?? "";
    const host = this.#host(authority.toLowerCase().replace(/:\d+$/, ""));
    const path = (headerValue(headers, ":path") ?? "").replace(/[?#].*$/s, "");
    const found = this.#hosts
      .get(host)
      ?.find((candidate) => candidate.matchesPath(path) && matchesHeaders(candidate, headers));
    if (!found) return undefined;
    const { rule } = found;
    return { name: rule.name, cluster: choose(rule, headers), virtualHost: rule.host, rule };
  }

  #host(host: string): string {
    if (this.#hosts.has(host)) return host;
    const suffix = this.#suffixes.find(
      (candidate) => host.endsWith(candidate) && host.length > candidate.length,
    );
    return suffix === undefined ? "*" : `*${suffix}`;
  }
}

function pathMatcher({ type, value }: RouteRule["path"]): Matcher {
  if (type === "exact") return (path) => path === value;
  const prefix = value.replace(/\/$/, "");
  if (prefix === "") return (path) => path.startsWith("/");
  return (path) => path === prefix || path.startsWith(`${prefix}/`);
}

function headerMatchers({ headers, methods }: RouteRule): CompiledRule["headers"] {
  const matchers = headers.map(({ name, exact, prefix, regex }): [string, Matcher] => {
    if (exact !== undefined) return [name, (value) => value === exact];
    if (prefix !== undefined) return [name, (value) => value.startsWith(prefix)];
    // Envoy matches the whole value.
    const expression = new RegExp(`^(?:${regex ?? ".*"})$`, "su");
    return [name, (value) => expression.test(value)];
  });
  if (methods.length > 0) matchers.push([":method", (value) => methods.includes(value)]);
  return matchers;
}

/** Occurrences of one header are compared joined, as in Envoy. */
function matchesHeaders({ headers: conditions }: CompiledRule, headers: Headers): boolean {
  return conditions.every(([name, matches]) => {
    const values = headers.filter(([key]) => key === name).map(([, value]) => value);
    return values.length > 0 && matches(values.join(","));
  });
}

/** By weight. One request keeps its choice when a plugin makes it be routed again, so the request id decides. */
function choose({ destinations }: RouteRule, headers: Headers): string {
  if (destinations.length <= 1) return destinations[0]?.cluster ?? "";
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
  let point = hash(headerValue(headers, "x-request-id") ?? "") % Math.max(total, 1);
  for (const { cluster, weight } of destinations) {
    if (point < weight) return cluster;
    point -= weight;
  }
  return destinations[0]!.cluster;
}

/** FNV-1a, 32 bits, with its bits mixed so that any modulus is fair. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
