// What the estimator of tokens is made of.

/** In the order of `Family` in shared/llm/tokens/family.ts. */
export const families = ["OpenAI", "before GPT-4o", "Claude", "Gemini", "Qwen", "DeepSeek", "Llama"];
/** `Feature.COUNT` in shared/llm/tokens/text-meter.ts. */
export const featureCount = 50;
