// Scenarios on a real Envoy.

import type { EnvoyLog } from "../../envoy/process.ts";
import { runEnvoy } from "../../envoy/run.ts";
import type { LogLevel } from "../../host/types.ts";
import type { PluginLog, StartEngine } from "./engine.ts";

export const startEnvoyEngine: StartEngine = async (model, options) => {
  const onLog = (entry: EnvoyLog): void => {
    for (const line of pluginLog(entry)) options.onLog(line);
  };
  const envoy = await runEnvoy(model, { ...options, onLog, port: 0, adminPort: 0 });
  return {
    port: envoy.port,
    async metrics() {
      const response = await fetch(`http://127.0.0.1:${envoy.adminPort}/stats/prometheus`);
      return response.text();
    },
    reload: (next, plugins) => envoy.reload(next, { plugins }),
    stop: () => envoy.stop(),
  };
};

/** `wasm log PLUGIN ROOT VM: message`, where empty parts are left out. */
function pluginLog({ level, logger, message }: EnvoyLog): PluginLog[] {
  const match = /^wasm log[^:]*: (.*)$/s.exec(message);
  if (logger !== "wasm" || !match) return [];
  return [{ level: level === "warning" ? "warn" : (level as LogLevel), message: match[1]! }];
}
