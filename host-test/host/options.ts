// The chain's options with every default filled in: what host functions and filters see.

import { LocalQueues, LocalStats } from "../services/local-data.ts";
import type { ChainOptions, SharedQueues, Stats } from "./types.ts";

export interface HostOptions extends ChainOptions {
  queues: SharedQueues;
  stats: Stats;
  bufferLimit: number;
  maxPages: number;
}

const defaultBufferLimit = 1 << 20;
const defaultMemoryLimit = 1 << 30;

export function withDefaults(options: ChainOptions): HostOptions {
  return {
    ...options,
    queues: options.queues ?? new LocalQueues(options.clock),
    stats: options.stats ?? new LocalStats(),
    bufferLimit: options.bufferLimit ?? defaultBufferLimit,
    maxPages: Math.floor((options.memoryLimitBytes ?? defaultMemoryLimit) / 65536),
  };
}
