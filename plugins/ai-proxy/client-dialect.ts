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
import { GeminiAnswerWriter } from "as-proxy-wasm-sdk/llm/gemini/answer-writer";
import { writeGeminiError } from "as-proxy-wasm-sdk/llm/gemini/error";
import { readGeminiRequest } from "as-proxy-wasm-sdk/llm/gemini/request-reader";
import { GeminiStreamWriter } from "as-proxy-wasm-sdk/llm/gemini/stream-writer";
import { OpenaiAnswerWriter } from "as-proxy-wasm-sdk/llm/openai/answer-writer";
import { writeOpenaiError } from "as-proxy-wasm-sdk/llm/openai/error";
import { readOpenaiRequest } from "as-proxy-wasm-sdk/llm/openai/request-reader";
import { OpenaiStreamWriter } from "as-proxy-wasm-sdk/llm/openai/stream-writer";
import { ResponsesAnswerWriter } from "as-proxy-wasm-sdk/llm/responses/answer-writer";
import { readResponsesRequest } from "as-proxy-wasm-sdk/llm/responses/request-reader";
import { ResponsesStreamWriter } from "as-proxy-wasm-sdk/llm/responses/stream-writer";
import { Dialect, Request } from "./request";
import { escapedText } from "./request-body";

/** Reads a request for a conversation. */
export function readChat(dialect: Dialect, body: Span): ChatRequest {
  switch (dialect) {
    case Dialect.Anthropic:
      return readAnthropicRequest(body);
    case Dialect.Responses:
      return readResponsesRequest(body);
    case Dialect.Gemini:
      return readGeminiRequest(body);
    default:
      return readOpenaiRequest(body);
  }
}

/** The body of an error that the plugin itself reports. */
export function errorBody(dialect: Dialect, status: i32, message: string): Span {
  const out = new Buffer(256);
  const kind = errorKindOfStatus(status);
  writeError(out, dialect, status, kind, escapedText(message), Span.empty(), Span.empty());
  return out.take();
}

/** A provider's error in the client's dialect. `requestId` is what the head of the answer calls the request. */
export function translatedError(dialect: Dialect, status: i32, body: Span, requestId: string): Span {
  const error = ErrorBody.read(body, status);
  const id = error.requestId.isEmpty && requestId.length > 0 ? escapedText(requestId) : error.requestId;
  const out = new Buffer(256);
  writeError(out, dialect, status, error.kind, error.message, error.code, id);
  return out.take();
}

function writeError(
  out: Buffer,
  dialect: Dialect,
  status: i32,
  kind: ErrorKind,
  message: Span,
  code: Span,
  id: Span,
): void {
  if (dialect == Dialect.Anthropic) writeAnthropicError(out, kind, message, id);
  else if (dialect == Dialect.Gemini) writeGeminiError(out, kind, message, status);
  else writeOpenaiError(out, kind, message, code);
}

/** Writes a stream to `out`. `reasoningName` is a further member of OpenAI's deltas that has reasoning. */
export function streamWriter(
  dialect: Dialect,
  out: Buffer,
  request: Request,
  reasoningName: string,
): AnswerWriter {
  switch (dialect) {
    case Dialect.Anthropic:
      return setUp(new AnthropicStreamWriter(out), request);
    case Dialect.Responses: {
      const writer = new ResponsesStreamWriter(out, nowMs() / 1000);
      writer.settings = request.settings;
      return setUp(writer, request);
    }
    case Dialect.Gemini:
      return setUp(new GeminiStreamWriter(out, request.wantsArray), request);
    default: {
      const writer = new OpenaiStreamWriter(out, nowMs() / 1000);
      if (reasoningName.length > 0) writer.reasoningName = reasoningName;
      writer.includesUsage = request.wantsUsage;
      return setUp(writer, request);
    }
  }
}

/** Writes a whole answer, at `end`. */
export function answerWriter(dialect: Dialect, out: Buffer, request: Request): AnswerWriter {
  switch (dialect) {
    case Dialect.Anthropic:
      return setUp(new AnthropicAnswerWriter(out), request);
    case Dialect.Responses: {
      const writer = new ResponsesAnswerWriter(out, nowMs() / 1000);
      writer.settings = request.settings;
      return setUp(writer, request);
    }
    case Dialect.Gemini:
      return setUp(new GeminiAnswerWriter(out), request);
    default:
      return setUp(new OpenaiAnswerWriter(out, nowMs() / 1000), request);
  }
}

/** What the writer has to know of the request. */
function setUp(writer: AnswerWriter, request: Request): AnswerWriter {
  writer.model = escapedText(request.finalModel);
  writer.usesFunctions = request.usesFunctions;
  writer.renamedTools = request.renamedTools;
  return writer;
}
