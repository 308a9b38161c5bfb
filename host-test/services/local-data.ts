// Shared data, queues and metrics of one process with one worker (compat/abi.md §12). For several workers
// see shared-data.ts and its siblings, which behave the same over shared memory.

import type { Clock, MetricType, SharedData, SharedQueues, Stats } from "../host/types.ts";
import { Histogram, prometheusText } from "./metric-text.ts";

/** Envoy has no bound; a plugin that leaks keys should show here before it fills a gateway. */
const defaultMaxBytes = 256 << 20;

export class LocalData implements SharedData {
  readonly #entries = new Map<string, { value: Uint8Array; cas: number }>();
  readonly #maxBytes: number;
  #bytes = 0;
  #lastCas = 0;

  constructor(maxBytes = defaultMaxBytes) {
    this.#maxBytes = maxBytes;
  }

  get(vmId: string, key: string): { value: Uint8Array; cas: number } | undefined {
    return this.#entries.get(`${vmId}\0${key}`);
  }

  set(vmId: string, key: string, value: Uint8Array, cas: number): "ok" | "cas-mismatch" | "full" {
    const name = `${vmId}\0${key}`;
    const entry = this.#entries.get(name);
    // A missing key may be created with any CAS, as in Envoy.
    if (entry !== undefined && cas !== 0 && cas !== entry.cas) return "cas-mismatch";
    const growth = value.length - (entry === undefined ? -name.length : entry.value.length);
    if (growth > 0 && this.#bytes + growth > this.#maxBytes) return "full";
    this.#bytes += growth;
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
  readonly #maxBytes: number;
  readonly #tokens = new Map<string, number>();
  readonly #queues: Queue[] = [];
  #bytes = 0;

  constructor(clock: Clock, maxBytes = defaultMaxBytes) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
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

  enqueue(token: number, data: Uint8Array): "ok" | "unknown" | "full" {
    const queue = this.#queues[token - 1];
    if (queue === undefined) return "unknown";
    if (this.#bytes + data.length > this.#maxBytes) return "full";
    this.#bytes += data.length;
    queue.items.push(data);
    this.#clock.setTimer(0, () => queue.ready?.());
    return "ok";
  }

  dequeue(token: number): Uint8Array | "empty" | "unknown" {
    const queue = this.#queues[token - 1];
    if (queue === undefined) return "unknown";
    const item = queue.items.shift();
    if (item === undefined) return "empty";
    this.#bytes -= item.length;
    return item;
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
