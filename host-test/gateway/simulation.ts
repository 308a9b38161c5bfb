// Services that have no key are played by the provider simulator.

import type { DialectName, Simulator } from "../services/simulator/index.ts";
import type { GatewayModel } from "./model.ts";

export interface Simulation {
  /** The model with simulated clusters led to the simulator. */
  apply(model: GatewayModel): Promise<GatewayModel>;
  close(): Promise<void>;
}

/** Starts the simulator when the first model needs it. */
export function createSimulation(): Simulation {
  let simulator: Promise<Simulator> | undefined;
  return {
    async apply(model) {
      if (!model.clusters.some(({ simulated }) => simulated !== undefined)) return model;
      simulator ??= import("../services/simulator/index.ts").then(({ startSimulator }) => startSimulator());
      const running = await simulator;
      const clusters = model.clusters.map((cluster) => {
        if (cluster.simulated === undefined) return cluster;
        const { tls: _, ...plain } = cluster;
        const port = running.port(cluster.simulated as DialectName);
        return { ...plain, endpoints: [{ host: "127.0.0.1", port }], protocol: "http1" as const };
      });
      return { ...model, clusters };
    },
    async close() {
      await (await simulator)?.close();
    },
  };
}
