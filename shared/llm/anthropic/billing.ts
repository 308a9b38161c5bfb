// Claude Code puts a line about itself before its system prompt. A part of that line changes with every
// request and would spoil the prompt caches of other providers.

import { Buffer, Span } from "../../bytes";

const LINE: string = "x-anthropic-billing-header:";
const CHANGING: string = "; cch=";

/** The text without every `; cch=<value>`, when it begins with Claude Code's line; else the text itself. */
export function withoutBillingHash(text: Span): Span {
  if (!text.startsWithAscii(LINE)) return text;
  let found = text.indexOfAscii(CHANGING);
  if (found < 0) return text;
  const out = new Buffer(text.size);
  let from = 0;
  while (found >= 0) {
    out.append(text.slice(from, found));
    from = text.indexOf(0x3b, found + CHANGING.length);
    if (from < 0) from = text.size;
    found = text.indexOfAscii(CHANGING, from);
  }
  out.append(text.slice(from));
  return out.span();
}
