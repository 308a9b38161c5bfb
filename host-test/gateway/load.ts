// Resource files → GatewayModel. The only place that knows all kinds of resources.

import { ImageStore } from "../registry/image-store.ts";
import { maskByName, mask } from "./resources/schema-shape.ts";
import type { Cluster, GatewayModel, PluginResource } from "./model.ts";
import { readResources, substituteResource, type Resource } from "./resources/documents.ts";
import { readIngress, sortRoutes } from "./resources/ingress.ts";
import { readMcpBridge } from "./resources/mcp-bridge.ts";
import { PluginSchema } from "./resources/plugin-schema.ts";
import type { ImageAccess } from "./resources/plugin-image.ts";
import { repositoryFolders, type ModuleFolders } from "./resources/plugin-url.ts";
import { Problems } from "./resources/problems.ts";
import { collectValues, readBufferLimit } from "./resources/reference-values.ts";
import { compareOrder, readWasmPlugin, type LoadedPlugin } from "./resources/wasm-plugin.ts";

export interface LoadOptions {
  /** Default: the process's. */
  environment?: Record<string, string | undefined>;
  folders?: ModuleFolders;
  /** Where images are kept that are none of ours; default: the project's cache. */
  imageStore?: ImageStore;
  /** Images of our own plugins are pulled too, instead of taking the local build. */
  pull?: boolean;
  /** Told before a registry is asked. */
  onPull?: (reference: string) => void;
}

export interface LoadedGateway {
  model: GatewayModel;
  problems: Problems;
  /** In chain order, with what lint reads beyond the model. */
  plugins: LoadedPlugin[];
  /** Every file read, for a watch. */
  files: string[];
  /** Annotations `local-gateway/try`: what a person may try, `{{url}}` for the gateway's address. */
  hints: string[];
}

const kinds = {
  plugin: ["extensions.higress.io/v1alpha1", "WasmPlugin"],
  bridge: ["networking.higress.io/v1", "McpBridge"],
  ingress: ["networking.k8s.io/v1", "Ingress"],
  secret: ["v1", "Secret"],
  configMap: ["v1", "ConfigMap"],
} as const;

/** Reads everything and reports everything: the model is whole only when `problems.hasFatal` is false. */
export async function loadGateway(paths: string[], options: LoadOptions = {}): Promise<LoadedGateway> {
  const { environment = process.env, folders = repositoryFolders } = options;
  const problems = new Problems();
  const { resources, files } = await readResources(paths, problems);
  if (resources.length === 0 && !problems.hasFatal) {
    problems.fatal({ file: paths[0] ?? ".", line: 1, path: "" }, "no resources found", {
      expected: "YAML documents with apiVersion and kind",
    });
  }
  const of = ([apiVersion, kind]: readonly [string, string]): Resource[] =>
    resources.filter((resource) => resource.apiVersion === apiVersion && resource.kind === kind);
  const values = [...of(kinds.secret), ...of(kinds.configMap)];
  const references = substituteAll(resources, values, environment);
  refuseDuplicates(resources, problems);
  const clusters = of(kinds.bridge).flatMap((bridge) => readMcpBridge(bridge, environment));
  refuseDuplicateClusters(clusters, problems);
  const routes = sortRoutes(of(kinds.ingress).flatMap((ingress) => readIngress(ingress, clusters)));
  const images: ImageAccess = {
    store: options.imageStore ?? new ImageStore(),
    pull: options.pull === true,
    onPull: options.onPull ?? (() => undefined),
    secret: (name) => references.get(`secret.${name}..dockerconfigjson`),
  };
  const read = of(kinds.plugin).map((plugin) => readWasmPlugin(plugin, folders, environment, images));
  const plugins = (await Promise.all(read)).flatMap((plugin) => plugin ?? []).toSorted(compareOrder);
  for (const plugin of plugins) applySchema(plugin, folders, problems);
  const bufferLimit = of(kinds.configMap)
    .map(readBufferLimit)
    .find((limit) => limit !== undefined);
  const known: Resource[] = Object.values(kinds).flatMap(of);
  const ignored = resources
    .filter((resource) => !known.includes(resource))
    .map(({ kind, name, root }) => ({ kind, name, position: root.get("kind").position }));
  const model: GatewayModel = {
    plugins: plugins.map(({ resource }) => resource),
    clusters,
    routes,
    ...(bufferLimit !== undefined && { bufferLimit }),
    ignored,
  };
  const hints = resources.flatMap(
    ({ root }) => root.get("metadata").get("annotations").get("local-gateway/try").text() ?? [],
  );
  return { model, problems, plugins, files, hints };
}

/** Secrets and ConfigMaps take environment variables themselves before others refer to them. */
function substituteAll(
  resources: Resource[],
  values: Resource[],
  environment: Record<string, string | undefined>,
): Map<string, string> {
  const references = new Map<string, string>();
  for (const resource of values) substituteResource(resource, { environment, references });
  for (const resource of values) collectValues(resource, references);
  for (const resource of resources) {
    if (!values.includes(resource)) substituteResource(resource, { environment, references });
  }
  return references;
}

function applySchema(plugin: LoadedPlugin, folders: ModuleFolders, problems: Problems): void {
  const { resource } = plugin;
  let schema: PluginSchema | undefined;
  try {
    schema = resource.plugin === undefined ? undefined : PluginSchema.read(resource.plugin, folders);
  } catch (error) {
    problems.fatal(resource.position, (error as Error).message);
  }
  if (schema) plugin.schema = schema;
  for (const part of plugin.parts) schema?.check(part);
  resource.maskedConfiguration = maskConfiguration(resource, schema);
}

function maskConfiguration({ configuration }: PluginResource, schema: PluginSchema | undefined): string {
  if (configuration === "") return "";
  const value = JSON.parse(configuration) as Record<string, unknown>;
  if (!schema) return JSON.stringify(maskByName(value));
  const { _rules_: rules, ...whole } = value;
  const masked = mask(schema.schema, whole) as Record<string, unknown>;
  if (Array.isArray(rules)) masked["_rules_"] = rules.map((rule) => mask(schema.schema, rule));
  return JSON.stringify(masked);
}

/** Applying both to a cluster would leave only the later one. */
function refuseDuplicates(resources: Resource[], problems: Problems): void {
  const seen = new Map<string, Resource>();
  for (const resource of resources) {
    const key = [resource.apiVersion, resource.kind, resource.namespace ?? "", resource.name].join(" ");
    const first = seen.get(key);
    if (!first) seen.set(key, resource);
    else {
      const { file, line } = first.root.get("kind").position;
      const position = resource.root.get("kind").position;
      problems.fatal(
        position,
        `${resource.kind} ${resource.name} is defined a second time; first in ${file}:${line}`,
      );
    }
  }
}

function refuseDuplicateClusters(clusters: Cluster[], problems: Problems): void {
  clusters.forEach((cluster, index) => {
    const first = clusters.findIndex(({ name }) => name === cluster.name);
    if (first === index) return;
    const { file, line } = clusters[first]!.position;
    problems.fatal(
      cluster.position,
      `the service ${cluster.name} is defined a second time; first in ${file}:${line}`,
    );
  });
}
