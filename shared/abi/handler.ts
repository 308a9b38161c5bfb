// What the exports call. The SDK installs one handler; abi/ knows nothing of plugins.

export abstract class Handler {
  abstract contextCreated(id: u32, parent: u32): void;
  abstract vmStarted(root: u32): bool;
  abstract configured(root: u32, size: i32): bool;
  abstract ticked(root: u32): void;
  abstract requestHeaders(id: u32, count: i32, endStream: bool): i32;
  abstract requestBody(id: u32, size: i32, endStream: bool): i32;
  abstract requestTrailers(id: u32, count: i32): i32;
  abstract responseHeaders(id: u32, count: i32, endStream: bool): i32;
  abstract responseBody(id: u32, size: i32, endStream: bool): i32;
  abstract responseTrailers(id: u32, count: i32): i32;
  abstract callReplied(root: u32, token: u32, headers: i32, bodySize: i32): void;
  abstract redisReplied(root: u32, token: u32, status: i32): void;
  abstract done(id: u32): bool;
  abstract logged(id: u32): void;
  abstract deleted(id: u32): void;
}

let installed: Handler | null = null;

export function install(handler: Handler): void {
  installed = handler;
}

export function handler(): Handler | null {
  return installed;
}
