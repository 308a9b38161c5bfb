// Asks a real Envoy whether it would load a module and whether the plugin takes its configuration.

import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { requireEnvoy } from "./binary.ts";
import { EnvoyProcess } from "./process.ts";
import { rejection } from "./rejection.ts";
import { renderBootstrap } from "./render.ts";

export interface ValidateOptions {
  /** What `proxy_on_configure` receives. Default: none. */
  configuration?: string;
  rootId?: string;
  environment?: Record<string, string>;
}

/** Envoy's verdict; `reason` is its message and the plugin's last error line. */
export type Verdict = { valid: true } | { valid: false; reason: string };

/** Loads and configures the module at `path` in `envoy --mode validate`. Rejects with `EnvoyUnavailable`. */
export async function validateModule(path: string, options: ValidateOptions = {}): Promise<Verdict> {
  const { configuration = "", rootId = "", environment = {} } = options;
  const binary = await requireEnvoy();
  const file = resolve(path);
  const plugin = {
    name: "module",
    modules: { higress: file, envoy: file },
    rootId,
    failOpen: false,
    environment,
    configuration,
    position: { file, line: 1, path: "" },
  };
  const folder = await EnvoyProcess.makeFolder();
  const model = { plugins: [plugin], clusters: [], routes: [], ignored: [] };
  await writeFile(
    join(folder, "bootstrap.json"),
    JSON.stringify(renderBootstrap(model, { port: 0, adminPort: 0 })),
  );
  const process = EnvoyProcess.start(binary, folder, [
    "--mode",
    "validate",
    "-c",
    "bootstrap.json",
    "-l",
    "warn",
  ]);
  try {
    if ((await process.ended) === 0) return { valid: true };
    return { valid: false, reason: rejection(process.logs, "Envoy refused the module").message };
  } finally {
    await process.stop();
  }
}
