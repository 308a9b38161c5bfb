// A filter chain in memory for tests: plugins, clients, upstreams, call-outs and time without a socket or a
// wait. Every exchange runs synchronously; the clock moves only when something was told to take time.
//
//   const chain = new TestChain({ plugins: [{ module, configuration }], upstream: () => ({ chunks: ["ok"] }) });
//   const { client, upstream } = chain.exchange({ method: "POST", path: "/v1/chat", chunks: [body] });

import { runsSuite } from "../../scripts/guest-build.mjs";
import { createChain } from "../host/chain.ts";
import { VirtualClock } from "../host/virtual-clock.ts";
import { LocalData, LocalQueues, LocalStats } from "../services/local-data.ts";
import type {
  Cancel,
  Chain,
  ChainOptions,
  Flavour,
  Headers,
  LogLevel,
  PluginSpec,
  Route,
  StreamInfo,
  UpstreamReply,
  UpstreamRequest,
} from "../host/types.ts";
import {
  bytesOf,
  callReply,
  headerList,
  plainReply,
  requestHeaders,
  type CallReply,
  type Exchange,
  type TestReply,
  type TestRequest,
  type UpstreamSees,
} from "./chain-messages.ts";
import { TestStream } from "./chain-stream.ts";

export type {
  Bytes,
  CallReply,
  ClientSees,
  Exchange,
  HeaderInput,
  TestReply,
  TestRequest,
  UpstreamSees,
} from "./chain-messages.ts";
export { requestHeaders } from "./chain-messages.ts";
export { TestStream } from "./chain-stream.ts";

export interface LogLine {
  level: LogLevel;
  plugin: string;
  message: string;
}

/** A plugin as a test gives it; the name is `plugin` by default. */
export type TestPlugin = Omit<PluginSpec, "name" | "configuration"> & {
  name?: string;
  /** Objects are delivered as JSON. */
  configuration?: string | object;
};

export interface TestChainOptions extends Partial<
  Omit<ChainOptions, "plugins" | "route" | "upstreams" | "log">
> {
  plugins: TestPlugin[];
  /** Default `higress`. */
  flavour?: Flavour;
  /** Answers what the router sends. Default: 200 with body `ok`. */
  upstream?: (request: UpstreamSees) => TestReply;
  /** Answers call-outs; asked by cluster. A cluster that is not listed does not exist, unless a function is given. */
  calls?: Record<string, (request: UpstreamRequest) => CallReply> | ((request: UpstreamRequest) => CallReply);
  /** Members by cluster, for `proxy_get_upstream_hosts`. */
  hosts?: Record<string, string[]>;
  /** Default: route `route` to cluster `outbound|80||upstream.static` for everything. */
  route?: (headers: Headers) => Route | undefined;
  logLevel?: LogLevel;
}

const defaultRoute: Route = { name: "route", cluster: "outbound|80||upstream.static" };

export class TestChain {
  readonly chain: Chain;
  readonly clock: VirtualClock;
  readonly logs: LogLine[] = [];
  /** Every `proxy_http_call` that was sent, oldest first. */
  readonly calls: UpstreamRequest[] = [];
  readonly stats: LocalStats;
  readonly #options: TestChainOptions;
  readonly #deliveries: (() => void)[] = [];
  /** When delayed deliveries are due, in the clock's nanoseconds. */
  readonly #due = new Set<{ at: bigint }>();

  /** @throws ConfigurationRejected */
  constructor(options: TestChainOptions) {
    this.#options = options;
    const clock = options.clock ?? new VirtualClock();
    if (!(clock instanceof VirtualClock)) throw new TypeError("a TestChain runs on a VirtualClock");
    this.clock = clock;
    this.stats = new LocalStats();
    this.chain = createChain({
      flavour: "higress",
      sharedData: new LocalData(),
      queues: new LocalQueues(clock),
      stats: this.stats,
      canary: false,
      ...options,
      clock,
      plugins: options.plugins.map((plugin) => specOf(plugin)),
      log: {
        level: options.logLevel ?? "trace",
        write: (level, plugin, message) => this.logs.push({ level, plugin, message }),
      },
      route: options.route ?? (() => defaultRoute),
      upstreams: {
        has: (cluster) => this.#hasCluster(cluster),
        hosts: (cluster) => options.hosts?.[cluster] ?? [],
        call: (request, reply) => this.#call(request, reply),
      },
    });
  }

  /** Runs one exchange until nothing moves any more. */
  exchange(request: TestRequest = {}): Exchange {
    const stream = this.open(request.protocol, false, request.source);
    const headers = requestHeaders(request);
    const chunks = request.chunks ?? (request.body === undefined ? [] : [request.body]);
    const { abortAfter } = request;
    const trailers = request.trailers === undefined ? undefined : headerList(request.trailers);
    const bodiless = chunks.length === 0 && trailers === undefined && abortAfter === undefined;
    stream.http.requestHeaders(headers, bodiless);
    this.settle();
    if (!bodiless) {
      const endsOnLast = request.protocol === "HTTP/2" && trailers === undefined;
      for (let i = 0; i < chunks.length; i++) {
        if (i === abortAfter) break;
        stream.http.requestData(bytesOf(chunks[i]!), endsOnLast && i === chunks.length - 1);
        this.settle();
      }
      if (abortAfter !== undefined) stream.http.requestReset();
      else if (trailers !== undefined) stream.http.requestTrailers(trailers);
      else if (!endsOnLast || chunks.length === 0) stream.http.requestData(new Uint8Array(0), true);
    }
    this.settle();
    return stream.result();
  }

  /** An exchange driven by hand: call `http`, then `settle`. The upstream answers by `upstream`, or by hand when `manual`. */
  open(
    protocol: StreamInfo["protocol"] = "HTTP/1.1",
    manual = false,
    source = "192.0.2.1:50000",
  ): TestStream {
    const answer = manual ? undefined : (this.#options.upstream ?? (() => ({ chunks: ["ok"] })));
    const info = { source, destination: "192.0.2.2:8080", protocol };
    return new TestStream(this.chain, info, (stream) => {
      if (answer !== undefined) this.#answer(stream, answer);
    });
  }

  /** Delivers all that is due, also what was delayed: the clock moves to it. */
  settle(): void {
    for (;;) {
      for (
        let delivery = this.#deliveries.shift();
        delivery !== undefined;
        delivery = this.#deliveries.shift()
      ) {
        delivery();
      }
      let next: bigint | undefined;
      for (const { at } of this.#due) if (next === undefined || at < next) next = at;
      if (next === undefined) return;
      this.clock.advance(Number(next - this.clock.monotonic()) / 1e6);
    }
  }

  /** Moves the clock, with every timer and delivery on the way. */
  advance(ms: number): void {
    this.clock.advance(ms);
    this.settle();
  }

  /** Messages at `level` or above, `error` by default. */
  problems(level: LogLevel = "error"): string[] {
    const order: LogLevel[] = ["trace", "debug", "info", "warn", "error", "critical"];
    const least = order.indexOf(level);
    return this.logs.filter((line) => order.indexOf(line.level) >= least).map(({ message }) => message);
  }

  close(): void {
    this.chain.close();
  }

  #hasCluster(cluster: string): boolean {
    const { calls } = this.#options;
    return typeof calls === "function" || (calls !== undefined && Object.hasOwn(calls, cluster));
  }

  #call(request: UpstreamRequest, reply: (reply: UpstreamReply) => void): Cancel | null {
    this.calls.push(request);
    const { calls } = this.#options;
    const answer = typeof calls === "function" ? calls(request) : calls![request.cluster]!(request);
    if (answer === "no-host") return null;
    let open = true;
    const once = (value: UpstreamReply) => {
      if (!open) return;
      open = false;
      reply(value);
    };
    const late = answer === "never" || (request.timeoutMs > 0 && (answer.delayMs ?? 0) > request.timeoutMs);
    if (!late) this.#deliver(answer.delayMs ?? 0, () => once(callReply(answer)));
    else if (request.timeoutMs > 0) {
      this.#deliver(request.timeoutMs, () => once(plainReply(504, "upstream request timeout")));
    }
    return { cancel: () => (open = false) };
  }

  #answer(stream: TestStream, answer: (request: UpstreamSees) => TestReply): void {
    const reply = answer(stream.upstream!);
    this.#deliver(reply.delayMs ?? 0, () => {
      const { http } = stream;
      if (typeof reply.reset === "string") return http.responseReset(reply.reset);
      const chunks = (reply.chunks ?? (reply.body === undefined ? [] : [reply.body])).map(bytesOf);
      const trailers = reply.trailers === undefined ? undefined : headerList(reply.trailers);
      const stopAt = reply.reset?.afterChunks;
      const bodiless = chunks.length === 0 && trailers === undefined && stopAt === undefined;
      http.upstreamSelected("10.0.0.1:80", "10.0.0.2:40000");
      http.responseHeaders(
        [[":status", String(reply.status ?? 200)], ...headerList(reply.headers)],
        bodiless,
      );
      if (bodiless) return;
      const endsOnLast = reply.protocol === "HTTP/2" && trailers === undefined;
      // One delivery per piece, so that call-outs and timers come between them as on a real connection.
      const steps: (() => void)[] = [];
      for (const [i, chunk] of chunks.entries()) {
        if (i === stopAt) break;
        steps.push(() => http.responseData(chunk, endsOnLast && i === chunks.length - 1));
      }
      if (stopAt !== undefined) steps.push(() => http.responseReset("reset"));
      else if (trailers !== undefined) steps.push(() => http.responseTrailers(trailers));
      else if (!endsOnLast || chunks.length === 0)
        steps.push(() => http.responseData(new Uint8Array(0), true));
      let step = 0;
      const next = () => {
        steps[step++]!();
        if (step < steps.length) this.#deliveries.push(next);
      };
      this.#deliveries.push(next);
    });
  }

  #deliver(delayMs: number, action: () => void): void {
    if (delayMs === 0) {
      this.#deliveries.push(action);
      return;
    }
    const due = { at: this.clock.monotonic() + BigInt(Math.round(delayMs * 1e6)) };
    this.#due.add(due);
    this.clock.setTimer(delayMs, () => {
      this.#due.delete(due);
      this.#deliveries.push(action);
    });
  }
}

/** The spec of a test's plugin, for `chain.reconfigure`. */
export function specOf({ configuration, name, ...rest }: TestPlugin): PluginSpec {
  const own = name ?? "plugin";
  const spec: PluginSpec = { ...(runsSuite && { rootId: own }), ...rest, name: own };
  if (configuration === undefined) return spec;
  return {
    ...spec,
    configuration: typeof configuration === "string" ? configuration : JSON.stringify(configuration),
  };
}
