// Data of the whole process, handed to every worker.

import { SystemClock } from "../../host/clock.ts";
import type { ChainOptions } from "../../host/types.ts";
import { LocalData, LocalQueues, LocalStats } from "../../services/local-data.ts";
import { WorkerData } from "../../services/shared-data.ts";
import { SharedMemory } from "../../services/shared-memory.ts";
import { WorkerQueues } from "../../services/shared-queues.ts";
import { WorkerStats } from "../../services/shared-stats.ts";

/** What crosses the thread border; `null` when there is only one worker. */
export type SharedHandle = SharedArrayBuffer | null;

export type ProcessData = Required<Pick<ChainOptions, "sharedData" | "queues" | "stats">>;

export function createShared(workers: number): SharedHandle {
  return workers === 1 ? null : SharedMemory.create().buffer;
}

export function attachShared(handle: SharedHandle): ProcessData {
  if (handle === null) {
    return {
      sharedData: new LocalData(),
      queues: new LocalQueues(new SystemClock()),
      stats: new LocalStats(),
    };
  }
  const memory = new SharedMemory(handle);
  return {
    sharedData: new WorkerData(memory),
    queues: new WorkerQueues(memory),
    stats: new WorkerStats(memory),
  };
}
