// Hands every event of an answer on to another writer. What changes or counts some of them extends this and
// overrides only those.

import { Span } from "../bytes";
import { ErrorKind } from "./error";
import { AnswerHead, ChatEvents, Citation, Finish } from "./events";
import { Usage } from "./usage";

export class RelayEvents extends ChatEvents {
  constructor(protected readonly next: ChatEvents) {
    super();
  }

  begin(head: AnswerHead): void {
    this.next.begin(head);
  }
  text(choice: i32, escaped: Span): void {
    this.next.text(choice, escaped);
  }
  reasoning(choice: i32, escaped: Span): void {
    this.next.reasoning(choice, escaped);
  }
  signature(choice: i32, escaped: Span): void {
    this.next.signature(choice, escaped);
  }
  redactedReasoning(choice: i32, data: Span): void {
    this.next.redactedReasoning(choice, data);
  }
  refusal(choice: i32, escaped: Span): void {
    this.next.refusal(choice, escaped);
  }
  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    this.next.toolCall(choice, index, id, name);
  }
  toolArguments(choice: i32, index: i32, escaped: Span): void {
    this.next.toolArguments(choice, index, escaped);
  }
  toolInput(choice: i32, index: i32, json: Span): void {
    this.next.toolInput(choice, index, json);
  }
  toolSignature(choice: i32, index: i32, escaped: Span): void {
    this.next.toolSignature(choice, index, escaped);
  }
  citation(choice: i32, citation: Citation): void {
    this.next.citation(choice, citation);
  }
  logprobs(choice: i32, json: Span): void {
    this.next.logprobs(choice, json);
  }
  speaker(choice: i32, name: Span): void {
    this.next.speaker(choice, name);
  }
  image(choice: i32, mediaType: Span, data: Span): void {
    this.next.image(choice, mediaType, data);
  }
  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    this.next.finish(choice, reason, word, detail);
  }
  usage(usage: Usage): void {
    this.next.usage(usage);
  }
  error(kind: ErrorKind, message: Span): void {
    this.next.error(kind, message);
  }
  end(): void {
    this.next.end();
  }
}
