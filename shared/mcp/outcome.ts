// What a request comes to, and the JSON-RPC answer that says so in the client's revision.

import { Buffer, Span } from "../bytes";
import { Json, JsonKind, JsonWriter } from "../json";
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

  private constructor(
    /** JSON object of the result without what revisions add to it; empty for an error. */
    readonly result: Span,
  ) {}

  static ofResult(result: Span, details: string = ""): Outcome {
    const outcome = new Outcome(result);
    outcome.details = details;
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
    if (this.isError) {
      json.key("error").object().key("code").integer(this.errorCode).key("message").text(this.error);
      if (!this.errorData.isEmpty) json.key("data").raw(this.errorData);
      json.end();
    } else {
      json.key("result").raw(isStateless(revision) ? this.withHints() : this.result);
    }
    json.end();
  }

  /** The result with what the stateless revisions demand of it. Members that it has already stand. */
  private withHints(): Span {
    const result = Json.read(this.result);
    if (result.kind != JsonKind.Object) return this.result;
    const out = new Buffer(this.result.size + 64);
    const json = new JsonWriter(out).object();
    if (!result.get("resultType").exists) json.key("resultType").text("complete");
    if (this.ttlMs >= 0 && !result.get("ttlMs").exists) json.key("ttlMs").integer(this.ttlMs);
    if (this.ttlMs >= 0 && !result.get("cacheScope").exists) {
      json.key("cacheScope").text(this.isPublic ? "public" : "private");
    }
    const isBare = result.length() == 0;
    json.end();
    if (isBare) return out.span();
    // The members of the result follow in place of the closing brace.
    const added = out.span();
    const merged = new Buffer(added.size + this.result.size);
    merged.append(added.slice(0, added.size - 1));
    if (added.size > 2) merged.push(0x2c);
    merged.append(this.result.slice(1));
    return merged.span();
  }
}
