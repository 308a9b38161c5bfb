// An answer as one whole response.

import { Span } from "../../bytes";
import { ErrorKind } from "../error";
import { NONE } from "../text";
import { writeResponsesError } from "./error";
import { OutputWriter } from "./output-writer";

export class ResponsesAnswerWriter extends OutputWriter {
  protected begun(): void {}

  protected ended(status: string): void {
    this.writeResponse(status, NONE);
  }

  protected failed(kind: ErrorKind, message: Span): void {
    writeResponsesError(this.out, kind, message);
  }
}
