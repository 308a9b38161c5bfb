// Error bodies of the Responses API, the same as for chat completions.

import { Buffer, Span } from "../../bytes";
import { ErrorKind } from "../error";
import { writeOpenaiError } from "../openai/error";
import { NONE } from "../text";

/** Appends `{"error":{"message":…,"type":…,"param":null,"code":…}}`. Texts are escaped; `code` may be empty. */
export function writeResponsesError(out: Buffer, kind: ErrorKind, message: Span, code: Span = NONE): void {
  writeOpenaiError(out, kind, message, code);
}
