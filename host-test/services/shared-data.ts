// Shared data for several workers (compat/abi.md §12). The rules are those of local-data.ts; the memory is
// shared between threads.

import type { SharedData } from "../host/types.ts";
import { SharedMemoryFull } from "./shared-memory.ts";
import type { SharedMemory } from "./shared-memory.ts";

const prefix = "data\0";

export class WorkerData implements SharedData {
  readonly #memory: SharedMemory;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  get(vmId: string, key: string): { value: Uint8Array; cas: number } | undefined {
    const memory = this.#memory;
    return memory.locked(() => {
      const entry = memory.find(prefix + vmId + "\0" + key);
      // An entry without a CAS was made by a write that found no room for its value.
      if (entry === 0 || memory.tag(entry) === 0) return undefined;
      return { value: memory.value(entry), cas: memory.tag(entry) };
    });
  }

  set(vmId: string, key: string, value: Uint8Array, cas: number): "ok" | "cas-mismatch" | "full" {
    const memory = this.#memory;
    return memory.locked(() => {
      try {
        const entry = memory.findOrCreate(prefix + vmId + "\0" + key);
        const stored = memory.tag(entry);
        // A missing key may be created with any CAS, as in Envoy.
        if (stored !== 0 && cas !== 0 && cas !== stored) return "cas-mismatch";
        memory.setValue(entry, value);
        memory.setTag(entry, memory.nextNumber());
        return "ok";
      } catch (error) {
        if (error instanceof SharedMemoryFull) return "full";
        throw error;
      }
    });
  }
}
