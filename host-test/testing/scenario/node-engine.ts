// Scenarios on the Node host, as Higress or as stock Envoy: the gateway that people start, on a free port.

import { dirname, join } from "node:path";
import { defaultBufferLimit } from "../../envoy/render.ts";
import { gatewayLogger } from "../../gateway/server.ts";
import { repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { runNode } from "../../gateway/run-node.ts";
import type { Flavour } from "../../host/types.ts";
import type { StartEngine } from "./engine.ts";

// Each gateway is a new thread that loads the whole host. With the cache it starts in a third of the time; only
// the environment takes it into threads.
process.env["NODE_COMPILE_CACHE"] ??= join(dirname(repositoryFolders.dist), ".cache/node");

export function nodeEngine(flavour: Flavour): StartEngine {
  return async (model, { onLog, ...options }) => {
    const node = await runNode(model, {
      // Stock Envoy has no properties by which a plugin raises the limit, so its configuration does.
      ...(flavour === "envoy" && { bufferLimit: defaultBufferLimit }),
      ...options,
      flavour,
      port: 0,
      onLog({ level, plugin, message }) {
        if (plugin !== gatewayLogger) onLog({ level, message });
      },
    });
    return {
      port: node.port,
      metrics: () => node.prometheus(),
      reload: (next, plugins) => node.reload(next, plugins),
      stop: () => node.stop(),
    };
  };
}
