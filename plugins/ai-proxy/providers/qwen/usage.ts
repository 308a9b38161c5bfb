// Token counts as DashScope states them: `{"input_tokens":…,"output_tokens":…,"prompt_tokens_details":{…}}`.

import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";

/** Null when the value is no object. */
export function readQwenUsage(value: Json): Usage | null {
  if (value.kind != JsonKind.Object) return null;
  const usage = new Usage();
  const prompt = max(value.get("input_tokens").integer(0), 0);
  const cached = value.path("prompt_tokens_details.cached_tokens").integer(0);
  usage.cacheRead = min(max(cached, 0), prompt);
  usage.input = prompt - usage.cacheRead;
  usage.output = max(value.get("output_tokens").integer(0), 0);
  usage.reasoning = max(value.path("output_tokens_details.reasoning_tokens").integer(0), 0);
  return usage;
}
