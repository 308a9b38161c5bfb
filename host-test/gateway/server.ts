// The gateway on one thread: a chain, a router with its connections, a listener.

import { SystemClock } from "../host/clock.ts";
import { createChain } from "../host/chain.ts";
import type { Chain, ChainOptions, Flavour, Headers, LogLevel, LogSink, PluginSpec } from "../host/types.ts";
import { Clusters } from "../services/clusters.ts";
import { GrpcClusterClients } from "../services/grpc/clients.ts";
import { RedisClusterClients } from "../services/redis/clients.ts";
import { peerOf } from "./downstream/connection.ts";
import type { RequestHead, RequestSink, Responder } from "./downstream/exchange-client.ts";
import { Listener, type ListenOptions } from "./downstream/listener.ts";
import { prepareRequest } from "./downstream/request-headers.ts";
import { finishResponse } from "./downstream/response-headers.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import type { Cluster, RouteRule } from "./model.ts";
import { RouteTable } from "./route-table.ts";
import { Statistics } from "./statistics.ts";
import type { TraceRecorder } from "./traces/recorder.ts";

/** What a server serves; changes with a reload. */
export interface Serving {
  plugins: PluginSpec[];
  clusters: Cluster[];
  routes: RouteRule[];
  /** Texts that no trace shows. */
  secrets: string[];
}

export interface ServerOptions extends Pick<ChainOptions, "sharedData" | "queues" | "stats" | "canary"> {
  flavour: Flavour;
  log: LogSink;
  /** Bytes a stream may buffer. Default: the chain's. */
  bufferLimit?: number;
  /** Records exchanges. */
  traces?: TraceRecorder;
}

/** What the gateway itself logs carries this in place of a plugin's name. */
export const gatewayLogger = "gateway";

const defaultRetryBuffer = 1024 * 1024;

export class GatewayServer {
  readonly statistics = new Statistics();
  #chain: Chain;
  #clusters: Clusters;
  #redis: RedisClusterClients;
  #routes: RouteTable;
  #serving: Serving;
  #listener: Listener;
  #context: ExchangeContext;
  #log: (level: LogLevel, message: string) => void;

  private constructor(
    serving: Serving,
    chain: Chain,
    clusters: Clusters,
    redis: RedisClusterClients,
    options: ServerOptions,
  ) {
    this.#serving = serving;
    this.#chain = chain;
    this.#clusters = clusters;
    this.#redis = redis;
    this.#routes = new RouteTable(serving.routes);
    this.#log = (level, message) => options.log.write(level, gatewayLogger, message);
    this.#listener = new Listener((head, responder) => this.#accept(head, responder));
    this.#context = {
      chain,
      router: {
        clusters,
        bufferLimit: options.bufferLimit ?? defaultRetryBuffer,
        counters: (cluster) => this.statistics.cluster(cluster),
      },
      statistics: this.statistics,
      ...(options.traces && { traces: options.traces }),
      log: (message) => this.#log("warn", message),
    };
  }

  /** Starts every plugin. Rejects with `ConfigurationRejected`. Nothing is served before `listen`. */
  static async create(serving: Serving, options: ServerOptions): Promise<GatewayServer> {
    const clusters = new Clusters(serving.clusters);
    const redis = new RedisClusterClients(clusters, (message) =>
      options.log.write("warn", gatewayLogger, message),
    );
    let server: GatewayServer | undefined;
    const firstRoutes = new RouteTable(serving.routes);
    try {
      const chain = await createChain({
        plugins: serving.plugins,
        flavour: options.flavour,
        upstreams: clusters,
        ...(options.flavour === "higress" && { redis }),
        grpc: new GrpcClusterClients(clusters),
        sharedData: options.sharedData,
        ...(options.queues && { queues: options.queues }),
        ...(options.stats && { stats: options.stats }),
        ...(options.canary !== undefined && { canary: options.canary }),
        ...(options.traces && { observer: options.traces }),
        ...(options.bufferLimit !== undefined && { bufferLimit: options.bufferLimit }),
        clock: new SystemClock(),
        log: options.log,
        route: (headers: Headers) => (server ? server.#routes : firstRoutes).match(headers),
      });
      server = new GatewayServer(serving, chain, clusters, redis, options);
      return server;
    } catch (error) {
      redis.close();
      clusters.close();
      throw error;
    }
  }

  /** Resolves with the port. */
  async listen(options: ListenOptions): Promise<number> {
    return this.#listener.listen(options);
  }

  /** New requests see the new resources, running ones keep theirs. Rejects with `ConfigurationRejected` and keeps everything. */
  async reload(serving: Serving): Promise<void> {
    const before = this.#serving;
    // Plugins may call old and new clusters while they are configured.
    const added = serving.clusters.filter(
      ({ name }) => !before.clusters.some((cluster) => cluster.name === name),
    );
    this.#clusters.update([...before.clusters, ...added]);
    try {
      await this.#chain.reconfigure(serving.plugins);
    } catch (error) {
      this.#clusters.update(before.clusters);
      throw error;
    }
    this.#routes = new RouteTable(serving.routes);
    this.#clusters.update(serving.clusters);
    this.#serving = serving;
    this.#context.traces?.setSecrets(serving.secrets);
  }

  /** Custom metrics of the plugins. */
  pluginStatistics(): string {
    return this.#chain.stats();
  }

  /** Stops accepting and resolves when the last connection has closed; after `timeoutMs` the rest is cut. */
  async drain(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#listener.destroy(), timeoutMs);
    await this.#listener.drain();
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    const closed = this.#listener.drain();
    this.#listener.destroy();
    await closed;
    this.#chain.close();
    this.#redis.close();
    this.#clusters.close();
  }

  #accept(head: RequestHead, responder: Responder): RequestSink {
    const prepared = prepareRequest(head.headers, peerOf(head.info.source));
    if (!Array.isArray(prepared)) return this.#refuse(prepared.status, responder);
    const exchange = new Exchange(this.#context, head, responder);
    exchange.start(prepared, head.endStream);
    return exchange;
  }

  /** As Envoy, before any filter and with the end of the connection. */
  #refuse(status: number, responder: Responder): RequestSink {
    const headers = finishResponse([[":status", String(status)]]) as Headers;
    this.statistics.requests++;
    this.statistics.answered(status);
    responder.headers(headers, true, true);
    const nothing = (): void => undefined;
    return { data: nothing, trailers: nothing, reset: nothing, drained: nothing };
  }
}
