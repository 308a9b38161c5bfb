// Where Redis replies go. Only a plugin that makes a `Redis` installs the receiver, so that the others carry
// neither its code nor the host imports behind it.

import { AnyStream } from "./stream";

export abstract class RedisReplies {
  /** The stream whose call waits for `token`, for naming it in log lines. */
  abstract streamOf(token: u32): AnyStream | null;
  abstract deliver(token: u32, status: i32): void;
}

let installed: RedisReplies | null = null;

export function installRedisReplies(replies: RedisReplies): void {
  installed = replies;
}

export function redisReplies(): RedisReplies | null {
  return installed;
}
