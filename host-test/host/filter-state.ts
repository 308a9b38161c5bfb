// Filter state objects that Envoy itself understands: the foreign function set_envoy_filter_state
// (compat/abi.md §13). Keys: Envoy's "Well known filter state objects".

import { isIP } from "node:net";
import { Result } from "./codes.ts";
import type { ForeignFunction } from "./foreign-calls.ts";
import { readMessage, textField } from "./protobuf.ts";

type Check = (value: string) => boolean;

const anything: Check = () => true;
const number: Check = (value) => /^\d{1,10}$/.test(value) && Number(value) <= 0xffffffff;
const address: Check = (value) => {
  const parts = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(value);
  return parts !== null && isIP(parts[1] ?? parts[2] ?? "") !== 0 && Number(parts[3]) <= 65535;
};

/** Keys that have an object factory, with what their values must be. */
const factories = new Map<string, Check>([
  ["envoy.string", anything],
  ["envoy.hashable_string", anything],
  ["envoy.tcp_proxy.cluster", anything],
  ["envoy.tcp_proxy.disable_tunneling", anything],
  ["envoy.tcp_proxy.per_connection_idle_timeout_ms", number],
  ["envoy.network.upstream_server_name", anything],
  ["envoy.network.application_protocols", anything],
  ["envoy.network.upstream_subject_alt_names", anything],
  ["envoy.network.network_namespace", anything],
  ["envoy.network.transport_socket.original_dst_address", address],
  ["envoy.filters.listener.original_dst.local_ip", address],
  ["envoy.filters.listener.original_dst.remote_ip", address],
  ["envoy.filters.network.http_connection_manager.local_reply_owner", anything],
  ["envoy.upstream.dynamic_host", anything],
  ["envoy.upstream.dynamic_port", number],
  ["envoy.ratelimit.hits_addend", number],
]);

/** Argument: `SetEnvoyFilterStateArguments{path=1, value=2, span=3}`. */
export const setEnvoyFilterState: ForeignFunction = (context, argument) => {
  const fields = readMessage(argument);
  if (fields === undefined) return Result.BadArgument;
  const key = textField(fields, 1);
  const value = textField(fields, 2);
  const check = factories.get(key);
  const http = context.stream?.http;
  if (check === undefined || http === undefined) return Result.NotFound;
  if (!check(value)) return Result.BadArgument;
  http.filterState.set(key, value);
  return "";
};
