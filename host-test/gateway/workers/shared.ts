// Data of the whole process, handed to every worker.

import { SystemClock } from "../../host/clock.ts";
import type { SharedData, SharedQueues, Stats } from "../../host/types.ts";
import { LocalData, LocalQueues, LocalStats } from "../../services/local-data.ts";

/** What crosses the thread border. */
export type SharedHandle = null;

export function createShared(_workers: number): SharedHandle {
  return null;
}

export function attachShared(_handle: SharedHandle): {
  sharedData: SharedData;
  queues: SharedQueues;
  stats: Stats;
} {
  return { sharedData: new LocalData(), queues: new LocalQueues(new SystemClock()), stats: new LocalStats() };
}
