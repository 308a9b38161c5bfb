// Token counts as Gemini states them: cached tokens are part of the prompt, thoughts stand beside the candidates.
// https://ai.google.dev/api/generate-content#UsageMetadata

import { Buffer } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { textOf } from "../text";
import { Usage } from "../usage";

/** Takes over what `usageMetadata` objects state; every one of a stream replaces those before it. */
export class GeminiUsage {
  private prompt: i64 = 0;
  private cached: i64 = 0;
  private toolUse: i64 = 0;
  private candidates: i64 = 0;
  private thoughts: i64 = 0;
  private total: i64 = 0;
  private readonly usage: Usage = new Usage();

  /** The counts so far, or null when the value has none. */
  read(value: Json): Usage | null {
    if (value.kind != JsonKind.Object) return null;
    this.prompt = count(value, "promptTokenCount", this.prompt);
    this.cached = count(value, "cachedContentTokenCount", this.cached);
    this.toolUse = count(value, "toolUsePromptTokenCount", this.toolUse);
    this.candidates = count(value, "candidatesTokenCount", this.candidates);
    this.thoughts = count(value, "thoughtsTokenCount", this.thoughts);
    this.total = count(value, "totalTokenCount", this.total);
    const usage = this.usage;
    const prompt = this.prompt + this.toolUse;
    usage.cacheRead = min(this.cached, prompt);
    usage.input = prompt - usage.cacheRead;
    usage.output = this.candidates + this.thoughts;
    // Some models of Vertex AI count the thoughts among the candidates; the total tells.
    if (this.total == prompt + this.candidates) usage.output = this.candidates;
    usage.reasoning = min(this.thoughts, usage.output);
    usage.audioInput = audioIn(value.get("promptTokensDetails"), usage.audioInput);
    usage.audioOutput = audioIn(value.get("candidatesTokensDetails"), usage.audioOutput);
    return usage.total > 0 ? usage : null;
  }
}

/** Appends a `usageMetadata` object. */
export function writeGeminiUsage(out: Buffer, usage: Usage): void {
  const json = new JsonWriter(out).object().key("promptTokenCount").integer(usage.prompt);
  if (usage.cacheRead > 0) json.key("cachedContentTokenCount").integer(usage.cacheRead);
  const thoughts = min(usage.reasoning, usage.output);
  json.key("candidatesTokenCount").integer(usage.output - thoughts);
  if (thoughts > 0) json.key("thoughtsTokenCount").integer(thoughts);
  json.key("totalTokenCount").integer(usage.total);
  if (usage.isEstimated) json.key("estimated").bool(true);
  json.end();
}

function audioIn(details: Json, present: i64): i64 {
  const items = details.items();
  while (items.next()) {
    if (textOf(items.value.get("modality")).equalsAscii("AUDIO")) return count(items.value, "tokenCount", 0);
  }
  return present;
}

function count(value: Json, name: string, present: i64): i64 {
  const tokens = value.get(name);
  if (tokens.kind != JsonKind.Number) return present;
  return min(max(tokens.integer(present), 0), <i64>u32.MAX_VALUE);
}
