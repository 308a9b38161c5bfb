// Header maps: wire order, duplicates kept, names lower case (compat/abi.md §6).

import type { Header, Headers } from "./types.ts";

const upperCase = /[A-Z]/;

/** ASCII only: other bytes are not letters in a header name. */
export function lowerCase(name: string): string {
  return upperCase.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
}

/** Names Envoy keeps in one slot each ("inline headers"), so that a second value joins the first (measured, 1.40). */
const singleValued: ReadonlySet<string> = new Set([
  ":authority",
  ":method",
  ":path",
  ":protocol",
  ":scheme",
  ":status",
  "accept",
  "accept-encoding",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
  "access-control-request-headers",
  "access-control-request-method",
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "etag",
  "expect",
  "grpc-message",
  "grpc-status",
  "grpc-timeout",
  "keep-alive",
  "location",
  "origin",
  "pragma",
  "proxy-connection",
  "proxy-status",
  "referer",
  "server",
  "te",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "vary",
  "via",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-internal",
  "x-envoy-original-path",
  "x-forwarded-client-cert",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-request-id",
]);

/** Pseudo headers stay in front. */
function insert(entries: Headers, name: string, value: string): void {
  if (!name.startsWith(":")) {
    entries.push([name, value]);
    return;
  }
  let at = 0;
  while (at < entries.length && entries[at]![0].startsWith(":")) at++;
  entries.splice(at, 0, [name, value]);
}

/** Headers as a codec read them, with the values of single-valued names joined. */
export function receivedHeaders(headers: Headers): HeaderMap {
  for (let i = 1; i < headers.length; i++) {
    const name = headers[i]![0];
    if (!singleValued.has(name)) continue;
    for (let k = 0; k < i; k++) {
      if (headers[k]![0] !== name) continue;
      const map = new HeaderMap([]);
      map.replaceAll(headers);
      return map;
    }
  }
  return new HeaderMap(headers);
}

export class HeaderMap {
  #entries: Headers;
  /** The array now belongs to somebody else too; copied before the next change. */
  #shared = false;
  /** Counts changes. */
  version = 0;

  constructor(entries: Headers, shared = false) {
    this.#entries = entries;
    this.#shared = shared;
  }

  /** The entries of this moment; later changes of the map do not reach them. */
  release(): Headers {
    this.#shared = true;
    return this.#entries;
  }

  /** Not to be changed by the caller. */
  get entries(): readonly Header[] {
    return this.#entries;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** First value. */
  get(name: string): string | undefined {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (entry[0] === name) return entry[1];
    }
    return undefined;
  }

  /** All values, comma-joined, as `request.headers.<name>` reads. */
  joined(name: string): string | undefined {
    let value: string | undefined;
    for (const entry of this.#entries) {
      if (entry[0] === name) value = value === undefined ? entry[1] : `${value},${entry[1]}`;
    }
    return value;
  }

  /** Appends, or joins with a comma where Envoy keeps a single value of that name. */
  add(name: string, value: string): void {
    const entries = this.#own();
    if (singleValued.has(name)) {
      const at = entries.findIndex((entry) => entry[0] === name);
      if (at >= 0) {
        entries[at] = [name, `${entries[at]![1]},${value}`];
        return;
      }
    }
    insert(entries, name, value);
  }

  /** Removes all of that name and appends one. */
  replace(name: string, value: string): void {
    this.remove(name);
    insert(this.#entries, name, value);
  }

  remove(name: string): void {
    const entries = this.#own();
    let kept = 0;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (entry[0] !== name) entries[kept++] = entry;
    }
    entries.length = kept;
  }

  replaceAll(pairs: Headers): void {
    this.#entries = [];
    this.#shared = false;
    this.version++;
    for (const [name, value] of pairs) this.add(name, value);
  }

  /** Sum of the lengths of names and values: Envoy's `byteSize`. */
  byteSize(): number {
    let size = 0;
    for (const [name, value] of this.#entries) size += name.length + value.length;
    return size;
  }

  #own(): Headers {
    this.version++;
    if (this.#shared) {
      this.#entries = this.#entries.slice();
      this.#shared = false;
    }
    return this.#entries;
  }
}
