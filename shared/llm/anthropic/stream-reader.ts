// A stream of Anthropic message events, from bytes that are cut anywhere.
// https://platform.claude.com/docs/en/build-with-claude/streaming

import { Span, trimAscii } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { SseParser } from "../../sse";
import { ErrorBody, ErrorKind } from "../error";
import { ChatEvents, INCOMPLETE, OVERLONG } from "../events";
import { indexOfName } from "../names";
import { NONE, textOf } from "../text";
import { AnthropicMessageReader } from "./message-reader";

const enum Event {
  MessageStart,
  BlockStart,
  BlockDelta,
  BlockStop,
  MessageDelta,
  MessageStop,
  Ping,
  Error,
}

const EVENTS: StaticArray<string> = [
  "message_start",
  "content_block_start",
  "content_block_delta",
  "content_block_stop",
  "message_delta",
  "message_stop",
  "ping",
  "error",
];

/** Blocks that are open at the same time; the provider opens one after the other. */
const MAX_OPEN_CALLS: i32 = 16;

/** A block that calls one of the client's tools and is not complete. */
class OpenCall {
  hasArguments: bool = false;

  constructor(
    readonly block: i64,
    readonly index: i32,
    /** Arguments that came with the block's start; pieces that follow count instead. */
    readonly input: Span,
  ) {}
}

export class AnthropicStreamReader {
  private readonly sse: SseParser;
  private readonly message: AnthropicMessageReader;
  private readonly open: OpenCall[] = [];
  private isDone: bool = false;

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(
    private readonly events: ChatEvents,
    maxEventBytes: i32,
  ) {
    this.sse = new SseParser(maxEventBytes);
    this.message = new AnthropicMessageReader(events);
  }

  /** True once the answer is complete, or has failed; what follows is ignored. */
  get isEnded(): bool {
    return this.isDone;
  }

  feed(chunk: Span): void {
    if (this.isDone) return;
    this.sse.feed(chunk);
    this.readEvents();
  }

  /** The stream has ended. An answer that has not is ended with an error. */
  finish(): void {
    if (this.isDone) return;
    this.sse.finish();
    this.readEvents();
    if (this.isDone) return;
    if (this.message.isFinished) this.end();
    else this.fail(ErrorKind.Api, Span.text(INCOMPLETE));
  }

  private readEvents(): void {
    while (!this.isDone && this.sse.next()) this.readEvent(this.sse.data, this.sse.event);
    if (this.sse.overflowed && !this.isDone) this.fail(ErrorKind.Api, Span.text(OVERLONG));
  }

  private readEvent(data: Span, name: Span): void {
    const root = Json.checked(data);
    if (root.kind != JsonKind.Object) {
      // Servers that speak this dialect beside OpenAI's may close with `[DONE]`.
      if (!trimAscii(data).equalsAscii("[DONE]")) this.events.dropped.add("event that is no JSON object");
      return;
    }
    const stated = textOf(root.get("type"));
    const type = stated.isEmpty ? name : stated;
    switch (indexOfName(EVENTS, type)) {
      case Event.MessageStart:
        this.message.begin(root.get("message"));
        // Of a continued turn the first event holds the whole message.
        if (root.path("message.stop_reason").kind == JsonKind.String) this.message.readStop(root.get("message"));
        break;
      case Event.BlockStart:
        this.startBlock(root);
        break;
      case Event.BlockDelta:
        this.readDelta(root.get("index").integer(-1), root.get("delta"));
        break;
      case Event.BlockStop:
        this.stopBlock(root.get("index").integer(-1));
        break;
      case Event.MessageDelta:
        this.message.readUsage(root.get("usage"));
        this.closeCalls();
        this.message.readStop(root.get("delta"));
        break;
      case Event.MessageStop:
        this.closeCalls();
        this.end();
        break;
      case Event.Ping:
        break;
      case Event.Error:
        const error = ErrorBody.of(root);
        this.fail(error.kind, error.message);
        break;
      default:
        this.events.dropped.addNamed("event.", type);
    }
  }

  private startBlock(root: Json): void {
    // A stream whose start was lost still has its text.
    this.message.begin(root.get("message"));
    const block = root.get("content_block");
    const index = this.message.beginBlock(block);
    if (index < 0) return;
    if (this.open.length >= MAX_OPEN_CALLS) this.closeCall(0);
    const input = block.get("input");
    const kept = input.kind == JsonKind.Object && input.length() > 0 ? input.raw().copy() : NONE;
    this.open.push(new OpenCall(root.get("index").integer(-1), index, kept));
  }

  private readDelta(block: i64, delta: Json): void {
    this.message.begin(delta.get("message"));
    const type = textOf(delta.get("type"));
    if (type.equalsAscii("text_delta")) {
      const text = textOf(delta.get("text"));
      if (!text.isEmpty) this.events.text(0, text);
    } else if (type.equalsAscii("input_json_delta")) {
      const piece = textOf(delta.get("partial_json"));
      const call = this.callOf(block);
      if (!call || piece.isEmpty) return;
      call.hasArguments = true;
      this.events.toolArguments(0, call.index, piece);
    } else if (type.equalsAscii("thinking_delta")) {
      const text = textOf(delta.get("thinking"));
      if (!text.isEmpty) this.events.reasoning(0, text);
    } else if (type.equalsAscii("signature_delta")) {
      this.events.signature(0, textOf(delta.get("signature")));
    } else {
      this.events.dropped.addNamed("content_block_delta.", type);
    }
  }

  private stopBlock(block: i64): void {
    for (let i = 0; i < this.open.length; i++) {
      if (this.open[i].block == block) return this.closeCall(i);
    }
  }

  /** Ends the call at this position of the open ones. */
  private closeCall(position: i32): void {
    const call = this.open[position];
    this.open.splice(position, 1);
    if (!call.hasArguments) this.message.endToolCall(call.index, Json.read(call.input));
  }

  /** Null for a block that is no call of a client's tool: the arguments of server tools stay with the server. */
  private callOf(block: i64): OpenCall | null {
    for (let i = 0; i < this.open.length; i++) if (this.open[i].block == block) return this.open[i];
    return null;
  }

  private closeCalls(): void {
    while (this.open.length > 0) this.closeCall(0);
  }

  private fail(kind: ErrorKind, message: Span): void {
    this.events.error(kind, message);
    this.end();
  }

  private end(): void {
    this.isDone = true;
    this.events.end();
  }
}
