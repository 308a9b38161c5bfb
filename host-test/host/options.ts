// The chain's options with every default filled in: what host functions and filters see.

import { resolveName } from "../services/names.ts";
import { LocalQueues, LocalStats } from "../services/local-data.ts";
import type { ChainOptions, SharedQueues, Stats } from "./types.ts";

export interface HostOptions extends ChainOptions {
  queues: SharedQueues;
  stats: Stats;
  bufferLimit: number;
  maxPages: number;
  resolveName(name: string, done: (addresses: string[]) => void): void;
}

const defaultBufferLimit = 1 << 20;
const defaultMemoryLimit = 1 << 30;

export function withDefaults(options: ChainOptions): HostOptions {
  return {
    ...options,
    queues: options.queues ?? new LocalQueues(options.clock),
    stats: options.stats ?? new LocalStats(),
    resolveName: options.resolveName ?? resolveName,
    bufferLimit: options.bufferLimit ?? defaultBufferLimit,
    maxPages: Math.floor((options.memoryLimitBytes ?? defaultMemoryLimit) / 65536),
  };
}
