// The gateway of a scenario as a test writes it, and the GatewayModel it stands for.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { runsSuite } from "../../../scripts/guest-build.mjs";
import type { PluginOverride } from "../../envoy/plugins.ts";
import type { Cluster, GatewayModel, PluginResource, RouteRule } from "../../gateway/model.ts";
import type { LogLevel } from "../../host/types.ts";
import type { Protocol } from "./message.ts";
import { builtModules, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import type { Script } from "./upstream.ts";

export interface GatewaySetup {
  /** In chain order. */
  plugins?: PluginSetup[];
  /** By service: `NAME.static` (port 80), `NAME.dns` (port 443), `NAME.dns:8443`, or a cluster name with `|`. */
  upstreams?: Record<string, Script | UpstreamSetup>;
  /** In matching order. Default: one route named `default` for everything to the first upstream. */
  routes?: RouteSetup[];
  /** Worker threads, each with its own VM of every plugin. Default 1. */
  workers?: number;
  /** Bytes of a body that plugins may hold. Default: on `node` 1 MiB, which plugins may raise as on Higress; else 100 MiB. */
  bufferLimit?: number;
  logLevel?: LogLevel;
}

export interface PluginSetup extends PluginOverride {
  /** Folder under plugins/: the built module of the engine's flavour. */
  plugin?: string;
  /** Instead of `plugin`: a module's bytes, or its path. */
  module?: Uint8Array | string;
  /** Default `test.<plugin>`; must differ between plugins of one gateway. */
  name?: string;
  /** What `proxy_on_configure` receives; an object as JSON. Default: none. */
  configuration?: object | string;
  /** Rules of a WasmPlugin resource, added to an object `configuration` as Higress does. */
  rules?: PluginRule[];
  rootId?: string;
  failOpen?: boolean;
  environment?: Record<string, string>;
}

/** One entry of `spec.matchRules`. */
export interface PluginRule {
  ingress?: string[];
  domain?: string[];
  service?: string[];
  config: object;
}

export interface UpstreamSetup {
  /** Default: status 200, empty body. */
  reply?: Script;
  /** Several members, each a server with a script of its own: `Gateway.upstream("SERVICE/MEMBER")`. */
  members?: Record<string, Script>;
  /** `ip:port` of a server that the test runs itself, such as a Redis. */
  address?: string;
  /** Default `http1`. */
  protocol?: Protocol;
  /** `refused`: nothing listens there. `none`: the cluster has no member. Default `up`. */
  state?: "up" | "refused" | "none";
}

export interface RouteSetup {
  /** Ingress name. Default `default`. */
  name?: string;
  /** Service, or services with their weights. */
  to: string | Record<string, number>;
  /** Default `*`. */
  host?: string;
  /** Prefix, or exact path. Default `/`. */
  path?: string | { exact: string };
  headers?: RouteRule["headers"];
  methods?: string[];
  rewritePath?: string;
  rewriteHost?: string;
  retry?: RouteRule["retry"];
  timeoutMs?: number;
}

const position = { file: "scenario", line: 1, path: "" };

export type Endpoint = Cluster["endpoints"][number];

export async function toModel(
  setup: GatewaySetup,
  endpoints: (service: string) => Endpoint[],
): Promise<GatewayModel> {
  const upstreams = Object.entries(setup.upstreams ?? {});
  const routes = setup.routes ?? upstreams.slice(0, 1).map(([service]) => ({ to: service }));
  return {
    plugins: await Promise.all((setup.plugins ?? []).map(toPlugin)),
    clusters: upstreams.map(([service, upstream]) =>
      toCluster(service, upstreamSetup(upstream), endpoints(service)),
    ),
    routes: routes.map(toRoute),
    ignored: [],
  };
}

export function overrides(setup: GatewaySetup): Record<string, PluginOverride> {
  return Object.fromEntries((setup.plugins ?? []).map((plugin) => [nameOf(plugin), plugin]));
}

const setupKeys = ["reply", "members", "address", "protocol", "state"];

export function upstreamSetup(upstream: Script | UpstreamSetup): UpstreamSetup {
  const isSetup = typeof upstream === "object" && setupKeys.some((key) => key in upstream);
  return isSetup ? (upstream as UpstreamSetup) : { reply: upstream as Script };
}

/** Envoy's name of a service's cluster. */
export function clusterName(service: string): string {
  if (service.includes("|")) return service;
  const [name = "", port] = service.split(":");
  return `outbound|${port ?? (name.endsWith(".dns") ? 443 : 80)}||${name}`;
}

function toCluster(service: string, { protocol = "http1" }: UpstreamSetup, endpoints: Endpoint[]): Cluster {
  return { name: clusterName(service), endpoints, protocol, position };
}

function toRoute(route: RouteSetup): RouteRule {
  const { to, path = "/" } = route;
  const weights = typeof to === "string" ? [[to, 1] as const] : Object.entries(to);
  return {
    name: route.name ?? "default",
    host: route.host ?? "*",
    path: typeof path === "string" ? { type: "prefix", value: path } : { type: "exact", value: path.exact },
    headers: route.headers ?? [],
    methods: route.methods ?? [],
    destinations: weights.map(([service, weight]) => ({ cluster: clusterName(service), weight })),
    ...(route.rewritePath !== undefined && { rewritePath: route.rewritePath }),
    ...(route.rewriteHost !== undefined && { rewriteHost: route.rewriteHost }),
    ...(route.retry && { retry: route.retry }),
    timeoutMs: route.timeoutMs ?? 0,
    position,
  };
}

async function toPlugin(setup: PluginSetup): Promise<PluginResource> {
  return {
    name: nameOf(setup),
    ...(setup.plugin !== undefined && { plugin: setup.plugin }),
    modules: await modulesOf(setup),
    rootId: setup.rootId ?? (runsSuite ? setup.plugin : undefined) ?? "",
    failOpen: setup.failOpen ?? false,
    environment: setup.environment ?? {},
    configuration: configurationOf(setup),
    position,
  };
}

function nameOf({ name, plugin }: PluginSetup): string {
  return name ?? `test.${plugin ?? "plugin"}`;
}

function configurationOf({ configuration, rules }: PluginSetup): string {
  if (typeof configuration === "string") {
    if (rules) throw new Error("rules need a configuration that is an object");
    return configuration;
  }
  if (!configuration && !rules) return "";
  const _rules_ = rules?.map(({ ingress, domain, service, config }) => ({
    ...config,
    ...(ingress && { _match_route_: ingress }),
    ...(domain && { _match_domain_: domain }),
    ...(service && { _match_service_: service }),
  }));
  return JSON.stringify({ ...configuration, ...(_rules_ && { _rules_ }) });
}

async function modulesOf({ plugin, module }: PluginSetup): Promise<PluginResource["modules"]> {
  if (module === undefined) {
    if (plugin === undefined) throw new Error("a plugin of a scenario needs `plugin` or `module`");
    return builtModules(plugin, repositoryFolders);
  }
  const path = typeof module === "string" ? resolve(module) : await toFile(module);
  return { higress: path, envoy: path };
}

/** Both engines load modules from files. Named by digest, so that equal bytes are one file. */
async function toFile(module: Uint8Array): Promise<string> {
  const folder = join(dirname(repositoryFolders.dist), ".cache/scenario-modules");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${createHash("sha256").update(module).digest("hex")}.wasm`);
  const unfinished = `${path}.${randomUUID()}`;
  await writeFile(unfinished, module);
  await rename(unfinished, path);
  return path;
}
