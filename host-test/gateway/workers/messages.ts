// What the main thread and its workers say to each other.

import type { Flavour, LogLevel } from "../../host/types.ts";
import type { Serving } from "../server.ts";
import type { RecordedExchange } from "../traces/recorder.ts";
import type { SharedHandle } from "./shared.ts";

/** `workerData` of a worker. */
export interface WorkerSetup {
  serving: Serving;
  flavour: Flavour;
  logLevel: LogLevel;
  bufferLimit: number | undefined;
  /** As Envoy's main thread, this worker tries every configuration on an instance that is thrown away. */
  canary: boolean;
  /** Number of the worker, from 0. */
  index: number;
  /** Exchanges are recorded and sent to the main thread. */
  records: boolean;
  shared: SharedHandle;
}

export type Command =
  | { kind: "listen"; host: string; port: number; reusePort: boolean }
  | { kind: "reload"; serving: Serving }
  | { kind: "statistics" }
  | { kind: "drain"; timeoutMs: number };

/** Answers carry the number of their command. */
export type Request = { id: number } & Command;

export interface WorkerFailure {
  message: string;
  /** Set when a plugin refused its configuration. */
  plugin?: string;
  /** The system's, such as EADDRINUSE. */
  code?: string;
}

export interface WorkerStatistics {
  plugins: string;
  gateway: string;
}

export type Reply =
  | { kind: "started" }
  | { kind: "log"; level: LogLevel; plugin: string; message: string }
  | { kind: "exchange"; exchange: RecordedExchange }
  | { kind: "answer"; id: number; value: unknown }
  | { kind: "failure"; id: number; failure: WorkerFailure };

/** The number of the start itself, which has no command. */
export const startId = 0;
