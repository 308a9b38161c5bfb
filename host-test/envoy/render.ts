// The gateway of a set of resource files as configuration of a stock Envoy.

import { stringify } from "yaml";
import type { GatewayModel } from "../gateway/model.ts";
import { destinationToMetadata, forgetDestination } from "./destination.ts";
import { renderCluster } from "./clusters.ts";
import { wasmFilter, type PluginOverride } from "./plugins.ts";
import { rememberRoute, renderRoutes } from "./routes.ts";

export interface RenderOptions {
  /** Address that clients connect to. Default 127.0.0.1. */
  host?: string;
  /** Default 8080; 0 takes a free port. */
  port?: number;
  /** Always on the loopback address. Default 8081; 0 takes a free port. */
  adminPort?: number;
  /** Bytes of a body that plugins may hold before 413 or 500. Default: the model's, else 100 MiB, what AI plugins ask Higress for through properties that stock Envoy ignores. */
  bufferLimit?: number;
  /** One line per request on standard error. */
  accessLog?: boolean;
  /** File of certificate authorities for TLS upstreams. Default: the system's. */
  trustedCa?: string;
  /** By plugin name. */
  plugins?: Record<string, PluginOverride>;
}

export const defaultBufferLimit = 100 * 1024 * 1024;

/** Envoy's own default, which also bounds the size of a chunk in a body callback. */
const connectionBufferLimit = 1024 * 1024;

const extension = "type.googleapis.com/envoy.extensions";

/** An Envoy bootstrap in its JSON form (`envoy.config.bootstrap.v3.Bootstrap`). */
export function renderBootstrap(model: GatewayModel, options: RenderOptions = {}): object {
  return {
    ...renderProcess(options),
    static_resources: {
      listeners: [renderListener(model, options)],
      clusters: renderClusters(model, options),
    },
  };
}

/** The bootstrap as a YAML document. */
export function renderYaml(model: GatewayModel, options: RenderOptions = {}): string {
  return stringify(renderBootstrap(model, options), {
    aliasDuplicateObjects: false,
    lineWidth: 0,
    // Envoy reads a plain `y`, `08` or `1.0` as something else than text.
    defaultStringType: "QUOTE_SINGLE",
    defaultKeyType: "PLAIN",
  });
}

/** The part of a bootstrap that does not depend on the model. */
export function renderProcess({ adminPort = 8081 }: RenderOptions): object {
  return {
    node: { id: "local-gateway", cluster: "local-gateway" },
    admin: { address: socketAddress("127.0.0.1", adminPort) },
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: {
            "@type": `${extension}.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
            max_active_downstream_connections: 50_000,
          },
        },
      ],
    },
  };
}

export function renderClusters(model: GatewayModel, { trustedCa }: RenderOptions): object[] {
  return model.clusters.map((cluster) => renderCluster(cluster, trustedCa));
}

export function renderListener(model: GatewayModel, options: RenderOptions): object {
  const { host = "127.0.0.1", port = 8080 } = options;
  const bufferLimit = options.bufferLimit ?? model.bufferLimit ?? defaultBufferLimit;
  return {
    name: "main",
    address: socketAddress(host, port),
    // A port that another gateway holds is an error, not a share of its connections.
    enable_reuse_port: false,
    // A route can only raise the limit that the connection sets.
    per_connection_buffer_limit_bytes: Math.min(bufferLimit, connectionBufferLimit),
    connection_balance_config: { exact_balance: {} },
    filter_chains: [{ filters: [connectionManager(model, bufferLimit, options)] }],
  };
}

function connectionManager(model: GatewayModel, bufferLimit: number, options: RenderOptions): object {
  const { plugins = {} } = options;
  return {
    name: "http",
    typed_config: {
      "@type": `${extension}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: "main",
      codec_type: "AUTO",
      http_protocol_options: { enable_trailers: true },
      http2_protocol_options: {},
      use_remote_address: true,
      // As Higress has them: a private client may set Envoy's own request headers.
      internal_address_config: { cidr_ranges: privateNetworks },
      normalize_path: true,
      // A model that thinks for minutes is silent, not dead.
      stream_idle_timeout: "0s",
      ...(options.accessLog && { access_log: [accessLog] }),
      route_config: renderRoutes(model.routes, bufferLimit),
      http_filters: [
        rememberRoute,
        forgetDestination,
        ...model.plugins.map((plugin) => wasmFilter(plugin, plugins[plugin.name])),
        destinationToMetadata,
        { name: "router", typed_config: { "@type": `${extension}.filters.http.router.v3.Router` } },
      ],
    },
  };
}

const accessLog = {
  name: "stderr",
  typed_config: {
    "@type": `${extension}.access_loggers.stream.v3.StderrAccessLog`,
    log_format: {
      text_format_source: {
        inline_string:
          "%REQ(:METHOD)% %REQ(:AUTHORITY)%%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL% -> %RESPONSE_CODE% " +
          "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% route=%ROUTE_NAME% upstream=%UPSTREAM_CLUSTER_RAW% " +
          "%UPSTREAM_HOST% %DURATION%ms %FILTER_STATE(wasm.ai_log:PLAIN)%\n",
      },
    },
  },
};

const privateNetworks = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["127.0.0.0", 8],
  ["::1", 128],
  ["fc00::", 7],
].map(([address_prefix, prefix_len]) => ({ address_prefix, prefix_len }));

function socketAddress(address: string, port: number): object {
  return { socket_address: { address, port_value: port } };
}
