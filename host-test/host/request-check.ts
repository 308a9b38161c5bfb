// What Envoy refuses to send upstream after the filters (compat/abi.md §6, measured on 1.40).

import type { Header } from "./types.ts";

export interface RequestFault {
  status: number;
  body: string;
  details: string;
  /** Shows as flag DPE; else as NR. */
  malformed: boolean;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const forbidden = /[\0\r\n]/;

/** The first thing wrong with request headers that a filter has changed. */
export function firstRequestFault(headers: readonly Header[]): RequestFault | undefined {
  let method = false;
  let path = false;
  let scheme = false;
  let malformed: RequestFault | undefined;
  for (const [name, value] of headers) {
    if (name === ":method") method = true;
    else if (name === ":path") path = true;
    else if (name === ":scheme" || name === "x-forwarded-proto") scheme = true;
    if (!token.test(name.startsWith(":") ? name.slice(1) : name)) {
      malformed ??= refusal(`invalid header name: ${name}`);
    } else if (forbidden.test(value)) malformed ??= refusal(`invalid header value for: ${name}`);
  }
  // Without a path or any word on the scheme no route matches.
  if (!path || !scheme) return { status: 404, body: "", details: "route_not_found", malformed: false };
  return method ? malformed : refusal("missing required header: :method");
}

function refusal(reason: string): RequestFault {
  const details = `filter_removed_required_request_headers{${reason}}`;
  return { status: 503, body: reason, details, malformed: true };
}
