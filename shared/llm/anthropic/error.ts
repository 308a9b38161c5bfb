// Error bodies of Anthropic's dialect: https://platform.claude.com/docs/en/api/errors

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind, NO_MESSAGE, anthropicErrorType } from "../error";
import { NONE } from "../text";

/** Appends `{"type":"error","error":{"type":…,"message":…},"request_id":…}`, the last where it is given. */
export function writeAnthropicError(
  out: Buffer,
  kind: ErrorKind,
  message: Span,
  requestId: Span = NONE,
): void {
  const json = new JsonWriter(out).object().key("type").text("error");
  json.key("error").object().key("type").text(anthropicErrorType(kind)).key("message");
  if (message.isEmpty) json.text(NO_MESSAGE);
  else json.escaped(message);
  json.end();
  if (!requestId.isEmpty) json.key("request_id").escaped(requestId);
  json.end();
}
