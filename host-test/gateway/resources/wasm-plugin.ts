// WasmPlugin → PluginResource.

import { runsSuite, suite } from "../../../scripts/guest-build.mjs";
import type { PluginResource } from "../model.ts";
import type { Resource } from "./documents.ts";
import type { Field } from "./field.ts";
import { makeConfiguration, type ConfigurationPart } from "./plugin-configuration.ts";
import type { PluginSchema } from "./plugin-schema.ts";
import type { ImageAccess } from "./plugin-image.ts";
import { listPlugins, resolveUrl, type ModuleFolders } from "./plugin-url.ts";

/** A plugin and what only the loader needs of it. */
export interface LoadedPlugin {
  resource: PluginResource;
  parts: ConfigurationPart[];
  spec: Field;
  phase: Phase;
  priority: number | undefined;
  /** Of one of our plugins, once the loader has read it. */
  schema?: PluginSchema;
}

const phases = ["AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE"] as const;
type Phase = (typeof phases)[number];

const fields = [
  ...[
    "url",
    "sha256",
    "imagePullPolicy",
    "imagePullSecret",
    "verificationKey",
    "pluginName",
    "phase",
    "priority",
  ],
  ...[
    "failStrategy",
    "vmConfig",
    "pluginConfig",
    "defaultConfig",
    "defaultConfigDisable",
    "matchRules",
    "selector",
  ],
];

/** Higress's own namespace: what a WasmPlugin without one is applied to. */
const defaultNamespace = "higress-system";

/** `undefined`: switched off by the resource, or unusable and reported. */
export async function readWasmPlugin(
  resource: Resource,
  folders: ModuleFolders,
  environment: Record<string, string | undefined>,
  images: ImageAccess,
): Promise<LoadedPlugin | undefined> {
  const spec = resource.root.get("spec");
  if (!spec.isMapping()) {
    spec.mismatch("a mapping");
    return undefined;
  }
  spec.refuseOthers(fields);
  const module = await resolveUrl(spec, folders, images);
  const configuration = makeConfiguration(spec);
  const failStrategy = spec.get("failStrategy").word(["FAIL_CLOSE", "FAIL_OPEN"]);
  const variables = readEnvironment(spec.get("vmConfig"), environment);
  const priority = spec.get("priority").integer(-2147483648, 2147483647);
  const phase = spec.get("phase").word(phases) ?? "UNSPECIFIED_PHASE";
  const rootId = spec.get("pluginName").text() ?? "";
  if (!module || !configuration) return undefined;
  const own = module.plugin === suite ? pluginOfSuite(spec.get("pluginName"), folders) : module;
  if (!own) return undefined;
  return {
    resource: {
      name: `${resource.namespace ?? defaultNamespace}.${resource.name}`,
      ...module,
      ...own,
      rootId: rootId || (runsSuite && module.plugin) || "",
      failOpen: failStrategy === "FAIL_OPEN",
      environment: variables,
      configuration: configuration.json,
      position: resource.root.get("metadata").get("name").position,
    },
    parts: configuration.parts,
    spec,
    phase,
    priority,
  };
}

/** The suite holds all plugins: the name chooses one. */
function pluginOfSuite(name: Field, folders: ModuleFolders): { plugin: string; inSuite: true } | undefined {
  const known = listPlugins(folders);
  const plugin = name.text() ?? "";
  if (known.includes(plugin)) return { plugin, inSuite: true };
  const expected = `one of ${known.join(", ")}`;
  name.source.problems.fatal(name.position, "chooses the plugin of the suite", { expected, found: plugin });
  return undefined;
}

/** Request order: phase, then higher priority first and none last, then name and namespace. */
export function compareOrder(a: LoadedPlugin, b: LoadedPlugin): number {
  const byPhase = phases.indexOf(a.phase) - phases.indexOf(b.phase);
  if (byPhase !== 0) return byPhase;
  if (a.priority !== b.priority) return (b.priority ?? -Infinity) - (a.priority ?? -Infinity);
  return orderName(a) < orderName(b) ? -1 : 1;
}

/** The control plane compares `name.namespace`, the reverse of the name in logs. */
function orderName({ resource }: LoadedPlugin): string {
  const dot = resource.name.indexOf(".");
  return `${resource.name.slice(dot + 1)}.${resource.name.slice(0, dot)}`;
}

function readEnvironment(
  vmConfig: Field,
  environment: Record<string, string | undefined>,
): Record<string, string> {
  if (vmConfig.isEmpty) return {};
  if (!vmConfig.isMapping()) {
    vmConfig.mismatch("a mapping");
    return {};
  }
  vmConfig.refuseOthers(["env"]);
  const variables: Record<string, string> = {};
  for (const item of vmConfig.get("env").items()) {
    item.refuseOthers(["name", "valueFrom", "value"]);
    const name = item.get("name").requiredText("the name of a variable");
    if (name === undefined) continue;
    const fromHost = item.get("valueFrom").word(["INLINE", "HOST"]) === "HOST";
    const value = fromHost ? environment[name] : (item.get("value").text() ?? "");
    // As in Envoy, a host variable that is not set is absent inside the VM too.
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}
