// A whole OpenAI chat completion.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatEvents } from "../events";
import { OpenaiChunkReader } from "./chunk-reader";

/** Hands the answer, or the error that the body holds, on to `events`. False when the body is neither. */
export function readOpenaiAnswer(body: Span, events: ChatEvents): bool {
  const root = Json.checked(body);
  if (root.kind != JsonKind.Object) return false;
  const reader = new OpenaiChunkReader(events);
  reader.read(root);
  if (!reader.isBegun && !reader.hasFailed) {
    // A list without a choice is an answer that says nothing.
    if (root.get("choices").kind != JsonKind.Array) return false;
    reader.begin(root);
  }
  events.end();
  return true;
}
