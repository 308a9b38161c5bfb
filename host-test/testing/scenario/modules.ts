// Where the build leaves plugin modules.

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

export const cacheFolder = join(root, ".cache");

/** The modules of one of our plugins, per flavour. */
export function builtModules(plugin: string): { higress: string; envoy: string } {
  return {
    higress: join(root, "dist", `${plugin}.higress.wasm`),
    envoy: join(root, "dist", `${plugin}.envoy.wasm`),
  };
}
