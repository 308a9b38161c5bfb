// Cohere's answers, whole and in events, of both versions of its chat API.
// https://docs.cohere.com/v2/reference/chat, https://docs.cohere.com/v1/reference/chat

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ErrorBody, ErrorKind } from "as-proxy-wasm-sdk/llm/error";
import { AnswerHead, ChatEvents, Finish, MAX_TOOL_CALLS } from "as-proxy-wasm-sdk/llm/events";
import { indexOfName } from "as-proxy-wasm-sdk/llm/names";
import { NONE, textOf } from "as-proxy-wasm-sdk/llm/text";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";

const enum Event {
  MessageStart,
  ContentStart,
  ContentDelta,
  ToolPlanDelta,
  ToolCallStart,
  ToolCallDelta,
  ToolCallEnd,
  MessageEnd,
  // Those of version 1.
  StreamStart,
  TextGeneration,
  ToolCallsChunk,
  ToolCallsGeneration,
  StreamEnd,
}

const EVENTS: StaticArray<string> = [
  "message-start",
  "content-start",
  "content-delta",
  "tool-plan-delta",
  "tool-call-start",
  "tool-call-delta",
  "tool-call-end",
  "message-end",
  "stream-start",
  "text-generation",
  "tool-calls-chunk",
  "tool-calls-generation",
  "stream-end",
];

const WORDS: StaticArray<string> = [
  "COMPLETE",
  "STOP_SEQUENCE",
  "MAX_TOKENS",
  "TOOL_CALL",
  "ERROR_TOXIC",
  "ERROR_LIMIT",
];
const REASONS: StaticArray<Finish> = [
  Finish.Stop,
  Finish.StopText,
  Finish.Length,
  Finish.ToolCalls,
  Finish.Filter,
  Finish.Length,
];

export class CohereAnswerReader {
  /** The model has told why it stopped. */
  isFinished: bool = false;
  hasFailed: bool = false;

  private isBegun: bool = false;
  private hasText: bool = false;
  /** Position: number of a call; the `index` of its events. */
  private readonly calls: i64[] = [];
  /** The call has no arguments yet, and has not ended. */
  private readonly isEmpty: bool[] = [];

  constructor(private readonly events: ChatEvents) {}

  /** Hands on a whole answer, or the error in its place. False when the object is neither. */
  readWhole(root: Json): bool {
    const message = root.get("message");
    if (message.kind == JsonKind.Object) {
      this.begin(root);
      this.plan(message.get("tool_plan"));
      const content = message.get("content");
      if (content.kind == JsonKind.String) this.text(content);
      const parts = content.items();
      while (parts.next()) this.content(parts.value);
      const calls = message.get("tool_calls").items();
      while (calls.next()) {
        if (this.call(calls.value, calls.index)) this.closeCall(this.calls.length - 1);
      }
    } else if (root.get("text").kind == JsonKind.String) {
      this.begin(root);
      this.completeV1(root);
    } else {
      return this.readError(root);
    }
    this.finish(root);
    return true;
  }

  /** Hands on what an event says; `name` is that of the event's frame. */
  readEvent(root: Json, name: Span): void {
    let type = textOf(root.get("type"));
    if (type.isEmpty) type = textOf(root.get("event_type"));
    const event = indexOfName(EVENTS, type.isEmpty ? name : type);
    if (event < 0) {
      // There are further ones: of citations, searches, debugging.
      if (!type.isEmpty && !type.equalsAscii("error")) this.events.dropped.addNamed("event.", type);
      else this.readError(root);
      return;
    }
    this.begin(root);
    const delta = root.get("delta");
    const message = delta.get("message");
    const index = root.get("index").integer(-1);
    switch (event) {
      case Event.ContentStart:
      case Event.ContentDelta:
        this.content(message.get("content"));
        break;
      case Event.ToolPlanDelta:
        this.plan(message.get("tool_plan"));
        break;
      case Event.ToolCallStart:
        this.call(message.get("tool_calls"), index);
        break;
      case Event.ToolCallDelta:
        this.callArguments(this.callOf(index), message.path("tool_calls.function.arguments"));
        break;
      case Event.ToolCallEnd:
        this.closeCall(this.callOf(index));
        break;
      case Event.MessageEnd:
        for (let i = 0; i < this.calls.length; i++) this.closeCall(i);
        this.finish(delta);
        break;
      case Event.TextGeneration:
      case Event.ToolCallsChunk:
        this.text(root.get("text"));
        break;
      case Event.ToolCallsGeneration:
        this.completeV1(root);
        break;
      case Event.StreamEnd:
        this.completeV1(root.get("response"));
        this.finish(root);
        break;
      default:
        break;
    }
  }

  private begin(root: Json): void {
    if (this.isBegun) return;
    this.isBegun = true;
    const head = new AnswerHead();
    head.id = textOf(root.get("id"));
    if (head.id.isEmpty) head.id = textOf(root.get("response_id"));
    if (head.id.isEmpty) head.id = textOf(root.get("generation_id"));
    this.events.begin(head);
  }

  private readError(root: Json): bool {
    const error = ErrorBody.of(root);
    if (!error.isKnown) return false;
    this.fail(error.kind, error.message);
    return true;
  }

  private fail(kind: ErrorKind, message: Span): void {
    this.hasFailed = true;
    this.events.error(kind, message);
  }

  private content(part: Json): void {
    const thinking = textOf(part.get("thinking"));
    if (!thinking.isEmpty) this.events.reasoning(0, thinking);
    this.text(part.get("text"));
  }

  /** What the model says of the calls that follow. */
  private plan(value: Json): void {
    const text = textOf(value);
    if (!text.isEmpty) this.events.reasoning(0, text);
  }

  private text(value: Json): void {
    const text = textOf(value);
    if (text.isEmpty) return;
    this.hasText = true;
    this.events.text(0, text);
  }

  /** Begins a call, with what arguments it has. False for one too many. */
  private call(value: Json, index: i64): bool {
    const called = value.get("function");
    const name = textOf(called.get("name"));
    const number = this.calls.length;
    if (number >= MAX_TOOL_CALLS || name.isEmpty) {
      this.events.dropped.add("tool_calls");
      return false;
    }
    this.calls.push(index);
    this.isEmpty.push(true);
    this.events.toolCall(0, number, textOf(value.get("id")), name);
    this.callArguments(number, called.get("arguments"));
    return true;
  }

  /** The call with this index, else the last one; -1 where there is none. */
  private callOf(index: i64): i32 {
    const found = this.calls.lastIndexOf(index);
    return found < 0 ? this.calls.length - 1 : found;
  }

  private callArguments(number: i32, value: Json): void {
    const text = textOf(value);
    // `null` are the arguments of a tool without parameters.
    if (number < 0 || text.isEmpty || (this.isEmpty[number] && text.equalsAscii("null"))) return;
    this.isEmpty[number] = false;
    this.events.toolArguments(0, number, text);
  }

  private closeCall(number: i32): void {
    if (number < 0 || !this.isEmpty[number]) return;
    this.isEmpty[number] = false;
    this.events.toolInput(0, number, Span.text("{}"));
  }

  /** Version 1: hands on text and calls, unless they came before. Its calls have no ids. */
  private completeV1(value: Json): void {
    if (!this.hasText) this.text(value.get("text"));
    if (this.calls.length > 0) return;
    const calls = value.get("tool_calls").items();
    while (calls.next() && calls.index < MAX_TOOL_CALLS) {
      const input = calls.value.get("parameters");
      const number = calls.index;
      this.calls.push(number);
      this.isEmpty.push(false);
      this.events.toolCall(0, number, NONE, textOf(calls.value.get("name")));
      this.events.toolInput(0, number, input.kind == JsonKind.Object ? input.raw() : Span.text("{}"));
    }
  }

  /** Reads usage and the reason to stop, or why there is none. */
  private finish(value: Json): void {
    let usage = value.get("usage");
    if (!usage.exists) usage = value.get("meta");
    if (!usage.exists) usage = value.path("response.meta");
    this.usage(usage);
    const word = textOf(value.get("finish_reason"));
    if (word.isEmpty || this.isFinished) return;
    this.isFinished = true;
    const error = textOf(value.get("error"));
    const isTimeout = word.equalsAscii("TIMEOUT");
    if (isTimeout || word.equalsAscii("ERROR") || !error.isEmpty) {
      return this.fail(isTimeout ? ErrorKind.Timeout : ErrorKind.Api, error);
    }
    const index = indexOfName(WORDS, word);
    let reason = index < 0 ? Finish.Other : REASONS[index];
    if (reason == Finish.Stop && this.calls.length > 0) reason = Finish.ToolCalls;
    this.events.finish(0, reason, word, NONE);
  }

  /** What was billed leaves out what Cohere itself puts into the prompt; all tokens count where they are told. */
  private usage(value: Json): void {
    if (value.kind != JsonKind.Object) return;
    let tokens = value.get("tokens");
    if (tokens.kind != JsonKind.Object) tokens = value.get("billed_units");
    const prompt = max(tokens.get("input_tokens").integer(0), 0);
    const usage = new Usage();
    usage.cacheRead = min(max(value.get("cached_tokens").integer(0), 0), prompt);
    usage.input = prompt - usage.cacheRead;
    usage.output = max(tokens.get("output_tokens").integer(0), 0);
    this.events.usage(usage);
  }
}
