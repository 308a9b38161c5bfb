// Which configuration applies to a request: Higress's `_rules_` with their match keys, and the global one.
// Compat page "Higress plugin conventions" §2; the messages are Higress's.

import { Json, JsonKind } from "../json";
import { lowerAscii } from "../bytes/ascii";
import { Span } from "../bytes/span";
import { Config, ConfigReader, ConfigReport } from "./config";
import { clusterName, routeName } from "./property";

/** What a plugin gives the rule matcher. */
export interface ConfigParser {
  /** Null only when the report has errors. `inherited` is the global configuration when a rule is parsed. */
  parseConfig(reader: ConfigReader, inherited: Config | null): Config | null;
}

const enum Category {
  Route,
  Domain,
  Service,
  RoutePrefix,
  RouteAndService,
}

const NO_MATCH_KEY =
  "there is at least one of  '_match_route_', '_match_domain_', '_match_service_' and '_match_route_prefix_' can present in configuration.";

class Rule {
  category: Category = Category.Route;
  routes: string[] = [];
  domains: string[] = [];
  services: string[] = [];
  prefixes: string[] = [];
  config: Config | null = null;

  matches(domain: string, route: string, service: string): bool {
    switch (this.category) {
      case Category.Route:
        return this.routes.includes(route);
      case Category.RouteAndService:
        return this.routes.includes(route) && anyService(this.services, service);
      case Category.Domain:
        return anyDomain(this.domains, domain);
      case Category.Service:
        return anyService(this.services, service);
      default:
        return anyPrefix(this.prefixes, route);
    }
  }

  /** Identifies the rule over configuration changes by what it matches, not by where it stands. */
  key(): string {
    let key = `cat:${categoryNumber(this.category)}`;
    if (this.routes.length > 0) key += "|routes:" + sorted(this.routes);
    if (this.services.length > 0) key += "|services:" + sorted(this.services);
    if (this.prefixes.length > 0) key += "|prefixes:" + sorted(this.prefixes);
    if (this.domains.length > 0) {
      const typed: string[] = [];
      for (let i = 0; i < this.domains.length; i++) {
        const domain = this.domains[i];
        const type = domain.startsWith("*") ? 2 : domain.endsWith("*") ? 0 : 1;
        typed.push(`${type}:${domain.replace("*", "")}`);
      }
      key += "|hosts:" + sorted(typed);
    }
    return key;
  }
}

/** Higress numbers the categories route 0, host 1, service 2, prefix 3, route and service 4. */
function categoryNumber(category: Category): i32 {
  return <i32>category;
}

function sorted(texts: string[]): string {
  return texts.slice(0).sort().join(",");
}

function anyPrefix(prefixes: string[], route: string): bool {
  for (let i = 0; i < prefixes.length; i++) if (route.startsWith(prefixes[i])) return true;
  return false;
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

/** `cluster` must be `direction|port|subset|fqdn`; an entry is `fqdn` or `fqdn:port`. */
function anyService(services: string[], cluster: string): bool {
  const parts = cluster.split("|");
  if (parts.length != 4) return false;
  const port = parts[1];
  const fqdn = parts[3];
  for (let i = 0; i < services.length; i++) {
    const service = services[i];
    if (service == fqdn) return true;
    const colon = service.lastIndexOf(":");
    if (colon >= 0 && service.substring(0, colon) == fqdn && service.substring(colon + 1) == port) return true;
  }
  return false;
}

/** Host names are ASCII; the standard library's lower-casing would bring 15 KB of Unicode tables. */
function lowerCase(host: string): string {
  return lowerAscii(Span.text(host)).toString();
}

/** Host without its port; the colons of a bracketed IPv6 address are not ports. */
export function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(":");
  if (colon < 0 || authority.lastIndexOf("]") > colon) return authority;
  return authority.substring(0, colon);
}

/** More rules than this are isolated without a memory of their last good configuration. */
const MAX_REMEMBERED = 4096;

/** Last good configuration of each rule, for plugins that isolate rules. */
class LastGood {
  keys: string[] = [];
  texts: Span[] = [];

  find(key: string): Span | null {
    const index = this.keys.indexOf(key);
    return index >= 0 ? this.texts[index] : null;
  }
}

let lastGood = new LastGood();

export class RuleSet {
  global: Config | null = null;
  private rules: Rule[] = [];

  /** All configurations, for starting them. */
  configs(): Config[] {
    const configs: Config[] = [];
    const global = this.global;
    if (global !== null) configs.push(global);
    for (let i = 0; i < this.rules.length; i++) {
      const config = this.rules[i].config;
      if (config !== null) configs.push(config);
    }
    return configs;
  }

  /** The first rule that matches, else the global configuration, else null: the plugin is not active. */
  match(authority: string): Config | null {
    if (this.rules.length > 0) {
      const domain = lowerCase(withoutPort(authority));
      const route = routeName();
      const service = clusterName();
      for (let i = 0; i < this.rules.length; i++) {
        if (this.rules[i].matches(domain, route, service)) return this.rules[i].config;
      }
    }
    return this.global;
  }

  /**
   * Parses a plugin's whole configuration. Null on failure, with the reasons in `report`.
   * `isolate`: a rule that does not parse keeps its last good configuration, or is left out.
   */
  static parse(document: Json, parser: ConfigParser, report: ConfigReport, isolate: bool): RuleSet | null {
    const set = new RuleSet();
    const globalReport = new ConfigReport();
    const list = document.get("_rules_");
    const hasRules = list.kind == JsonKind.Array && list.length() > 0;
    if (document.kind != JsonKind.Object || ownKeys(document) > 0 || (!list.exists && ownKeys(document) == 0)) {
      const reader = new ConfigReader(document, "", globalReport);
      const config = parser.parseConfig(reader, null);
      if (!globalReport.failed) {
        set.global = config;
        reader.warnUnread();
      }
      append(report.warnings, globalReport.warnings);
    }
    if (!hasRules) {
      if (set.global !== null) return set;
      if (document.kind != JsonKind.Object || ownKeys(document) > 0 || !list.exists) {
        append(report.errors, globalReport.errors);
        if (!globalReport.failed) report.errors.push("the plugin rejected its configuration");
      } else {
        report.errors.push("parse config failed, no valid rules; global config parse error:<nil>");
      }
      return null;
    }
    // With rules a broken global configuration is not fatal, but it must not be silent either.
    for (let i = 0; i < globalReport.errors.length; i++) {
      report.warnings.push("global configuration ignored: " + globalReport.errors[i]);
    }
    const items = list.items();
    for (let i = 0; items.next(); i++) {
      const rule = readRule(items.value, `_rules_[${i}]`, report);
      if (rule === null) return null;
      const ruleReport = new ConfigReport();
      rule.config = parseRule(items.value, `_rules_[${i}]`, parser, set.global, ruleReport);
      append(report.warnings, ruleReport.warnings);
      if (isolate) {
        settle(rule, items.value, parser, set.global, ruleReport, report);
      } else if (ruleReport.failed || rule.config === null) {
        append(report.errors, ruleReport.errors);
        return null;
      }
      if (rule.config !== null) set.rules.push(rule);
    }
    if (set.rules.length == 0) {
      report.errors.push(
        isolate ? "all rules failed to parse and no previous successful config available" : "no valid rules parsed",
      );
      return null;
    }
    return set;
  }
}

function append(target: string[], more: string[]): void {
  for (let i = 0; i < more.length; i++) target.push(more[i]);
}

/** Number of members besides `_rules_` and `_plugin_id_`. */
function ownKeys(document: Json): i32 {
  let count = 0;
  const members = document.members();
  while (members.next()) {
    if (members.key != "_rules_" && members.key != "_plugin_id_") count++;
  }
  return count;
}

function parseRule(
  value: Json,
  path: string,
  parser: ConfigParser,
  inherited: Config | null,
  report: ConfigReport,
): Config | null {
  const reader = new ConfigReader(value, path, report);
  const config = parser.parseConfig(reader, inherited);
  if (report.failed) return null;
  reader.warnUnread();
  return config;
}

/** Rule isolation: a good rule is remembered, a bad one falls back to what was remembered. */
function settle(
  rule: Rule,
  value: Json,
  parser: ConfigParser,
  inherited: Config | null,
  ruleReport: ConfigReport,
  report: ConfigReport,
): void {
  const key = rule.key();
  if (rule.config !== null) {
    const index = lastGood.keys.indexOf(key);
    if (index >= 0) {
      lastGood.texts[index] = value.raw().copy();
    } else if (lastGood.keys.length < MAX_REMEMBERED) {
      lastGood.keys.push(key);
      lastGood.texts.push(value.raw().copy());
    }
    return;
  }
  for (let i = 0; i < ruleReport.errors.length; i++) {
    report.warnings.push("rule not taken over: " + ruleReport.errors[i]);
  }
  const previous = lastGood.find(key);
  if (previous === null) return;
  rule.config = parseRule(Json.read(previous), key, parser, inherited, new ConfigReport());
}

function readRule(value: Json, path: string, report: ConfigReport): Rule | null {
  const reader = new ConfigReader(value, path, report);
  const rule = new Rule();
  rule.routes = withoutEmpty(reader.texts("_match_route_"));
  rule.services = withoutEmpty(reader.texts("_match_service_"));
  rule.prefixes = withoutEmpty(reader.texts("_match_route_prefix_"));
  // An empty domain is kept: it matches a request without a host.
  const domains = reader.texts("_match_domain_");
  for (let i = 0; i < domains.length; i++) rule.domains.push(lowerCase(domains[i]));

  if (rule.routes.length > 0) {
    rule.category = rule.services.length > 0 ? Category.RouteAndService : Category.Route;
    if (rule.domains.length > 0) {
      report.warnings.push(`${path}: _match_domain_ has no effect beside _match_route_`);
    }
  } else if (rule.domains.length > 0) {
    rule.category = Category.Domain;
    if (rule.services.length > 0) {
      report.warnings.push(`${path}: _match_service_ has no effect beside _match_domain_`);
    }
  } else if (rule.services.length > 0) {
    rule.category = Category.Service;
  } else if (rule.prefixes.length > 0) {
    rule.category = Category.RoutePrefix;
  } else {
    report.errors.push(`${path}: ${NO_MATCH_KEY}`);
    return null;
  }
  return rule;
}

function withoutEmpty(texts: string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < texts.length; i++) if (texts[i].length > 0) kept.push(texts[i]);
  return kept;
}
