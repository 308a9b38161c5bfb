// Why an answer ended, in OpenAI's words and in those of servers that speak its dialect.

import { Span, lowerAscii } from "../../bytes";
import { Finish } from "../events";
import { indexOfName } from "../names";

const WORDS: StaticArray<string> = [
  "stop",
  "length",
  "tool_calls",
  "content_filter",
  "function_call",
  "stop_sequence",
  "end_turn",
  "eos",
  "max_tokens",
  "model_length",
  "tool_use",
  "refusal",
  "sensitive",
  "eos_token",
  "normal",
  "model_context_window_exceeded",
];
const REASONS: StaticArray<Finish> = [
  Finish.Stop,
  Finish.Length,
  Finish.ToolCalls,
  Finish.Filter,
  Finish.ToolCalls,
  Finish.StopText,
  Finish.Stop,
  Finish.Stop,
  Finish.Length,
  Finish.Length,
  Finish.ToolCalls,
  Finish.Filter,
  Finish.Filter,
  Finish.Stop,
  Finish.Stop,
  Finish.Length,
];

/** Positions are those of `Finish`; `Other` has the provider's word. */
const NAMES: StaticArray<string> = ["stop", "stop", "length", "tool_calls", "content_filter", "stop"];

export function readOpenaiFinish(word: Span): Finish {
  const index = indexOfName(WORDS, lowerAscii(word));
  if (index >= 0) return REASONS[index];
  // As Google has it: `content_filter: RECITATION`, `function_call_filter: MALFORMED_FUNCTION_CALL`.
  return word.indexOfAscii("_filter: ") > 0 ? Finish.Filter : Finish.Other;
}

/** True for the words that some servers send on every chunk and that mean "not yet". */
export function isNoFinish(word: Span): bool {
  return word.isEmpty || word.equalsAscii("null") || word.equalsAscii("NULL") || word.equalsAscii("Null");
}

/** The word to write, escaped; `usesFunctions` for clients that know no tools. */
export function openaiFinishName(reason: Finish, word: Span, usesFunctions: bool = false): Span {
  if (usesFunctions && reason == Finish.ToolCalls) return Span.text("function_call");
  return reason == Finish.Other ? word : Span.text(NAMES[reason]);
}
