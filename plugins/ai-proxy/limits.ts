// How much of a message the plugin takes in.

import { Head } from "as-proxy-wasm-sdk/sdk";

/** What the host is told to hold of a request, and of an answer that is not streamed. */
export const MAX_BODY_BYTES = 104857600;

/**
 * A request that is translated is in memory twice. Anthropic takes 32 MiB, so more would only cost memory:
 * https://platform.claude.com/docs/en/api/errors#request-size-limits
 */
export const MAX_TRANSLATED_BYTES: i32 = 32 << 20;

/** True when the head already says that the body passes the limit. */
export function isTooLarge(head: Head): bool {
  const length = head.bytes("content-length");
  if (length === null) return false;
  let size: i64 = 0;
  for (let i = 0; i < length.size; i++) {
    const digit = length.at(i) - 0x30;
    if (digit < 0 || digit > 9) return false;
    size = size * 10 + digit;
    if (size > MAX_BODY_BYTES) return true;
  }
  return false;
}
