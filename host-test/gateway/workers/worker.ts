// A worker as the main thread sees it.

import { Worker } from "node:worker_threads";
import { ConfigurationRejected, type LogLevel } from "../../host/types.ts";
import type { RecordedExchange } from "../traces/recorder.ts";
import { startId, type Command, type Reply, type WorkerFailure, type WorkerSetup } from "./messages.ts";

export interface LogEntry {
  level: LogLevel;
  /** A plugin's name, or `gateway`. */
  plugin: string;
  message: string;
}

interface Waiting {
  settle(value: unknown): void;
  reject(error: Error): void;
}

export interface WorkerEvents {
  onLog(entry: LogEntry): void;
  onExchange?: ((exchange: RecordedExchange) => void) | undefined;
}

export class GatewayThread {
  #worker: Worker;
  #waiting = new Map<number, Waiting>();
  #nextId = startId + 1;
  #onLog: WorkerEvents["onLog"];
  #onExchange: WorkerEvents["onExchange"];
  #ended = Promise.withResolvers<Error>();
  #isStopping = false;

  constructor(setup: WorkerSetup, { onLog, onExchange }: WorkerEvents) {
    this.#onLog = onLog;
    this.#onExchange = onExchange;
    this.#worker = new Worker(new URL("./thread.ts", import.meta.url), { workerData: setup });
    this.#worker.on("message", (reply: Reply) => this.#onReply(reply));
    this.#worker.on("error", (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on("exit", (code) => this.#end(new Error(`the worker ended with code ${code}`)));
  }

  /** Resolves when every plugin has started. Rejects with `ConfigurationRejected` or what else went wrong. */
  async started(): Promise<void> {
    await this.#wait(startId);
  }

  /** Resolves with the error when the thread ends without having been stopped. */
  get failed(): Promise<Error> {
    return this.#ended.promise;
  }

  async ask<T = void>(command: Command): Promise<T> {
    const id = this.#nextId++;
    this.#worker.postMessage({ id, ...command });
    return (await this.#wait(id)) as T;
  }

  /** Ends the thread, whatever it does. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#worker.terminate();
  }

  async #wait(id: number): Promise<unknown> {
    return new Promise((settle, reject) => this.#waiting.set(id, { settle, reject }));
  }

  #onReply(reply: Reply): void {
    if (reply.kind === "log") {
      this.#onLog(reply);
      return;
    }
    if (reply.kind === "exchange") {
      this.#onExchange?.(reply.exchange);
      return;
    }
    const id = reply.kind === "started" ? startId : reply.id;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (reply.kind === "failure") waiting?.reject(toError(reply.failure));
    else waiting?.settle(reply.kind === "answer" ? reply.value : undefined);
  }

  #end(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    if (!this.#isStopping) this.#ended.resolve(error);
  }
}

function toError({ message, plugin, code }: WorkerFailure): Error {
  if (plugin !== undefined) return new ConfigurationRejected(plugin, message);
  return Object.assign(new Error(message), code !== undefined && { code });
}
