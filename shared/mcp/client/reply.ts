// A server's answer to one request, out of a JSON body or out of a stream of events. A stream may bring other
// messages before it (notifications, the server's own questions) and may stay open after it.

import { Buffer, Span } from "../../bytes";
import { equalsAsciiIgnoreCase } from "../../bytes/ascii";
import { Json, JsonError, JsonKind } from "../../json";
import { SseParser } from "../../sse";

/** A longer answer is given up: it would have to be held as a whole. */
export const MAX_REPLY_BYTES = 100 << 20;

export enum ReplyKind {
  /** Has not come yet. */
  Awaited,
  Result,
  /** The server's JSON-RPC error. */
  Error,
  /** There will be none; `problem` says why. */
  Broken,
}

/** Questions that are heard while one reply is awaited: a server that asks on and on is left without an answer. */
const MAX_QUESTIONS = 100;

/** Why there is no answer. */
export const TOO_LARGE: string = "response too large";
export const CLOSED: string = "backend closed the stream";
export const NO_DATA: string = "no data field found in SSE response";
export const NOT_JSON: string = "invalid JSON response";
/** The end of a response. */
const ALIVE: string = ',"result":{}}';
const NOBODY: string = ',"error":{"code":-32601,"message":"the gateway has nobody who could answer this"}}';

/** JSON, and no message with a result or an error. */
export const NO_ANSWER: string = "the response has neither result nor error";

export class Reply {
  kind: ReplyKind = ReplyKind.Awaited;
  /** JSON of the result; whether it is an object is for the reader to say. */
  result: Span = Span.empty();
  errorCode: i32 = 0;
  errorMessage: string = "";
  /** JSON of the error's `data`, or empty. */
  errorData: Span = Span.empty();
  /** Of a broken answer: one of the texts above. */
  problem: string = "";
  /** Responses to what the server has asked meanwhile that `takeResponse` has not given. */
  private responses: Span[] = [];
  private questionCount: i32 = 0;

  private body: Buffer = new Buffer(256);
  private events: SseParser | null = null;
  private isOver: bool = false;
  private hadData: bool = false;

  /** `contentType` is that of the answer; what is no event stream is read as JSON. */
  constructor(
    private id: i64,
    contentType: Span,
  ) {
    if (isEventStream(contentType)) this.events = new SseParser(MAX_REPLY_BYTES);
  }

  /** A whole body. */
  static of(id: i64, contentType: Span, body: Span): Reply {
    const reply = new Reply(id, contentType);
    if (reply.isStream) reply.feed(body);
    else reply.readBody(body);
    reply.finish();
    return reply;
  }

  get isStream(): bool {
    return this.events !== null;
  }

  /** Reads the next bytes, which need not outlive the call. True once `kind` is known. */
  feed(chunk: Span): bool {
    if (this.kind != ReplyKind.Awaited) return true;
    const events = this.events;
    if (events === null) {
      if (chunk.size > MAX_REPLY_BYTES - this.body.size) this.fail(TOO_LARGE);
      else this.body.append(chunk);
    } else {
      events.feed(chunk);
      this.readEvents(events);
    }
    return this.kind != ReplyKind.Awaited;
  }

  /** The answer has ended. */
  finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    const events = this.events;
    if (this.kind != ReplyKind.Awaited) return;
    if (events === null) {
      this.readBody(this.body.span());
    } else {
      events.finish();
      this.readEvents(events);
      if (this.kind == ReplyKind.Awaited) this.fail(this.hadData ? CLOSED : NO_DATA);
    }
  }

  /** An event that came on a stream which more than this reader listens to. */
  takeEvent(name: Span, data: Span): void {
    this.hadData = true;
    if (!name.isEmpty && !name.equalsAscii("message")) return;
    this.takeMessages(Json.checked(data), true);
  }

  private readEvents(events: SseParser): void {
    while (this.kind == ReplyKind.Awaited && events.next()) this.takeEvent(events.event, events.data);
    if (events.overflowed && this.kind == ReplyKind.Awaited) this.fail(TOO_LARGE);
  }

  private readBody(body: Span): void {
    if (this.kind != ReplyKind.Awaited) return;
    const json = Json.checked(body);
    if (json.error != JsonError.None) return this.fail(NOT_JSON);
    this.takeMessages(json, false);
    if (this.kind == ReplyKind.Awaited) this.fail(NO_ANSWER);
  }

  /** `isMatched`: only what carries the request's id. A JSON body belongs to its request whatever id it has. */
  private takeMessages(json: Json, isMatched: bool): void {
    if (json.kind != JsonKind.Array) return this.take(json, isMatched);
    const items = json.items();
    while (this.kind == ReplyKind.Awaited && items.next()) this.take(items.value, true);
  }

  private take(message: Json, isMatched: bool): void {
    if (message.kind != JsonKind.Object) return;
    const id = message.get("id");
    const method = message.get("method");
    if (method.exists) return this.takeQuestion(method, id);
    if (isMatched && (id.kind != JsonKind.Number || id.integer(i64.MIN_VALUE) != this.id)) return;
    const error = message.get("error");
    const result = message.get("result");
    if (error.exists && error.kind != JsonKind.Null) {
      this.kind = ReplyKind.Error;
      this.errorCode = <i32>error.get("code").integer(0);
      this.errorMessage = error.get("message").text();
      this.errorData = error.get("data").raw().copy();
    } else if (result.exists) {
      this.kind = ReplyKind.Result;
      this.result = result.raw().copy();
    }
  }

  private takeQuestion(method: Json, id: Json): void {
    if (id.kind != JsonKind.Number && id.kind != JsonKind.String) return;
    if (++this.questionCount > MAX_QUESTIONS) return;
    const answer = method.bytes().equalsAscii("ping") ? ALIVE : NOBODY;
    const out = new Buffer(128);
    out.text('{"jsonrpc":"2.0","id":');
    out.append(id.raw());
    out.text(answer);
    this.responses.push(out.span());
  }

  /** What is to be sent to a server that has asked: it must not wait for an answer that nobody gives. Or null. */
  takeResponse(): Span | null {
    return this.responses.length > 0 ? this.responses.shift() : null;
  }

  private fail(problem: string): void {
    this.kind = ReplyKind.Broken;
    this.problem = problem;
  }
}

/** The media type `text/event-stream`, whatever parameters follow. */
export function isEventStream(contentType: Span): bool {
  const semicolon = contentType.indexOf(0x3b);
  const type = semicolon < 0 ? contentType : contentType.slice(0, semicolon);
  let size = type.size;
  while (size > 0 && type.at(size - 1) == 0x20) size--;
  return equalsAsciiIgnoreCase(type.slice(0, size), "text/event-stream");
}
