// What the readers of all streams of server-sent events have in common: bytes that are cut anywhere, a bound on
// the size of an event, and an end that is told apart from a broken connection.

import { Span } from "../bytes";
import { SseParser } from "../sse";
import { ErrorKind } from "./error";
import { ChatEvents } from "./events";

/** Text of the error when a stream ends before the model has. */
export const INCOMPLETE: string = "The model's answer ended before it was complete.";
/** Text of the error when an event of a stream is longer than the reader's bound. */
export const OVERLONG: string = "An event of the model's answer is longer than the gateway accepts.";

export abstract class StreamReader {
  private readonly sse: SseParser;
  private isDone: bool = false;

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(
    protected readonly events: ChatEvents,
    maxEventBytes: i32,
  ) {
    this.sse = new SseParser(maxEventBytes);
  }

  /** True once the answer is complete, or has failed; what follows is ignored. */
  get isEnded(): bool {
    return this.isDone;
  }

  /** Reads the next bytes; they need not outlive the call. */
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
    if (this.isComplete) this.end();
    else this.fail(ErrorKind.Api, Span.text(INCOMPLETE));
  }

  /** Whether the model has told why it stopped. */
  protected abstract get isComplete(): bool;

  /** Reads one event. */
  protected abstract readEvent(data: Span): void;

  /** Name of the event being read; empty when it has none. */
  protected eventName(): Span {
    return this.sse.event;
  }

  /** The event as it came, comments within it included. */
  protected eventBytes(): Span {
    return this.sse.raw;
  }

  protected fail(kind: ErrorKind, message: Span): void {
    this.events.error(kind, message);
    this.end();
  }

  /** The provider says that the answer has ended. One that has not begun is no answer. */
  protected endBegun(isBegun: bool): void {
    if (isBegun) this.end();
    else this.fail(ErrorKind.Api, Span.text(INCOMPLETE));
  }

  protected end(): void {
    this.isDone = true;
    this.events.end();
  }

  private readEvents(): void {
    while (!this.isDone) {
      const found = this.sse.next();
      // Looked at first: an event that is found now may come after the one that was too long.
      if (this.sse.overflowed) this.fail(ErrorKind.Api, Span.text(OVERLONG));
      else if (found) this.readEvent(this.sse.data);
      else break;
    }
  }
}
