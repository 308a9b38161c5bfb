// Pieces of gateway models for tests.

import type { Cluster, GatewayModel, PluginResource, RouteRule } from "../../gateway/model.ts";

const position = { file: "resources.yaml", line: 7, path: "" };

export function model(parts: Partial<GatewayModel> = {}): GatewayModel {
  return { plugins: [], clusters: [], routes: [], ignored: [], ...parts };
}

export function cluster(name: string, port: number, parts: Partial<Cluster> = {}): Cluster {
  return { name, endpoints: [{ host: "127.0.0.1", port }], protocol: "http1", position, ...parts };
}

export function route(cluster: string, parts: Partial<RouteRule> = {}): RouteRule {
  return {
    name: "default",
    host: "*",
    path: { type: "prefix", value: "/" },
    headers: [],
    methods: [],
    destinations: [{ cluster, weight: 1 }],
    timeoutMs: 0,
    position,
    ...parts,
  };
}

export function plugin(path: string, parts: Partial<PluginResource> = {}): PluginResource {
  return {
    name: "test.plugin",
    modules: { higress: path, envoy: path },
    rootId: "",
    failOpen: false,
    environment: {},
    configuration: "",
    position,
    ...parts,
  };
}
