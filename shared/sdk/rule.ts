// One entry of `_rules_`: which requests it is for. Compat page "Higress plugin conventions" §2.

import { lowerAscii } from "../bytes/ascii";
import { Span } from "../bytes/span";
import { Json } from "../json";
import { Config, ConfigReader, ConfigReport } from "./config";

/** Higress's numbers. */
export const enum Category {
  Route = 0,
  Domain = 1,
  Service = 2,
  RoutePrefix = 3,
  RouteAndService = 4,
}

const NO_MATCH_KEY =
  "there is at least one of  '_match_route_', '_match_domain_', '_match_service_' and '_match_route_prefix_' can present in configuration.";

/** What of a request rules look at. */
export class Target {
  /** Port and name of the service that the route points at; "" when the cluster's name has not four parts. */
  port: string = "";
  service: string = "";

  constructor(
    /** Lower case, without a port. */
    public domain: string,
    public route: string,
    /** `direction|port|subset|fqdn`. */
    cluster: string,
  ) {
    const first = cluster.indexOf("|");
    const second = first < 0 ? -1 : cluster.indexOf("|", first + 1);
    const third = second < 0 ? -1 : cluster.indexOf("|", second + 1);
    if (third >= 0 && cluster.indexOf("|", third + 1) < 0) {
      this.port = cluster.substring(first + 1, second);
      this.service = cluster.substring(third + 1);
    }
  }
}

export class Rule {
  category: Category = Category.Route;
  routes: string[] = [];
  /** Lower case. */
  domains: string[] = [];
  services: string[] = [];
  prefixes: string[] = [];
  config: Config | null = null;

  matches(target: Target): bool {
    switch (this.category) {
      case Category.Route:
        return this.routes.includes(target.route);
      case Category.RouteAndService:
        return this.routes.includes(target.route) && anyService(this.services, target);
      case Category.Domain:
        return anyDomain(this.domains, target.domain);
      case Category.Service:
        return anyService(this.services, target);
      default:
        return anyPrefix(this.prefixes, target.route);
    }
  }

  get needsRoute(): bool {
    return this.category != Category.Domain && this.category != Category.Service;
  }

  get needsService(): bool {
    return this.category == Category.Service || this.category == Category.RouteAndService;
  }
}

/** The match keys of a rule; null, with an error in the report, when there is none. */
export function readRule(value: Json, path: string, report: ConfigReport): Rule | null {
  const reader = new ConfigReader(value, path, report);
  const rule = new Rule();
  rule.routes = withoutEmpty(reader.texts("_match_route_"));
  rule.services = withoutEmpty(reader.texts("_match_service_"));
  rule.prefixes = withoutEmpty(reader.texts("_match_route_prefix_"));
  // An empty domain is kept: it matches a request without a host.
  const domains = reader.texts("_match_domain_");
  for (let i = 0; i < domains.length; i++) rule.domains.push(lowerCase(Span.text(domains[i])));

  if (rule.routes.length > 0) {
    rule.category = rule.services.length > 0 ? Category.RouteAndService : Category.Route;
    if (rule.domains.length > 0) reader.warn("_match_domain_ has no effect beside _match_route_");
  } else if (rule.domains.length > 0) {
    rule.category = Category.Domain;
    if (rule.services.length > 0) reader.warn("_match_service_ has no effect beside _match_domain_");
  } else if (rule.services.length > 0) {
    rule.category = Category.Service;
  } else if (rule.prefixes.length > 0) {
    rule.category = Category.RoutePrefix;
  } else {
    reader.fail(NO_MATCH_KEY);
    return null;
  }
  return rule;
}

/** Host names are ASCII; the standard library's lower-casing would bring 15 KB of Unicode tables. */
export function lowerCase(host: Span): string {
  return lowerAscii(host).toString();
}

/** Host without its port; the colons of a bracketed IPv6 address are not ports. */
export function withoutPort(authority: Span): Span {
  const colon = authority.lastIndexOf(0x3a);
  return colon < 0 || authority.lastIndexOf(0x5d) > colon ? authority : authority.slice(0, colon);
}

/** `*` in front: suffix; at the end: prefix; else equal. Host names compare without case (the Go matcher does not). */
function anyDomain(patterns: string[], domain: string): bool {
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i];
    if (pattern.startsWith("*")) {
      if (domain.endsWith(pattern.substring(1))) return true;
    } else if (pattern.endsWith("*")) {
      if (domain.startsWith(pattern.substring(0, pattern.length - 1))) return true;
    } else if (pattern == domain) {
      return true;
    }
  }
  return false;
}

/** An entry is `fqdn` or `fqdn:port`. */
function anyService(services: string[], target: Target): bool {
  if (target.service.length == 0) return false;
  for (let i = 0; i < services.length; i++) {
    const service = services[i];
    if (service == target.service) return true;
    const colon = service.lastIndexOf(":");
    if (colon < 0 || service.substring(colon + 1) != target.port) continue;
    if (service.substring(0, colon) == target.service) return true;
  }
  return false;
}

function anyPrefix(prefixes: string[], route: string): bool {
  for (let i = 0; i < prefixes.length; i++) if (route.startsWith(prefixes[i])) return true;
  return false;
}

function withoutEmpty(texts: string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < texts.length; i++) if (texts[i].length > 0) kept.push(texts[i]);
  return kept;
}
