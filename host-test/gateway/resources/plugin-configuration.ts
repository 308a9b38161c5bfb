// What `proxy_on_configure` receives: the JSON that Higress's control plane makes of a WasmPlugin.

import type { Field } from "./field.ts";

/** A configuration object of the resource and where its fields stand, for the check against the plugin's schema. */
export interface ConfigurationPart {
  field: Field;
  kind: "default" | "rule";
}

export interface PluginConfiguration {
  /** Empty: the plugin is enabled everywhere with an empty configuration. */
  json: string;
  parts: ConfigurationPart[];
}

type Json = Record<string, unknown>;

/** `undefined`: the resource switches the plugin off, or it was reported. */
export function makeConfiguration(spec: Field): PluginConfiguration | undefined {
  const verbatim = spec.get("pluginConfig");
  if (!verbatim.isEmpty) return verbatimConfiguration(verbatim);
  const parts: ConfigurationPart[] = [];
  const defaults = spec.get("defaultConfig");
  const useDefaults = !(spec.get("defaultConfigDisable").boolean() ?? false);
  const object: Json = {};
  if (useDefaults && isObject(defaults)) {
    Object.assign(object, defaults.value());
    parts.push({ field: defaults, kind: "default" });
  }
  const rules = readRules(spec.get("matchRules"), parts);
  if (rules === undefined) return undefined;
  if (rules.length === 0 && !useDefaults) return undefined;
  if (rules.length > 0) object["_rules_"] = rules;
  const isConfigured = rules.length > 0 || !defaults.isEmpty;
  return { json: isConfigured ? JSON.stringify(object) : "", parts };
}

function verbatimConfiguration(verbatim: Field): PluginConfiguration | undefined {
  if (!isObject(verbatim)) return undefined;
  const parts: ConfigurationPart[] = [{ field: verbatim, kind: "default" }];
  for (const rule of verbatim.get("_rules_").items()) parts.push({ field: rule, kind: "rule" });
  const onlyRules = verbatim.keys().every((key) => key === "_rules_");
  return { json: JSON.stringify(verbatim.value()), parts: onlyRules ? parts.slice(1) : parts };
}

/** Enabled rules in order. `undefined`: one has no condition, which makes the whole resource unusable. */
function readRules(matchRules: Field, parts: ConfigurationPart[]): Json[] | undefined {
  const rules: Json[] = [];
  let isUsable = true;
  for (const rule of matchRules.items()) {
    if (!rule.isMapping()) {
      rule.mismatch("a mapping");
      isUsable = false;
      continue;
    }
    rule.refuseOthers(["ingress", "domain", "service", "config", "configDisable", "routeType"]);
    rule.get("routeType").word(["HTTP", "GRPC"]);
    const conditions = {
      _match_route_: rule.get("ingress").texts(),
      _match_service_: rule.get("service").texts(),
      _match_domain_: rule.get("domain").texts(),
    };
    if (rule.get("configDisable").boolean() ?? false) continue;
    const config = rule.get("config");
    const named = Object.entries(conditions).filter(([, names]) => names.length > 0);
    if (named.length === 0) {
      rule.source.problems.fatal(rule.position, "a rule without a condition makes the whole plugin invalid", {
        expected: "at least one of ingress, domain, service",
      });
      isUsable = false;
    }
    if (!config.isEmpty && isObject(config)) parts.push({ field: config, kind: "rule" });
    rules.push({ ...((config.value() ?? {}) as Json), ...Object.fromEntries(named) });
  }
  return isUsable ? rules : undefined;
}

function isObject(field: Field): boolean {
  if (field.isEmpty) return false;
  if (!field.isMapping()) field.mismatch("a mapping");
  return field.isMapping();
}
