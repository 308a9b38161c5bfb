// Properties by path (compat/abi.md §11).

import { MapType } from "./codes.ts";
import type { Context } from "./context.ts";
import { grpcStatusOf } from "./local-reply.ts";
import { lowerCase } from "./maps.ts";
import type { HeaderMap } from "./maps.ts";
import { latin1 } from "./plugin.ts";
import { descend, fromMetadata, MapValue, mapOf, MessageValue } from "./property-value.ts";
import type { PropertyValue } from "./property-value.ts";
import { bytesField, encodeStruct } from "./protobuf.ts";
import type { Stream } from "./stream.ts";
import type { Metadata, ProxyInfo } from "./types.ts";
import { readableMap } from "./windows.ts";

/** The value at `path` (segments are bytes as latin-1), or undefined when there is none. */
export function getProperty(context: Context, path: readonly string[]): PropertyValue | undefined {
  const first = path[0];
  if (first === undefined) return undefined;
  const { stream } = context;
  const value = rootValue(context, first);
  if (value !== undefined) return descend(value, path.slice(1));
  if (stream === undefined) return undefined;
  const state = stream.http.filterState.get(`wasm.${first}`);
  return state === undefined ? undefined : descend(state, path.slice(1));
}

/** Attributes by their first name, for CEL expressions as well. */
export function rootValue(context: Context, name: string): PropertyValue | undefined {
  const { root, vm } = context;
  const { plugin } = root;
  const http = context.stream?.http;
  switch (name) {
    case "plugin_name":
      return latin1(plugin.name);
    case "plugin_root_id":
      return latin1(plugin.rootId);
    case "plugin_vm_id":
      return latin1(plugin.vmId);
    case "xds":
      return fields((key) => xds(vm.host.proxy, http, key), xdsNames);
  }
  if (vm.host.flavour === "higress") {
    const value = higressValue(context, name);
    if (value !== undefined) return value;
  }
  if (http === undefined) return undefined;
  switch (name) {
    case "request":
      return fields((key) => request(context, http, key), requestNames);
    case "response":
      return fields((key) => response(context, http, key), responseNames);
    case "source":
      return endpoint(http.info.source);
    case "destination":
      return endpoint(http.info.destination);
    case "connection":
      return fields((key) => connection(http, key), connectionNames);
    case "connection_id":
      return BigInt(http.info.connectionId ?? http.id);
    case "upstream":
      return fields((key) => upstream(http, key), upstreamNames);
    case "metadata":
      return metadataMessage({});
    case "filter_state":
      return new MapValue(
        (key) => http.filterState.get(key),
        () => [...http.filterState],
      );
  }
  return undefined;
}

/** Names stock Envoy took out in 2024 and Higress still has. */
function higressValue(context: Context, name: string): PropertyValue | undefined {
  const http = context.stream?.http;
  const { proxy } = context.vm.host;
  switch (name) {
    case "plugin_vm_memory":
      return BigInt(context.vm.memory.bytes.length);
    case "node":
    case "listener_direction":
    case "listener_metadata":
      return xds(proxy, http, name);
    case "route_name":
      return http && latin1(http.route?.name ?? "");
    case "cluster_name":
    case "cluster_metadata":
    case "route_metadata":
    case "upstream_host_metadata":
      return http && xds(proxy, http, name);
  }
  return undefined;
}

/** A fixed set of attributes; those without a value now are left out. */
function fields(get: (key: string) => PropertyValue | undefined, names: readonly string[]): MapValue {
  const entries = () =>
    names.flatMap((key) => {
      const value = get(key);
      return value === undefined ? [] : [[key, value] as [string, PropertyValue]];
    });
  return new MapValue(get, entries, false);
}

const xdsNames = [
  "node",
  "cluster_name",
  "cluster_metadata",
  "listener_direction",
  "listener_metadata",
  "route_name",
  "route_metadata",
  "virtual_host_name",
  "virtual_host_metadata",
  "upstream_host_metadata",
  "filter_chain_name",
];

function xds(proxy: ProxyInfo | undefined, http: Stream | undefined, key: string): PropertyValue | undefined {
  switch (key) {
    case "node":
      return nodeMessage(proxy?.node ?? {});
  }
  if (http === undefined) return undefined;
  switch (key) {
    case "listener_direction":
      return BigInt(
        ["unspecified", "inbound", "outbound"].indexOf(proxy?.listenerDirection ?? "unspecified"),
      );
    case "listener_metadata":
      return metadataMessage(proxy?.listenerMetadata ?? {});
    case "filter_chain_name":
      return latin1(proxy?.filterChainName ?? "");
    case "upstream_host_metadata":
      // A chosen host without metadata: there, but not a value.
      return http.upstreamAddress === "" ? undefined : null;
  }
  const { route } = http;
  if (route === undefined) return undefined;
  switch (key) {
    case "route_name":
      return latin1(route.name);
    case "cluster_name":
      return latin1(route.cluster);
    case "virtual_host_name":
      return latin1(route.virtualHost ?? "");
    case "route_metadata":
      return metadataMessage(route.metadata ?? {});
    case "virtual_host_metadata":
      return metadataMessage({});
    case "cluster_metadata":
      return metadataMessage(route.clusterMetadata ?? {});
  }
  return undefined;
}

/** `envoy.config.core.v3.Node`. */
function nodeMessage(node: NonNullable<ProxyInfo["node"]>): MessageValue {
  const id = latin1(node.id ?? "");
  const cluster = latin1(node.cluster ?? "");
  const metadata = node.metadata ?? {};
  return new MessageValue({ id, cluster, metadata: mapOf(metadata) }, () =>
    Buffer.concat([bytesField(1, id), bytesField(2, cluster), bytesField(3, encodeStruct(metadata))]),
  );
}

/** `envoy.config.core.v3.Metadata`, whose field `filter_metadata` maps namespaces to structs. */
function metadataMessage(filterMetadata: Metadata): MessageValue {
  return new MessageValue({ filter_metadata: fromMetadata(filterMetadata) }, () =>
    Buffer.concat(
      Object.entries(filterMetadata).map(([namespace, struct]) =>
        bytesField(
          1,
          Buffer.concat([bytesField(1, latin1(namespace)), bytesField(2, encodeStruct(struct as Metadata))]),
        ),
      ),
    ),
  );
}

const requestNames = [
  "path",
  "url_path",
  "host",
  "scheme",
  "method",
  "referer",
  "useragent",
  "id",
  "query",
  "protocol",
  "headers",
  "time",
  "duration",
  "size",
  "total_size",
];

function request(context: Context, http: Stream, key: string): PropertyValue | undefined {
  switch (key) {
    case "protocol":
      return http.info.protocol;
    case "time":
      return http.startTime;
    case "duration":
      return http.endMonotonic === undefined ? undefined : http.endMonotonic - http.startMonotonic;
  }
  const headers = readableMap(context, MapType.RequestHeaders);
  if (key === "size") {
    const declared = headers?.get("content-length");
    return declared !== undefined && /^\d{1,18}$/.test(declared)
      ? BigInt(declared)
      : BigInt(http.requestBytes);
  }
  if (key === "total_size") return BigInt(http.requestBytes + (headers?.byteSize() ?? 0));
  if (key === "headers") return headerValues(headers);
  if (headers === undefined) return undefined;
  switch (key) {
    case "path":
      return headers.get(":path");
    case "url_path":
      return headers.get(":path")?.replace(/\?.*$/s, "");
    case "query": {
      const path = headers.get(":path");
      const at = path?.indexOf("?") ?? -1;
      return path === undefined ? undefined : at < 0 ? "" : path.slice(at + 1).replace(/#.*$/s, "");
    }
    case "host":
      return headers.get(":authority");
    case "scheme":
      return headers.get(":scheme");
    case "method":
      return headers.get(":method");
    case "referer":
      return headers.joined("referer");
    case "useragent":
      return headers.joined("user-agent");
    case "id":
      return headers.joined("x-request-id");
  }
  return undefined;
}

const responseNames = [
  "code",
  "code_details",
  "flags",
  "grpc_status",
  "headers",
  "trailers",
  "size",
  "total_size",
];

function response(context: Context, http: Stream, key: string): PropertyValue | undefined {
  switch (key) {
    case "code":
      return http.responseCode === 0 ? undefined : BigInt(http.responseCode);
    case "code_details":
      return http.details === "" ? undefined : http.details;
    case "flags":
      return BigInt(http.flags);
    case "size":
      return BigInt(http.responseBytes);
  }
  const headers = readableMap(context, MapType.ResponseHeaders);
  const trailers = readableMap(context, MapType.ResponseTrailers);
  switch (key) {
    case "headers":
      return headerValues(headers);
    case "trailers":
      return headerValues(trailers);
    case "total_size":
      return BigInt(http.responseBytes + (headers?.byteSize() ?? 0) + (trailers?.byteSize() ?? 0));
    case "grpc_status": {
      const status = trailers?.get("grpc-status") ?? headers?.get("grpc-status");
      if (status !== undefined && /^\d{1,9}$/.test(status)) return BigInt(status);
      // Mapped from the HTTP status, also for what is not gRPC.
      return http.responseCode === 0 ? undefined : BigInt(grpcStatusOf(http.responseCode));
    }
  }
  return undefined;
}

/** Without the headers: an empty map. */
function headerValues(headers: HeaderMap | undefined): MapValue {
  return new MapValue(
    (key) => headers?.joined(lowerCase(key)),
    () => {
      if (headers === undefined) return [];
      const names = new Set(headers.entries.map(([name]) => name));
      return [...names].map((name) => [name, headers.joined(name)!]);
    },
  );
}

function endpoint(address: string): MapValue {
  return fields(
    (key) => (key === "address" ? address : key === "port" ? portOf(address) : undefined),
    ["address", "port"],
  );
}

function portOf(address: string): bigint | undefined {
  const port = /:(\d{1,5})$/.exec(address)?.[1];
  return port === undefined ? undefined : BigInt(port);
}

const connectionNames = ["id", "mtls", "requested_server_name", "tls_version"];

function connection({ info, id }: Stream, key: string): PropertyValue | undefined {
  switch (key) {
    case "id":
      return BigInt(info.connectionId ?? id);
    case "mtls":
      return info.mtls ?? false;
    case "requested_server_name":
      return latin1(info.requestedServerName ?? "");
    case "tls_version":
      return info.tlsVersion;
  }
  return undefined;
}

const upstreamNames = [
  "address",
  "port",
  "local_address",
  "transport_failure_reason",
  "request_attempt_count",
];

function upstream(http: Stream, key: string): PropertyValue | undefined {
  switch (key) {
    case "address":
      return http.upstreamAddress || undefined;
    case "port":
      return http.upstreamAddress ? portOf(http.upstreamAddress) : undefined;
    case "local_address":
      return http.upstreamLocalAddress || undefined;
    case "transport_failure_reason":
      return http.upstreamAddress === "" ? undefined : "";
    case "request_attempt_count":
      return http.upstreamAddress === "" ? 0n : 1n;
  }
  return undefined;
}
