export { abort } from "as-proxy-wasm-sdk/abi/abort";

import { Buffer, Span } from "../../../bytes";
import { ChatRequest, RequestError } from "../../chat";
import { Dropped } from "../../dropped";
import { ErrorKind } from "../../error";
import { AnswerWriter, ChatEvents } from "../../events";
import { StreamReader } from "../../stream-reader";
import { readAnthropicAnswer } from "../../anthropic/answer-reader";
import { AnthropicAnswerWriter } from "../../anthropic/answer-writer";
import { readAnthropicRequest } from "../../anthropic/request-reader";
import { writeAnthropicRequest } from "../../anthropic/request-writer";
import { AnthropicStreamReader } from "../../anthropic/stream-reader";
import { AnthropicStreamWriter } from "../../anthropic/stream-writer";
import { readGeminiAnswer } from "../../gemini/answer-reader";
import { GeminiAnswerWriter } from "../../gemini/answer-writer";
import { writeGeminiError } from "../../gemini/error";
import { readGeminiRequest } from "../../gemini/request-reader";
import { GeminiRequestOptions, writeGeminiRequest } from "../../gemini/request-writer";
import { GeminiStreamReader } from "../../gemini/stream-reader";
import { GeminiStreamWriter } from "../../gemini/stream-writer";
import { readOpenaiAnswer } from "../../openai/answer-reader";
import { OpenaiAnswerWriter } from "../../openai/answer-writer";
import { readOpenaiRequest } from "../../openai/request-reader";
import { OpenaiRequestOptions, writeOpenaiRequest } from "../../openai/request-writer";
import { OpenaiStreamReader } from "../../openai/stream-reader";
import { OpenaiStreamWriter } from "../../openai/stream-writer";

const enum Dialect {
  Openai,
  Anthropic,
  Gemini,
}

const CREATED: i64 = 1700000000;

let input = new ArrayBuffer(0);
let model: Span = Span.empty();
let out: Buffer = new Buffer();
let notes: string = "";
let flags: i32 = 0;

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

/** Takes what was put last as the model of requests that have none. */
export function keepModel(): void {
  model = Span.of(input);
}

/** Bits: 1 snake case, 2 a list instead of events, 4 safety settings and a default of thinking. */
export function setFlags(value: i32): void {
  flags = value;
}

export function resultStart(): usize {
  return out.span().start;
}

export function resultSize(): i32 {
  return out.size;
}

/** Moves the notes (dropped fields, or why a request cannot be written) into the result. */
export function takeNotes(): void {
  out = new Buffer();
  out.text(notes);
}

export function collect(): void {
  __collect();
}

function note(dropped: Dropped): void {
  notes = dropped.names.join("\n");
}

/** 0, or why the body is no request; -1 when it cannot be written: the reason is in the result. */
export function convertRequest(from: Dialect, to: Dialect): i32 {
  const body = Span.of(input);
  let request: ChatRequest;
  if (from == Dialect.Openai) request = readOpenaiRequest(body);
  else if (from == Dialect.Anthropic) request = readAnthropicRequest(body);
  else request = readGeminiRequest(body);
  out = new Buffer();
  if (request.error != RequestError.None) return request.error;
  if (!model.isEmpty) request.model = model;
  let problem = "";
  if (to == Dialect.Openai) {
    const options = new OpenaiRequestOptions();
    options.topK = true;
    writeOpenaiRequest(request, out, options);
  } else if (to == Dialect.Anthropic) {
    writeAnthropicRequest(request, out);
  } else {
    const options = new GeminiRequestOptions();
    options.isSnakeCase = (flags & 1) != 0;
    if (flags & 4) {
      options.safetySettings = Span.text(
        '[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}]',
      );
      options.thinkingConfig = Span.text('{"includeThoughts":true,"thinkingBudget":0}');
    }
    problem = writeGeminiRequest(request, out, options);
  }
  note(request.dropped);
  if (problem.length == 0) return 0;
  out = new Buffer();
  out.text(problem);
  return -1;
}

function answerWriter(to: Dialect): AnswerWriter {
  if (to == Dialect.Openai) return new OpenaiAnswerWriter(out, CREATED);
  return to == Dialect.Anthropic ? new AnthropicAnswerWriter(out) : new GeminiAnswerWriter(out);
}

/** 1 when the body was an answer or an error. */
export function convertAnswer(from: Dialect, to: Dialect): i32 {
  out = new Buffer();
  const writer = answerWriter(to);
  const body = Span.of(input);
  let isRead: bool;
  if (from == Dialect.Openai) isRead = readOpenaiAnswer(body, writer);
  else if (from == Dialect.Anthropic) isRead = readAnthropicAnswer(body, writer);
  else isRead = readGeminiAnswer(body, writer, Span.text("fallback"));
  note(writer.dropped);
  return isRead ? 1 : 0;
}

let streamWriter: ChatEvents | null = null;
let reader: StreamReader | null = null;

export function openStream(from: Dialect, to: Dialect, maxEventBytes: i32): void {
  out = new Buffer();
  let writer: ChatEvents;
  if (to == Dialect.Openai) writer = new OpenaiStreamWriter(out, CREATED);
  else if (to == Dialect.Anthropic) writer = new AnthropicStreamWriter(out);
  else writer = new GeminiStreamWriter(out, (flags & 2) != 0);
  streamWriter = writer;
  if (from == Dialect.Openai) reader = new OpenaiStreamReader(writer, maxEventBytes);
  else if (from == Dialect.Anthropic) reader = new AnthropicStreamReader(writer, maxEventBytes);
  else reader = new GeminiStreamReader(writer, maxEventBytes, Span.text("fallback"));
}

/** Feeds bytes of the input, as memory that does not outlive the call. */
export function feed(start: usize, size: i32): void {
  const memory = new Span(input, start, size).copy();
  const open = reader;
  if (open) open.feed(memory);
  for (let at = memory.start; at < memory.end; at++) store<u8>(at, 0x58);
}

export function finish(): void {
  const open = reader;
  if (open) open.finish();
  const writer = streamWriter;
  if (writer) note(writer.dropped);
}

export function writeError(kind: ErrorKind): void {
  out = new Buffer();
  writeGeminiError(out, kind, Span.of(input));
}
