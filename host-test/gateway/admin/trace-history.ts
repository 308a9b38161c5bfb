// The last exchanges, and those to come for whoever listens.

import type { ReplayableRequest } from "../traces/exchange-trace.ts";
import type { RecordedExchange } from "../traces/recorder.ts";
import type { Trace } from "../traces/trace.ts";

const capacity = 200;

/** Characters of all traces as JSON; one exchange of large bodies may take a few hundred thousand. */
const maxSize = 32 * 1024 * 1024;

/** A line of the list. */
export interface TraceSummary {
  id: string;
  startedAt: string;
  durationMs: number;
  source: string;
  method: string;
  authority: string;
  path: string;
  /** 0: no answer was sent. */
  status: number;
  details: string;
  route: string | undefined;
  cluster: string | undefined;
  /** Time inside plugins. */
  pluginMicros: number;
  /** Plugins that changed headers or body, in the order in which they ran. */
  changedBy: string[];
  canReplay: boolean;
}

interface Entry {
  summary: TraceSummary;
  /** Serialized once: what is kept, counted and served. */
  json: string;
  request: ReplayableRequest | undefined;
}

export class TraceHistory {
  #entries = new Map<string, Entry>();
  #size = 0;
  #listeners = new Set<(summary: TraceSummary) => void>();

  get summaries(): TraceSummary[] {
    return [...this.#entries.values()].map(({ summary }) => summary);
  }

  add({ trace, request }: RecordedExchange): void {
    const summary = summarize(trace, request !== undefined);
    const json = JSON.stringify(trace);
    this.#entries.set(trace.id, { summary, json, request });
    this.#size += json.length;
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= capacity && this.#size <= maxSize) break;
      this.#forget(id);
    }
    for (const listener of this.#listeners) listener(summary);
  }

  /** The trace as JSON. */
  json(id: string): string | undefined {
    return this.#entries.get(id)?.json;
  }

  /** What the client sent, credentials included: not for showing. */
  request(id: string): ReplayableRequest | undefined {
    return this.#entries.get(id)?.request;
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  /** Returns the way to stop listening. */
  listen(listener: (summary: TraceSummary) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #forget(id: string): void {
    this.#size -= this.#entries.get(id)?.json.length ?? 0;
    this.#entries.delete(id);
  }
}

function summarize(trace: Trace, canReplay: boolean): TraceSummary {
  const { id, startedAt, durationMs, source, details, route, cluster, request, response, steps } = trace;
  const pseudo = (name: string): string => request.headers.find(([key]) => key === name)?.[1] ?? "";
  const status = Number(response?.headers.find(([key]) => key === ":status")?.[1] ?? 0);
  const changed = steps.filter(
    ({ headers, body }) =>
      (headers && JSON.stringify(headers.before) !== JSON.stringify(headers.after)) ||
      (body && JSON.stringify(body.before) !== JSON.stringify(body.after)),
  );
  return {
    ...{ id, startedAt, durationMs, source, details, route, cluster, status, canReplay },
    ...{ method: pseudo(":method"), authority: pseudo(":authority"), path: pseudo(":path") },
    pluginMicros: steps.reduce((sum, { micros }) => sum + micros, 0),
    changedBy: [...new Set(changed.map(({ plugin }) => plugin))],
  };
}
