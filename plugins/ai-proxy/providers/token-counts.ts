// Token counts in OpenAI's names.

import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";

const NAMES: StaticArray<string> = ["prompt_tokens", "completion_tokens", "total_tokens"];

/** Writes the counts that are not 0 as an object. */
export function writeTokenCounts(json: JsonWriter, usage: Json): void {
  json.object();
  for (let i = 0; i < NAMES.length; i++) {
    const tokens = usage.get(NAMES[i]).integer(0);
    if (tokens > 0) json.key(NAMES[i]).integer(tokens);
  }
  json.end();
}
