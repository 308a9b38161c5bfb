// Token counts as Anthropic states them: input, cache reads and cache writes apart, thinking part of the output.

import { Buffer } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { Usage } from "../usage";

/** Takes over the counts that a `usage` object states; they are totals, so later ones replace earlier ones. */
export function readAnthropicUsage(value: Json, usage: Usage): void {
  usage.input = count(value, "input_tokens", usage.input);
  usage.cacheRead = count(value, "cache_read_input_tokens", usage.cacheRead);
  const split = value.get("cache_creation");
  const written = count(split, "ephemeral_5m_input_tokens", 0) + count(split, "ephemeral_1h_input_tokens", 0);
  usage.cacheWrite = count(value, "cache_creation_input_tokens", written > 0 ? written : usage.cacheWrite);
  usage.output = count(value, "output_tokens", usage.output);
  usage.reasoning = count(value.get("output_tokens_details"), "thinking_tokens", usage.reasoning);
}

/** Appends a `usage` object. Input and output are always there: clients read them without looking. */
export function writeAnthropicUsage(out: Buffer, usage: Usage): void {
  const json = new JsonWriter(out).object();
  json.key("input_tokens").integer(usage.input).key("output_tokens").integer(usage.output);
  if (usage.cacheWrite > 0) json.key("cache_creation_input_tokens").integer(usage.cacheWrite);
  if (usage.cacheRead > 0) json.key("cache_read_input_tokens").integer(usage.cacheRead);
  if (usage.isEstimated) json.key("estimated").bool(true);
  json.end();
}

function count(value: Json, name: string, present: i64): i64 {
  const tokens = value.get(name);
  if (tokens.kind != JsonKind.Number) return present;
  return min(max(tokens.integer(present), 0), <i64>u32.MAX_VALUE);
}
