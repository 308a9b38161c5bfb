// Properties: attributes of the request, and filter state that plugins share.

import { IS_HIGRESS, property as hostProperty, setProperty as hostSetProperty } from "../abi/host";
import { Span } from "../bytes/span";
import { Head } from "./head";

/** Envoy's router adds it to what the upstream answers, and to nothing else. */
export const UPSTREAM_TIME = "x-envoy-upstream-service-time";
/** `response.code_details` of what the upstream answered. */
export const VIA_UPSTREAM = "via_upstream";

/** The text of a property, or null; `path` has its segments joined by `\0`. */
export function property(path: string): string | null {
  const value = hostProperty(path);
  return value === null ? null : value.toString();
}

export function propertyBytes(path: string): Span | null {
  return hostProperty(path);
}

export function setProperty(name: string, value: string): void {
  hostSetProperty(name, Span.text(value));
}

/** A switch of this exchange that only Higress has, such as `set_decoder_buffer_limit`; stock Envoy would keep it for nobody. */
export function setSwitch(name: string, value: string): void {
  if (IS_HIGRESS) hostSetProperty(name, Span.text(value));
}

export function setPropertyBytes(name: string, value: Span): void {
  hostSetProperty(name, value);
}

/** `response.code_details`, "" when the host does not say: who gave the answer with this head. */
export function responseDetails(head: Head): string {
  // The host takes as long for a property as for reading a whole head.
  if (head.has(UPSTREAM_TIME)) return VIA_UPSTREAM;
  const details = property("response\0code_details");
  return details === null ? "" : details;
}

/** Stock Envoy dropped the old names in favour of `xds.*`; Higress's line has them. "" when neither is known. */
export function routeName(): string {
  const name = property("route_name");
  if (name !== null) return name;
  const xds = property("xds\0route_name");
  return xds !== null ? xds : "";
}

/** Name of the cluster the route points at, or "". */
export function clusterName(): string {
  const name = property("cluster_name");
  if (name !== null) return name;
  const xds = property("xds\0cluster_name");
  return xds !== null ? xds : "";
}
