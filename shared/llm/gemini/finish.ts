// Why an answer ended, in Gemini's words: https://ai.google.dev/api/generate-content#FinishReason

import { Span } from "../../bytes";
import { Finish } from "../events";
import { indexOfName } from "../names";

/** After the first two, what was withheld, or could not be used. Reasons why a prompt was refused are among them. */
const WORDS: StaticArray<string> = [
  "STOP",
  "MAX_TOKENS",
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "OTHER",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MALFORMED_RESPONSE",
  "MISSING_THOUGHT_SIGNATURE",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION",
  "IMAGE_OTHER",
  "NO_IMAGE",
];

/** Positions are those of `Finish`. */
const NAMES: StaticArray<string> = ["STOP", "STOP", "MAX_TOKENS", "STOP", "SAFETY", "STOP"];

export function readGeminiFinish(word: Span): Finish {
  const index = indexOfName(WORDS, word);
  if (index < 0) return Finish.Other;
  return index == 0 ? Finish.Stop : index == 1 ? Finish.Length : Finish.Filter;
}

/** True for the words that mean "not yet". */
export function isNoGeminiFinish(word: Span): bool {
  return word.isEmpty || word.equalsAscii("FINISH_REASON_UNSPECIFIED");
}

/** The word to write. A Gemini word for what was withheld stays; clients know no words but those of the list. */
export function geminiFinishName(reason: Finish, word: Span): string {
  const index = indexOfName(WORDS, word);
  if (index > 1) return WORDS[index];
  return reason == Finish.Other ? "OTHER" : NAMES[reason];
}
