// Runs a gateway model on a real Envoy. Listener and clusters reach Envoy as watched files, so that a reload
// keeps connections and a refused configuration leaves the old one serving.

import type { GatewayModel } from "../gateway/model.ts";
import type { LogLevel } from "../host/types.ts";
import { Admin, waitFor } from "./admin.ts";
import { requireEnvoy } from "./binary.ts";
import { ConfigurationFiles } from "./files.ts";
import { checkSupported } from "./imports.ts";
import { EnvoyProcess, type EnvoyLog, type LogListener } from "./process.ts";
import { isRejected, rejection } from "./rejection.ts";
import type { RenderOptions } from "./render.ts";

export interface EnvoyOptions extends RenderOptions {
  /** Worker threads, each with its own VM of every plugin. Default 1. */
  workers?: number;
  /** From which level on plugins' lines are logged. Envoy's own: from `warn`. Default `info`. */
  logLevel?: LogLevel;
  onLog?: LogListener;
}

const startTimeoutMs = 120_000;
const updateTimeoutMs = 120_000;
/** The log comes through another pipe than the counters, a moment later. */
const logTimeoutMs = 2000;

/**
 * Starts Envoy and resolves once it serves. Rejects with `EnvoyUnavailable`, `EnvoyUnsupported`,
 * `ConfigurationRejected` (a plugin does not load or refuses its configuration) or `EnvoyFailed`.
 */
export async function runEnvoy(model: GatewayModel, options: EnvoyOptions = {}): Promise<RunningEnvoy> {
  const binary = await requireEnvoy();
  await checkSupported(model);
  const folder = await EnvoyProcess.makeFolder();
  const files = new ConfigurationFiles(folder, options);
  await files.writeBootstrap();
  await files.writeClusters(files.renderClusters(model));
  await files.writeListener(model);
  const args = ["-c", "bootstrap.json", "--admin-address-path", "admin-address", ...processArgs(options)];
  const process = EnvoyProcess.start(binary, folder, args, options.onLog);
  try {
    const admin = await findAdmin(process);
    const port = await serving(process, admin);
    return new RunningEnvoy(process, admin, files, port, model);
  } catch (error) {
    await process.stop().catch(() => undefined);
    throw error;
  }
}

export class RunningEnvoy {
  readonly port: number;
  readonly adminPort: number;
  #process: EnvoyProcess;
  #admin: Admin;
  #files: ConfigurationFiles;
  #model: GatewayModel;

  constructor(
    process: EnvoyProcess,
    admin: Admin,
    files: ConfigurationFiles,
    port: number,
    model: GatewayModel,
  ) {
    this.port = port;
    this.adminPort = admin.port;
    this.#process = process;
    this.#admin = admin;
    this.#files = files;
    this.#model = model;
  }

  /** The newest log entries, oldest first. */
  get logs(): readonly EnvoyLog[] {
    return this.#process.logs;
  }

  /** Settles with the exit code when Envoy ends, asked or not. */
  get ended(): Promise<number | null> {
    return this.#process.ended;
  }

  /** Value of one counter or gauge, 0 if Envoy has none of that name. */
  async stat(name: string): Promise<number> {
    return this.#admin.stat(name);
  }

  /**
   * Applies a new model to new connections; open ones keep the old model for one more response, after which
   * Envoy closes them. Rejects as `runEnvoy` does, and then the old model serves on.
   */
  async reload(model: GatewayModel, { plugins }: Pick<RenderOptions, "plugins"> = {}): Promise<void> {
    await checkSupported(model);
    const drained = (await this.stat("listener_manager.total_listeners_draining")) === 0;
    const before = drained ? this.#files.renderClusters(this.#model) : this.#files.clusters;
    // Connections of an old listener still route to its clusters: they go with the next reload after it.
    const clusters = union(before, this.#files.renderClusters(model));
    await this.#update("cluster_manager.cds", () => this.#files.writeClusters(clusters));
    await this.#update("listener_manager.lds", () => this.#files.writeListener(model, plugins));
    this.#model = model;
  }

  /** Ends Envoy. With `drainMs`: stops accepting, and gives running requests that long to end. */
  async stop({ drainMs = 0 }: { drainMs?: number } = {}): Promise<void> {
    if (drainMs > 0 && !this.#process.hasEnded) {
      await this.#admin.post("/drain_listeners");
      const active = "http.main.downstream_rq_active";
      await waitFor(async () => ((await this.#admin.stat(active)) === 0 ? true : undefined), drainMs);
    }
    await this.#process.stop();
  }

  async #update(service: string, write: () => Promise<void>): Promise<void> {
    const logged = this.#process.logs.length;
    const [succeeded, rejected] = await this.#counters(service);
    await write();
    const outcome = await waitFor(async () => {
      const [succeededNow, rejectedNow] = await this.#counters(service);
      if (rejectedNow > rejected) return "rejected";
      return succeededNow > succeeded ? "applied" : undefined;
    }, updateTimeoutMs);
    if (outcome === "applied") return;
    await waitFor(
      async () => (isRejected(this.#process.logs.slice(logged)) ? true : undefined),
      logTimeoutMs,
    );
    throw rejection(this.#process.logs.slice(logged), `Envoy did not take the update of ${service}`);
  }

  async #counters(service: string): Promise<[succeeded: number, rejected: number]> {
    return Promise.all([
      this.#admin.stat(`${service}.update_success`),
      this.#admin.stat(`${service}.update_rejected`),
    ]);
  }
}

function processArgs({ workers = 1, logLevel = "info" }: EnvoyOptions): string[] {
  const levels = [
    "-l",
    "warn",
    "--component-log-level",
    `wasm:${logLevel === "warn" ? "warning" : logLevel}`,
  ];
  return ["--concurrency", String(workers), "--drain-strategy", "immediate", ...levels];
}

async function findAdmin(process: EnvoyProcess): Promise<Admin> {
  const address = await waitFor(async () => {
    if (process.hasEnded) return "";
    return process.file("admin-address");
  }, startTimeoutMs);
  if (!address) {
    await process.stop();
    throw rejection(process.logs, "Envoy ended before it served");
  }
  return new Admin(Number(address.slice(address.lastIndexOf(":") + 1)));
}

async function serving(process: EnvoyProcess, admin: Admin): Promise<number> {
  const port = await waitFor(async () => {
    if (process.hasEnded || (await admin.stat("listener_manager.lds.update_rejected")) > 0) return -1;
    return (await admin.isReady()) ? admin.listenerPort("main") : undefined;
  }, startTimeoutMs);
  if (port !== undefined && port > 0) return port;
  await process.stop();
  throw rejection(process.logs, "Envoy did not get ready");
}

/** `first`, replaced and completed by `second`; both are clusters by name. */
function union(first: object[], second: object[]): object[] {
  const byName = new Map(
    [...first, ...second].map((cluster) => [(cluster as { name: string }).name, cluster]),
  );
  return [...byName.values()];
}
