// Error bodies of Google's APIs: https://cloud.google.com/apis/design/errors

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind, NO_MESSAGE, statusOfError } from "../error";

/** Positions are those of `ErrorKind`. */
const STATES: StaticArray<string> = [
  "INVALID_ARGUMENT",
  "UNAUTHENTICATED",
  "FAILED_PRECONDITION",
  "PERMISSION_DENIED",
  "NOT_FOUND",
  "INVALID_ARGUMENT",
  "RESOURCE_EXHAUSTED",
  "INTERNAL",
  "DEADLINE_EXCEEDED",
  "UNAVAILABLE",
];

/**
 * Appends `{"error":{"code":…,"message":…,"status":…}}`; the message is escaped. `status` is that of the answer, which
 * Google repeats; 0 in a stream.
 */
export function writeGeminiError(out: Buffer, kind: ErrorKind, message: Span, status: i32 = 0): void {
  const json = new JsonWriter(out).object().key("error").object();
  // Google has no 529.
  if (status == 0) status = kind == ErrorKind.Overloaded ? 503 : statusOfError(kind);
  json.key("code").integer(status).key("message");
  if (message.isEmpty) json.text(NO_MESSAGE);
  else json.escaped(message);
  json.key("status").text(STATES[kind]).end().end();
}
