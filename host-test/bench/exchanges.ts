// Drives whole exchanges through the in-memory chain: what `gateway bench` times.

import { TestChain, type TestPlugin } from "../testing/chain.ts";
import type { ChainStream, Headers } from "../host/types.ts";

const piece = 16_384;

/** A plugin that the bench runs, with what it is configured with. */
export interface Contender {
  name: string;
  module: Uint8Array;
  configuration: string | object;
}

/** A chain of one plugin that is given requests of one kind over and over. */
export class Requests {
  readonly chain: TestChain;
  #pieces: Uint8Array[] = [];
  #headers: Headers;

  constructor(contender: Contender, body: Uint8Array, path = "/v1/chat/completions") {
    const plugin: TestPlugin = {
      name: contender.name,
      module: contender.module,
      configuration: contender.configuration,
    };
    this.chain = new TestChain({ plugins: [plugin], logLevel: "error", bufferLimit: 1 << 27 });
    for (let at = 0; at < body.length; at += piece) this.#pieces.push(body.subarray(at, at + piece));
    this.#headers = [
      [":method", "POST"],
      [":path", path],
      [":authority", "gateway.example.com"],
      [":scheme", "http"],
      ["accept", "application/json"],
      ["accept-encoding", "gzip, deflate"],
      ["authorization", "Bearer client-key"],
      ["content-length", String(body.length)],
      ["content-type", "application/json"],
      ["user-agent", "bench/1.0"],
      ["x-request-id", "00000000-0000-4000-8000-000000000000"],
    ];
  }

  /** One request up to the upstream; the response is an empty 200. */
  run(): void {
    const stream = this.chain.open("HTTP/2", true);
    this.#send(stream.http);
    stream.http.responseHeaders([[":status", "200"]], true);
  }

  /** One request that is answered with these pieces. */
  answered(headers: Headers, pieces: Uint8Array[]): void {
    const stream = this.chain.open("HTTP/2", true);
    this.#send(stream.http);
    stream.http.responseHeaders(headers, false);
    for (let i = 0; i < pieces.length; i++) stream.http.responseData(pieces[i]!, i === pieces.length - 1);
  }

  #send(http: ChainStream): void {
    http.requestHeaders(this.#headers.slice(), false);
    const last = this.#pieces.length - 1;
    for (let i = 0; i <= last; i++) http.requestData(this.#pieces[i]!, i === last);
  }

  close(): void {
    this.chain.close();
  }
}

/** Name of each host function and how often one request calls it. */
export function hostCalls(contender: Contender, body: Uint8Array): Map<string, number> {
  const counts = new Map<string, number>();
  const instantiate = WebAssembly.Instance;
  // The only place where every host call passes, whatever the host's inside looks like.
  class Counting extends instantiate {
    constructor(module: WebAssembly.Module, imports: WebAssembly.Imports = {}) {
      super(module, counted(imports, counts));
    }
  }
  WebAssembly.Instance = Counting;
  try {
    const requests = new Requests(contender, body);
    requests.run();
    counts.clear();
    requests.run();
    requests.close();
  } finally {
    WebAssembly.Instance = instantiate;
  }
  return counts;
}

function counted(imports: WebAssembly.Imports, counts: Map<string, number>): WebAssembly.Imports {
  return Object.fromEntries(
    Object.entries(imports).map(([module, functions]) => [
      module,
      Object.fromEntries(
        Object.entries(functions).map(([name, value]) => [
          name,
          typeof value !== "function"
            ? value
            : (...values: unknown[]) => {
                counts.set(name, (counts.get(name) ?? 0) + 1);
                return (value as (...values: unknown[]) => unknown)(...values);
              },
        ]),
      ),
    ]),
  );
}
