// A whole Gemini answer. What streamGenerateContent sends without `alt=sse` is a list of them.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatEvents } from "../events";
import { NONE } from "../text";
import { GeminiResponseReader } from "./response-reader";

/**
 * Hands the answer, or the error that the body holds, on to `events`. False when the body is neither. `id` stands in
 * where the provider gives its answer none.
 */
export function readGeminiAnswer(body: Span, events: ChatEvents, id: Span = NONE): bool {
  const root = Json.checked(body);
  const reader = new GeminiResponseReader(events, id);
  const items = root.items();
  while (items.next()) reader.read(items.value);
  if (root.kind == JsonKind.Object) reader.read(root);
  if (!reader.isBegun && !reader.hasFailed) return false;
  reader.finish();
  events.end();
  return true;
}
