// A whole Anthropic message.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorBody } from "../error";
import { ChatEvents } from "../events";
import { AnthropicMessageReader } from "./message-reader";

/** Hands the message, or the error that the body holds, on to `events`. False when the body is neither. */
export function readAnthropicAnswer(body: Span, events: ChatEvents): bool {
  const root = Json.checked(body);
  if (root.kind != JsonKind.Object) return false;
  if (root.get("content").kind == JsonKind.Array) {
    const reader = new AnthropicMessageReader(events);
    reader.begin(root);
    reader.readStop(root);
  } else {
    const error = ErrorBody.of(root);
    if (!error.isKnown) return false;
    events.error(error.kind, error.message);
  }
  events.end();
  return true;
}
