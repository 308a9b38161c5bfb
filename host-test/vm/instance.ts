// One running module: its memory, its start, calls into it, its traps. Knows nothing of HTTP.

import type { LoadedModule } from "./load.ts";
import { LoadFailure } from "./load.ts";
import { GuestMemory } from "./memory.ts";
import type { CallbackName } from "./signatures.ts";

export type HostFunction = (...args: never[]) => number | void;
export type HostFunctions = Record<string, Record<string, HostFunction>>;
type GuestFunction = (...args: number[]) => number | undefined;

/** What may be called at this moment: all host functions, those allowed while the module starts, those allowed while it allocates. */
export type Phase = "running" | "starting" | "allocating";

/** Thrown into the module by a host function that may not be called in this phase: a trap. */
export class RestrictedCallback extends Error {
  constructor() {
    super("restricted_callback");
  }
}

export interface InstanceOptions {
  loaded: LoadedModule;
  /** Module → name → function; has at least what the module imports. */
  imports: HostFunctions;
  maxPages: number;
  /** Stock Envoy allows hardly any host call while the allocator runs; Higress allows all. */
  restrictAllocator: boolean;
  /** Told once, at the first trap. */
  onTrap(message: string): void;
}

export class Instance {
  memory!: GuestMemory;
  phase: Phase = "running";
  /** Set by a trap; nothing is called from then on. */
  failed = false;
  /** Calls into the module that have not returned. */
  depth = 0;
  readonly #functions = new Map<string, GuestFunction>();
  readonly #options: InstanceOptions;
  #allocator: GuestFunction | undefined;

  /** @throws LoadFailure when the engine cannot instantiate the module. */
  constructor(options: InstanceOptions) {
    this.#options = options;
    const { loaded } = options;
    const provided: WebAssembly.Imports = {};
    for (const { module, name, kind, limits } of loaded.description.imports) {
      const group = (provided[module] ??= {}) as WebAssembly.ModuleImports;
      if (kind === "memory") {
        this.memory = this.#newMemory(limits!.minimum, limits!.maximum);
        group[name] = this.memory.memory;
      } else if (kind === "table") {
        group[name] = new WebAssembly.Table({
          element: "anyfunc",
          initial: limits!.minimum,
          ...(limits!.maximum === undefined ? {} : { maximum: limits!.maximum }),
        });
      } else {
        group[name] = options.imports[module]![name] as WebAssembly.ImportValue;
      }
    }
    let instance: WebAssembly.Instance;
    try {
      instance = new WebAssembly.Instance(loaded.module, provided);
    } catch (error) {
      throw new LoadFailure(`Failed to create new Wasm instance: ${(error as Error).message}`);
    }
    for (const [name, value] of Object.entries(instance.exports)) {
      if (typeof value === "function") this.#functions.set(name, value as GuestFunction);
      else if (value instanceof WebAssembly.Memory) this.memory = new GuestMemory(value);
    }
    // Envoy loads a module without memory too; every pointer it gives is then out of bounds.
    this.memory ??= new GuestMemory(new WebAssembly.Memory({ initial: 0, maximum: 0 }));
    this.#allocator = this.#functions.get("malloc") ?? this.#functions.get("proxy_on_memory_allocate");
  }

  #newMemory(minimum: number, maximum: number | undefined): GuestMemory {
    const cap = this.#options.maxPages;
    return new GuestMemory(
      new WebAssembly.Memory({ initial: minimum, maximum: Math.max(minimum, Math.min(maximum ?? cap, cap)) }),
    );
  }

  /** `_initialize` and `main`, or `_start` (compat/abi.md §1.7). A trap shows in `failed`. */
  start(flavour: "envoy" | "higress"): void {
    this.phase = "starting";
    if (this.#functions.has("_initialize")) {
      this.#run("_initialize", []);
      if (this.#functions.has("main")) this.#run("main", [0, 0]);
      else if (flavour === "envoy") this.#run("__main_void", []);
    } else {
      this.#run("_start", []);
    }
    this.phase = "running";
  }

  has(name: CallbackName): boolean {
    return this.#functions.has(name);
  }

  /** Calls an export. undefined: not exported, or the instance failed before or during the call. */
  call(name: CallbackName, a = 0, b = 0, c = 0, d = 0, e = 0): number | undefined {
    const guest = this.#functions.get(name);
    if (guest === undefined || this.failed) return undefined;
    this.depth++;
    try {
      // Surplus arguments are dropped by the engine; a missing result reads as 0.
      return (guest(a, b, c, d, e) ?? 0) >>> 0;
    } catch (error) {
      this.#trap(name, error);
      return undefined;
    } finally {
      this.depth--;
    }
  }

  #run(name: string, args: number[]): void {
    const guest = this.#functions.get(name);
    if (guest === undefined || this.failed) return;
    this.depth++;
    try {
      guest(...args);
    } catch (error) {
      this.#trap(name, error);
    } finally {
      this.depth--;
    }
  }

  /** Guest memory of `size` bytes, owned by the guest from then on. 0: refused, or the allocator trapped; the guest code that made the host call goes on all the same, as in Envoy. */
  allocate(size: number): number {
    const phase = this.phase;
    if (this.#options.restrictAllocator) this.phase = "allocating";
    try {
      return (this.#allocator!(size) ?? 0) >>> 0;
    } catch (error) {
      this.#trap(this.#functions.has("malloc") ? "malloc" : "proxy_on_memory_allocate", error);
      return 0;
    } finally {
      this.phase = phase;
    }
  }

  #trap(name: string, error: unknown): void {
    if (!isTrap(error)) throw error;
    if (this.failed) return;
    this.failed = true;
    this.#options.onTrap(describeTrap(name, error as Error));
  }
}

// Not yet in the compiler's library.
const exceptionClass = (WebAssembly as unknown as { Exception?: new () => unknown }).Exception;

function isTrap(error: unknown): boolean {
  return (
    error instanceof WebAssembly.RuntimeError ||
    error instanceof RestrictedCallback ||
    (exceptionClass !== undefined && error instanceof exceptionClass) ||
    // The engine reports an exhausted stack this way.
    (error instanceof RangeError && error.message.includes("call stack"))
  );
}

const frame = /at (?:(.+?) \()?wasm:\/\/wasm\/[^)]*?:wasm-function\[(\d+)\]:(0x[0-9a-f]+)/;

function describeTrap(name: string, error: Error): string {
  const lines = [`Function: ${name} failed: Uncaught ${error.name}: ${error.message}`];
  const frames = (error.stack ?? "").split("\n").flatMap((line) => {
    const match = frame.exec(line);
    return match ? [`${match[3]} - ${match[1] ?? `wasm-function[${match[2]}]`}`] : [];
  });
  if (frames.length > 0) {
    lines.push("Proxy-Wasm plugin in-VM backtrace:");
    frames.forEach((text, index) => lines.push(`  ${index}:  ${text}`));
  }
  return lines.join("\n");
}
