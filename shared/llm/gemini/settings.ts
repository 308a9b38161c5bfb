// Members of `generationConfig` that pass as they are: https://ai.google.dev/api/generate-content#generationconfig

import { Option } from "../chat";

/** Position `i` is the name of option `SETTINGS[i]`. */
export const SETTING_NAMES: StaticArray<string> = [
  "temperature",
  "topP",
  "topK",
  "candidateCount",
  "seed",
  "presencePenalty",
  "frequencyPenalty",
  "responseLogprobs",
  "logprobs",
];
export const SETTINGS: StaticArray<Option> = [
  Option.Temperature,
  Option.TopP,
  Option.TopK,
  Option.N,
  Option.Seed,
  Option.PresencePenalty,
  Option.FrequencyPenalty,
  Option.Logprobs,
  Option.TopLogprobs,
];
