// A stream of Anthropic message events.
// https://platform.claude.com/docs/en/build-with-claude/streaming

import { Span, trimAscii } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorBody } from "../error";
import { ChatEvents } from "../events";
import { indexOfName } from "../names";
import { StreamReader } from "../stream-reader";
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

export class AnthropicStreamReader extends StreamReader {
  private readonly message: AnthropicMessageReader;
  private readonly open: OpenCall[] = [];

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(events: ChatEvents, maxEventBytes: i32) {
    super(events, maxEventBytes);
    this.message = new AnthropicMessageReader(events);
  }

  protected get isComplete(): bool {
    return this.message.isFinished;
  }

  protected readEvent(data: Span): void {
    const root = Json.checked(data);
    if (root.kind != JsonKind.Object) {
      if (this.eventName().equalsAscii("error")) this.failWith(ErrorBody.read(data));
      // Servers that speak this dialect beside OpenAI's may close with `[DONE]`.
      else if (!trimAscii(data).equalsAscii("[DONE]"))
        this.events.dropped.add("event that is no JSON object");
      return;
    }
    const stated = textOf(root.get("type"));
    const type = stated.isEmpty ? this.eventName() : stated;
    switch (indexOfName(EVENTS, type)) {
      case Event.MessageStart:
        this.message.begin(root.get("message"));
        // Of a continued turn the first event holds the whole message.
        if (root.path("message.stop_reason").kind == JsonKind.String)
          this.message.readStop(root.get("message"));
        break;
      case Event.BlockStart:
        this.startBlock(root);
        break;
      case Event.BlockDelta:
        this.readDelta(root, root.get("delta"));
        break;
      case Event.BlockStop:
        this.stopBlock(root.get("index").integer(-1));
        break;
      case Event.MessageDelta:
        this.message.readUsage(root.get("usage"));
        this.closeCalls();
        this.message.endText();
        this.message.readStop(root.get("delta"));
        break;
      case Event.MessageStop:
        this.closeCalls();
        this.endBegun(this.message.isBegun);
        break;
      case Event.Ping:
        break;
      case Event.Error:
        this.failWith(ErrorBody.of(root));
        break;
      default:
        // An error that does not say that it is one, as gateways put in front of providers send it.
        if (type.isEmpty && root.get("error").exists) this.failWith(ErrorBody.of(root));
        else this.events.dropped.addNamed("event.", type);
    }
  }

  private failWith(error: ErrorBody): void {
    this.fail(error.kind, error.message);
  }

  private startBlock(root: Json): void {
    const block = root.get("content_block");
    const index = this.message.beginBlock(block);
    if (index < 0) return;
    if (this.open.length >= MAX_OPEN_CALLS) this.closeCall(0);
    const input = block.get("input");
    const kept = input.kind == JsonKind.Object && input.length() > 0 ? input.raw().copy() : NONE;
    this.open.push(new OpenCall(root.get("index").integer(-1), index, kept));
  }

  private readDelta(root: Json, delta: Json): void {
    const type = textOf(delta.get("type"));
    if (type.equalsAscii("text_delta")) {
      this.message.text(textOf(delta.get("text")));
    } else if (type.equalsAscii("input_json_delta")) {
      const piece = textOf(delta.get("partial_json"));
      const call = this.callOf(root.get("index").integer(-1));
      if (!call || piece.isEmpty) return;
      call.hasArguments = true;
      this.events.toolArguments(0, call.index, piece);
    } else if (type.equalsAscii("thinking_delta")) {
      const text = textOf(delta.get("thinking"));
      if (!text.isEmpty) this.events.reasoning(0, text);
    } else if (type.equalsAscii("signature_delta")) {
      const signature = textOf(delta.get("signature"));
      if (!signature.isEmpty) this.events.signature(0, signature);
    } else if (type.equalsAscii("citations_delta")) {
      this.message.addCitation(delta.get("citation"));
    } else {
      this.events.dropped.addNamed("content_block_delta.", type);
    }
  }

  private stopBlock(block: i64): void {
    this.message.endText();
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
}
