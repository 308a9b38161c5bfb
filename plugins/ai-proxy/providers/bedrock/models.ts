// What the name of a model tells: Bedrock's ids are `vendor.model`, after a region's `us.` or in an ARN. Of names
// that tell nothing, such as those of application inference profiles, Claude is assumed: most of them are.

import { lowerAscii, Span } from "as-proxy-wasm-sdk/bytes";
import { ADAPTIVE, modelVersion, OUTPUT_FORMAT } from "as-proxy-wasm-sdk/llm/anthropic/model-version";

/** Vendors whose models know nothing of Claude's thinking and refuse a request that mentions it. */
const OTHER_VENDORS: StaticArray<string> = [
  "amazon.",
  "meta.",
  "mistral.",
  "deepseek.",
  "cohere.",
  "ai21.",
  "openai.",
  "qwen.",
  "google.",
  "minimax.",
  "moonshot",
  "nvidia.",
  "zai.",
];

/** Vendors without structured outputs: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html */
const UNSTRUCTURED: StaticArray<string> = ["amazon.", "meta.", "cohere.", "ai21.", "deepseek.r1"];

function hasAny(model: Span, parts: StaticArray<string>): bool {
  for (let i = 0; i < parts.length; i++) if (model.indexOfAscii(parts[i]) >= 0) return true;
  return false;
}

export class Model {
  /** In lower case. */
  private readonly name: Span;
  /** Of Claude, as `modelVersion` has it. */
  readonly version: i32;

  constructor(name: string) {
    this.name = lowerAscii(Span.text(name));
    this.version = modelVersion(this.name);
  }

  get isClaude(): bool {
    return !hasAny(this.name, OTHER_VENDORS);
  }

  get isGptOss(): bool {
    return this.has("openai.");
  }

  get cachesPrompts(): bool {
    return this.has("amazon.nova") || this.cachesTools;
  }

  get cachesTools(): bool {
    return this.has("anthropic.claude");
  }

  get takesSchema(): bool {
    return !hasAny(this.name, UNSTRUCTURED) && (this.version == 0 || this.version >= OUTPUT_FORMAT);
  }

  /** The model thinks as much as it finds right, and refuses a budget. */
  get isAdaptive(): bool {
    return this.version >= ADAPTIVE;
  }

  private has(part: string): bool {
    return this.name.indexOfAscii(part) >= 0;
  }
}
