// Host calls with spans and strings instead of addresses. Each returns the host's status, or a span and a
// null when there is nothing; none traps. The local constants keep memory reachable while the host reads it.

import * as env from "./env";
import { Span } from "../bytes/span";
import { adopt, clearOut, lend, outAddress, outNumber, outSize } from "./memory";
import { BufferKind, Direction, LogLevel, MapKind, MetricKind, Status } from "./codes";

export function log(level: LogLevel, text: string): void {
  const bytes = String.UTF8.encode(text);
  env.proxy_log(level, changetype<usize>(bytes), bytes.byteLength);
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

/** Calls a foreign function by name; null when the host does not have it or it fails. */
export function foreign(name: string, argument: Span): Span | null {
  const nameBytes = String.UTF8.encode(name);
  clearOut();
  const status = env.proxy_call_foreign_function(
    changetype<usize>(nameBytes),
    nameBytes.byteLength,
    argument.start,
    argument.size,
    outAddress(),
    outSize(),
  );
  return status == Status.Ok ? adopt() : null;
}

/** A property; `path` has its segments joined by `\0`. Null when the host does not know it. */
export function property(path: string): Span | null {
  const bytes = String.UTF8.encode(path);
  clearOut();
  const status = env.proxy_get_property(changetype<usize>(bytes), bytes.byteLength, outAddress(), outSize());
  return status == Status.Ok ? adopt() : null;
}

export function setProperty(path: string, value: Span): Status {
  const bytes = String.UTF8.encode(path);
  return env.proxy_set_property(changetype<usize>(bytes), bytes.byteLength, value.start, value.size);
}

/** First value of a header; null when absent or when the map is not there. `status` tells which. */
export function headerValue(map: MapKind, name: string): Span | null {
  const bytes = String.UTF8.encode(name);
  clearOut();
  lastHeaderStatus = env.proxy_get_header_map_value(
    map,
    changetype<usize>(bytes),
    bytes.byteLength,
    outAddress(),
    outSize(),
  );
  return lastHeaderStatus == Status.Ok ? adopt() : null;
}

let lastHeaderStatus: Status = Status.Ok;

/** Status of the last `headerValue`: NotFound (no such header) or BadArgument (no such map now). */
export function headerStatus(): Status {
  return lastHeaderStatus;
}

/** All pairs of a map in the wire form of compat "Serialization"; empty when the map is not there. */
export function headerPairs(map: MapKind): Span {
  clearOut();
  const status = env.proxy_get_header_map_pairs(map, outAddress(), outSize());
  return status == Status.Ok ? adopt() : Span.empty();
}

export function setHeaderPairs(map: MapKind, pairs: Span): Status {
  return env.proxy_set_header_map_pairs(map, pairs.start, pairs.size);
}

export function addHeader(map: MapKind, name: Span, value: Span): Status {
  return env.proxy_add_header_map_value(map, name.start, name.size, value.start, value.size);
}

export function replaceHeader(map: MapKind, name: Span, value: Span): Status {
  return env.proxy_replace_header_map_value(map, name.start, name.size, value.start, value.size);
}

export function removeHeader(map: MapKind, name: Span): Status {
  return env.proxy_remove_header_map_value(map, name.start, name.size);
}

/** Up to `length` bytes of a buffer from `start`; shorter when the buffer ends. */
export function bufferBytes(buffer: BufferKind, start: i32, length: i32): Span {
  clearOut();
  const status = env.proxy_get_buffer_bytes(buffer, start, length, outAddress(), outSize());
  return status == Status.Ok ? adopt() : Span.empty();
}

/** As `bufferBytes`, into `memory` when it is large enough: the span is good until `memory` is used again. */
export function bufferBytesInto(memory: ArrayBuffer, buffer: BufferKind, start: i32, length: i32): Span {
  lend(memory);
  const bytes = bufferBytes(buffer, start, length);
  lend(null);
  return bytes;
}

/** start 0: drains `length` bytes and prepends; start past the end: appends. */
export function setBufferBytes(buffer: BufferKind, start: i32, length: i32, data: Span): Status {
  return env.proxy_set_buffer_bytes(buffer, start, length, data.start, data.size);
}

export function sendLocalResponse(status: i32, details: string, body: Span, headers: Span): Status {
  const detailBytes = String.UTF8.encode(details);
  return env.proxy_send_local_response(
    status,
    changetype<usize>(detailBytes),
    detailBytes.byteLength,
    body.start,
    body.size,
    headers.start,
    headers.size,
    -1,
  );
}

/** The token of the call, or 0 when the host refused it (unknown cluster, no host, missing pseudo header). */
export function httpCall(cluster: string, headers: Span, body: Span, timeoutMs: i32): u32 {
  const clusterBytes = String.UTF8.encode(cluster);
  // The address of an empty map must still be readable: some hosts check it before the size.
  clearOut();
  lastCallStatus = env.proxy_http_call(
    changetype<usize>(clusterBytes),
    clusterBytes.byteLength,
    headers.start,
    headers.size,
    body.start,
    body.size,
    0,
    0,
    timeoutMs,
    outNumber(),
  );
  // The Go project's test host counts tokens from 0, so success is told by the status.
  return load<u32>(outNumber());
}

let lastCallStatus: Status = Status.Ok;

/** Status of the last `httpCall` or `redisCall`. */
export function callStatus(): Status {
  return lastCallStatus;
}

export function sharedData(key: Span): Span | null {
  clearOut();
  const status = env.proxy_get_shared_data(key.start, key.size, outAddress(), outSize(), outNumber());
  lastCas = status == Status.Ok ? load<u32>(outNumber()) : 0;
  return status == Status.Ok ? adopt() : null;
}

let lastCas: u32 = 0;

/** The CAS that the last successful `sharedData` read. */
export function sharedDataCas(): u32 {
  return lastCas;
}

export function setSharedData(key: Span, value: Span, cas: u32): Status {
  return env.proxy_set_shared_data(key.start, key.size, value.start, value.size, cas);
}

/** The id of a new binding to the named metric, or 0. */
export function defineMetric(kind: MetricKind, name: string): i32 {
  const bytes = String.UTF8.encode(name);
  clearOut();
  const status = env.proxy_define_metric(kind, changetype<usize>(bytes), bytes.byteLength, outNumber());
  return status == Status.Ok ? load<i32>(outNumber()) : -1;
}

export function incrementMetric(id: i32, offset: i64): void {
  env.proxy_increment_metric(id, offset);
}

export function recordMetric(id: i32, value: i64): void {
  env.proxy_record_metric(id, value);
}

export function setTickPeriod(ms: i32): void {
  env.proxy_set_tick_period_milliseconds(ms);
}

/** False when the context is gone. */
export function setEffectiveContext(id: u32): bool {
  return env.proxy_set_effective_context(id) == Status.Ok;
}

export function continueStream(direction: Direction): Status {
  return env.proxy_continue_stream(direction);
}

export function closeStream(direction: Direction): Status {
  return env.proxy_close_stream(direction);
}

/** Higress only; elsewhere `Unimplemented`. */
export function redisInit(
  service: string,
  username: string,
  password: string,
  timeoutMs: i32,
): Status {
  if (isDefined(HIGRESS)) {
    const serviceBytes = String.UTF8.encode(service);
    const usernameBytes = String.UTF8.encode(username);
    const passwordBytes = String.UTF8.encode(password);
    return env.proxy_redis_init(
      changetype<usize>(serviceBytes),
      serviceBytes.byteLength,
      changetype<usize>(usernameBytes),
      usernameBytes.byteLength,
      changetype<usize>(passwordBytes),
      passwordBytes.byteLength,
      timeoutMs,
    );
  } else {
    return Status.Unimplemented;
  }
}

/** Higress only. The token; `callStatus` tells whether the call was taken. */
export function redisCall(service: string, command: Span): u32 {
  if (isDefined(HIGRESS)) {
    const bytes = String.UTF8.encode(service);
    clearOut();
    lastCallStatus = env.proxy_redis_call(
      changetype<usize>(bytes),
      bytes.byteLength,
      command.start,
      command.size,
      outNumber(),
    );
    return load<u32>(outNumber());
  } else {
    lastCallStatus = Status.Unimplemented;
    return 0;
  }
}
