// Error bodies of providers. One reader takes all shapes met; each dialect writes its own.

import { Buffer, Span, isUtf8, trimAscii } from "../bytes";
import { Json, JsonKind, escapeInto } from "../json";
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

/** A body of plain text that is longer is no message. */
const MAX_PLAIN_BYTES: i32 = 2048;

/** Where providers put the message, the first that has one counts. */
const MESSAGE_NAMES: StaticArray<string> = [
  "message",
  "detail",
  "msg",
  "error_msg",
  "Message",
  "error_description",
];

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
   * Reads `{"error":{…}}`, `{"type":"error","error":{…}}`, `[{"error":{…}}]`, `{"errors":[{…}]}`, `{"error":"text"}`,
   * `{"error":["text"]}`, `{"message":"text"}`, `{"detail":{"error":"text"}}`, FastAPI's and Mistral's `{"detail":[{"loc":[…],"msg":"text"}]}`, the first event of a
   * stream (DashScope's that fail at once), and plain text.
   * `status` decides where the type is unknown; 0 for an error that came in a stream.
   */
  static read(body: Span, status: i32 = 0): ErrorBody {
    let document = Json.checked(body);
    if (!document.exists) document = Json.checked(eventData(body));
    const result = ErrorBody.of(document, status);
    if (!result.message.isEmpty || result.isKnown) return result;
    if (document.kind == JsonKind.String) result.message = document.escaped();
    else if (!document.exists) result.message = plainText(body);
    if (result.message.isEmpty && status > 0) {
      result.message = Span.text(`The provider answered with status ${status} and no message.`);
    }
    return result;
  }

  static of(document: Json, status: i32 = 0): ErrorBody {
    const result = new ErrorBody();
    if (status >= 400) result.kind = errorKindOfStatus(status);
    const value = document.kind == JsonKind.Array ? document.at(0) : document;
    let error = value.get("error");
    if (!error.exists) error = value.get("errors").at(0);
    result.requestId = textOf(value.get("request_id"));
    if (error.kind == JsonKind.Object) {
      result.isKnown = true;
    } else {
      result.message = messageIn(error);
      error = value;
    }
    for (let i = 0; i < MESSAGE_NAMES.length && result.message.isEmpty; i++) {
      result.message = messageIn(error.get(MESSAGE_NAMES[i]));
    }
    if (!result.message.isEmpty) result.isKnown = true;
    result.type = textOf(error.get("type"));
    result.code = textOf(error.get("code"));
    if (result.type.isEmpty) result.type = textOf(error.get("status"));
    result.setKind(error, status);
    return result;
  }

  private setKind(error: Json, status: i32): void {
    // A known status says more than words that differ from provider to provider.
    if (status >= 400) return;
    let kind = kindOfType(this.type);
    if (kind < 0) kind = kindOfType(this.code);
    if (kind < 0) {
      // Azure's has the number in `status`, beside a word.
      const number = error.get("code").integer(error.get("status").integer(0));
      if (number < 400 || number > 599) return;
      kind = errorKindOfStatus(<i32>number);
    }
    this.kind = kind;
  }
}

/** A message, or the messages of a list of faults with the places they are about. */
function messageIn(value: Json): Span {
  if (value.kind == JsonKind.String) return value.escaped();
  const text = textOf(value.get("error"));
  if (!text.isEmpty) return text;
  const items = (value.kind == JsonKind.Object ? value.get("detail") : value).items();
  const out = new Buffer();
  while (items.next() && out.size < MAX_PLAIN_BYTES) {
    const item = items.value;
    const text = item.kind == JsonKind.String ? item.escaped() : textOf(item.get("msg"));
    if (text.isEmpty) continue;
    if (!out.isEmpty) out.text("; ");
    const places = item.get("loc").items();
    while (places.next()) {
      if (places.index > 0) out.push(0x2e);
      out.append(places.value.kind == JsonKind.String ? places.value.escaped() : places.value.raw());
    }
    if (places.index >= 0) out.text(": ");
    out.append(text);
  }
  return out.span();
}

/** The first line of data of a text that is a stream of events, else nothing. */
function eventData(body: Span): Span {
  const at = body.indexOfAscii("data:");
  if (at < 0 || (at > 0 && body.at(at - 1) != 0x0a)) return NONE;
  const end = body.indexOf(0x0a, at);
  return body.slice(at + 5, end < 0 ? body.size : end);
}

/** A short text that is no web page, as string content. */
function plainText(body: Span): Span {
  const text = trimAscii(body);
  if (text.size > MAX_PLAIN_BYTES || text.at(0) == 0x3c || !isUtf8(text)) return NONE;
  const out = new Buffer(text.size);
  escapeInto(out, text);
  return out.span();
}

function kindOfType(type: Span): i32 {
  const anthropic = indexOfName(ANTHROPIC_TYPES, type);
  if (anthropic >= 0) return anthropic;
  const openai = indexOfName(OPENAI_TYPES, type);
  if (openai >= 0) return openai;
  const other = indexOfName(OTHER_TYPES, type);
  return other >= 0 ? OTHER_KINDS[other] : -1;
}
