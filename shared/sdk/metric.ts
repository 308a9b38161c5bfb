// Custom metrics. The host gives a new id for every definition, so ids are kept per name.

import { defineMetric, incrementMetric, recordMetric } from "../abi/shared";
import { MetricKind } from "../abi/codes";
import { log } from "./log";

/** Names may contain values from requests (a model, a route). Beyond this many per kind nothing new is counted. */
const MAX_NAMES = 10000;

class Ids {
  private ids: Map<string, i32> = new Map<string, i32>();
  constructor(private kind: MetricKind) {}

  /** -1: not to be counted. */
  of(name: string): i32 {
    if (this.ids.has(name)) return this.ids.get(name);
    if (this.ids.size >= MAX_NAMES) return -1;
    const id = defineMetric(this.kind, name);
    this.ids.set(name, id);
    if (this.ids.size == MAX_NAMES)
      log.warn(`${MAX_NAMES} metrics are in use: further names are not counted`);
    return id;
  }
}

const counters = new Ids(MetricKind.Counter);
const gauges = new Ids(MetricKind.Gauge);
const histograms = new Ids(MetricKind.Histogram);

/** Adds to a counter; an `amount` that is not above 0 does nothing. */
export function count(name: string, amount: i64 = 1): void {
  const id = counters.of(name);
  if (id >= 0 && amount > 0) incrementMetric(id, amount);
}

/** Moves a gauge by `amount`, which may be negative. */
export function move(name: string, amount: i64): void {
  const id = gauges.of(name);
  if (id >= 0) incrementMetric(id, amount);
}

export function gauge(name: string, value: i64): void {
  const id = gauges.of(name);
  if (id >= 0) recordMetric(id, value);
}

export function observe(name: string, value: i64): void {
  const id = histograms.of(name);
  if (id >= 0) recordMetric(id, value);
}
