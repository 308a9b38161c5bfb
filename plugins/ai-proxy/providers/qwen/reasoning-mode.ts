// `reasoningContentMode`: what becomes of the model's reasoning.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { ChatEvents, Finish, MAX_CHOICES } from "as-proxy-wasm-sdk/llm/events";
import { RelayEvents } from "as-proxy-wasm-sdk/llm/relay";

const enum Phase {
  Silent,
  Thinking,
  /** The answer has begun: reasoning that still comes stays reasoning. */
  Answering,
}

/** The events without reasoning, or with the reasoning as `<think>…</think>` in front of the text. */
export class FoldedReasoning extends RelayEvents {
  private phases: StaticArray<Phase> = new StaticArray<Phase>(MAX_CHOICES);

  constructor(
    next: ChatEvents,
    /** False: there is no reasoning for the client. */
    private isKept: bool,
  ) {
    super(next);
  }

  reasoning(choice: i32, escaped: Span): void {
    if (!this.isKept) return;
    const phase = this.phases[choice];
    if (phase == Phase.Answering) return this.next.reasoning(choice, escaped);
    if (phase == Phase.Silent) this.next.text(choice, Span.text("<think>"));
    this.phases[choice] = Phase.Thinking;
    this.next.text(choice, escaped);
  }

  text(choice: i32, escaped: Span): void {
    this.answer(choice);
    this.next.text(choice, escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    this.answer(choice);
    this.next.toolCall(choice, index, id, name);
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    this.answer(choice);
    this.next.finish(choice, reason, word, detail);
  }

  private answer(choice: i32): void {
    if (this.phases[choice] == Phase.Thinking) this.next.text(choice, Span.text("</think>\\n"));
    this.phases[choice] = Phase.Answering;
  }
}
