// Exports for tests: large objects that come and go, and what `room.ts` says of the memory between them.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
export { fits, hasRoom, lackedRoom, unwatchRoom, watchRoom } from "as-proxy-wasm-sdk/runtime/room";
import { Buffer } from "as-proxy-wasm-sdk/bytes";

const held: (ArrayBuffer | null)[] = [];

export function hold(slot: i32, size: i32): void {
  while (held.length <= slot) held.push(null);
  held[slot] = new ArrayBuffer(size);
}

export function drop(slot: i32): void {
  if (slot < held.length) held[slot] = null;
}

export function collect(): void {
  __collect();
}

/** Bytes that a buffer takes which `size` bytes are appended to, a thousand at a time. */
export function appended(size: i32): i32 {
  const out = new Buffer(64);
  for (let i = 0; i < size; i += 1000) {
    out.reserve(1000);
    if (out.overflowed) break;
    out.wrote(1000);
  }
  return out.size;
}
