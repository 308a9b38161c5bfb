// Custom metrics of several workers (compat/abi.md §12): one value per metric for the whole process, as in
// Envoy, so nothing has to be merged. Counters and gauges are changed without the lock.
//
//   counter, gauge: u64 │ histogram: u64 sum, u64 per bucket

import type { MetricType, Stats } from "../host/types.ts";
import { bucketBounds, bucketOf, Histogram, prometheusText } from "./metric-text.ts";
import type { MetricReading } from "./metric-text.ts";
import { SharedMemoryFull } from "./shared-memory.ts";
import type { SharedMemory } from "./shared-memory.ts";

const prefix = "metric\0";
const histogramBytes = 8 * (bucketBounds.length + 2);

export class WorkerStats implements Stats {
  readonly #memory: SharedMemory;
  readonly #values: BigUint64Array;
  readonly #handles = new Map<string, number>();
  /** Type and first word of eight bytes, by handle. */
  readonly #metrics: { type: MetricType; at: number }[] = [];

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#values = new BigUint64Array(memory.buffer);
  }

  define(type: MetricType, name: string): number | undefined {
    // Names are text; the shared memory keeps bytes.
    const key = `${prefix}${type}\0${Buffer.from(name, "utf8").toString("latin1")}`;
    const known = this.#handles.get(key);
    if (known !== undefined) return known;
    const address = this.#addressOf(key, type === "histogram" ? histogramBytes : 8);
    if (address === 0) return undefined;
    const handle = this.#metrics.push({ type, at: address / 8 }) - 1;
    this.#handles.set(key, handle);
    return handle;
  }

  add(handle: number, value: bigint): void {
    Atomics.add(this.#values, this.#metrics[handle]!.at, BigInt.asUintN(64, value));
  }

  record(handle: number, value: bigint): void {
    const { type, at } = this.#metrics[handle]!;
    if (type !== "histogram") {
      Atomics.store(this.#values, at, BigInt.asUintN(64, value));
      return;
    }
    Atomics.add(this.#values, at, value);
    Atomics.add(this.#values, at + 1 + bucketOf(value), 1n);
  }

  get(handle: number): bigint {
    return Atomics.load(this.#values, this.#metrics[handle]!.at);
  }

  /** Of all workers. */
  prometheus(): string {
    const memory = this.#memory;
    const found = memory.locked(() =>
      memory.entries(prefix).map(({ key, entry }) => ({ key, at: memory.tag(entry) / 8 })),
    );
    return prometheusText(found.filter(({ at }) => at > 0).map(({ key, at }) => this.#read(key, at)));
  }

  #read(key: string, at: number): MetricReading {
    const [, type, ...name] = key.split("\0");
    const reading: MetricReading = {
      type: type as MetricType,
      name: Buffer.from(name.join("\0"), "latin1").toString("utf8"),
      value: Atomics.load(this.#values, at),
      histogram: undefined,
    };
    if (type === "histogram") {
      const histogram = new Histogram();
      histogram.sum = reading.value;
      histogram.counts.forEach((_, index) => {
        histogram.counts[index] = Atomics.load(this.#values, at + 1 + index);
      });
      reading.histogram = histogram;
    }
    return reading;
  }

  /** 0: no room. */
  #addressOf(key: string, bytes: number): number {
    const memory = this.#memory;
    return memory.locked(() => {
      try {
        const entry = memory.findOrCreate(key);
        if (memory.tag(entry) === 0) memory.setTag(entry, memory.allocate(bytes));
        return memory.tag(entry);
      } catch (error) {
        if (error instanceof SharedMemoryFull) return 0;
        throw error;
      }
    });
  }
}
