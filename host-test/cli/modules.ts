// Modules that are not built, or whose sources have changed, are built before they are loaded.

import { existsSync } from "node:fs";
import { runsSuite, suite } from "../../scripts/guest-build.mjs";
import type { GatewayModel, PluginResource } from "../gateway/model.ts";
import { builtModules, repositoryFolders } from "../gateway/resources/plugin-url.ts";

interface BuildScript {
  buildPlugins(names: string[], options: { onStart(name: string): void }): Promise<unknown>;
}

/** Rejects with the compiler's messages. */
export async function buildNamed(names: string[], onStart: (name: string) => void): Promise<void> {
  const script = (await import("../../scripts/build.mjs" as string)) as BuildScript;
  await script.buildPlugins(names, { onStart });
}

/**
 * The model with the files that are there after the build. Rejects with the compiler's messages when a module is
 * missing; an old one is used with a warning.
 */
export async function withBuiltModules(
  model: GatewayModel,
  log: (level: "info" | "warn", message: string) => void,
): Promise<GatewayModel> {
  const names = [...new Set(model.plugins.flatMap((resource) => moduleName(resource) ?? []))];
  if (names.length === 0) return model;
  try {
    await buildNamed(names, (name) => log("info", `building ${name}`));
  } catch (error) {
    const files = names.flatMap((name) => Object.values(builtModules(name, repositoryFolders)));
    if (!files.every((file) => existsSync(file))) throw error;
    log("warn", `the build failed, the modules of the last one are used: ${(error as Error).message}`);
  }
  const plugins = model.plugins.map((resource) => {
    const name = moduleName(resource);
    return name === undefined ? resource : { ...resource, modules: builtModules(name, repositoryFolders) };
  });
  return { ...model, plugins };
}

/** Of what is built here; undefined for a module that comes from elsewhere. */
function moduleName({ plugin, inSuite }: PluginResource): string | undefined {
  return plugin !== undefined && (inSuite || runsSuite) ? suite : plugin;
}
