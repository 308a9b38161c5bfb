// Why Envoy refused a configuration, read from its log.

import { ConfigurationRejected } from "../host/types.ts";
import type { EnvoyLog } from "./process.ts";

/** Envoy did not start, or refused a configuration for a reason that is no plugin's. */
export class EnvoyFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = "EnvoyFailed";
  }
}

const pluginFailed = /Unable to create Wasm (?:plugin|HTTP filter) (\S+)/;
const updateRejected = /^.*config update rejected: (?:Error adding\/updating \S+ \S+ )?/;

/** Lines of the `wasm` logger that only repeat that there was a failure. */
const generic = /^(Wasm VM failed Failed|Plugin \S+ failed to load|Plugin configured to fail)/;

/** Whether the log holds the end of a refused update. */
export function isRejected(logs: readonly EnvoyLog[]): boolean {
  return logs.some(({ message }) => updateRejected.test(message));
}

/**
 * The error for a refused configuration: `ConfigurationRejected` with the plugin's own last error line if a
 * plugin was the reason, else `EnvoyFailed` beginning with `summary`.
 */
export function rejection(logs: readonly EnvoyLog[], summary: string): Error {
  const problems = logs.filter(
    ({ level }) => level === "warning" || level === "error" || level === "critical",
  );
  const failed = problems.map(({ message }) => pluginFailed.exec(message)).findLast(Boolean);
  if (failed) {
    const reason = problems.findLast(
      ({ logger, message }) => logger === "wasm" && !generic.test(message),
    )?.message;
    return new ConfigurationRejected(failed[1]!, reason ? `${failed[0]}: ${reason}` : failed[0]);
  }
  const reason =
    problems.findLast(({ message }) => updateRejected.test(message)) ??
    problems.findLast(({ level }) => level !== "warning");
  const text = reason?.message.replace(updateRejected, "").replace(/\s+/g, " ");
  return new EnvoyFailed(text ? `${summary}: ${text}` : summary);
}
