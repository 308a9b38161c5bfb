// `gateway run`: the gateway of a set of resource files, until it is told to stop.

import { statSync } from "node:fs";
import { join } from "node:path";
import { AdminServer } from "../gateway/admin/server.ts";
import { configDump } from "../gateway/admin/config-dump.ts";
import { LogHistory } from "../gateway/admin/log-history.ts";
import { TraceHistory } from "../gateway/admin/trace-history.ts";
import type { GatewayModel } from "../gateway/model.ts";
import { repositoryFolders } from "../gateway/resources/plugin-url.ts";
import type { LogEntry } from "../gateway/workers/worker.ts";
import type { LogLevel } from "../host/types.ts";
import { integer, requirePaths, word, type Command, type Values } from "./command-line.ts";
import { engineNames, startEngine, type EngineName, type RunningEngine } from "./engines.ts";
import { describeRejection, Resources, type ReadResources } from "./resources.ts";
import { FileWatch } from "./watch.ts";

const defaultPort = 8080;
const defaultAdminPort = 8081;
const drainMs = 10_000;
const logLevels = ["trace", "debug", "info", "warn", "error", "critical"] as const;

export const run: Command = {
  summary: "serves resource files as a gateway",
  help: `Usage: gateway run PATH… [--port ${defaultPort}] [--host 127.0.0.1] [--admin-port ${defaultAdminPort}]
                       [--engine node|envoy] [--workers N] [--watch] [--pull]
                       [--log-level LEVEL]

Loads every YAML document in the files and folders and serves them: HTTP/1.1 and HTTP/2 in cleartext on one
port. Prints "listening on http://HOST:PORT" once it serves; logs go to standard error.

  --port N             0 takes a free port
  --host ADDRESS       address to listen on
  --admin-port N       always on the loopback address; 0 takes a free port
  --engine node|envoy  runs the modules in this process, or the same files on a real Envoy (ENVOY_BIN, else
                       installed once)
  --workers N          threads, each with its own instance of every plugin; default 1
  --watch              applies changed files to new requests; running ones keep what they started with
  --pull               images of our own plugins are pulled too, instead of taking the local build
  --log-level LEVEL    ${logLevels.join(", ")}; default info

SIGTERM or SIGINT: stops accepting, gives running requests ${drainMs / 1000} s to end, exits 0.
Exit code 2 when a resource cannot be used: nothing is started then.
`,
  options: {
    port: { type: "string" },
    host: { type: "string" },
    "admin-port": { type: "string" },
    engine: { type: "string" },
    workers: { type: "string" },
    watch: { type: "boolean" },
    pull: { type: "boolean" },
    "log-level": { type: "string" },
  },
  async run(values, paths) {
    requirePaths(paths);
    return new GatewayRun(readOptions(values), paths).run();
  },
};

interface RunOptions {
  host: string;
  port: number;
  /** `undefined`: the default, or a free one when that is taken. */
  adminPort: number | undefined;
  engine: EngineName;
  workers: number;
  watch: boolean;
  pull: boolean;
  logLevel: LogLevel;
}

function readOptions(values: Values): RunOptions {
  return {
    host: (values["host"] as string | undefined) ?? "127.0.0.1",
    port: integer(values, "port", 0, 65535) ?? defaultPort,
    adminPort: integer(values, "admin-port", 0, 65535),
    engine: word(values, "engine", engineNames) ?? "node",
    workers: integer(values, "workers", 1, 256) ?? 1,
    watch: values["watch"] === true,
    pull: values["pull"] === true,
    logLevel: word(values, "log-level", logLevels) ?? "info",
  };
}

class GatewayRun {
  #options: RunOptions;
  #paths: string[];
  #logs = new LogHistory();
  #traces = new TraceHistory();
  #resources: Resources;
  #engine: RunningEngine | undefined;
  #model: GatewayModel = { plugins: [], clusters: [], routes: [], ignored: [] };
  #started = Promise.withResolvers<void>();
  /** A change during the start waits for its end. */
  #reloading: Promise<string[]> = this.#started.promise.then(() => []);
  #watch = new FileWatch(() => void this.#reload());

  constructor(options: RunOptions, paths: string[]) {
    this.#options = options;
    this.#paths = paths;
    this.#resources = new Resources(paths, (level, message) => this.#log(level, message), options);
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    const stopped = this.#stopSignal();
    const admin = new AdminServer({
      isReady: () => this.#engine !== undefined,
      prometheus: async () => (await this.#engine?.prometheus()) ?? "",
      configDump: () => configDump(this.#model),
      reload: () => this.#reload(),
      logs: this.#logs,
      traces: this.#options.engine === "node" ? this.#traces : undefined,
      gateway: () => (this.#engine ? new URL(this.#url(this.#engine.port)) : undefined),
    });
    try {
      const read = await this.#resources.read();
      this.#model = read.model;
      if (this.#options.watch) this.#updateWatch(read);
      const adminPort = await this.#listenAdmin(admin);
      this.#engine = await startEngine(this.#options.engine, read.model, {
        ...this.#options,
        onLog: (entry) => this.#write(entry),
        onExchange: (exchange) => this.#traces.add(exchange),
      });
      this.#started.resolve();
      this.#announce(read, this.#engine.port, adminPort);
      return await this.#serve(stopped, this.#engine);
    } catch (error) {
      for (const line of describeRejection(error, this.#model)) process.stderr.write(`${line}\n`);
      return exitCodeOf(error);
    } finally {
      this.#watch.close();
      admin.close();
      await this.#resources.close();
    }
  }

  async #serve(stopped: Promise<void>, engine: RunningEngine): Promise<number> {
    const failure = await Promise.race([stopped, engine.failed]);
    if (failure) {
      this.#log("critical", failure.message);
      await engine.stop(0);
      return 1;
    }
    this.#log("info", "stopping");
    await engine.stop(drainMs);
    return 0;
  }

  /** Resolves with problems in lines; empty when the new resources are in effect. One reload at a time. */
  async #reload(): Promise<string[]> {
    this.#reloading = this.#reloading.then(() => this.#reloadOnce());
    return this.#reloading;
  }

  async #reloadOnce(): Promise<string[]> {
    let model = this.#model;
    try {
      const read = await this.#resources.read();
      model = read.model;
      await this.#engine?.reload(model);
      this.#model = model;
      if (this.#options.watch) this.#updateWatch(read);
      this.#log("info", "reloaded");
      return [];
    } catch (error) {
      const lines = describeRejection(error, model);
      for (const line of lines) this.#log("error", line);
      this.#log("error", "not reloaded: what was served before is served on");
      return lines;
    }
  }

  #updateWatch({ files, model }: ReadResources): void {
    const own = model.plugins
      .flatMap(({ plugin }) => plugin ?? [])
      .map((name) => join(repositoryFolders.plugins, name));
    const shared = own.length > 0 ? [join(repositoryFolders.plugins, "..", "shared")] : [];
    this.#watch.update(files, [...own, ...shared], this.#paths.filter(isFolder));
  }

  async #listenAdmin(admin: AdminServer): Promise<number> {
    const { adminPort } = this.#options;
    try {
      return await admin.listen(adminPort ?? defaultAdminPort);
    } catch (error) {
      // Whoever did not ask for the port does not need it: another gateway has it.
      if (adminPort !== undefined || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      return admin.listen(0);
    }
  }

  #announce({ model, hints }: ReadResources, port: number, adminPort: number): void {
    const url = this.#url(port);
    const simulated = model.clusters
      .filter((cluster) => cluster.simulated !== undefined)
      .map(({ name }) => name.split("|").pop());
    if (simulated.length > 0) this.#log("info", `simulated, because no key is set: ${simulated.join(", ")}`);
    this.#log("info", `admin on http://127.0.0.1:${adminPort}`);
    process.stdout.write(`listening on ${url}\n`);
    for (const hint of hints) process.stderr.write(`\n${hint.replaceAll("{{url}}", url).trimEnd()}\n\n`);
  }

  #url(port: number): string {
    const { host } = this.#options;
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  #stopSignal(): Promise<void> {
    return new Promise((settle) => {
      let firstAt: number | undefined;
      const onSignal = (): void => {
        firstAt ??= performance.now();
        // Who insists does not want to wait for streams. A terminal and npm both pass one Ctrl-C on.
        if (performance.now() - firstAt > 1000) process.exit(1);
        settle();
      };
      process.on("SIGTERM", onSignal);
      process.on("SIGINT", onSignal);
      // The terminal was closed.
      process.on("SIGHUP", onSignal);
    });
  }

  #log(level: LogLevel, message: string): void {
    this.#write({ level, plugin: "gateway", message });
  }

  #write(entry: LogEntry): void {
    const { time, level, plugin, message } = this.#logs.add(entry);
    process.stderr.write(`${time} ${level.padEnd(5)} ${plugin}: ${message}\n`);
  }
}

/** 2: the files, or their plugins, are not usable. 1: anything else. */
function exitCodeOf(error: unknown): number {
  const unusable = ["UnusableResources", "ConfigurationRejected", "EnvoyUnsupported"];
  return unusable.includes((error as Error).name) ? 2 : 1;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
