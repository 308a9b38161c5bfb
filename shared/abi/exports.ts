// Every function the host looks up. A plugin's index.ts re-exports this file: order matters, because the
// first version marker the host knows decides (Higress knows 0.2.100, stock Envoy 0.2.1).
//
// All are exported even when a plugin does nothing with them: the Go project's test host calls each.

import { enter, leave } from "./memory";
import { handler } from "./handler";
export { malloc, proxy_on_memory_allocate } from "./memory";

export function proxy_abi_version_0_2_100(): void {}
export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_context_create(id: u32, parent: u32): void {
  enter();
  const target = handler();
  if (target) target.contextCreated(id, parent);
  leave();
}

export function proxy_on_vm_start(root: u32, configurationSize: i32): i32 {
  enter();
  const target = handler();
  const started = target ? target.vmStarted(root) : false;
  leave();
  return started ? 1 : 0;
}

export function proxy_on_configure(root: u32, configurationSize: i32): i32 {
  enter();
  const target = handler();
  const accepted = target ? target.configured(root, configurationSize) : false;
  leave();
  return accepted ? 1 : 0;
}

export function proxy_on_tick(root: u32): void {
  enter();
  const target = handler();
  if (target) target.ticked(root);
  leave();
}

export function proxy_on_request_headers(id: u32, count: i32, endStream: i32): i32 {
  enter();
  const target = handler();
  const action = target ? target.requestHeaders(id, count, endStream != 0) : 0;
  leave();
  return action;
}

export function proxy_on_request_body(id: u32, size: i32, endStream: i32): i32 {
  enter();
  const target = handler();
  const action = target ? target.requestBody(id, size, endStream != 0) : 0;
  leave();
  return action;
}

export function proxy_on_request_trailers(id: u32, count: i32): i32 {
  enter();
  const target = handler();
  const action = target ? target.requestTrailers(id, count) : 0;
  leave();
  return action;
}

export function proxy_on_response_headers(id: u32, count: i32, endStream: i32): i32 {
  enter();
  const target = handler();
  const action = target ? target.responseHeaders(id, count, endStream != 0) : 0;
  leave();
  return action;
}

export function proxy_on_response_body(id: u32, size: i32, endStream: i32): i32 {
  enter();
  const target = handler();
  const action = target ? target.responseBody(id, size, endStream != 0) : 0;
  leave();
  return action;
}

export function proxy_on_response_trailers(id: u32, count: i32): i32 {
  enter();
  const target = handler();
  const action = target ? target.responseTrailers(id, count) : 0;
  leave();
  return action;
}

export function proxy_on_http_call_response(
  root: u32,
  token: u32,
  headers: i32,
  bodySize: i32,
  trailers: i32,
): void {
  enter();
  const target = handler();
  if (target) target.callReplied(root, token, headers, bodySize);
  leave();
}

export function proxy_on_redis_call_response(root: u32, token: u32, status: i32, size: i32): void {
  enter();
  const target = handler();
  if (target) target.redisReplied(root, token, status);
  leave();
}

export function proxy_on_done(id: u32): i32 {
  enter();
  const target = handler();
  const finished = target ? target.done(id) : true;
  leave();
  return finished ? 1 : 0;
}

export function proxy_on_log(id: u32): void {
  enter();
  const target = handler();
  if (target) target.logged(id);
  leave();
}

export function proxy_on_delete(id: u32): void {
  enter();
  const target = handler();
  if (target) target.deleted(id);
  leave();
}
