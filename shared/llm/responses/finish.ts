// Why a response is incomplete: `incomplete_details.reason`.

import { Span } from "../../bytes";
import { Finish } from "../events";
import { NONE } from "../text";

const LENGTH: string = "max_output_tokens";
const FILTER: string = "content_filter";

export function readIncompleteReason(reason: Span): Finish {
  if (reason.equalsAscii(LENGTH)) return Finish.Length;
  return reason.equalsAscii(FILTER) ? Finish.Filter : Finish.Other;
}

/** The reason to write, escaped; empty for an answer that is complete. `word` is the provider's own. */
export function incompleteReason(reason: Finish, word: Span): Span {
  if (reason == Finish.Length) return Span.text(LENGTH);
  if (reason == Finish.Filter) return Span.text(FILTER);
  return reason == Finish.Other ? word : NONE;
}
