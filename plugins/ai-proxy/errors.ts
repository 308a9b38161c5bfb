// Errors as the client's library expects them: OpenAI's and Anthropic's error objects.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { Dialect } from "./request";

/** The `type` both dialects have for a status. */
function errorType(status: i32): string {
  if (status == 413) return "request_too_large";
  return status < 500 ? "invalid_request_error" : "api_error";
}

export function errorBody(dialect: Dialect, status: i32, message: string): Span {
  const out = new Buffer(256);
  const json = new JsonWriter(out);
  json.object();
  if (dialect == Dialect.Anthropic) json.key("type").text("error");
  json.key("error").object().key("type").text(errorType(status)).key("message").text(message);
  if (dialect == Dialect.OpenAi) json.key("param").raw(Span.text("null")).key("code").raw(Span.text("null"));
  json.end().end();
  return out.take();
}
