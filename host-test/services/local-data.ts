// Shared data, queues and metrics of one process with one worker (compat/abi.md §12). For several workers
// see shared-data.ts, which behaves the same over shared memory.

import type { Cancel, Clock, MetricType, SharedData, SharedQueues, Stats } from "../host/types.ts";
import { Histogram, prometheusText } from "./metric-text.ts";

const nothing = new Uint8Array(0);

export class LocalData implements SharedData {
  readonly #entries = new Map<string, { value: Uint8Array; cas: number }>();
  #lastCas = 0;

  get(vmId: string, key: string): { value: Uint8Array; cas: number } | undefined {
    return this.#entries.get(`${vmId}\0${key}`);
  }

  set(vmId: string, key: string, value: Uint8Array, cas: number): "ok" | "cas-mismatch" {
    const name = `${vmId}\0${key}`;
    const entry = this.#entries.get(name);
    // A missing key may be created with any CAS, as in Envoy.
    if (entry !== undefined && cas !== 0 && cas !== entry.cas) return "cas-mismatch";
    this.#lastCas = this.#lastCas === 0xffffffff ? 1 : this.#lastCas + 1;
    this.#entries.set(name, { value, cas: this.#lastCas });
    return "ok";
  }
}

interface Queue {
  items: Uint8Array[];
  ready: (() => void) | undefined;
}

export class LocalQueues implements SharedQueues {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, number>();
  readonly #queues: Queue[] = [];
  readonly #pending = new Set<Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  register(vmId: string, name: string, ready: () => void): number {
    const key = `${vmId}\0${name}`;
    let token = this.#tokens.get(key);
    if (token === undefined) {
      token = this.#queues.push({ items: [], ready });
      this.#tokens.set(key, token);
    } else {
      this.#queues[token - 1]!.ready = ready;
    }
    return token;
  }

  resolve(vmId: string, name: string): number {
    return this.#tokens.get(`${vmId}\0${name}`) ?? 0;
  }

  enqueue(token: number, data: Uint8Array): "ok" | "unknown" {
    const queue = this.#queues[token - 1];
    if (queue === undefined) return "unknown";
    queue.items.push(data);
    const timer = this.#clock.setTimer(0, () => {
      this.#pending.delete(timer);
      queue.ready?.();
    });
    this.#pending.add(timer);
    return "ok";
  }

  dequeue(token: number): Uint8Array | "empty" | "unknown" {
    const queue = this.#queues[token - 1];
    if (queue === undefined) return "unknown";
    return queue.items.length === 0 ? "empty" : (queue.items.shift() ?? nothing);
  }

  unregister(ready: () => void): void {
    for (const queue of this.#queues) if (queue.ready === ready) queue.ready = undefined;
  }
}

export class LocalStats implements Stats {
  readonly #handles = new Map<string, number>();
  readonly #metrics: { type: MetricType; name: string; value: bigint; histogram: Histogram | undefined }[] =
    [];

  define(type: MetricType, name: string): number {
    const key = `${type}\0${name}`;
    let handle = this.#handles.get(key);
    if (handle === undefined) {
      const histogram = type === "histogram" ? new Histogram() : undefined;
      handle = this.#metrics.push({ type, name, value: 0n, histogram }) - 1;
      this.#handles.set(key, handle);
    }
    return handle;
  }

  add(handle: number, value: bigint): void {
    const metric = this.#metrics[handle]!;
    metric.value = BigInt.asUintN(64, metric.value + value);
  }

  record(handle: number, value: bigint): void {
    const metric = this.#metrics[handle]!;
    if (metric.histogram === undefined) metric.value = value;
    else metric.histogram.observe(value);
  }

  get(handle: number): bigint {
    return this.#metrics[handle]!.value;
  }

  prometheus(): string {
    return prometheusText(this.#metrics);
  }
}
