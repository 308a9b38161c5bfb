// What only the plugins themselves can say about their configurations: each is configured once, in memory, with
// nothing behind it. So `lint` refuses what `run` would refuse, and shows the plugins' own warnings.

import { readFile } from "node:fs/promises";
import type { LoadedGateway } from "../gateway/load.ts";
import type { PluginResource } from "../gateway/model.ts";
import { createChain } from "../host/chain.ts";
import { SystemClock } from "../host/clock.ts";
import { ConfigurationRejected, type LogLevel } from "../host/types.ts";
import { LocalData } from "../services/local-data.ts";
import { withBuiltModules } from "./modules.ts";

/** Adds to `gateway.problems` what plugins refuse or warn of. Modules that are not built are built first. */
export async function tryPlugins(gateway: LoadedGateway): Promise<void> {
  const { plugins } = await withBuiltModules(gateway.model, () => {});
  for (const plugin of plugins) {
    for (const { level, text } of await configure(plugin)) gateway.problems[level](plugin.position, text);
  }
}

interface Remark {
  level: "error" | "warning";
  text: string;
}

async function configure(plugin: PluginResource): Promise<Remark[]> {
  const remarks: Remark[] = [];
  const write = (level: LogLevel, _plugin: string, message: string): void => {
    const text = `plugin ${plugin.name}: ${message.replace(/^(\[[^\]]*\] )+/, "")}`;
    if (level === "warn") remarks.push({ level: "warning", text });
    if (level === "error" || level === "critical") remarks.push({ level: "error", text });
  };
  try {
    createChain({
      plugins: [
        {
          name: plugin.name,
          rootId: plugin.rootId,
          module: await readFile(plugin.modules.higress),
          configuration: plugin.configuration,
          environment: plugin.environment,
        },
      ],
      flavour: "higress",
      canary: false,
      upstreams: { has: () => true, hosts: () => [], call: () => null },
      sharedData: new LocalData(),
      clock: new SystemClock(),
      log: { level: "warn", write },
      route: () => undefined,
    }).close();
  } catch (error) {
    if (!(error instanceof ConfigurationRejected)) throw error;
    if (!remarks.some(({ level }) => level === "error"))
      remarks.push({ level: "error", text: error.message });
  }
  return remarks;
}
