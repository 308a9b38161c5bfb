// One exchange through the gateway: codec → chain → router and back. Holds the two sides together and lets each
// slow the other down.

import type { Chain, ChainStream, Headers, Route, StreamEvents, StreamRecord } from "../host/types.ts";
import type { RequestHead, RequestSink, Responder } from "./downstream/exchange-client.ts";
import { finishResponse } from "./downstream/response-headers.ts";
import type { RuledRoute } from "./route-table.ts";
import { RoutedRequest, type RouterContext } from "./router/routed-request.ts";
import type { Statistics } from "./statistics.ts";
import type { ExchangeTrace } from "./traces/exchange-trace.ts";
import type { TraceRecorder } from "./traces/recorder.ts";

export interface ExchangeContext {
  chain: Chain;
  router: RouterContext;
  statistics: Statistics;
  traces?: TraceRecorder;
  log(message: string): void;
}

/** Who holds a direction back. It flows while nobody does. */
type Holder = "chain" | "writer";

export class Exchange implements StreamEvents, RequestSink {
  #context: ExchangeContext;
  #client: Responder;
  #stream: ChainStream;
  #trace: ExchangeTrace | undefined;
  #upstream: RoutedRequest | undefined;
  #requestHolders = new Set<Holder>();
  #responseHolders = new Set<Holder>();
  #hasEnded = false;

  constructor(context: ExchangeContext, head: RequestHead, client: Responder) {
    this.#context = context;
    this.#client = client;
    this.#context.statistics.requests++;
    this.#context.statistics.active++;
    this.#stream = context.chain.newStream(this, head.info);
    this.#trace = context.traces?.begin(this.#stream.id, head.info);
  }

  start(headers: Headers, endStream: boolean): void {
    this.#trace?.headers("request", headers);
    this.#stream.requestHeaders(headers, endStream);
  }

  // From the codec.

  data(chunk: Uint8Array, endStream: boolean): void {
    this.#trace?.data("request", chunk);
    this.#stream.requestData(chunk, endStream);
  }

  trailers(trailers: Headers): void {
    this.#stream.requestTrailers(trailers);
  }

  reset(): void {
    this.#stream.requestReset();
    this.#end();
  }

  drained(): void {
    this.#release("response", "writer");
  }

  // From the chain, towards the upstream.

  requestHeaders(headers: Headers, endStream: boolean, route: Route): void {
    this.#trace?.headers("upstreamRequest", headers);
    this.#upstream = new RoutedRequest(
      this.#context.router,
      {
        selected: (address) => {
          this.#trace?.selected(address);
          this.#stream.upstreamSelected(address);
        },
        headers: (received, isEnd) => {
          this.#trace?.headers("upstreamResponse", received);
          this.#stream.responseHeaders(received, isEnd);
        },
        data: (chunk, isEnd) => {
          this.#trace?.data("upstreamResponse", chunk);
          this.#stream.responseData(chunk, isEnd);
        },
        trailers: (received) => this.#stream.responseTrailers(received),
        failed: (reason) => this.#stream.responseReset(reason),
        drained: () => this.#release("request", "writer"),
        log: (message) => this.#context.log(message),
      },
      headers,
      endStream,
      route as RuledRoute,
    );
    if (this.#responseHolders.size > 0) this.#upstream.pause();
  }

  requestData(chunk: Uint8Array, endStream: boolean): void {
    this.#trace?.data("upstreamRequest", chunk);
    const hasRoom = this.#upstream?.data(chunk, endStream) ?? true;
    if (!hasRoom && !endStream) this.#hold("request", "writer");
  }

  requestTrailers(trailers: Headers): void {
    this.#upstream?.trailers(trailers);
  }

  requestReset(): void {
    this.#upstream?.reset();
    this.#release("request", "writer");
  }

  // From the chain, towards the client.

  responseHeaders(headers: Headers, endStream: boolean): void {
    const finished = finishResponse(headers);
    if (!Array.isArray(finished)) {
      this.#context.log(
        `response header ${JSON.stringify(finished.invalid)} holds bytes that cannot be sent`,
      );
      this.#cut();
      return;
    }
    this.#trace?.headers("response", finished);
    try {
      this.#client.headers(finished, endStream);
    } catch (error) {
      this.#context.log(`response headers cannot be sent: ${(error as Error).message}`);
      this.#cut();
      return;
    }
    this.#context.statistics.answered(Number(finished[0]?.[1]));
    if (endStream) this.#onAnswered();
  }

  responseData(chunk: Uint8Array, endStream: boolean): void {
    this.#trace?.data("response", chunk);
    const hasRoom = this.#client.data(chunk, endStream);
    if (endStream) this.#onAnswered();
    else if (!hasRoom) this.#hold("response", "writer");
  }

  responseTrailers(trailers: Headers): void {
    this.#client.trailers(trailers);
    this.#onAnswered();
  }

  responseReset(): void {
    this.#client.reset();
    this.#onAnswered();
  }

  pause(direction: "request" | "response"): void {
    this.#hold(direction, "chain");
  }

  resume(direction: "request" | "response"): void {
    this.#release(direction, "chain");
  }

  /** The plugins have logged: nothing of this exchange is left. */
  complete(record: StreamRecord): void {
    this.#context.traces?.end(record.stream, record);
    this.#end();
  }

  #hold(direction: "request" | "response", holder: Holder): void {
    const holders = direction === "request" ? this.#requestHolders : this.#responseHolders;
    if (holders.size === 0) {
      if (direction === "request") this.#client.pause();
      else this.#upstream?.pause();
    }
    holders.add(holder);
  }

  #release(direction: "request" | "response", holder: Holder): void {
    const holders = direction === "request" ? this.#requestHolders : this.#responseHolders;
    if (!holders.delete(holder) || holders.size > 0) return;
    if (direction === "request") this.#client.resume();
    else this.#upstream?.resume();
  }

  #cut(): void {
    this.#client.reset();
    // Not from inside an event of the chain.
    process.nextTick(() => this.#stream.requestReset());
  }

  #onAnswered(): void {
    // What the client still sends is read and dropped.
    for (const holder of [...this.#requestHolders]) this.#release("request", holder);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#context.statistics.active--;
  }
}
