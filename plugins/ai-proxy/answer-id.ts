// Ids of answers, for providers that give theirs none.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { uuid } from "./uuid";

/** A new id as OpenAI's answers have it. */
export function newAnswerId(): Span {
  return Span.text("chatcmpl-" + uuid());
}
