// Which configuration applies to a request: Higress's `_rules_` with their match keys, and the global one.
// Compat page "Higress plugin conventions" §2; the messages are Higress's.

import { Json, JsonKind } from "../json";
import { Span } from "../bytes/span";
import { Config, ConfigReader, ConfigReport } from "./config";
import { clusterName, routeName } from "./property";
import { lowerCase, readRule, Rule, Target, withoutPort } from "./rule";

/** What a plugin gives the rule matcher. */
export interface ConfigParser {
  ruleMemory: RuleMemory | null;
  /** Null only when the report has errors. `inherited` is the global configuration when a rule is parsed. */
  parseConfig(reader: ConfigReader, inherited: Config | null): Config | null;
}

/** The last good text of each rule, for plugins whose rules do not fail together. */
export abstract class RuleMemory {
  abstract keep(owner: string, rule: Rule, text: Span): void;
  /** The text that was kept for a rule that matches the same. */
  abstract find(owner: string, rule: Rule): Span | null;
}

export class RuleSet {
  global: Config | null = null;
  private rules: Rule[] = [];
  private needsRoute: bool = false;
  private needsService: bool = false;

  /** Puts every configuration to use; false when one refuses. */
  start(): bool {
    const configs: Config[] = [];
    const global = this.global;
    if (global !== null) configs.push(global);
    for (let i = 0; i < this.rules.length; i++) {
      const config = this.rules[i].config;
      if (config !== null) configs.push(config);
    }
    for (let i = 0; i < configs.length; i++) configs[i].siblings = configs;
    for (let i = 0; i < configs.length; i++) if (!configs[i].start()) return false;
    return true;
  }

  /** The first rule that matches, else the global configuration, else null: the plugin is not active. */
  match(authority: Span): Config | null {
    if (this.rules.length > 0) {
      const target = new Target(
        lowerCase(withoutPort(authority)),
        this.needsRoute ? routeName() : "",
        this.needsService ? clusterName() : "",
      );
      for (let i = 0; i < this.rules.length; i++) {
        if (this.rules[i].matches(target)) return this.rules[i].config;
      }
    }
    return this.global;
  }

  private add(rule: Rule): void {
    this.rules.push(rule);
    if (rule.needsRoute) this.needsRoute = true;
    if (rule.needsService) this.needsService = true;
  }

  /**
   * Parses a plugin's whole configuration. Null on failure, with the reasons in `report`.
   * `owner` tells the memories of several configurations of one plugin apart.
   */
  static parse(document: Json, parser: ConfigParser, owner: string, report: ConfigReport): RuleSet | null {
    const set = new RuleSet();
    const rules = new ConfigReader(document, "", report).list("_rules_");
    const isBare = document.kind != JsonKind.Object || isEmpty(document);
    const globalReport = new ConfigReport();
    if (isBare || hasOwnKeys(document)) {
      set.global = parseOne(new ConfigReader(document, "", globalReport), parser, null);
      report.addWarnings(globalReport);
    }
    if (rules.length == 0) {
      if (set.global !== null) return set;
      report.failGlobal(globalReport, isBare);
      return null;
    }
    // With rules a broken global configuration is not fatal, but it must not be silent either.
    report.ignore(globalReport);
    const memory = parser.ruleMemory;
    for (let i = 0; i < rules.length; i++) {
      const value = rules[i].value;
      const rule = readRule(value, rules[i].path, report);
      if (rule === null) return null;
      const own = new ConfigReport();
      rule.config = parseOne(new ConfigReader(value, rules[i].path, own), parser, set.global);
      report.addWarnings(own);
      if (memory !== null) {
        if (rule.config !== null) memory.keep(owner, rule, value.raw());
        else rule.config = restored(memory, owner, rule, own, parser, set.global, report);
      } else if (rule.config === null) {
        report.addErrors(own);
        return null;
      }
      if (rule.config !== null) set.add(rule);
    }
    if (set.rules.length > 0) return set;
    report.errors.push("all rules failed to parse and no previous successful config available");
    return null;
  }
}

/** No member but the plugin id, which Higress takes out before it counts. */
function isEmpty(document: Json): bool {
  return !document.get("_rules_").exists && !hasOwnKeys(document);
}

/** A member besides the rules and the plugin id. */
function hasOwnKeys(document: Json): bool {
  const members = document.members();
  while (members.next()) {
    if (members.key != "_rules_" && members.key != "_plugin_id_") return true;
  }
  return false;
}

function parseOne(reader: ConfigReader, parser: ConfigParser, inherited: Config | null): Config | null {
  const config = parser.parseConfig(reader, inherited);
  if (reader.report.failed) return null;
  reader.warnUnread();
  return config;
}

/** The configuration that a broken rule had before, or null: the rule is left out. */
function restored(
  memory: RuleMemory,
  owner: string,
  rule: Rule,
  failure: ConfigReport,
  parser: ConfigParser,
  inherited: Config | null,
  report: ConfigReport,
): Config | null {
  const text = memory.find(owner, rule);
  const outcome = text === null ? "rule left out: " : "rule keeps its last good configuration: ";
  for (let i = 0; i < failure.errors.length; i++) report.warnings.push(outcome + failure.errors[i]);
  if (text === null) return null;
  return parseOne(new ConfigReader(Json.read(text), "", new ConfigReport()), parser, inherited);
}
