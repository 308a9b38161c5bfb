// Where Redis replies go. Only a plugin that makes a `Redis` installs the receiver, so that the others carry
// neither its code nor the host imports behind it.

import { Root } from "./root";

export abstract class RedisReplies {
  abstract deliver(token: u32, status: i32): void;
  /** Drops the calls of a configuration that is gone. */
  abstract forget(root: Root): void;
}

let installed: RedisReplies | null = null;

export function installRedisReplies(replies: RedisReplies): void {
  installed = replies;
}

export function redisReplies(): RedisReplies | null {
  return installed;
}
