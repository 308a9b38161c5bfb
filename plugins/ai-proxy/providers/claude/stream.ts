// Anthropic's event stream as a stage of the answer.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { AnthropicStreamReader } from "as-proxy-wasm-sdk/llm/anthropic/stream-reader";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { AnswerStage, MAX_EVENT_BYTES } from "../../answer-stage";

export class AnthropicStage extends AnswerStage {
  private reader: AnthropicStreamReader;

  constructor(out: Buffer, events: ChatEvents) {
    super(out);
    this.reader = new AnthropicStreamReader(events, MAX_EVENT_BYTES);
  }

  feed(chunk: Span): void {
    this.reader.feed(chunk);
  }

  finish(): void {
    this.reader.finish();
  }
}
