// What the name of a model tells: Bedrock's ids are `vendor.model`, after a region's `us.` or in an ARN. Of names
// that tell nothing, such as those of application inference profiles, Claude is assumed: most of them are.

import { lowerAscii, Span } from "as-proxy-wasm-sdk/bytes";

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

/** Models without structured outputs: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html */
const UNSTRUCTURED: StaticArray<string> = [
  "amazon.",
  "meta.",
  "cohere.",
  "ai21.",
  "claude-3",
  "claude-v2",
  "claude-instant",
  "-4-1-2",
  "-4-2025",
  "deepseek.r1",
];

function hasAny(model: Span, parts: StaticArray<string>): bool {
  for (let i = 0; i < parts.length; i++) if (model.indexOfAscii(parts[i]) >= 0) return true;
  return false;
}

export class Model {
  /** In lower case. */
  private readonly name: Span;

  constructor(name: string) {
    this.name = lowerAscii(Span.text(name));
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
    return !hasAny(this.name, UNSTRUCTURED);
  }

  private has(part: string): bool {
    return this.name.indexOfAscii(part) >= 0;
  }
}
