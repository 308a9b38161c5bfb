// How much of a message the plugin takes in.

import { Head } from "as-proxy-wasm-sdk/sdk";

export const MAX_BODY_BYTES = 104857600;

/** True when the head already says that the body passes the limit. */
export function isRequestTooLarge(head: Head): bool {
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
