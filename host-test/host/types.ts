// The contracts between the parts of the host. The chain knows nothing of sockets and the gateway nothing
// of Proxy-Wasm: they meet here.

/** One header: name and value as latin-1 strings, one character per byte, so that no byte is ever lost. */
export type Header = [name: string, value: string];

/** Headers in wire order, pseudo headers (`:method`, `:path`, `:authority`, `:scheme`, `:status`) included. Names are lower case. */
export type Headers = Header[];

/** Which data plane is imitated: `higress` offers Redis, inject and upstream-host calls and keeps header value 1 as StopIteration for ABI 0.2.100; `envoy` is stock Envoy 1.40. */
export type Flavour = "higress" | "envoy";

/** What happens to streams and to the VM after a trap (compat/abi.md §14). */
export type FailurePolicy = "fail-closed" | "fail-open" | "legacy-fail-open" | "fail-reload";

export interface PluginSpec {
  /** Name in logs, metrics and errors; for a WasmPlugin resource `<namespace>.<name>`. */
  name: string;
  rootId?: string;
  vmId?: string;
  /** The module's bytes. Plugins with equal code, vmId and vmConfiguration share one VM per worker. */
  module: Uint8Array;
  /** Plugin configuration as delivered to `proxy_on_configure`; empty means none. */
  configuration?: string;
  vmConfiguration?: string;
  environment?: Record<string, string>;
  /** Default: `fail-closed`, or `fail-reload` in the `higress` flavour. */
  failurePolicy?: FailurePolicy;
  /** Envoy's `allow_on_headers_stop_iteration`; only read in the `envoy` flavour. Default true. */
  allowOnHeadersStopIteration?: boolean;
  /** Envoy's `reload_config.backoff.base_interval` in milliseconds. Default 1000. */
  reloadIntervalMs?: number;
  /** Envoy's `capability_restriction_config`: names of the host functions and callbacks that are allowed. Default: all. */
  allowedCapabilities?: string[];
}

/** A call of `proxy_http_call`, or one request of the router. */
export interface UpstreamRequest {
  cluster: string;
  headers: Headers;
  body: Uint8Array;
  trailers: Headers;
  /** 0: no deadline. */
  timeoutMs: number;
}

export type UpstreamReply =
  | { kind: "response"; headers: Headers; body: Uint8Array; trailers: Headers }
  /** Connection lost after the response headers. Refused, lost before headers and timeouts are ordinary 503 and 504 responses. */
  | { kind: "reset" };

export interface Cancel {
  cancel(): void;
}

/** Clusters by Envoy name (`outbound|80||name.static`). Implemented over sockets by services/, in memory by tests. */
export interface Upstreams {
  has(cluster: string): boolean;
  /** Members as `ip:port`, healthy first; for `proxy_get_upstream_hosts`. */
  hosts(cluster: string): string[];
  /** `null`: the cluster has no host. `reply` is never called before `call` returns. */
  call(request: UpstreamRequest, reply: (reply: UpstreamReply) => void): Cancel | null;
}

/** Redis as Higress offers it; `undefined` reply data means a network error or timeout. */
export interface RedisClients {
  init(service: string, username: string, password: string, timeoutMs: number): "ok" | "unknown-cluster";
  call(
    service: string,
    command: Uint8Array,
    reply: (data: Uint8Array | undefined) => void,
  ): "ok" | "not-initialised" | "failed";
}

export interface Clock {
  /** Wall clock, nanoseconds since the epoch. */
  now(): bigint;
  /** Monotonic clock, nanoseconds. */
  monotonic(): bigint;
  setTimer(delayMs: number, fire: () => void): Cancel;
}

/** Process-wide data (compat/abi.md §12), shared by all VMs and workers; every method is atomic. */
export interface SharedData {
  get(vmId: string, key: string): { value: Uint8Array; cas: number } | undefined;
  /** `full`: the bound on shared memory is reached, nothing was changed. */
  set(vmId: string, key: string, value: Uint8Array, cas: number): "ok" | "cas-mismatch" | "full";
}

/** Shared queues (compat/abi.md §12). Tokens are positive. */
export interface SharedQueues {
  /** Returns the same token for the same name, 0 when shared memory is full; `ready` is called, never from inside a call of this object, once for every item that was enqueued. The last party that registered is told. */
  register(vmId: string, name: string, ready: () => void): number;
  /** 0: no such queue. */
  resolve(vmId: string, name: string): number;
  enqueue(token: number, data: Uint8Array): "ok" | "unknown" | "full";
  dequeue(token: number): Uint8Array | "empty" | "unknown";
  /** Stops telling the parties registered with this function. */
  unregister(ready: () => void): void;
}

export type MetricType = "counter" | "gauge" | "histogram";

/** Process-wide custom metrics; names are the ones the module gave, without Envoy's `wasmcustom.` prefix. */
export interface Stats {
  /** A handle for the named metric, created at 0; undefined when shared memory is full. One name as two types is two metrics. */
  define(type: MetricType, name: string): number | undefined;
  /** Counter: adds (the value is not negative). Gauge: adds, may be negative. */
  add(handle: number, value: bigint): void;
  /** Gauge: sets. Histogram: observes. */
  record(handle: number, value: bigint): void;
  get(handle: number): bigint;
  /** Prometheus text as Envoy 1.40 prints it. */
  prometheus(): string;
}

export interface GrpcRequest {
  /** A cluster name, or a serialized `envoy.config.core.v3.GrpcService`, as the module gave it. */
  target: Uint8Array;
  service: string;
  method: string;
  metadata: Headers;
  /** 0: no deadline. */
  timeoutMs: number;
}

/** Never called before `open` returned. After `close` nothing follows. */
export interface GrpcEvents {
  initialMetadata(metadata: Headers): void;
  message(message: Uint8Array): void;
  trailingMetadata(metadata: Headers): void;
  /** `status` as in gRPC: 0 ok, 4 deadline exceeded, 14 unavailable. */
  close(status: number, message: string): void;
}

export interface GrpcStream {
  send(message: Uint8Array, endStream: boolean): void;
  /** Half-closes. */
  close(): void;
  /** Gives up; no event follows. */
  reset(): void;
}

export interface GrpcClients {
  /** `unknown`: no such cluster; `failed`: it has no host. */
  open(request: GrpcRequest, events: GrpcEvents): GrpcStream | "unknown" | "failed";
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "critical";

export interface LogSink {
  level: LogLevel;
  write(level: LogLevel, plugin: string, message: string): void;
}

/** Values of Envoy metadata and of properties that are maps. */
export type Metadata = { [key: string]: MetadataValue };
export type MetadataValue = string | number | boolean | null | MetadataValue[] | Metadata;

/** What the chain may ask about the route while a stream runs. */
export interface Route {
  name: string;
  cluster: string;
  virtualHost?: string;
  /** `filter_metadata` by namespace. */
  metadata?: Metadata;
  clusterMetadata?: Metadata;
  /** Set by the chain on the route it hands to `StreamEvents.requestHeaders`: the `ip:port` a plugin chose with `proxy_set_upstream_override_host`. */
  overrideHost?: string;
}

/** What properties such as `node` and `xds.listener_direction` say about this proxy. */
export interface ProxyInfo {
  node?: { id?: string; cluster?: string; metadata?: Metadata };
  listenerDirection?: "unspecified" | "inbound" | "outbound";
  listenerMetadata?: Metadata;
  filterChainName?: string;
}

export interface ChainOptions {
  plugins: PluginSpec[];
  flavour: Flavour;
  upstreams: Upstreams;
  redis?: RedisClients;
  grpc?: GrpcClients;
  /** For `envoy_resolve_dns`: addresses as `ip` or `[ipv6]`, none when the name cannot be resolved. Default: the system's resolver. */
  resolveName?(name: string, done: (addresses: string[]) => void): void;
  sharedData: SharedData;
  /** Default: an object of this process alone. Workers that belong together are given the same. */
  queues?: SharedQueues;
  stats?: Stats;
  clock: Clock;
  log: LogSink;
  /** Chosen on request headers and again when a plugin changes them; undefined → 404. */
  route(headers: Headers): Route | undefined;
  /** Bytes a stream may buffer before 413 (request) or 500 (response). Default 1 MiB as in Envoy; a plugin may raise it through the Higress properties. */
  bufferLimit?: number;
  /** Tries every configuration in a VM of its own first, as Envoy does, so that a refusal never touches a running VM. Default true. */
  canary?: boolean;
  /** Memory cap of one VM. Default 1 GiB, as in Envoy. */
  memoryLimitBytes?: number;
  /** Imitates Envoy before 1.33 (Higress on 1.27): while a body is buffered the newest chunk joins the buffer only after its callback (compat/abi.md §7). */
  lateBodyBuffer?: boolean;
  proxy?: ProxyInfo;
  /** Observes every callback and host call of interest; used by the inspector page, traces and benches. */
  observer?: ChainObserver;
}

/** How an exchange ended; what an access log would say. */
export interface StreamRecord {
  stream: number;
  /** 0: no response was sent. */
  responseCode: number;
  /** `%RESPONSE_CODE_DETAILS%`. */
  details: string;
  /** `%RESPONSE_FLAGS%`, comma-separated, `-` when none. */
  flags: string;
  route: Route | undefined;
  requestBytes: number;
  responseBytes: number;
  durationMs: number;
  /** `%FILTER_STATE(wasm.<name>:PLAIN)%` by `wasm.<name>`, latin-1. */
  filterState: Map<string, string>;
  /** `trace_span_tag.<name>` of Higress. */
  spanTags: Map<string, string>;
}

export interface ChainObserver {
  /** Whether headers and bodies of this stream are wanted. Default: of all. */
  watches?(stream: number): boolean;
  callback?(event: {
    stream: number;
    plugin: string;
    name: string;
    micros: number;
    memoryPages: number;
  }): void;
  headers?(event: {
    stream: number;
    plugin: string;
    phase: "request" | "response";
    before: Headers;
    after: Headers;
  }): void;
  /** What a body callback saw and left behind. */
  body?(event: {
    stream: number;
    plugin: string;
    phase: "request" | "response";
    before: Uint8Array;
    after: Uint8Array;
    endStream: boolean;
    /** The callback saw all that is kept, what it saw before included. */
    accumulated: boolean;
  }): void;
  /** A call-out was sent; stream 0 belongs to none. */
  call?(event: { stream: number; plugin: string; kind: CallKind; cluster: string; token: number }): void;
  /** Its reply arrived. `status` is HTTP's or gRPC's, 0 for Redis and for a connection that broke. */
  callEnded?(event: { plugin: string; kind: CallKind; token: number; status: number; bytes: number }): void;
}

export type CallKind = "http" | "grpc" | "redis";

/** What the chain tells the codec (downstream) and the router (upstream) of one stream. */
export interface StreamEvents {
  /** First event towards upstream; the route is final. */
  requestHeaders(headers: Headers, endStream: boolean, route: Route): void;
  requestData(data: Uint8Array, endStream: boolean): void;
  requestTrailers(trailers: Headers): void;
  /** The upstream request, if any, is to be given up. */
  requestReset(): void;
  responseHeaders(headers: Headers, endStream: boolean): void;
  responseData(data: Uint8Array, endStream: boolean): void;
  responseTrailers(trailers: Headers): void;
  /** The response cannot be completed: cut the connection or reset the HTTP/2 stream. */
  responseReset(): void;
  /** Last event: the plugins have logged. */
  complete?(record: StreamRecord): void;
  /** Backpressure: the chain holds more than its limit of upstream (`response`) or client (`request`) data. */
  pause?(direction: "request" | "response"): void;
  resume?(direction: "request" | "response"): void;
}

export interface StreamInfo {
  /** `ip:port`. */
  source: string;
  destination: string;
  protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";
  connectionId?: number;
  requestedServerName?: string;
  tlsVersion?: string;
  mtls?: boolean;
}

/** One HTTP exchange. The codec drives the request side, the router the response side. Calls may not be made from inside StreamEvents of the same stream. */
export interface ChainStream {
  readonly id: number;
  requestHeaders(headers: Headers, endStream: boolean): void;
  requestData(data: Uint8Array, endStream: boolean): void;
  requestTrailers(trailers: Headers): void;
  /** The client went away. */
  requestReset(): void;
  /** The router connected: for the properties `upstream.*`. `ip:port`. */
  upstreamSelected(address: string, localAddress?: string): void;
  responseHeaders(headers: Headers, endStream: boolean): void;
  responseData(data: Uint8Array, endStream: boolean): void;
  responseTrailers(trailers: Headers): void;
  /** The upstream connection broke; before response headers the chain answers 503 itself. */
  responseReset(reason: "connect-failure" | "reset" | "timeout"): void;
}

/** All plugins of a listener on one worker. */
export interface Chain {
  /** Rejects a configuration that a plugin refuses: throws `ConfigurationRejected` naming the plugin. */
  newStream(events: StreamEvents, info: StreamInfo): ChainStream;
  /** Applies a new list of plugins to new streams; running streams keep theirs. Throws `ConfigurationRejected` and keeps the old list. */
  reconfigure(plugins: PluginSpec[]): Promise<void>;
  /** Prometheus text of the custom metrics, Envoy's names. */
  stats(): string;
  liveStreams(): number;
  /** Linear memory of all VMs, in pages of 64 KiB. */
  memoryPages(): number;
  close(): void;
}

/** A plugin refused its configuration, or its module does not load. The message is Envoy's plus the plugin's last error log line. */
export class ConfigurationRejected extends Error {
  readonly plugin: string;
  constructor(plugin: string, message: string) {
    super(message);
    this.name = "ConfigurationRejected";
    this.plugin = plugin;
  }
}
