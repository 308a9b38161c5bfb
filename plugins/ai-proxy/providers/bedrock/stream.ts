// A stream of Converse: AWS frames whose payloads are told apart by their members.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { EventStreamError, EventStreamParser } from "as-proxy-wasm-sdk/aws/event-stream";
import { Json, JsonKind, escapeInto } from "as-proxy-wasm-sdk/json";
import { ErrorBody, ErrorKind } from "as-proxy-wasm-sdk/llm/error";
import { INCOMPLETE, OVERLONG } from "as-proxy-wasm-sdk/llm/stream-reader";
import { textOf } from "as-proxy-wasm-sdk/llm/text";
import { AnswerStage, MAX_EVENT_BYTES } from "../../answer-stage";
import { ContentReader, exceptionKind } from "./content-reader";

const DAMAGED: string = "A part of the model's answer arrived damaged.";

export class ConverseStage extends AnswerStage {
  private readonly parser: EventStreamParser = new EventStreamParser(MAX_EVENT_BYTES);
  private isEnded: bool = false;
  /** Position: number of a call; `contentBlockIndex` of its block. */
  private readonly callBlocks: i64[] = [];
  /** The block has ended, or arguments have come: none have to be made up. */
  private readonly isSettled: bool[] = [];
  /** That of the block which began last, if it is a picture. */
  private imageFormat: Span = Span.empty();

  /** `acceptsNothing`: a stream in which the model says nothing at all is an answer, not one that broke off. */
  constructor(
    out: Buffer,
    private readonly reader: ContentReader,
    private readonly acceptsNothing: bool,
  ) {
    super(out);
  }

  feed(chunk: Span): void {
    if (this.isEnded) return;
    const parser = this.parser;
    parser.feed(chunk);
    while (!this.isEnded && parser.next()) this.readFrame();
    if (this.isEnded || parser.error == EventStreamError.None) return;
    const isTooLong = parser.error == EventStreamError.TooLong;
    this.fail(ErrorKind.Api, Span.text(isTooLong ? OVERLONG : DAMAGED));
  }

  finish(): void {
    if (this.isEnded) return;
    const reader = this.reader;
    // The usage is the last that Bedrock sends.
    const isComplete = reader.isBegun
      ? reader.isFinished || reader.hasUsage
      : this.acceptsNothing && !this.parser.isCut;
    if (isComplete) this.end();
    else this.fail(ErrorKind.Api, Span.text(INCOMPLETE));
  }

  private readFrame(): void {
    const parser = this.parser;
    const root = Json.checked(parser.payload);
    const type = parser.messageType;
    if (!parser.exceptionType.isEmpty || type.equalsAscii("exception") || type.equalsAscii("error")) {
      let message = ErrorBody.of(root).message;
      if (message.isEmpty) {
        const text = new Buffer();
        escapeInto(text, parser.errorMessage.isEmpty ? parser.exceptionType : parser.errorMessage);
        message = text.span();
      }
      this.fail(exceptionKind(parser.exceptionType), message);
    } else if (root.kind != JsonKind.Object) {
      this.reader.events.dropped.add("event that is no JSON object");
    } else if (!this.readEvent(root)) {
      // Some gateways keep the event's type around its payload.
      const inner = root.members();
      if (!inner.next() || !this.readEvent(inner.value)) {
        this.reader.events.dropped.addNamed("event.", parser.eventType);
      }
    }
  }

  /** False for an event of a type that is not known. */
  private readEvent(event: Json): bool {
    const reader = this.reader;
    const block = event.get("contentBlockIndex");
    const delta = event.get("delta");
    const start = event.get("start");
    const usage = event.get("usage");
    if (delta.kind == JsonKind.Object) {
      reader.begin();
      this.readDelta(block.integer(0), delta);
    } else if (start.kind == JsonKind.Object) {
      reader.begin();
      this.imageFormat = textOf(start.path("image.format")).copy();
      const index = reader.beginToolUse(start.get("toolUse"));
      if (index >= 0) {
        this.callBlocks.push(block.integer(0));
        this.isSettled.push(false);
      }
    } else if (event.get("stopReason").kind == JsonKind.String) {
      reader.begin();
      this.settleCalls(-1);
      reader.readStop(event);
    } else if (usage.kind == JsonKind.Object) {
      reader.readUsage(usage);
    } else if (event.get("role").kind == JsonKind.String) {
      reader.begin();
    } else if (block.kind == JsonKind.Number) {
      this.settleCalls(block.integer(0));
    } else {
      // `metadata` without usage says nothing that a client could read.
      return event.get("metrics").exists;
    }
    return true;
  }

  private readDelta(block: i64, delta: Json): void {
    const reader = this.reader;
    const members = delta.members();
    while (members.next()) {
      const name = members.keyBytes();
      const value = members.value;
      if (name.equalsAscii("text")) reader.text(textOf(value));
      else if (name.equalsAscii("toolUse")) this.readArguments(block, value.get("input"));
      else if (name.equalsAscii("reasoningContent")) reader.readReasoning(value);
      else if (name.equalsAscii("image")) reader.readImage(value, this.imageFormat);
      else if (name.equalsAscii("citation")) reader.readCitation(value);
      else reader.events.dropped.addNamed("delta.", name);
    }
  }

  private readArguments(block: i64, input: Json): void {
    const index = this.callBlocks.lastIndexOf(block);
    if (index < 0) return;
    const piece = textOf(input);
    if (!piece.isEmpty) this.reader.events.toolArguments(0, index, piece);
    else if (input.kind == JsonKind.Object) this.reader.toolInput(index, input);
    else return;
    this.isSettled[index] = true;
  }

  /** Gives the calls of this block, or of all for -1, that came without arguments an empty object. */
  private settleCalls(block: i64): void {
    for (let i = 0; i < this.callBlocks.length; i++) {
      if (this.isSettled[i] || (block >= 0 && this.callBlocks[i] != block)) continue;
      this.isSettled[i] = true;
      this.reader.toolInput(i, Json.read(Span.empty()));
    }
  }

  private fail(kind: ErrorKind, message: Span): void {
    this.reader.fail(kind, message);
    this.end();
  }

  private end(): void {
    this.isEnded = true;
    this.reader.events.end();
  }
}
