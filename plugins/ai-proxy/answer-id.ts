// Ids of answers, for providers that give theirs none.

import { random } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

/** A new id as OpenAI's answers have it. */
export function newAnswerId(): Span {
  return Span.text("chatcmpl-" + random().toString(16) + random().toString(16));
}
