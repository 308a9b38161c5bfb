// Runs a gateway model on the Node engine: worker threads that share one port and the process's data.

import { readFile } from "node:fs/promises";
import type { PluginOverride } from "../envoy/plugins.ts";
import type { Flavour, LogLevel, PluginSpec } from "../host/types.ts";
import type { GatewayModel, PluginResource } from "./model.ts";
import { mergePrometheus } from "./prometheus.ts";
import { maskByName } from "./resources/schema-shape.ts";
import type { Serving } from "./server.ts";
import type { WorkerStatistics } from "./workers/messages.ts";
import { createShared } from "./workers/shared.ts";
import { hiddenTexts } from "./traces/redaction.ts";
import type { RecordedExchange } from "./traces/recorder.ts";
import { GatewayThread, type LogEntry } from "./workers/worker.ts";

export interface NodeOptions {
  /** Address that clients connect to. Default 127.0.0.1. */
  host?: string;
  /** Default 8080; 0 takes a free port. */
  port?: number;
  /** Threads, each with its own VM of every plugin. Default 1. */
  workers?: number;
  /** Whose behaviour is imitated, and which build of each module is loaded. Default `higress`. */
  flavour?: Flavour;
  /** Default `info`. */
  logLevel?: LogLevel;
  /** Bytes a stream may buffer. Default: the model's, else the chain's. */
  bufferLimit?: number;
  /** By plugin name: what resources cannot say. */
  plugins?: Record<string, PluginOverride>;
  onLog?: (entry: LogEntry) => void;
  /** Exchanges are recorded only where somebody wants them. */
  onExchange?: (exchange: RecordedExchange) => void;
}

/**
 * Resolves once every worker serves. Rejects with `ConfigurationRejected` when a plugin does not load or refuses
 * its configuration, or with the system's error when the port cannot be used; then nothing is left running.
 */
export async function runNode(model: GatewayModel, options: NodeOptions = {}): Promise<RunningNode> {
  const { host = "127.0.0.1", flavour = "higress", onLog = () => undefined, onExchange } = options;
  const bufferLimit = options.bufferLimit ?? model.bufferLimit;
  const workers = workerCount(options, onLog);
  const serving = await toServing(model, options);
  const shared = createShared(workers);
  const logLevel = options.logLevel ?? "info";
  const setup = { serving, flavour, logLevel, bufferLimit, shared, records: onExchange !== undefined };
  const events = { onLog, onExchange };
  // What the first refuses the others need not try.
  const first = new GatewayThread({ ...setup, index: 0, canary: true }, events);
  const threads = [first];
  try {
    await first.started();
    const others = Array.from(
      { length: workers - 1 },
      (_, index) => new GatewayThread({ ...setup, index: index + 1, canary: false }, events),
    );
    threads.push(...others);
    await Promise.all(others.map((thread) => thread.started()));
    const reusePort = workers > 1;
    // The first may take a free port, which the others then share.
    const port = await first.ask<number>({ kind: "listen", host, port: options.port ?? 8080, reusePort });
    await Promise.all(others.map((thread) => thread.ask({ kind: "listen", host, port, reusePort })));
    return new RunningNode(port, threads, options);
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.stop()));
    throw error;
  }
}

export class RunningNode {
  readonly port: number;
  #threads: GatewayThread[];
  #options: NodeOptions;

  constructor(port: number, threads: GatewayThread[], options: NodeOptions) {
    this.port = port;
    this.#threads = threads;
    this.#options = options;
  }

  /** Resolves with the error when a worker ends by itself: the gateway is of no use any more. */
  get failed(): Promise<Error> {
    return Promise.race(this.#threads.map((thread) => thread.failed));
  }

  /** Applies a new model to new requests. Rejects as `runNode` does, and then the old one serves on. */
  async reload(model: GatewayModel, plugins: NodeOptions["plugins"] = this.#options.plugins): Promise<void> {
    const serving = await toServing(model, { ...this.#options, ...(plugins && { plugins }) });
    const [first, ...others] = this.#threads;
    // What one worker's plugins accept, all do: the first is the try.
    await first!.ask({ kind: "reload", serving });
    await Promise.all(others.map((thread) => thread.ask({ kind: "reload", serving })));
  }

  /** Metrics of plugins and gateway over all workers, as Prometheus text. */
  async prometheus(): Promise<string> {
    const all = await Promise.all(
      this.#threads.map((thread) => thread.ask<WorkerStatistics>({ kind: "statistics" })),
    );
    // The plugins' metrics are the process's already.
    return (all[0]?.plugins ?? "") + mergePrometheus(all.map(({ gateway }) => gateway));
  }

  /** With `drainMs`: stops accepting and gives running requests that long to end. */
  async stop({ drainMs = 0 }: { drainMs?: number } = {}): Promise<void> {
    if (drainMs > 0) {
      const drained = this.#threads.map((thread) => thread.ask({ kind: "drain", timeoutMs: drainMs }));
      // A worker that a plugin keeps busy for ever does not answer.
      const patience = AbortSignal.timeout(drainMs + 500);
      const lost = new Promise<void>((settle) => patience.addEventListener("abort", () => settle()));
      await Promise.race([Promise.allSettled(drained), lost]);
    }
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

function workerCount({ workers = 1 }: NodeOptions, onLog: (entry: LogEntry) => void): number {
  // Only these systems spread connections over sockets that share a port.
  if (workers <= 1 || ["linux", "freebsd", "sunos", "aix"].includes(process.platform))
    return Math.max(workers, 1);
  const message = `this system cannot share a port between threads: one worker instead of ${workers}`;
  onLog({ level: "warn", plugin: "gateway", message });
  return 1;
}

async function toServing(model: GatewayModel, options: NodeOptions): Promise<Serving> {
  const { flavour = "higress", plugins = {} } = options;
  const modules = new Map<string, Promise<Buffer>>();
  const read = async (path: string): Promise<Buffer> => {
    if (!modules.has(path)) modules.set(path, readFile(path));
    return modules.get(path)!;
  };
  return {
    clusters: model.clusters,
    routes: model.routes,
    secrets: model.plugins.flatMap(secretsOf),
    plugins: await Promise.all(
      model.plugins.map(async (plugin) =>
        toSpec(plugin, await read(plugin.modules[flavour]), flavour, plugins[plugin.name]),
      ),
    ),
  };
}

function secretsOf({ configuration, maskedConfiguration, environment }: PluginResource): string[] {
  const named = hiddenTexts(environment, maskByName(environment));
  const value = parsed(configuration);
  // Where nothing tells what is secret, names do; a text without names may be one as a whole.
  const masked = maskedConfiguration ? parsed(maskedConfiguration) : maskByName(value);
  return [...named, ...(typeof value === "string" ? [value] : hiddenTexts(value, masked))];
}

/** A plugin that is not ours may be configured with any text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toSpec(
  plugin: PluginResource,
  module: Uint8Array,
  flavour: Flavour,
  override: PluginOverride = {},
): PluginSpec {
  const { failurePolicy, vmId, allowOnHeadersStopIteration, reloadIntervalMs } = override;
  const open = flavour === "higress" ? "legacy-fail-open" : "fail-open";
  return {
    name: plugin.name,
    rootId: plugin.rootId,
    module,
    configuration: plugin.configuration,
    environment: plugin.environment,
    failurePolicy: failurePolicy ?? (plugin.failOpen ? open : "fail-reload"),
    ...(vmId !== undefined && { vmId }),
    ...(allowOnHeadersStopIteration !== undefined && { allowOnHeadersStopIteration }),
    ...(reloadIntervalMs !== undefined && { reloadIntervalMs }),
  };
}
