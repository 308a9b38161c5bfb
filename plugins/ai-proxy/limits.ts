// How much of a message the plugin takes in.

import { Head } from "as-proxy-wasm-sdk/sdk";

/** What the host is told to hold of a request, and of an answer that is not streamed. */
export const MAX_BODY_BYTES = 104857600;

export const TOO_LARGE: string = "the request body has more bytes than the gateway holds";

/**
 * A request that is translated is in memory twice. Anthropic takes 32 MiB, so more would only cost memory:
 * https://platform.claude.com/docs/en/api/errors#request-size-limits
 */
export const MAX_TRANSLATED_BYTES: i32 = 32 << 20;

/** What `content-length` says, or -1 where it is absent or no number. A length beyond all limits is cut short. */
export function announcedLength(head: Head): i64 {
  const length = head.bytes("content-length");
  if (length === null || length.isEmpty) return -1;
  let size: i64 = 0;
  for (let i = 0; i < length.size; i++) {
    const digit = length.at(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    size = min<i64>(size * 10 + digit, i64.MAX_VALUE / 16);
  }
  return size;
}
