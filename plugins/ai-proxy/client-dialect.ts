// Writing in the client's dialect: answers, streams, errors.

import { nowMs } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { AnthropicAnswerWriter } from "as-proxy-wasm-sdk/llm/anthropic/answer-writer";
import { writeAnthropicError } from "as-proxy-wasm-sdk/llm/anthropic/error";
import { readAnthropicRequest } from "as-proxy-wasm-sdk/llm/anthropic/request-reader";
import { AnthropicStreamWriter } from "as-proxy-wasm-sdk/llm/anthropic/stream-writer";
import { ErrorBody, ErrorKind, errorKindOfStatus } from "as-proxy-wasm-sdk/llm/error";
import { AnswerWriter } from "as-proxy-wasm-sdk/llm/events";
import { OpenaiAnswerWriter } from "as-proxy-wasm-sdk/llm/openai/answer-writer";
import { writeOpenaiError } from "as-proxy-wasm-sdk/llm/openai/error";
import { readOpenaiRequest } from "as-proxy-wasm-sdk/llm/openai/request-reader";
import { OpenaiStreamWriter } from "as-proxy-wasm-sdk/llm/openai/stream-writer";
import { Dialect, Request } from "./request";
import { escapedText } from "./request-body";

/** Reads a request for a conversation. */
export function readChat(dialect: Dialect, body: Span): ChatRequest {
  return dialect == Dialect.Anthropic ? readAnthropicRequest(body) : readOpenaiRequest(body);
}

/** The body of an error that the plugin itself reports. */
export function errorBody(dialect: Dialect, status: i32, message: string): Span {
  const out = new Buffer(256);
  writeError(out, dialect, errorKindOfStatus(status), escapedText(message), Span.empty(), Span.empty());
  return out.take();
}

/** A provider's error in the client's dialect, whatever the provider sent. */
export function translatedError(dialect: Dialect, status: i32, body: Span): Span {
  const error = ErrorBody.read(body, status);
  const out = new Buffer(256);
  writeError(out, dialect, error.kind, error.message, error.code, error.requestId);
  return out.take();
}

function writeError(
  out: Buffer,
  dialect: Dialect,
  kind: ErrorKind,
  message: Span,
  code: Span,
  id: Span,
): void {
  if (dialect == Dialect.Anthropic) writeAnthropicError(out, kind, message, id);
  else writeOpenaiError(out, kind, message, code);
}

/** Writes a stream to `out`. `reasoningName` is a further member of OpenAI's deltas that has reasoning. */
export function streamWriter(
  dialect: Dialect,
  out: Buffer,
  request: Request,
  reasoningName: string,
): AnswerWriter {
  if (dialect == Dialect.Anthropic) return setUp(new AnthropicStreamWriter(out), request);
  const writer = new OpenaiStreamWriter(out, nowMs() / 1000);
  if (reasoningName.length > 0) writer.reasoningName = reasoningName;
  writer.includesUsage = request.wantsUsage;
  return setUp(writer, request);
}

/** Writes a whole answer, at `end`. */
export function answerWriter(dialect: Dialect, out: Buffer, request: Request): AnswerWriter {
  if (dialect == Dialect.Anthropic) return setUp(new AnthropicAnswerWriter(out), request);
  return setUp(new OpenaiAnswerWriter(out, nowMs() / 1000), request);
}

/** What the writer has to know of the request. */
function setUp(writer: AnswerWriter, request: Request): AnswerWriter {
  writer.model = escapedText(request.finalModel);
  writer.usesFunctions = request.usesFunctions;
  writer.renamedTools = request.renamedTools;
  return writer;
}
