// Ids of tool calls for dialects that must have them, where the source has none.

import { Buffer, Span } from "../bytes";

/** `id`, or an id made of the answer's id and the call's number: unique over the turns of a conversation. */
export function toolCallId(id: Span, answerId: Span, index: i32): Span {
  if (!id.isEmpty) return id;
  const made = new Buffer();
  made.text("call_");
  made.append(answerId);
  made.text("_" + index.toString());
  return made.span();
}
