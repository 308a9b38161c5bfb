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
  "compaction",
];

export function readAnthropicFinish(word: Span): Finish {
  const index = indexOfName(WORDS, word);
  if (index < 0) return Finish.Other;
  // After a compaction the client goes on as after a pause.
  return index <= Finish.Pause ? index : index == Finish.Pause + 1 ? Finish.Length : Finish.Pause;
}

/** The word to write, escaped. */
export function anthropicFinishName(reason: Finish, word: Span): Span {
  return reason == Finish.Other ? word : Span.text(WORDS[reason]);
}
