// An upstream under a test's control: a real server in the test's process that records what it receives and
// answers by script, by function, or step by step.

import {
  bytes,
  cut,
  headerList,
  type BodySource,
  type Chunk,
  type Ending,
  type HeaderList,
  type Protocol,
  type SeenRequest,
} from "./message.ts";
import { listenHttp1 } from "./upstream-http1.ts";
import { listenHttp2 } from "./upstream-http2.ts";
import type { Headers } from "../../host/types.ts";

/** One exchange on the upstream's side. Every step resolves when its bytes have left the process. */
export interface Exchange {
  /** Grows while the request arrives. */
  readonly request: SeenRequest;
  /** Resolves when the request has ended or was cut off. */
  readonly requestEnd: Promise<void>;
  /** Unless `mayHaveTrailers` is false, HTTP/2 tells the end in a frame of its own. */
  head(status: number, headers?: HeaderList, mayHaveTrailers?: boolean): Promise<void>;
  write(data: string | Uint8Array): Promise<void>;
  end(ending?: Ending): Promise<void>;
  /** Breaks the connection or resets the stream. */
  cut(): void;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** An answer written down. It is given once the whole request has arrived, unless `early`. */
export interface Reply {
  /** Default 200. */
  status?: number;
  headers?: HeaderList;
  /** The whole body, with a `content-length`; an object gets `content-type: application/json`. */
  body?: BodySource;
  /** Instead of `body`: steps, each flushed before the next. */
  chunks?: Chunk[];
  trailers?: HeaderList;
  early?: boolean;
}

/** A handler or reply for every request, or a list of them used up in order. */
export type Script = Handler | Reply | (Handler | Reply)[];

export interface Server {
  readonly port: number;
  close(): Promise<void>;
}

export class Upstream {
  readonly name: string;
  /** Everything received, in order of arrival. */
  requests: SeenRequest[] = [];
  /** What went wrong in handlers; `Gateway.stop` throws the first. */
  readonly failures: unknown[] = [];
  #script: Script;
  #initial: Script;
  #server: Server | undefined;
  #taken = 0;
  #arrival = Promise.withResolvers<void>();

  constructor(name: string, script: Script) {
    this.name = name;
    this.#script = script;
    this.#initial = script;
  }

  async listen(protocol: Protocol): Promise<void> {
    const listen = protocol === "http2" ? listenHttp2 : listenHttp1;
    this.#server = await listen((exchange) => void this.#serve(exchange));
  }

  get port(): number {
    if (!this.#server) throw new Error(`upstream ${this.name} does not listen`);
    return this.#server.port;
  }

  /** `ip:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Replaces the script for the requests to come. */
  reply(script: Script): void {
    this.#script = script;
  }

  /** The first request that `next` has not given yet, as soon as its headers are there. */
  async next(): Promise<SeenRequest> {
    while (this.#taken >= this.requests.length) await this.#arrival.promise;
    return this.requests[this.#taken++]!;
  }

  /** Forgets what was received and goes back to the script of the set-up. */
  clear(): void {
    this.requests = [];
    this.#taken = 0;
    this.#script = this.#initial;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #serve(exchange: Exchange): Promise<void> {
    this.requests.push(exchange.request);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
    try {
      const step = this.#nextStep();
      await (typeof step === "function" ? step(exchange) : play(step, exchange));
    } catch (error) {
      this.failures.push(error);
      exchange.cut();
    }
  }

  #nextStep(): Handler | Reply {
    if (!Array.isArray(this.#script)) return this.#script;
    const [first, ...rest] = this.#script;
    if (!first)
      throw new Error(`upstream ${this.name} has no reply left for request ${this.requests.length}`);
    this.#script = rest;
    return first;
  }
}

/** Gives a written answer. */
export async function play(reply: Reply, exchange: Exchange): Promise<void> {
  if (!reply.early) await exchange.requestEnd;
  const headers = [...headerList(reply.headers)];
  const { status = 200, trailers } = reply;
  if (reply.chunks) {
    await exchange.head(status, headers, trailers !== undefined);
    return playChunks(reply.chunks, trailers, exchange);
  }
  const body = bytes(reply.body ?? "");
  const isJson = typeof reply.body === "object" && !(reply.body instanceof Uint8Array);
  if (isJson) setDefault(headers, "content-type", "application/json");
  if (!trailers && status !== 204 && status !== 304)
    setDefault(headers, "content-length", String(body.length));
  await exchange.head(status, headers, trailers !== undefined);
  await exchange.end({ data: body, ...(trailers && { trailers }) });
}

async function playChunks(
  chunks: Chunk[],
  trailers: HeaderList | undefined,
  exchange: Exchange,
): Promise<void> {
  for (const chunk of chunks) {
    if (chunk === cut) return exchange.cut();
    if (typeof chunk === "function") await chunk();
    else await exchange.write(bytes(chunk));
  }
  await exchange.end(trailers && { trailers });
}

function setDefault(headers: Headers, name: string, value: string): void {
  if (!headers.some(([one]) => one.toLowerCase() === name)) headers.push([name, value]);
}
