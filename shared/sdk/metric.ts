// Custom metrics. The host gives a new id for every definition, so ids are kept per name.

import { defineMetric, incrementMetric, recordMetric } from "../abi/host";
import { MetricKind } from "../abi/codes";

/** Names may contain values from requests (a model, a route); beyond this many they all count as one. */
const MAX_NAMES = 10000;

const ids = new Map<string, i32>();

function idOf(kind: MetricKind, name: string): i32 {
  const key = `${<i32>kind}${name}`;
  if (ids.has(key)) return ids.get(key);
  if (ids.size >= MAX_NAMES) return -1;
  const id = defineMetric(kind, name);
  ids.set(key, id);
  return id;
}

/** Adds to a counter; `amount` must be above 0. */
export function count(name: string, amount: i64 = 1): void {
  const id = idOf(MetricKind.Counter, name);
  if (id >= 0 && amount > 0) incrementMetric(id, amount);
}

/** Moves a gauge by `amount`, which may be negative. */
export function move(name: string, amount: i64): void {
  const id = idOf(MetricKind.Gauge, name);
  if (id >= 0) incrementMetric(id, amount);
}

export function gauge(name: string, value: i64): void {
  const id = idOf(MetricKind.Gauge, name);
  if (id >= 0) recordMetric(id, value);
}

export function observe(name: string, value: i64): void {
  const id = idOf(MetricKind.Histogram, name);
  if (id >= 0) recordMetric(id, value);
}
