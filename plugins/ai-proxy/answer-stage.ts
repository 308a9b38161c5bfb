// What a streamed answer passes through on its way to the client: each stage takes bytes, cut anywhere, and
// appends to its buffer what the next one gets.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { ThinkingPromotion } from "as-proxy-wasm-sdk/llm/openai/promote";
import { OpenaiStreamReader } from "as-proxy-wasm-sdk/llm/openai/stream-reader";
import { StreamReader } from "as-proxy-wasm-sdk/llm/stream-reader";
import { SseParser } from "as-proxy-wasm-sdk/sse";

/** An event longer than this ends the answer with an error; an image comes as one event. */
export const MAX_EVENT_BYTES: i32 = 16 << 20;

/** A buffer that grew beyond this in one callback is not kept for the next. */
const KEPT_BYTES: i32 = 8 << 10;

export abstract class AnswerStage {
  constructor(
    /** What has come out since the last call of `drain`. */
    readonly out: Buffer,
  ) {}

  abstract feed(chunk: Span): void;
  /** The answer has ended; what is held comes out. */
  abstract finish(): void;

  /** What has come out. The span is good until the stage is fed again. */
  drain(): Span {
    if (this.out.size > KEPT_BYTES) return this.out.take();
    const bytes = this.out.span();
    this.out.clear();
    return bytes;
  }
}

/** Looks at the events of a stream that stays in its dialect. What it does not write anew passes byte for byte. */
export abstract class EventStage extends AnswerStage {
  private sse: SseParser = new SseParser(MAX_EVENT_BYTES, true);

  /** True when something was appended to `out` in the event's place. */
  protected abstract rewrite(data: Span): bool;

  feed(chunk: Span): void {
    this.sse.feed(chunk);
    this.readEvents();
  }

  finish(): void {
    this.sse.finish();
    this.readEvents();
  }

  private readEvents(): void {
    while (this.sse.next()) {
      if (!this.sse.isEvent || !this.rewrite(this.sse.data)) this.out.append(this.sse.raw);
    }
  }
}

/** Reasoning becomes the content where there is none. */
export class PromotionStage extends AnswerStage {
  private promotion: ThinkingPromotion;

  constructor(out: Buffer) {
    super(out);
    this.promotion = new ThinkingPromotion(out, MAX_EVENT_BYTES);
  }

  feed(chunk: Span): void {
    this.promotion.feed(chunk);
  }

  finish(): void {
    this.promotion.finish();
  }
}

/** A provider's stream, told to the writer that its reader was given; that one appends to `out`. */
export class ReaderStage extends AnswerStage {
  constructor(
    out: Buffer,
    private reader: StreamReader,
  ) {
    super(out);
  }

  feed(chunk: Span): void {
    this.reader.feed(chunk);
  }

  finish(): void {
    this.reader.finish();
  }
}

/** OpenAI's chunks, told to a writer that appends to `out`. */
export function openaiStage(out: Buffer, writer: ChatEvents): AnswerStage {
  return new ReaderStage(out, new OpenaiStreamReader(writer, MAX_EVENT_BYTES));
}
