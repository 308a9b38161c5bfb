// A plugin as configured: the keys that decide which VM and which root context serve it (compat/abi.md §14).

import { createHash } from "node:crypto";
import { digestOf } from "../vm/load.ts";
import type { FailurePolicy, Flavour, Header, PluginSpec } from "./types.ts";

export class Plugin {
  readonly name: string;
  readonly rootId: string;
  readonly vmId: string;
  readonly module: Uint8Array;
  /** Bytes as latin-1. */
  readonly configuration: string;
  readonly vmConfiguration: string;
  readonly environment: Header[];
  readonly allowedCapabilities: ReadonlySet<string> | undefined;
  readonly failurePolicy: FailurePolicy;
  readonly allowStopIteration: boolean;
  readonly reloadIntervalMs: number;
  /** Equal for plugins that share a VM. */
  readonly vmKey: string;
  /** Equal for plugins that share a root context inside a VM. */
  readonly key: string;

  constructor(spec: PluginSpec, flavour: Flavour) {
    this.name = spec.name;
    this.rootId = spec.rootId ?? "";
    this.vmId = spec.vmId ?? "";
    this.module = spec.module;
    this.configuration = latin1(spec.configuration ?? "");
    this.vmConfiguration = latin1(spec.vmConfiguration ?? "");
    this.environment = Object.entries(spec.environment ?? {}).map(([name, value]) => [
      latin1(name),
      latin1(value),
    ]);
    this.allowedCapabilities = spec.allowedCapabilities && new Set(spec.allowedCapabilities);
    this.failurePolicy = spec.failurePolicy ?? (flavour === "higress" ? "fail-reload" : "fail-closed");
    this.allowStopIteration = spec.allowOnHeadersStopIteration ?? true;
    this.reloadIntervalMs = spec.reloadIntervalMs ?? 1000;
    this.vmKey = digest([
      this.vmId,
      this.vmConfiguration,
      digestOf(spec.module),
      ...this.environment.flat(),
      ...(spec.allowedCapabilities ?? ["*"]),
    ]);
    this.key = digest([this.rootId, this.configuration, this.name]);
  }
}

/** UTF-8 bytes of `text`, one per character. */
export function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function digest(parts: string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part, "latin1");
  return hash.digest("hex");
}
