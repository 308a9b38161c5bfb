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
  /** In match order: a request belongs to the most specific host that any rule names (exact, then the longest suffix, then `*`), and there to the first rule that matches. */
  routes: RouteRule[];
  /** Bytes a stream may buffer, from `connectionBufferLimits` of the ConfigMap `higress-config`; undefined: the engine's default. */
  bufferLimit?: number;
  /** Resources that are not understood, for the "ignored" report. */
  ignored: { kind: string; name: string; position: Position }[];
}

/** A WasmPlugin, in chain order (phase, priority, name). */
export interface PluginResource {
  /** `<namespace>.<name>`. */
  name: string;
  /** Folder name under plugins/ when `url` names one of ours, else undefined. */
  plugin?: string;
  /** It is one of several in the module named `suite`, which `rootId` chooses. */
  inSuite?: true;
  /** The module to load, per engine build. */
  modules: { higress: string; envoy: string };
  rootId: string;
  failOpen: boolean;
  environment: Record<string, string>;
  /** Exactly what `proxy_on_configure` receives: defaultConfig plus `_rules_`, as JSON. Empty: no configuration. */
  configuration: string;
  /** The same for people to look at: what the plugin's schema marks as secret is replaced by `***`. */
  maskedConfiguration?: string;
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
  /** A prefix matches whole path segments: `/a` matches `/a` and `/a/b`, not `/ab`. */
  path: { type: "prefix" | "exact"; value: string };
  headers: { name: string; exact?: string; prefix?: string; regex?: string }[];
  methods: string[];
  destinations: { cluster: string; weight: number }[];
  /** Replaces the matched path or prefix; the joint to the rest is always one slash. */
  rewritePath?: string;
  rewriteHost?: string;
  /** `on`: Envoy's words (`5xx`, `connect-failure`, `retriable-status-codes`, …); `statusCodes` belong to the last. */
  retry?: { on: string[]; attempts: number; statusCodes?: number[] };
  /** 0: no deadline. */
  timeoutMs: number;
  position: Position;
}
