// Why an answer ended, in Anthropic's words: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons

import { Span } from "../../bytes";
import { Finish } from "../events";
import { indexOfName } from "../names";

/** Positions up to `Pause` are those of `Finish`. */
const WORDS: StaticArray<string> = [
  "end_turn",
  "stop_sequence",
  "max_tokens",
  "tool_use",
  "refusal",
  "pause_turn",
  "model_context_window_exceeded",
];

export function readAnthropicFinish(word: Span): Finish {
  const index = indexOfName(WORDS, word);
  if (index < 0) return Finish.Other;
  return index > Finish.Pause ? Finish.Length : index;
}

/** The word to write, escaped. */
export function anthropicFinishName(reason: Finish, word: Span): Span {
  return reason == Finish.Other ? word : Span.text(WORDS[reason]);
}
