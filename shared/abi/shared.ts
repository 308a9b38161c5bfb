// Host calls about what all workers of a process share: data and metrics.

import * as env from "./env";
import { Span } from "../bytes/span";
import { adopt, clearOut, outAddress, outNumber, outSize } from "./memory";
import { MetricKind, Status } from "./codes";
import { utf8, writtenSize } from "./text";

let lastCas: u32 = 0;

/** Null when the key does not exist. */
export function sharedData(key: Span): Span | null {
  clearOut();
  const status = env.proxy_get_shared_data(key.start, key.size, outAddress(), outSize(), outNumber());
  lastCas = status == Status.Ok ? load<u32>(outNumber()) : 0;
  return status == Status.Ok ? adopt() : null;
}

/** The CAS that the last successful `sharedData` read. */
export function sharedDataCas(): u32 {
  return lastCas;
}

/** `cas` 0 writes whatever is there; else CasMismatch when the entry has another one. */
export function setSharedData(key: Span, value: Span, cas: u32): Status {
  return env.proxy_set_shared_data(key.start, key.size, value.start, value.size, cas);
}

/** The id of a new binding to the named metric, or -1. */
export function defineMetric(kind: MetricKind, name: string): i32 {
  const bytes = utf8(name);
  clearOut();
  const status = env.proxy_define_metric(kind, bytes, writtenSize(), outNumber());
  return status == Status.Ok ? load<i32>(outNumber()) : -1;
}

export function incrementMetric(id: i32, offset: i64): void {
  env.proxy_increment_metric(id, offset);
}

export function recordMetric(id: i32, value: i64): void {
  env.proxy_record_metric(id, value);
}
