// Says before Envoy starts why it could not load a module.

import { readFile } from "node:fs/promises";
import type { GatewayModel } from "../gateway/model.ts";

/** Host functions that Higress's Envoy has and stock Envoy has not; one of them makes the whole module unloadable. */
const higressOnly = new Map([
  ["proxy_redis_init", "Redis"],
  ["proxy_redis_call", "Redis"],
  ["proxy_inject_encoded_data_to_filter_chain", "injecting response data"],
  ["proxy_get_upstream_hosts", "listing upstream hosts"],
  ["proxy_set_upstream_override_host", "choosing the upstream host"],
]);

/** The model cannot run on stock Envoy; one sentence for each plugin. */
export class EnvoyUnsupported extends Error {
  readonly reasons: string[];
  constructor(reasons: string[]) {
    super(reasons.join("\n"));
    this.name = "EnvoyUnsupported";
    this.reasons = reasons;
  }
}

/** Throws `EnvoyUnsupported` if a plugin's Envoy build is missing, is no module, or needs Higress. */
export async function checkSupported(model: GatewayModel): Promise<void> {
  const reasons: string[] = [];
  for (const plugin of model.plugins) {
    const path = plugin.modules.envoy;
    const reason = await unsupported(path).catch((error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? `${path} does not exist; build it first` : `${path}: ${error.message}`,
    );
    if (reason)
      reasons.push(`${plugin.position.file}:${plugin.position.line}: plugin ${plugin.name}: ${reason}`);
  }
  if (reasons.length > 0) throw new EnvoyUnsupported(reasons);
}

async function unsupported(path: string): Promise<string | undefined> {
  const module = await WebAssembly.compile(await readFile(path));
  const needs = WebAssembly.Module.imports(module)
    .filter(({ module, name }) => module === "env" && higressOnly.has(name))
    .map(({ name }) => name);
  if (needs.length === 0) return undefined;
  const purposes = [...new Set(needs.map((name) => higressOnly.get(name)))].join(", ");
  return `needs ${purposes} (${needs.join(", ")}), which only Higress offers; use the node engine`;
}
