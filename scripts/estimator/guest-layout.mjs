// What the estimator of tokens is made of.

/** In the order of `Family` in shared/llm/tokens/family.ts. */
export const families = ["OpenAI", "before GPT-4o", "Claude", "Gemini", "Qwen", "DeepSeek", "Llama"];
/** `Feature.COUNT` in shared/llm/tokens/run-counter.ts. */
export const featureCount = 50;
/** `Feature.Pairs`, which is a sum of weights. */
export const pairs = 40;
/** Parts of a token in which weights are given. */
export const weightUnit = 64;
