// Host calls about headers, trailers and bodies.

import * as env from "./env";
import { Span } from "../bytes/span";
import { adopt, adoptInto, clearOut, lend, outAddress, outSize } from "./memory";
import { BufferKind, MapKind, Status } from "./codes";
import { HeaderName } from "./names";

let lastHeaderStatus: Status = Status.Ok;

/** First value of a header; null when absent or when the map is not there: `headerStatus` tells which. */
export function headerValue(map: MapKind, name: HeaderName): Span | null {
  clearOut();
  lastHeaderStatus = env.proxy_get_header_map_value(map, name.start, name.size, outAddress(), outSize());
  return lastHeaderStatus == Status.Ok ? adopt() : null;
}

/** Status of the last `headerValue`: NotFound (no such header) or BadArgument (no such map now). */
export function headerStatus(): Status {
  return lastHeaderStatus;
}

/** All pairs of a map in the host's serialized form; empty when the map is not there. */
export function headerPairs(map: MapKind): Span {
  clearOut();
  const status = env.proxy_get_header_map_pairs(map, outAddress(), outSize());
  return status == Status.Ok ? adopt() : Span.empty();
}

export function addHeader(map: MapKind, name: HeaderName, value: usize, size: i32): Status {
  return env.proxy_add_header_map_value(map, name.start, name.size, value, size);
}

export function replaceHeader(map: MapKind, name: HeaderName, value: usize, size: i32): Status {
  return env.proxy_replace_header_map_value(map, name.start, name.size, value, size);
}

export function removeHeader(map: MapKind, name: HeaderName): Status {
  return env.proxy_remove_header_map_value(map, name.start, name.size);
}

/** Up to `length` bytes of a buffer from `start`; shorter when the buffer ends. */
export function bufferBytes(buffer: BufferKind, start: i32, length: i32): Span {
  clearOut();
  const status = env.proxy_get_buffer_bytes(buffer, start, length, outAddress(), outSize());
  return status == Status.Ok ? adopt() : Span.empty();
}

/** As `bufferBytes`, into `memory` and `span`, where the bytes are good until both are used again. */
export function bufferBytesInto(memory: ArrayBuffer, span: Span, buffer: BufferKind, start: i32): Span {
  lend(memory);
  clearOut();
  const length = memory.byteLength;
  env.proxy_get_buffer_bytes(buffer, start, length, outAddress(), outSize());
  lend(null);
  return adoptInto(span);
}

/** start 0: drops `length` bytes and puts `data` in front; start past the end: appends. */
export function setBufferBytes(buffer: BufferKind, start: i32, length: i32, data: Span): Status {
  return env.proxy_set_buffer_bytes(buffer, start, length, data.start, data.size);
}
