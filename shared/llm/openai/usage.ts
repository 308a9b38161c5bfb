// Token counts as OpenAI states them: cached tokens are part of the prompt, reasoning is part of the completion.

import { Buffer } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { Usage } from "../usage";

/** Reads a `usage` object; null when it is none. */
export function readOpenaiUsage(value: Json): Usage | null {
  if (value.kind != JsonKind.Object) return null;
  const usage = new Usage();
  let promptDetails = value.get("prompt_tokens_details");
  let outputDetails = value.get("completion_tokens_details");
  let prompt = count(value, "prompt_tokens");
  if (prompt == 0) {
    // As OpenAI's other API names them.
    prompt = count(value, "input_tokens");
    if (!promptDetails.exists) promptDetails = value.get("input_tokens_details");
    if (!outputDetails.exists) outputDetails = value.get("output_tokens_details");
  }
  let cached = count(promptDetails, "cached_tokens");
  if (cached == 0) cached = count(value, "cached_tokens");
  if (cached == 0) cached = count(value, "prompt_cache_hit_tokens");
  usage.cacheRead = min(cached, prompt);
  let written = count(promptDetails, "cache_write_tokens");
  // Qwen's name.
  if (written == 0) written = count(promptDetails, "cache_creation_input_tokens");
  usage.cacheWrite = min(written, prompt - usage.cacheRead);
  usage.input = prompt - usage.cacheRead - usage.cacheWrite;
  usage.output = count(value, "completion_tokens");
  if (usage.output == 0) usage.output = count(value, "output_tokens");
  usage.reasoning = count(outputDetails, "reasoning_tokens");
  usage.audioInput = count(promptDetails, "audio_tokens");
  usage.audioOutput = count(outputDetails, "audio_tokens");
  // xAI and Google count reasoning beside the completion, Google without saying so; their total tells.
  const beside = count(value, "total_tokens") - prompt - usage.output;
  if (beside > 0 && (usage.reasoning == 0 || usage.reasoning == beside)) {
    usage.output += beside;
    // Some tell the total only.
    if (prompt > 0) usage.reasoning = beside;
  }
  return usage;
}

/** Appends a `usage` object without the counts that are 0, as Higress does. */
export function writeOpenaiUsage(out: Buffer, usage: Usage): void {
  const json = new JsonWriter(out).object();
  countTo(json, "prompt_tokens", usage.prompt);
  countTo(json, "completion_tokens", usage.output);
  countTo(json, "total_tokens", usage.total);
  if (usage.reasoning > 0 || usage.audioOutput > 0) {
    json.key("completion_tokens_details").object();
    countTo(json, "reasoning_tokens", usage.reasoning);
    countTo(json, "audio_tokens", usage.audioOutput);
    json.end();
  }
  if (usage.cacheRead > 0 || usage.cacheWrite > 0 || usage.audioInput > 0) {
    json.key("prompt_tokens_details").object();
    countTo(json, "audio_tokens", usage.audioInput);
    countTo(json, "cached_tokens", usage.cacheRead);
    countTo(json, "cache_write_tokens", usage.cacheWrite);
    json.end();
  }
  if (usage.isEstimated) json.key("estimated").bool(true);
  json.end();
}

function count(value: Json, name: string): i64 {
  return min(max(value.get(name).integer(0), 0), <i64>u32.MAX_VALUE);
}

function countTo(json: JsonWriter, name: string, tokens: i64): void {
  if (tokens > 0) json.key(name).integer(tokens);
}
