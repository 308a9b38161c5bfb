// A stream of OpenAI chat completion chunks, from bytes that are cut anywhere.

import { Span, trimAscii } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { SseParser } from "../../sse";
import { ErrorKind } from "../error";
import { ChatEvents, INCOMPLETE, OVERLONG } from "../events";
import { OpenaiChunkReader } from "./chunk-reader";

export class OpenaiStreamReader {
  private readonly sse: SseParser;
  private readonly chunks: OpenaiChunkReader;
  private isDone: bool = false;

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(
    private readonly events: ChatEvents,
    maxEventBytes: i32,
  ) {
    this.sse = new SseParser(maxEventBytes);
    this.chunks = new OpenaiChunkReader(events);
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
    if (this.chunks.isFinished) this.end();
    else this.fail(INCOMPLETE);
  }

  private readEvents(): void {
    while (!this.isDone && this.sse.next()) this.readEvent(this.sse.data, this.sse.event);
    if (this.sse.overflowed && !this.isDone) this.fail(OVERLONG);
  }

  private readEvent(data: Span, name: Span): void {
    if (trimAscii(data).equalsAscii("[DONE]")) return this.end();
    const root = Json.checked(data);
    if (root.kind != JsonKind.Object) {
      this.events.dropped.add("event that is no JSON object");
      return;
    }
    if (name.equalsAscii("error")) this.chunks.fail(root);
    else this.chunks.read(root);
    if (this.chunks.hasFailed) this.end();
  }

  private fail(message: string): void {
    this.events.error(ErrorKind.Api, Span.text(message));
    this.end();
  }

  private end(): void {
    this.isDone = true;
    this.events.end();
  }
}
