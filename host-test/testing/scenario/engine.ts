// What an engine has to do for the gateway of a scenario.

import type { PluginOverride } from "../../envoy/plugins.ts";
import type { GatewayModel } from "../../gateway/model.ts";
import type { LogLevel } from "../../host/types.ts";

/**
 * `node`: the Node host as Higress, with the modules' Higress build. `node-as-envoy`: the Node host as stock
 * Envoy, with their Envoy build. `envoy`: a real Envoy.
 */
export type EngineName = "node" | "node-as-envoy" | "envoy";

export interface EngineOptions {
  /** By plugin name. */
  plugins: Record<string, PluginOverride>;
  workers: number;
  logLevel: LogLevel;
  bufferLimit?: number;
  onLog(entry: PluginLog): void;
}

/** A line that a plugin logged. Root contexts have no plugin name on Envoy. */
export interface PluginLog {
  level: LogLevel;
  message: string;
}

/** A gateway that serves on the loopback address. */
export interface RunningGateway {
  readonly port: number;
  /** Custom metrics as Prometheus text. */
  metrics(): Promise<string>;
  reload(model: GatewayModel, plugins: Record<string, PluginOverride>): Promise<void>;
  stop(): Promise<void>;
}

export type StartEngine = (model: GatewayModel, options: EngineOptions) => Promise<RunningGateway>;
