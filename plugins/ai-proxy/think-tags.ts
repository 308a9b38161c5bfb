// Reasoning as part of the content, between <think> and </think>: what OpenAI clients of Vertex AI and Bedrock get
// from Higress.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ChatEvents, Finish, MAX_CHOICES } from "as-proxy-wasm-sdk/llm/events";
import { RelayEvents } from "as-proxy-wasm-sdk/llm/relay";

const OPENING: string = "<think>";
const CLOSING: string = "</think>";

export class ThinkTagEvents extends RelayEvents {
  /** By choice: reasoning came last. */
  private isOpen: StaticArray<bool> = new StaticArray<bool>(MAX_CHOICES);
  private scratch: Buffer = new Buffer();

  constructor(next: ChatEvents) {
    super(next);
  }

  reasoning(choice: i32, escaped: Span): void {
    this.next.text(choice, this.open(choice) ? escaped : this.tagged(OPENING, escaped));
    this.mark(choice, true);
  }

  text(choice: i32, escaped: Span): void {
    this.next.text(choice, this.open(choice) ? this.tagged(CLOSING, escaped) : escaped);
    this.mark(choice, false);
  }

  refusal(choice: i32, escaped: Span): void {
    this.close(choice);
    super.refusal(choice, escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    this.close(choice);
    super.toolCall(choice, index, id, name);
  }

  image(choice: i32, mediaType: Span, data: Span): void {
    this.close(choice);
    super.image(choice, mediaType, data);
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    this.close(choice);
    super.finish(choice, reason, word, detail);
  }

  private close(choice: i32): void {
    if (this.open(choice)) this.next.text(choice, Span.text(CLOSING));
    this.mark(choice, false);
  }

  private open(choice: i32): bool {
    return <u32>choice < <u32>MAX_CHOICES && this.isOpen[choice];
  }

  private mark(choice: i32, isOpen: bool): void {
    if (<u32>choice < <u32>MAX_CHOICES) this.isOpen[choice] = isOpen;
  }

  private tagged(tag: string, escaped: Span): Span {
    this.scratch.clear();
    this.scratch.text(tag);
    this.scratch.append(escaped);
    return this.scratch.span();
  }
}
