// What `gateway bench` sets against JSON.parse: finding `model` in a chat body.

import "as-proxy-wasm-sdk/abi/abort";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonSeek } from "as-proxy-wasm-sdk/json";

let body = new ArrayBuffer(0);

/** Makes room for a body of `size` bytes and returns its address. */
export function room(size: i32): usize {
  body = new ArrayBuffer(size);
  return changetype<usize>(body);
}

/** Length of the value of `model`, by path. */
export function byPath(): i32 {
  return Json.read(Span.of(body)).get("model").raw().size;
}

const keys: string[] = ["model"];

/** Length of the value of `model`, by the resumable search over windows. */
export function byWindows(): i32 {
  const seek = new JsonSeek(keys);
  const all = Span.of(body);
  for (let at = 0; at < all.size; at += 65536) seek.feed(all.slice(at, at + 65536));
  return <i32>(seek.end(0) - seek.start(0));
}

export function collect(): void {
  __collect();
}
