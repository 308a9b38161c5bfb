// What Envoy refuses to send upstream after the filters (compat/abi.md §6, measured on 1.40).

import type { Header } from "./types.ts";

export interface RequestFault {
  status: number;
  body: string;
  details: string;
  /** Shows as flag DPE. */
  malformed: boolean;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const forbidden = /[\0\r\n]/;

/** The first thing wrong with request headers that a filter has changed. */
export function firstRequestFault(headers: readonly Header[]): RequestFault | undefined {
  let method = false;
  let path = false;
  let authority = false;
  let malformed = false;
  for (const [name, value] of headers) {
    if (name === ":method") method = true;
    else if (name === ":path") path = true;
    else if (name === ":authority") authority = true;
    if (forbidden.test(value) || !token.test(name.startsWith(":") ? name.slice(1) : name)) malformed = true;
  }
  if (!path) return { status: 404, body: "", details: "route_not_found", malformed: false };
  if (!authority) return { status: 400, body: "", details: "missing_host_header", malformed: false };
  if (!method) return upstreamRefusal("missing required header: :method", false);
  return malformed ? upstreamRefusal("invalid header", true) : undefined;
}

function upstreamRefusal(reason: string, malformed: boolean): RequestFault {
  return { status: 503, body: reason, details: "filter_removed_required_request_headers", malformed };
}
