export { abort } from "as-proxy-wasm-sdk/abi/abort";

import { Buffer, Span } from "../../bytes";
import { ChatRequest, RequestError } from "../chat";
import { Dropped } from "../dropped";
import { ErrorBody, statusOfError } from "../error";
import { AnswerWriter, ChatEvents } from "../events";
import { readAnthropicAnswer } from "../anthropic/answer-reader";
import { AnthropicAnswerWriter } from "../anthropic/answer-writer";
import { writeAnthropicError } from "../anthropic/error";
import { readAnthropicRequest } from "../anthropic/request-reader";
import { AnthropicRequestOptions, writeAnthropicRequest } from "../anthropic/request-writer";
import { AnthropicStreamReader } from "../anthropic/stream-reader";
import { AnthropicStreamWriter } from "../anthropic/stream-writer";
import { readOpenaiAnswer } from "../openai/answer-reader";
import { OpenaiAnswerWriter } from "../openai/answer-writer";
import { cleanContext, developerToSystem, includeUsage, insertSystem, replaceModel } from "../openai/edit";
import { writeOpenaiError } from "../openai/error";
import { mergeConsecutive } from "../openai/merge";
import { ThinkingPromotion, promoteThinking } from "../openai/promote";
import { readOpenaiRequest } from "../openai/request-reader";
import { OpenaiRequestOptions, writeOpenaiRequest } from "../openai/request-writer";
import { OpenaiStreamReader } from "../openai/stream-reader";
import { OpenaiStreamWriter } from "../openai/stream-writer";
import { readResponsesAnswer } from "../responses/answer-reader";
import { ResponsesAnswerWriter } from "../responses/answer-writer";
import { writeResponsesError } from "../responses/error";
import { readResponsesRequest } from "../responses/request-reader";
import { writeResponsesRequest } from "../responses/request-writer";
import { ResponsesStreamReader } from "../responses/stream-reader";
import { ResponsesStreamWriter } from "../responses/stream-writer";
import { StreamReader } from "../stream-reader";

const enum Dialect {
  Openai,
  Anthropic,
  Responses,
}

const CREATED: i64 = 1700000000;

let input = new ArrayBuffer(0);
let extra = new ArrayBuffer(0);
let out: Buffer = new Buffer();
let notes: string = "";
let flags: i32 = 0;

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

/** Keeps what was put last as the second argument of the next call. */
export function keep(): void {
  extra = input;
}

/**
 * Bits: 1 claudeCode, 2 topK, 4 reasoningContent, 8 outputFormat, 16 version, 32 no usage, 64 model "mapped",
 * 128 functions, 256 tool "get.it" was renamed, 512 seals, 1024 no cache_control,
 * 2048 custom tools; in answers of tool "shell", which the client knows as one.
 */
export function setFlags(value: i32): void {
  flags = value;
}

export function resultStart(): usize {
  return out.span().start;
}

export function resultSize(): i32 {
  return out.size;
}

/** Moves the notes (dropped fields) into the result. */
export function takeNotes(): void {
  out = new Buffer();
  out.text(notes);
}

export function collect(): void {
  __collect();
}

export function memoryPages(): i32 {
  return memory.size();
}

function note(dropped: Dropped): void {
  notes = dropped.names.join("\n");
}

function put(bytes: Span): void {
  out = new Buffer();
  out.append(bytes);
}

/** 0, or why the body is no request. */
export function convertRequest(from: Dialect, to: Dialect): i32 {
  const body = Span.of(input);
  const request: ChatRequest =
    from == Dialect.Openai
      ? readOpenaiRequest(body)
      : from == Dialect.Anthropic
        ? readAnthropicRequest(body)
        : readResponsesRequest(body);
  out = new Buffer();
  notes = request.unsupported;
  if (request.error != RequestError.None) return request.error;
  if (to == Dialect.Responses) {
    writeResponsesRequest(request, out);
  } else if (to == Dialect.Openai) {
    const options = new OpenaiRequestOptions();
    options.topK = (flags & 2) != 0;
    options.reasoningContent = (flags & 4) != 0;
    options.seals = (flags & 512) != 0;
    options.cacheControl = (flags & 1024) == 0;
    options.customTools = (flags & 2048) != 0;
    writeOpenaiRequest(request, out, options);
  } else {
    const options = new AnthropicRequestOptions();
    options.claudeCode = (flags & 1) != 0;
    options.outputFormat = (flags & 8) != 0;
    if (flags & 16) {
      options.version = "vertex-2023-10-16";
      options.hasModel = false;
    }
    writeAnthropicRequest(request, out, options);
  }
  note(request.dropped);
  return 0;
}

function setUp(writer: AnswerWriter): void {
  if (flags & 64) writer.model = Span.text("mapped");
  writer.usesFunctions = (flags & 128) != 0;
  if (flags & 2048) writer.renamedTools.addCustom(Span.text("shell"));
  if (flags & 256) writer.renamedTools.add(Span.text("get.it"), Span.text("get_it"));
}

/** 1 when the body was an answer or an error. */
export function convertAnswer(from: Dialect, to: Dialect): i32 {
  out = new Buffer();
  let writer: AnswerWriter;
  if (to == Dialect.Openai) writer = new OpenaiAnswerWriter(out, CREATED);
  else if (to == Dialect.Anthropic) writer = new AnthropicAnswerWriter(out);
  else writer = new ResponsesAnswerWriter(out, CREATED);
  setUp(writer);
  const body = Span.of(input);
  const isRead =
    from == Dialect.Openai
      ? readOpenaiAnswer(body, writer)
      : from == Dialect.Anthropic
        ? readAnthropicAnswer(body, writer)
        : readResponsesAnswer(body, writer);
  note(writer.dropped);
  return isRead ? 1 : 0;
}

let streamWriter: ChatEvents | null = null;
let streamReader: StreamReader | null = null;
let promotion: ThinkingPromotion | null = null;

export function openStream(from: Dialect, to: Dialect, maxEventBytes: i32): void {
  out = new Buffer();
  let writer: AnswerWriter;
  if (to == Dialect.Openai) {
    const openai = new OpenaiStreamWriter(out, CREATED);
    if (flags & 4) openai.reasoningName = "reasoning";
    openai.includesUsage = (flags & 32) == 0;
    writer = openai;
  } else if (to == Dialect.Anthropic) {
    writer = new AnthropicStreamWriter(out);
  } else {
    writer = new ResponsesStreamWriter(out, CREATED);
  }
  setUp(writer);
  streamWriter = writer;
  promotion = null;
  if (from == Dialect.Openai) streamReader = new OpenaiStreamReader(writer, maxEventBytes);
  else if (from == Dialect.Anthropic) streamReader = new AnthropicStreamReader(writer, maxEventBytes);
  else streamReader = new ResponsesStreamReader(writer, maxEventBytes);
}

export function openPromotion(maxEventBytes: i32): void {
  out = new Buffer();
  streamReader = null;
  streamWriter = null;
  promotion = new ThinkingPromotion(out, maxEventBytes);
}

/** Feeds bytes of the input, as memory that does not outlive the call. */
export function feed(start: usize, size: i32): void {
  const memory = new Span(input, start, size).copy();
  feedChunk(memory);
  for (let at = memory.start; at < memory.end; at++) store<u8>(at, 0x58);
}

function feedChunk(chunk: Span): void {
  const reader = streamReader;
  if (reader) reader.feed(chunk);
  const promoted = promotion;
  if (promoted) promoted.feed(chunk);
}

/** Feeds the input in pieces of `size` bytes and throws the output away after each. */
export function feedPieces(size: i32): void {
  for (let at = 0; at < input.byteLength; at += size) {
    feedChunk(new Span(input, changetype<usize>(input) + <usize>at, min(size, input.byteLength - at)));
    out.clear();
  }
}

export function finish(): void {
  const reader = streamReader;
  if (reader) reader.finish();
  const promoted = promotion;
  if (promoted) promoted.finish();
  const writer = streamWriter;
  if (writer) note(writer.dropped);
}

/** Forgets what was written so far. */
export function clearResult(): void {
  out.clear();
}

/** The status that goes with the error. */
export function convertError(to: Dialect, status: i32): i32 {
  out = new Buffer();
  const error = ErrorBody.read(Span.of(input), status);
  if (to == Dialect.Openai) writeOpenaiError(out, error.kind, error.message, error.code);
  else if (to == Dialect.Responses) writeResponsesError(out, error.kind, error.message, error.code);
  else writeAnthropicError(out, error.kind, error.message, error.requestId);
  return error.isKnown ? statusOfError(error.kind) : 0;
}

const enum Edit {
  Developer,
  Merge,
  Clean,
  IncludeUsage,
  Model,
  Promote,
  InsertSystem,
}

/** 1 when the body was changed. The second argument is a command, a model or a system message. */
export function edit(kind: Edit): i32 {
  const body = Span.of(input);
  const argument = Span.of(extra);
  let result = body;
  if (kind == Edit.Developer) result = developerToSystem(body);
  else if (kind == Edit.Merge) result = mergeConsecutive(body);
  else if (kind == Edit.Clean) result = cleanContext(body, [argument]);
  else if (kind == Edit.IncludeUsage) result = includeUsage(body);
  else if (kind == Edit.Model) result = replaceModel(body, argument);
  else if (kind == Edit.Promote) result = promoteThinking(body);
  else result = insertSystem(body, argument);
  put(result);
  return result === body ? 0 : 1;
}
