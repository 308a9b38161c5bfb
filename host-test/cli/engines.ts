// The two engines behind one door.

import { runNode } from "../gateway/run-node.ts";
import type { GatewayModel } from "../gateway/model.ts";
import type { LogEntry } from "../gateway/workers/worker.ts";
import type { RecordedExchange } from "../gateway/traces/recorder.ts";
import type { LogLevel } from "../host/types.ts";

export const engineNames = ["node", "envoy"] as const;
export type EngineName = (typeof engineNames)[number];

export interface EngineOptions {
  host: string;
  port: number;
  workers: number;
  logLevel: LogLevel;
  onLog(entry: LogEntry): void;
  /** Told of every exchange by the engine that records. */
  onExchange(exchange: RecordedExchange): void;
}

export interface RunningEngine {
  readonly port: number;
  /** Resolves with the reason when the engine ends by itself. */
  readonly failed: Promise<Error>;
  reload(model: GatewayModel): Promise<void>;
  prometheus(): Promise<string>;
  /** Stops accepting, gives running requests `drainMs` to end. */
  stop(drainMs: number): Promise<void>;
}

/** Resolves once the engine serves. */
export async function startEngine(
  name: EngineName,
  model: GatewayModel,
  options: EngineOptions,
): Promise<RunningEngine> {
  return name === "node" ? startNode(model, options) : startEnvoy(model, options);
}

async function startNode(model: GatewayModel, options: EngineOptions): Promise<RunningEngine> {
  const node = await runNode(model, options);
  return {
    port: node.port,
    failed: node.failed,
    reload: (next) => node.reload(next),
    prometheus: () => node.prometheus(),
    stop: (drainMs) => node.stop({ drainMs }),
  };
}

async function startEnvoy(model: GatewayModel, options: EngineOptions): Promise<RunningEngine> {
  // Only who asks for Envoy pays for looking for it.
  const { runEnvoy } = await import("../envoy/run.ts");
  const { onLog } = options;
  const envoy = await runEnvoy(model, {
    ...options,
    adminPort: 0,
    ...(model.bufferLimit !== undefined && { bufferLimit: model.bufferLimit }),
    onLog: ({ level, logger, message }) =>
      onLog({
        level: level === "warning" ? "warn" : (level as LogLevel),
        plugin: `envoy.${logger}`,
        message,
      }),
  });
  let isStopping = false;
  return {
    port: envoy.port,
    failed: new Promise((settle) => {
      void envoy.ended.then((code) => {
        if (!isStopping) settle(new Error(`Envoy ended with code ${code}`));
      });
    }),
    reload: (next) => envoy.reload(next),
    async prometheus() {
      const response = await fetch(`http://127.0.0.1:${envoy.adminPort}/stats/prometheus`);
      return response.text();
    },
    async stop(drainMs) {
      isStopping = true;
      await envoy.stop({ drainMs });
    },
  };
}
