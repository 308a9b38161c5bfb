// The newest log lines, and those to come for whoever listens.

import type { LogEntry } from "../workers/worker.ts";

export interface TimedEntry extends LogEntry {
  /** ISO 8601, milliseconds. */
  time: string;
}

const capacity = 1000;

export class LogHistory {
  #entries: TimedEntry[] = [];
  #listeners = new Set<(entry: TimedEntry) => void>();

  get entries(): readonly TimedEntry[] {
    return this.#entries;
  }

  add(entry: LogEntry): TimedEntry {
    const { level, plugin, message } = entry;
    const timed = { time: new Date().toISOString(), level, plugin, message };
    this.#entries.push(timed);
    if (this.#entries.length > capacity) this.#entries.shift();
    for (const listener of this.#listeners) listener(timed);
    return timed;
  }

  /** Returns the way to stop listening. */
  listen(listener: (entry: TimedEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
