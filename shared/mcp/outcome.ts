// What a request comes to, and the JSON-RPC answer that says so in the client's revision.

import { Buffer, Span, trimAscii } from "../bytes";
import { Json, JsonWriter } from "../json";
import { ErrorCode } from "./error-code";
import { isStateless, Revision } from "./revision";

export class Outcome {
  /** Of an error; 0 for a result. */
  errorCode: i32 = 0;
  error: string = "";
  /** JSON of the error's `data`, or empty. */
  errorData: Span = Span.empty();
  /** Shows in the access log as the details of the answer; "" for the default of the method. */
  details: string = "";
  /** For the stateless revisions: milliseconds that a client may keep the result, or -1 where it may not say. */
  ttlMs: i64 = -1;
  /** For the stateless revisions: the result is the same for every caller. */
  isPublic: bool = false;
  /** HTTP status in every revision; 0 for that of the code. */
  status: i32 = 0;
  /** The result may have members of its own that revisions add. */
  private isForeign: bool = false;

  private constructor(
    /** JSON object of the result, without space in front; empty for an error. */
    readonly result: Span,
  ) {}

  static ofResult(result: Span, details: string = ""): Outcome {
    const outcome = new Outcome(result);
    outcome.details = details;
    return outcome;
  }

  /** A result that another server has made: `resultType` and hints of its own stand. */
  static ofForeignResult(result: Span, details: string = ""): Outcome {
    const outcome = Outcome.ofResult(result, details);
    outcome.isForeign = true;
    return outcome;
  }

  static ofError(code: i32, error: string, details: string = ""): Outcome {
    const outcome = new Outcome(Span.empty());
    outcome.errorCode = code;
    outcome.error = error;
    outcome.details = details;
    return outcome;
  }

  get isError(): bool {
    return this.errorCode != 0;
  }

  /** HTTP status of the answer: errors about the request itself have their own in the stateless revisions. */
  statusIn(revision: Revision): i32 {
    if (this.status != 0) return this.status;
    if (this.errorCode == ErrorCode.ParseError) return 400;
    if (!isStateless(revision)) return 200;
    switch (this.errorCode) {
      case ErrorCode.MethodNotFound:
        return 404;
      case ErrorCode.InvalidRequest:
      case ErrorCode.HeaderMismatch:
      case ErrorCode.MissingClientCapability:
      case ErrorCode.UnsupportedRevision:
        return 400;
    }
    return 200;
  }

  /** Appends the answer; an empty `id` is written as `null`. */
  write(out: Buffer, id: Span, revision: Revision): void {
    const json = new JsonWriter(out);
    json.object().key("jsonrpc").text("2.0").key("id").raw(id);
    if (!this.isError) {
      // Written behind the writer: results may be large, and this way they are copied once.
      out.text(',"result":');
      this.writeResult(out, isStateless(revision));
      out.push(0x7d);
    } else {
      json.key("error").object().key("code").integer(this.errorCode).key("message").text(this.error);
      if (!this.errorData.isEmpty) json.key("data").raw(this.errorData);
      json.end().end();
    }
  }

  /** The result, with what the stateless revisions demand of it. */
  private writeResult(out: Buffer, withHints: bool): void {
    if (!withHints) {
      out.append(this.result);
      return;
    }
    const start = out.size;
    const json = new JsonWriter(out).object();
    if (this.lacks("resultType")) json.key("resultType").text("complete");
    if (this.ttlMs >= 0) {
      if (this.lacks("ttlMs")) json.key("ttlMs").integer(this.ttlMs);
      if (this.lacks("cacheScope")) json.key("cacheScope").text(this.isPublic ? "public" : "private");
    }
    // The result's members follow, in place of the closing brace.
    const members = this.result.slice(1);
    if (out.size > start + 1 && trimAscii(members).at(0) != 0x7d) out.push(0x2c);
    out.append(members);
  }

  private lacks(member: string): bool {
    return !this.isForeign || !Json.read(this.result).get(member).exists;
  }
}
