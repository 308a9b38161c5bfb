// What a client or an upstream saw of one message on the wire.

import type { Headers } from "../../host/types.ts";

export type Protocol = "http1" | "http2";

/** Headers as tests write them: pairs in order, or an object. */
export type HeaderList = Headers | Record<string, string>;

/** Text is sent as UTF-8, an object as JSON. */
export type BodySource = string | Uint8Array | object;

/** In a list of chunks: breaks the connection (HTTP/1.1) or resets the stream (HTTP/2). */
export const cut = Symbol("cut");

/** Bytes that are flushed before the next step, something to wait for, or `cut`. */
export type Chunk = string | Uint8Array | (() => Promise<unknown>) | typeof cut;

/** How a message ends. */
export interface Ending {
  /** Goes out together with the end, on HTTP/2 in the same frame if there are no trailers. */
  data?: Uint8Array;
  trailers?: HeaderList;
}

export class Message {
  /** Names in lower case, in wire order; HTTP/2's pseudo headers included. */
  headers: Headers = [];
  trailers: Headers = [];
  /** Data as it was read; where one ends says little about how it was sent. */
  readonly chunks: Buffer[] = [];
  /** False until the end has arrived, and for ever if the message was cut off. */
  complete = false;

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.body.toString("utf8");
  }

  json(): unknown {
    return JSON.parse(this.text);
  }

  /** Value of a header, its occurrences joined with `, `; undefined if there is none. */
  header(name: string): string | undefined {
    return joined(this.headers, name);
  }

  trailer(name: string): string | undefined {
    return joined(this.trailers, name);
  }
}

/** A request as an upstream received it. */
export class SeenRequest extends Message {
  readonly protocol: Protocol;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authority: string;

  constructor(protocol: Protocol, method: string, path: string, authority: string) {
    super();
    this.protocol = protocol;
    this.method = method;
    this.path = path;
    this.authority = authority;
  }
}

/** An answer as the client received it. */
export class Answer extends Message {
  /** 0: the connection broke before a status came. */
  status = 0;
}

export function headerList(headers: HeaderList | undefined): Headers {
  if (headers === undefined) return [];
  return Array.isArray(headers) ? headers : Object.entries(headers);
}

/** Node's `rawHeaders` (name, value, name, value …) as pairs with names in lower case. */
export function pairs(raw: readonly string[]): Headers {
  const headers: Headers = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  return headers;
}

/** Pairs as Node's HTTP/2 takes them: repeated names become lists. */
export function headerObject(headers: Headers): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const before = object[name];
    object[name] = before === undefined ? value : [before, value].flat();
  }
  return object;
}

export function bytes(body: BodySource): Buffer {
  if (typeof body === "string") return Buffer.from(body, "utf8");
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(JSON.stringify(body), "utf8");
}

function joined(headers: Headers, name: string): string | undefined {
  const values = headers.filter(([one]) => one === name.toLowerCase()).map(([, value]) => value);
  return values.length > 0 ? values.join(", ") : undefined;
}
