// A whole response of the Responses API.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorBody } from "../error";
import { ChatEvents } from "../events";
import { ResponseReader } from "./response-reader";

/** Hands the response, or the error that the body holds, on to `events`. False when the body is neither. */
export function readResponsesAnswer(body: Span, events: ChatEvents): bool {
  const root = Json.checked(body);
  if (root.kind != JsonKind.Object) return false;
  if (root.get("output").kind == JsonKind.Array) {
    new ResponseReader(events).readEnd(root);
  } else {
    const error = ErrorBody.of(root);
    if (!error.isKnown) return false;
    events.error(error.kind, error.message);
  }
  events.end();
  return true;
}
