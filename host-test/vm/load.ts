// From bytes to a compiled module whose imports and exports fit the host (compat/abi.md §1, §2). The error
// texts are Envoy's. Compiled modules are kept by digest, so that many chains pay for one compile.

import { createHash } from "node:crypto";
import type { Flavour } from "../host/types.ts";
import { CorruptModule, describeBinary, formatType, limitMemory } from "./binary.ts";
import type { BinaryDescription, FunctionType } from "./binary.ts";
import {
  environmentSignatures,
  exportSignatures,
  exportSignatures010,
  higressExports,
  startSignatures,
  typeOf,
  versionedSignatures,
  versionMarkers,
  wasiSignatures,
} from "./signatures.ts";
import type { AbiVersion } from "./signatures.ts";

/** The module cannot be used; the message is Envoy's. */
export class LoadFailure extends Error {}

export interface LoadedModule {
  module: WebAssembly.Module;
  description: BinaryDescription;
  abiVersion: AbiVersion;
}

export interface LoadOptions {
  flavour: Flavour;
  /** Cap of the linear memory in pages of 64 KiB. */
  maxPages: number;
}

// A watcher that rebuilds modules would otherwise grow the cache without end.
const cacheCapacity = 64;
const cache = new Map<string, LoadedModule>();
const digests = new WeakMap<Uint8Array, string>();

/** SHA-256 of the module; remembered for the array, which must not be changed afterwards. */
export function digestOf(bytes: Uint8Array): string {
  let digest = digests.get(bytes);
  if (digest === undefined) {
    digest = createHash("sha256").update(bytes).digest("hex");
    digests.set(bytes, digest);
  }
  return digest;
}

/**
 * Checks and compiles a module.
 * @throws LoadFailure with Envoy's text.
 */
export function loadModule(bytes: Uint8Array, options: LoadOptions): LoadedModule {
  const key = `${digestOf(bytes)} ${options.flavour} ${options.maxPages}`;
  let loaded = cache.get(key);
  if (loaded === undefined) {
    loaded = load(bytes, options);
    if (cache.size >= cacheCapacity) cache.delete(cache.keys().next().value!);
  } else {
    cache.delete(key);
  }
  cache.set(key, loaded);
  return loaded;
}

function load(bytes: Uint8Array, options: LoadOptions): LoadedModule {
  let description: BinaryDescription;
  try {
    description = describeBinary(bytes);
  } catch (error) {
    if (error instanceof CorruptModule) throw new LoadFailure("Failed to parse corrupted Wasm module");
    throw error;
  }
  const abiVersion = findAbiVersion(description, options.flavour);
  if ((description.memory?.minimum ?? 0) > options.maxPages) {
    throw new LoadFailure("Failed to create new Wasm instance: the memory is larger than the host allows");
  }
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(limitMemory(bytes, description, options.maxPages) as BufferSource);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) throw new LoadFailure("Failed to load Wasm bytecode");
    throw error;
  }
  checkImports(description, abiVersion, options.flavour);
  checkExports(description, abiVersion, options.flavour);
  return { module, description, abiVersion };
}

function findAbiVersion(description: BinaryDescription, flavour: Flavour): AbiVersion {
  for (const entry of description.exports) {
    if (entry.kind !== "function") continue;
    const version = versionMarkers[entry.name];
    if (version !== undefined && (version !== "0.2.100" || flavour === "higress")) return version;
  }
  throw new LoadFailure("Missing or unknown Proxy-Wasm ABI version");
}

/** The type of a host function, or undefined when this flavour and ABI version do not have it. */
export function importSignature(
  module: string,
  name: string,
  version: AbiVersion,
  flavour: Flavour,
): string | undefined {
  if (module === "wasi_snapshot_preview1" || module === "wasi_unstable") return own(wasiSignatures, name);
  if (module !== "env") return undefined;
  return (
    own(environmentSignatures, name) ??
    own(version === "0.1.0" ? versionedSignatures["0.1.0"] : versionedSignatures["0.2.x"], name) ??
    (version === "0.2.1" || version === "0.2.100" ? own(versionedSignatures["0.2.1"], name) : undefined) ??
    (flavour === "higress" ? own(versionedSignatures.higress, name) : undefined)
  );
}

function own(table: Record<string, string>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function sameType(left: FunctionType, right: FunctionType): boolean {
  return formatType(left) === formatType(right);
}

function checkImports(description: BinaryDescription, version: AbiVersion, flavour: Flavour): void {
  for (const { module, name, kind, type } of description.imports) {
    if (kind === "memory" || kind === "table") continue;
    const signature = kind === "function" ? importSignature(module, name, version, flavour) : undefined;
    if (signature === undefined) {
      throw new LoadFailure(`Failed to load Wasm module due to a missing import: ${module}.${name}`);
    }
    const offered = typeOf(signature);
    if (type === undefined || !sameType(type, offered)) {
      throw new LoadFailure(
        `Failed to load Wasm module due to an import type mismatch: ${module}.${name}, ` +
          `want: ${type ? formatType(type) : "unknown"}, but host exports: ${formatType(offered)}`,
      );
    }
  }
}

function checkExports(description: BinaryDescription, version: AbiVersion, flavour: Flavour): void {
  const functions = new Map<string, FunctionType | undefined>();
  for (const { name, kind, type } of description.exports) {
    if (kind === "function") functions.set(name, type);
  }
  const check = (name: string, signature: string) => {
    if (!functions.has(name)) return;
    const type = functions.get(name);
    const wanted = typeOf(signature);
    if (type !== undefined && sameType(type, wanted)) return;
    throw new LoadFailure(
      `Bad function signature for: ${name}, want: ${formatType(wanted)}, ` +
        `but the module exports: ${type ? formatType(type) : "unknown"}`,
    );
  };
  // Without `_initialize` only `_start` runs, and main is neither called nor looked at.
  if (functions.has("_initialize")) {
    check("_initialize", startSignatures._initialize);
    if (functions.has("main")) check("main", startSignatures.main);
    else if (flavour === "envoy") check("__main_void", startSignatures.__main_void);
  } else {
    check("_start", startSignatures._start);
  }
  for (const [name, signature] of Object.entries(exportSignatures)) {
    if (flavour === "envoy" && higressExports.has(name)) continue;
    if (name === "proxy_on_memory_allocate" && functions.has("malloc")) continue;
    if (name === "proxy_on_foreign_function" && version === "0.1.0") continue;
    const older = version === "0.1.0" ? own(exportSignatures010 as Record<string, string>, name) : undefined;
    check(name, older ?? signature);
  }
  if (!functions.has("malloc") && !functions.has("proxy_on_memory_allocate")) {
    throw new LoadFailure("Wasm module is missing malloc function.");
  }
}
