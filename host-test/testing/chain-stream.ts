// One stream of a TestChain, driven by hand or by it.

import type { Chain, ChainStream, Headers, Route, StreamInfo, StreamRecord } from "../host/types.ts";
import type { ClientSees, Exchange, UpstreamSees } from "./chain-messages.ts";

/** One exchange with what both ends have seen so far. */
export class TestStream {
  readonly http: ChainStream;
  record: StreamRecord | undefined;
  /** Flow control as the chain asked for it, in order: `pause request`, `resume request`, … */
  readonly flow: string[] = [];
  #client = new Seen();
  #upstream: (Seen & { route: Route }) | undefined;

  constructor(chain: Chain, info: StreamInfo, requestEnded: (stream: TestStream) => void) {
    const client = this.#client;
    this.http = chain.newStream(
      {
        requestHeaders: (headers, endStream, route) => {
          this.#upstream = Object.assign(new Seen(), { route });
          this.#upstream.headers = headers;
          if (endStream) {
            this.#upstream.complete = true;
            requestEnded(this);
          }
        },
        requestData: (data, endStream) => {
          this.#upstream!.take(data, endStream);
          if (endStream) requestEnded(this);
        },
        requestTrailers: (trailers) => {
          this.#upstream!.end(trailers);
          requestEnded(this);
        },
        requestReset: () => {
          if (this.#upstream !== undefined) this.#upstream.reset = true;
        },
        responseHeaders: (headers, endStream) => {
          client.headers = headers;
          client.complete = endStream;
        },
        responseData: (data, endStream) => client.take(data, endStream),
        responseTrailers: (trailers) => client.end(trailers),
        responseReset: () => (client.reset = true),
        complete: (record) => (this.record = record),
        pause: (direction) => this.flow.push(`pause ${direction}`),
        resume: (direction) => this.flow.push(`resume ${direction}`),
      },
      info,
    );
  }

  get client(): ClientSees {
    return this.#client;
  }

  get upstream(): UpstreamSees | undefined {
    return this.#upstream;
  }

  result(): Exchange {
    return { client: this.#client, upstream: this.#upstream, record: this.record };
  }
}

class Seen {
  headers: Headers = [];
  chunks: Buffer[] = [];
  trailers: Headers | undefined;
  complete = false;
  reset = false;

  get status(): number {
    return Number(this.header(":status") ?? 0);
  }

  get body(): Buffer {
    return this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.body.toString("utf8");
  }

  header(name: string): string | undefined {
    return this.headers.find(([key]) => key === name)?.[1];
  }

  take(data: Uint8Array, endStream: boolean): void {
    if (data.length > 0) this.chunks.push(Buffer.from(data.buffer, data.byteOffset, data.length));
    if (endStream) this.complete = true;
  }

  end(trailers: Headers): void {
    this.trailers = trailers;
    this.complete = true;
  }
}
