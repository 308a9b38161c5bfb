// The machine that figures were measured on.

import { cpus, totalmem } from "node:os";

/** Processors, memory, system, and the engine's version. */
export function machine(): string {
  return `${processors()}, ${process.platform} ${process.arch}, Node ${process.version}, V8 ${process.versions.v8}`;
}

/** Processors and memory: what decides how long a run takes. */
export function processors(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}
