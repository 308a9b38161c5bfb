// Patterns of names: `*` is any text, `?` one character, a backslash takes the next character as it is.

import { Span } from "../bytes";
import { Budget } from "./budget";

/** Whether the pattern matches all of the text. On a mismatch only the last `*` takes one character more. */
export function globMatches(text: Span, pattern: Span, budget: Budget): bool {
  let at = 0;
  let want = 0;
  let star = -1;
  let resume = 0;
  let steps: i64 = 0;
  while (at < text.size) {
    if (++steps & 1023 ? false : !budget.spend(1024)) return false;
    let byte = pattern.at(want);
    if (byte == 0x2a) {
      star = ++want;
      resume = at;
      continue;
    }
    if (byte == 0x3f) {
      at = next(text, at);
      want++;
      continue;
    }
    const width = byte == 0x5c ? 2 : 1;
    if (width == 2) byte = pattern.at(want + 1);
    if (byte >= 0 && byte == text.at(at)) {
      at++;
      want += width;
    } else if (star >= 0) {
      resume = next(text, resume);
      at = resume;
      want = star;
    } else return false;
  }
  budget.spend(steps & 1023);
  while (pattern.at(want) == 0x2a) want++;
  return want >= pattern.size;
}

/** Offset after the character at `at`. */
function next(text: Span, at: i32): i32 {
  at++;
  while ((text.at(at) & 0xc0) == 0x80 && at < text.size) at++;
  return at;
}
