// Host calls with spans and strings instead of addresses. Each returns the host's status, or a span and null
// when there is nothing; none traps. Messages, calls and shared state have files of their own.

import * as env from "./env";
import { clock_time_get, random_get } from "./wasi_snapshot_preview1";
import { Span } from "../bytes/span";
import { adopt, clearOut, outAddress, outNumber, outSize } from "./memory";
import { Direction, LogLevel, Status } from "./codes";
import { utf8, writtenSize } from "./text";

/** Built for Higress, not for stock Envoy (docs/decisions: two builds per plugin). */
export const IS_HIGRESS: bool = isDefined(HIGRESS);

const REAL_TIME = 0;
const NS_PER_MS: u64 = 1_000_000;

export function log(level: LogLevel, line: Span): void {
  env.proxy_log(level, line.start, line.size);
}

/** The host's log threshold. Higress answers a foreign function, stock Envoy has an import Higress's test host lacks. */
export function logLevel(): LogLevel {
  if (isDefined(HIGRESS)) {
    const level = foreign("get_log_level", Span.empty());
    return level !== null && level.size >= 4 ? <LogLevel>level.at(0) : LogLevel.Info;
  } else {
    clearOut();
    if (env.proxy_get_log_level(outNumber()) != Status.Ok) return LogLevel.Info;
    return <LogLevel>load<i32>(outNumber());
  }
}

/** Wall clock, milliseconds since the epoch; 0 when the host has none. */
export function wallClockMs(): i64 {
  clearOut();
  clock_time_get(REAL_TIME, 0, outNumber());
  return <i64>(load<u64>(outNumber()) / NS_PER_MS);
}

/** 64 random bits from the host. */
export function randomBits(): u64 {
  clearOut();
  random_get(outNumber(), 8);
  return load<u64>(outNumber());
}

/** Calls a foreign function by name; null when the host does not have it or it fails. */
export function foreign(name: string, argument: Span): Span | null {
  const bytes = utf8(name);
  clearOut();
  const status = env.proxy_call_foreign_function(
    bytes,
    writtenSize(),
    argument.start,
    argument.size,
    outAddress(),
    outSize(),
  );
  return status == Status.Ok ? adopt() : null;
}

/** A property; `path` has its segments joined by `\0`. Null when the host does not know it. */
export function property(path: string): Span | null {
  const bytes = utf8(path);
  clearOut();
  const status = env.proxy_get_property(bytes, writtenSize(), outAddress(), outSize());
  return status == Status.Ok ? adopt() : null;
}

export function setProperty(path: string, value: Span): Status {
  const bytes = utf8(path);
  return env.proxy_set_property(bytes, writtenSize(), value.start, value.size);
}

/** Period of the root context's timer in milliseconds; 0 stops it. */
export function setTickPeriod(ms: i32): void {
  env.proxy_set_tick_period_milliseconds(ms);
}

/** Makes the next host calls act on context `id`. False when it is gone. */
export function setEffectiveContext(id: u32): bool {
  return env.proxy_set_effective_context(id) == Status.Ok;
}

export function continueStream(direction: Direction): Status {
  return env.proxy_continue_stream(direction);
}

export function closeStream(direction: Direction): Status {
  return env.proxy_close_stream(direction);
}

/** `headers` in the host's serialized form. */
export function sendLocalResponse(status: i32, details: string, body: Span, headers: Span): Status {
  const bytes = utf8(details);
  return env.proxy_send_local_response(
    status,
    bytes,
    writtenSize(),
    body.start,
    body.size,
    headers.start,
    headers.size,
    -1,
  );
}
