// Which models share a tokenizer, or nearly one.

import { lowerAscii, Span } from "../../bytes";

export const enum Family {
  /** OpenAI from GPT-4o on, and all that no other family has: most vocabularies of today have about its size. */
  Openai = 0,
  /** GPT-4, GPT-3.5, the embeddings of their time. */
  OpenaiOld = 1,
  Claude = 2,
  Gemini = 3,
  Qwen = 4,
  Deepseek = 5,
  Llama = 6,
  COUNT = 7,
}

/** What a model's name contains, and the family: the first that is found. */
const WORDS: StaticArray<string> = [
  "claude",
  "gemini",
  "gemma",
  "qwen",
  "qwq",
  "qvq",
  "deepseek",
  "llama",
  "gpt-4o",
  "gpt-4.",
  "gpt-4",
  "gpt-3",
  "embedding-3",
  "embedding-ada",
];
const FAMILIES: StaticArray<Family> = [
  Family.Claude,
  Family.Gemini,
  Family.Gemini,
  Family.Qwen,
  Family.Qwen,
  Family.Qwen,
  Family.Deepseek,
  Family.Llama,
  Family.Openai,
  Family.Openai,
  Family.OpenaiOld,
  Family.OpenaiOld,
  Family.OpenaiOld,
  Family.OpenaiOld,
];

/** The family of a model by its name, in whatever spelling clouds and aggregators give it. */
export function familyOf(model: Span): Family {
  const name = lowerAscii(model);
  for (let i = 0; i < WORDS.length; i++) if (name.indexOfAscii(WORDS[i]) >= 0) return FAMILIES[i];
  return Family.Openai;
}
