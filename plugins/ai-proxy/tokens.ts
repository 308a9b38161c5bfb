// Which of a provider's tokens a request goes out with.

import { randomBelow } from "as-proxy-wasm-sdk/sdk";
import { fnv1a32, Span } from "as-proxy-wasm-sdk/bytes";
import { Api, isStateful } from "./apis";

/**
 * One token for the whole request; "" when there is none. Requests that build on earlier ones of the same
 * consumer always get the same token, others a random one.
 */
export function selectToken(tokens: string[], api: Api, consumer: string): string {
  if (tokens.length == 0) return "";
  if (tokens.length == 1) return tokens[0];
  if (isStateful(api) && consumer.length > 0) {
    return tokens[<i32>(fnv1a32(Span.text(consumer)) % <u32>tokens.length)];
  }
  return tokens[randomBelow(tokens.length)];
}
