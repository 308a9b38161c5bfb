// The gateway that a set of resource files describes. The loader makes it, `run` serves it on the Node
// engine, `render` writes it as an Envoy bootstrap: neither reads resource files itself.

/** Where a resource or a field stands, for messages. Line counts from 1. */
export interface Position {
  file: string;
  line: number;
  /** JSON path such as `spec.matchRules[0].config`. */
  path: string;
}

export interface GatewayModel {
  plugins: PluginResource[];
  clusters: Cluster[];
  routes: RouteRule[];
  /** Resources that are not understood, for the "ignored" report. */
  ignored: { kind: string; name: string; position: Position }[];
}

/** A WasmPlugin, in chain order (phase, priority, name). */
export interface PluginResource {
  /** `<namespace>.<name>`. */
  name: string;
  /** Folder name under plugins/ when `url` names one of ours, else undefined. */
  plugin?: string;
  /** The module to load, per engine build. */
  modules: { higress: string; envoy: string };
  rootId: string;
  failOpen: boolean;
  environment: Record<string, string>;
  /** Exactly what `proxy_on_configure` receives: defaultConfig plus `_rules_`, as JSON. Empty: no configuration. */
  configuration: string;
  position: Position;
}

export interface Cluster {
  /** Envoy's name: `outbound|80||name.static`. */
  name: string;
  /** Socket addresses; a DNS name is resolved when connecting. */
  endpoints: { host: string; port: number }[];
  tls?: { serverName: string };
  /** Upstream protocol; `http2` is prior knowledge cleartext or ALPN. */
  protocol: "http1" | "http2";
  /** Name of the provider simulator's dialect when the registry is served by the built-in simulator. */
  simulated?: string;
  position: Position;
}

export interface RouteRule {
  /** Ingress name: what `route_name` says. */
  name: string;
  /** Lower-case host, `*.suffix`, or `*`. */
  host: string;
  path: { type: "prefix" | "exact"; value: string };
  headers: { name: string; exact?: string; prefix?: string; regex?: string }[];
  methods: string[];
  destinations: { cluster: string; weight: number }[];
  rewritePath?: string;
  rewriteHost?: string;
  retry?: { on: string[]; attempts: number };
  timeoutMs: number;
  position: Position;
}
