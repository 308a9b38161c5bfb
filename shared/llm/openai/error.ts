// Error bodies of OpenAI's dialect: https://platform.openai.com/docs/guides/error-codes

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind, NO_MESSAGE, openaiErrorType } from "../error";
import { NONE } from "../text";

/** Appends `{"error":{"message":…,"type":…,"param":null,"code":…}}`. Texts are escaped; `code` may be empty. */
export function writeOpenaiError(out: Buffer, kind: ErrorKind, message: Span, code: Span = NONE): void {
  const json = new JsonWriter(out).object().key("error").object().key("message");
  if (message.isEmpty) json.text(NO_MESSAGE);
  else json.escaped(message);
  json.key("type").text(openaiErrorType(kind)).key("param").null_().key("code");
  if (code.isEmpty) json.null_();
  else json.escaped(code);
  json.end().end();
}
