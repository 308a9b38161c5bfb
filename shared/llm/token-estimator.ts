// How many tokens a text, a request or an answer has, told from its bytes in one pass: what the provider's tokenizer
// would say, without its vocabulary. `Calibration` corrects it by what a model's answers state.
//
// Nothing is kept of the bytes but counts; the model, whose family has weights for them, may be told at the end.
// shared/llm/tokens/README.md has the rules and how the weights were found.

import { Span } from "../bytes";
import { Family } from "./tokens/family";
import { TextMeter } from "./tokens/text-meter";

export { Family, familyOf } from "./tokens/family";
export { AnswerMeter } from "./tokens/answer-meter";
export { Calibration, Learned, Lesson } from "./tokens/calibration";
export { PromptMeter } from "./tokens/prompt-meter";
export { TextMeter } from "./tokens/text-meter";

/** Tokens of a text in UTF-8, for models of the family. */
export function estimateTokens(text: Span, family: Family): f64 {
  const meter = new TextMeter();
  meter.text(text);
  return meter.tokens(family);
}
