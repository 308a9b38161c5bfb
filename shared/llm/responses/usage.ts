// Token counts as the Responses API states them: cached tokens are part of the input, reasoning is part of the output.

import { Json, JsonKind, JsonWriter } from "../../json";
import { Usage } from "../usage";

/** Reads a `usage` object; null when it is none. */
export function readResponsesUsage(value: Json): Usage | null {
  if (value.kind != JsonKind.Object) return null;
  const usage = new Usage();
  const details = value.get("input_tokens_details");
  const input = count(value, "input_tokens");
  usage.cacheRead = min(count(details, "cached_tokens"), input);
  usage.cacheWrite = min(count(details, "cache_write_tokens"), input - usage.cacheRead);
  usage.input = input - usage.cacheRead - usage.cacheWrite;
  usage.output = count(value, "output_tokens");
  usage.reasoning = count(value.get("output_tokens_details"), "reasoning_tokens");
  // xAI counts reasoning beside the output; its total tells.
  if (usage.reasoning > 0 && count(value, "total_tokens") == input + usage.output + usage.reasoning) {
    usage.output += usage.reasoning;
  }
  return usage;
}

/** Writes a `usage` object. Every count is there, 0 where it is not known: strict clients refuse a lack. */
export function writeResponsesUsage(json: JsonWriter, usage: Usage): void {
  json.object().key("input_tokens").integer(usage.prompt).key("input_tokens_details").object();
  json
    .key("cached_tokens")
    .integer(usage.cacheRead)
    .key("cache_write_tokens")
    .integer(usage.cacheWrite)
    .end();
  json.key("output_tokens").integer(usage.output).key("output_tokens_details").object();
  json.key("reasoning_tokens").integer(usage.reasoning).end();
  json.key("total_tokens").integer(usage.total);
  if (usage.isEstimated) json.key("estimated").bool(true);
  json.end();
}

function count(value: Json, name: string): i64 {
  return min(max(value.get(name).integer(0), 0), <i64>u32.MAX_VALUE);
}
