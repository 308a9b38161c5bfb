// Error bodies of providers. One reader takes all shapes met; each dialect writes its own.

import { Span } from "../bytes";
import { Json, JsonKind } from "../json";
import { indexOfName } from "./names";
import { NONE, textOf } from "./text";

export const enum ErrorKind {
  InvalidRequest = 0,
  Authentication = 1,
  Billing = 2,
  Permission = 3,
  NotFound = 4,
  TooLarge = 5,
  RateLimit = 6,
  /** The provider failed. */
  Api = 7,
  Timeout = 8,
  Overloaded = 9,
  COUNT = 10,
}

/** Message of an error that came without one. */
export const NO_MESSAGE: string = "The provider reported an error without a message.";

/** HTTP status that goes with each kind. 529 is Anthropic's own for "overloaded". */
const STATUS: StaticArray<i32> = [400, 401, 402, 403, 404, 413, 429, 500, 504, 529];

/** https://platform.claude.com/docs/en/api/errors */
const ANTHROPIC_TYPES: StaticArray<string> = [
  "invalid_request_error",
  "authentication_error",
  "billing_error",
  "permission_error",
  "not_found_error",
  "request_too_large",
  "rate_limit_error",
  "api_error",
  "timeout_error",
  "overloaded_error",
];

/** OpenAI's `type`, where it has one of its own; its SDKs go by the status. */
const OPENAI_TYPES: StaticArray<string> = [
  "invalid_request_error",
  "authentication_error",
  "insufficient_quota",
  "permission_error",
  "not_found_error",
  "request_too_large",
  "rate_limit_error",
  "server_error",
  "timeout_error",
  "overloaded_error",
];

/** Further words of providers, with what they mean. */
const OTHER_TYPES: StaticArray<string> = [
  "tokens",
  "requests",
  "rate_limit_exceeded",
  "RESOURCE_EXHAUSTED",
  "internal_server_error",
  "service_unavailable",
  "UNAVAILABLE",
  "invalid_api_key",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "NOT_FOUND",
  "INVALID_ARGUMENT",
  "context_length_exceeded",
  "BadRequestError",
];
const OTHER_KINDS: StaticArray<ErrorKind> = [
  ErrorKind.RateLimit,
  ErrorKind.RateLimit,
  ErrorKind.RateLimit,
  ErrorKind.RateLimit,
  ErrorKind.Api,
  ErrorKind.Overloaded,
  ErrorKind.Overloaded,
  ErrorKind.Authentication,
  ErrorKind.Authentication,
  ErrorKind.Permission,
  ErrorKind.NotFound,
  ErrorKind.InvalidRequest,
  ErrorKind.InvalidRequest,
  ErrorKind.InvalidRequest,
];

export function statusOfError(kind: ErrorKind): i32 {
  return STATUS[kind];
}

export function anthropicErrorType(kind: ErrorKind): string {
  return ANTHROPIC_TYPES[kind];
}

export function openaiErrorType(kind: ErrorKind): string {
  return OPENAI_TYPES[kind];
}

/** The kind of a status that is no success; other statuses count as the provider's failure. */
export function errorKindOfStatus(status: i32): ErrorKind {
  for (let kind = 0; kind < ErrorKind.COUNT; kind++) if (STATUS[kind] == status) return kind;
  if (status == 408) return ErrorKind.Timeout;
  if (status == 503) return ErrorKind.Overloaded;
  return status >= 400 && status < 500 ? ErrorKind.InvalidRequest : ErrorKind.Api;
}

/** An error as a provider stated it. */
export class ErrorBody {
  /** True when the body was JSON with an error in a known shape. */
  isKnown: bool = false;
  kind: ErrorKind = ErrorKind.Api;
  /** Escaped; empty when not told. */
  message: Span = NONE;
  /** The provider's own type and code, escaped; empty when not told. */
  type: Span = NONE;
  code: Span = NONE;
  requestId: Span = NONE;

  /**
   * Reads `{"error":{…}}`, `{"type":"error","error":{…}}`, `[{"error":{…}}]`, `{"error":"text"}`,
   * `{"code":"word","message":"text"}` and `{"detail":"text"}`. `status` decides where the type is unknown; 0 for an error
   * that came in a stream.
   */
  static read(body: Span, status: i32 = 0): ErrorBody {
    return ErrorBody.of(Json.checked(body), status);
  }

  static of(document: Json, status: i32 = 0): ErrorBody {
    const result = new ErrorBody();
    if (status >= 400) result.kind = errorKindOfStatus(status);
    const value = document.kind == JsonKind.Array ? document.at(0) : document;
    const error = value.get("error");
    result.requestId = textOf(value.get("request_id"));
    if (error.kind == JsonKind.Object) {
      result.isKnown = true;
      result.message = textOf(error.get("message"));
      result.type = textOf(error.get("type"));
      result.code = textOf(error.get("code"));
      if (result.type.isEmpty) result.type = textOf(error.get("status"));
      result.setKind(error.get("code"), status);
      return result;
    }
    result.message = textOf(error);
    result.code = textOf(value.get("code"));
    if (result.message.isEmpty) result.message = textOf(value.get("message"));
    if (result.message.isEmpty) result.message = textOf(value.get("detail"));
    result.isKnown = !result.message.isEmpty;
    return result;
  }

  private setKind(code: Json, status: i32): void {
    // A known status says more than words that differ from provider to provider.
    if (status >= 400) return;
    let kind = kindOfType(this.type);
    if (kind < 0) kind = kindOfType(this.code);
    if (kind < 0) {
      const number = code.integer(0);
      if (number < 400 || number > 599) return;
      kind = errorKindOfStatus(<i32>number);
    }
    this.kind = kind;
  }
}

function kindOfType(type: Span): i32 {
  const anthropic = indexOfName(ANTHROPIC_TYPES, type);
  if (anthropic >= 0) return anthropic;
  const openai = indexOfName(OPENAI_TYPES, type);
  if (openai >= 0) return openai;
  const other = indexOfName(OTHER_TYPES, type);
  return other >= 0 ? OTHER_KINDS[other] : -1;
}
