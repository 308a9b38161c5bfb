// What Envoy's connection manager does with request headers before the first filter (measured on 1.40 with
// `use_remote_address` and private clients trusted as internal, as Higress on 1.27 has them).

import { randomUUID } from "node:crypto";
import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Headers } from "../../host/types.ts";
import { headerValue } from "../../services/upstream-stream.ts";
import { normalizePath } from "./path.ts";

/** What only Envoy itself or a trusted client may say. */
const internalOnly = new Set([
  ...["x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-max-retries", "x-envoy-retriable-status-codes"],
  ...["x-envoy-retriable-header-names", "x-envoy-upstream-alt-stat-name", "x-envoy-upstream-rq-timeout-ms"],
  ...["x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-upstream-rq-first-byte-timeout-ms"],
  ...["x-envoy-upstream-rq-timeout-alt-response", "x-envoy-expected-rq-timeout-ms", "x-envoy-ip-tags"],
  ...[
    "x-envoy-original-url",
    "x-envoy-original-path",
    "x-envoy-original-host",
    "x-envoy-hedge-on-per-try-timeout",
  ],
  ...["x-envoy-force-trace", "x-envoy-decorator-operation", "x-envoy-original-method"],
]);

/** Meant for the next hop only (RFC 9110 §7.6.1). `te` is kept for trailers. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/** The replica a router plugin picks; a client must not. */
const destinationHeader = "x-gateway-destination-endpoint";

const privateAddresses = new BlockList();
for (const [network, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["127.0.0.0", 8],
] as const) {
  privateAddresses.addSubnet(network, bits);
}
privateAddresses.addAddress("::1", "ipv6");
privateAddresses.addSubnet("fc00::", 7, "ipv6");

/** Headers as the filters see them, or the status of the refusal. `client` is the peer's IP. */
export function prepareRequest(received: Headers, client: string): Headers | { status: 400 | 403 } {
  const authority = headerValue(received, ":authority");
  if (authority === undefined || authority === "") return { status: 400 };
  if (isUpgrade(received)) return { status: 403 };
  const headers = withoutHopByHop(received);
  const path = normalizePath(headerValue(headers, ":path") ?? "");
  if (path === undefined) return { status: 400 };
  set(headers, ":path", path);
  // As in Envoy, who forwards for others is no internal client.
  const isInternal = headerValue(headers, "x-forwarded-for") === undefined && isPrivate(client);
  appendForwardedFor(headers, client);
  set(headers, "x-forwarded-proto", "http");
  const prepared = headers.filter(
    ([name]) =>
      name !== destinationHeader && name !== "x-envoy-internal" && (isInternal || !internalOnly.has(name)),
  );
  if (isInternal) prepared.push(["x-envoy-internal", "true"]);
  else set(prepared, "x-envoy-external-address", client);
  // A trusted client's request id is kept so that one id follows a request through several gateways.
  if (!isInternal || headerValue(prepared, "x-request-id") === undefined)
    set(prepared, "x-request-id", randomUUID());
  return prepared;
}

function isUpgrade(headers: Headers): boolean {
  const upgrade = headerValue(headers, "upgrade");
  // `h2c` is an offer, not a demand (RFC 9110 §7.8): the request is served as it came, as Envoy does.
  if (upgrade === undefined || upgrade.trim().toLowerCase() === "h2c") return false;
  return connectionOptions(headers).includes("upgrade");
}

function withoutHopByHop(headers: Headers): Headers {
  const nominated = connectionOptions(headers).filter((name) => name !== "te" && !name.startsWith(":"));
  return headers.flatMap(([name, value]): Headers => {
    if (hopByHop.includes(name) || nominated.includes(name)) return [];
    if (name !== "te") return [[name, value]];
    const acceptsTrailers = value.split(",").some((option) => option.trim().toLowerCase() === "trailers");
    return acceptsTrailers ? [[name, "trailers"]] : [];
  });
}

function connectionOptions(headers: Headers): string[] {
  return headers
    .filter(([name]) => name === "connection")
    .flatMap(([, value]) => value.split(","))
    .map((option) => option.trim().toLowerCase());
}

function appendForwardedFor(headers: Headers, client: string): void {
  // A client on this machine is shown as the machine, as Envoy does.
  const address = isLoopback(client) ? machineAddress() : client;
  const before = headers.filter(([name]) => name === "x-forwarded-for").map(([, value]) => value);
  set(headers, "x-forwarded-for", [...before, address].join(","));
}

function isPrivate(address: string): boolean {
  return privateAddresses.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

let machine: string | undefined;

function machineAddress(): string {
  machine ??=
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4")?.address ?? "127.0.0.1";
  return machine;
}

/** Replaces every occurrence by one, in the place of the first. */
function set(headers: Headers, name: string, value: string): void {
  const first = headers.findIndex(([key]) => key === name);
  if (first < 0) {
    headers.push([name, value]);
    return;
  }
  headers[first] = [name, value];
  for (let index = headers.length - 1; index > first; index--)
    if (headers[index]![0] === name) headers.splice(index, 1);
}
