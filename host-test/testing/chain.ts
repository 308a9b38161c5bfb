// A filter chain in memory for tests: plugins, clients, upstreams, call-outs and time without a socket or a
// wait. Every exchange runs synchronously; the clock moves only when something was told to take time.
//
//   const chain = new TestChain({ plugins: [{ module, configuration }], upstream: () => ({ chunks: ["ok"] }) });
//   const { client, upstream } = chain.exchange({ method: "POST", path: "/v1/chat", chunks: [body] });

import { runsSuite } from "../../scripts/guest-build.mjs";
import { createChain } from "../host/chain.ts";
import { VirtualClock } from "../host/virtual-clock.ts";
import { maxReplyBytes } from "../services/cluster-call.ts";
import { LocalData, LocalQueues, LocalStats } from "../services/local-data.ts";
import type {
  Cancel,
  Chain,
  ChainOptions,
  ChainStream,
  Flavour,
  Headers,
  LogLevel,
  PluginSpec,
  Route,
  StreamInfo,
  StreamRecord,
  UpstreamReply,
  UpstreamRequest,
} from "../host/types.ts";

/** Text is UTF-8. */
export type Bytes = string | Uint8Array;
export type HeaderInput = Headers | Record<string, string>;

export interface TestRequest {
  /** Default: POST with a body, else GET. */
  method?: string;
  /** Default `/`. */
  path?: string;
  /** Default `test.local`. */
  authority?: string;
  headers?: HeaderInput;
  /** Body in exactly these pieces. */
  chunks?: Bytes[];
  /** Body in one piece. */
  body?: Bytes;
  trailers?: HeaderInput;
  /** HTTP/1.1 ends a body with an empty last piece, HTTP/2 on the last piece. Default `HTTP/1.1`. */
  protocol?: "HTTP/1.1" | "HTTP/2";
  /** The client goes away after this many chunks. */
  abortAfter?: number;
}

export interface TestReply {
  /** Default 200. */
  status?: number;
  headers?: HeaderInput;
  chunks?: Bytes[];
  body?: Bytes;
  trailers?: HeaderInput;
  protocol?: "HTTP/1.1" | "HTTP/2";
  /** Virtual time before the reply. */
  delayMs?: number;
  /** The connection breaks: instead of a response, or after this many chunks. */
  reset?: "connect-failure" | "reset" | "timeout" | { afterChunks: number };
}

/** Reply of a call-out. `no-host`: the call fails at once; `never`: only its deadline ends it. */
export type CallReply = TestReply | "no-host" | "never";

export interface ClientSees {
  /** 0: no response. */
  status: number;
  headers: Headers;
  /** In exactly the pieces the chain gave out. */
  chunks: Buffer[];
  body: Buffer;
  text: string;
  trailers: Headers | undefined;
  /** The response ended in order. */
  complete: boolean;
  /** The response was cut. */
  reset: boolean;
  header(name: string): string | undefined;
}

export interface UpstreamSees {
  route: Route;
  headers: Headers;
  chunks: Buffer[];
  body: Buffer;
  text: string;
  trailers: Headers | undefined;
  complete: boolean;
  /** The chain gave the request up. */
  reset: boolean;
  header(name: string): string | undefined;
}

export interface Exchange {
  client: ClientSees;
  /** undefined: the router was not reached. */
  upstream: UpstreamSees | undefined;
  /** undefined: the exchange has not ended, because a plugin holds it. */
  record: StreamRecord | undefined;
}

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
    const stream = this.open(request.protocol);
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
  open(protocol: StreamInfo["protocol"] = "HTTP/1.1", manual = false): TestStream {
    const answer = manual ? undefined : (this.#options.upstream ?? (() => ({ chunks: ["ok"] })));
    return new TestStream(this.chain, protocol, (stream) => {
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

/** One exchange with what both ends have seen so far. */
export class TestStream {
  readonly http: ChainStream;
  record: StreamRecord | undefined;
  /** Flow control as the chain asked for it, in order: `pause request`, `resume request`, … */
  readonly flow: string[] = [];
  #client = new Seen();
  #upstream: (Seen & { route: Route }) | undefined;

  constructor(chain: Chain, protocol: StreamInfo["protocol"], requestEnded: (stream: TestStream) => void) {
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
      { source: "192.0.2.1:50000", destination: "192.0.2.2:8080", protocol },
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

function requestHeaders(request: TestRequest): Headers {
  const hasBody =
    request.chunks !== undefined || request.body !== undefined || request.trailers !== undefined;
  return [
    [":method", request.method ?? (hasBody ? "POST" : "GET")],
    [":path", request.path ?? "/"],
    [":authority", request.authority ?? "test.local"],
    [":scheme", "http"],
    ...headerList(request.headers),
  ];
}

function headerList(headers: HeaderInput | undefined): Headers {
  if (headers === undefined) return [];
  if (Array.isArray(headers)) return headers.slice();
  return Object.entries(headers);
}

function bytesOf(data: Bytes): Uint8Array {
  return typeof data === "string" ? Buffer.from(data, "utf8") : data;
}

function callReply(reply: TestReply): UpstreamReply {
  if (reply.reset === "connect-failure" || reply.reset === "reset") {
    const cause = reply.reset === "reset" ? "connection termination" : "remote connection failure";
    return plainReply(
      503,
      `upstream connect error or disconnect/reset before headers. reset reason: ${cause}`,
    );
  }
  if (reply.reset === "timeout") return plainReply(504, "upstream request timeout");
  if (reply.reset !== undefined) return { kind: "reset" };
  const chunks = (reply.chunks ?? (reply.body === undefined ? [] : [reply.body])).map(bytesOf);
  const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  if (body.length > maxReplyBytes) return { kind: "reset" };
  return {
    kind: "response",
    headers: [[":status", String(reply.status ?? 200)], ...headerList(reply.headers)],
    body,
    trailers: headerList(reply.trailers),
  };
}

function plainReply(status: number, text: string): UpstreamReply {
  return {
    kind: "response",
    headers: [
      [":status", String(status)],
      ["content-length", String(text.length)],
      ["content-type", "text/plain"],
    ],
    body: Buffer.from(text),
    trailers: [],
  };
}
