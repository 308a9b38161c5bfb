// A stream of Cohere's: server-sent events, or of version 1 also one JSON object in each line.

import { Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { StreamReader } from "as-proxy-wasm-sdk/llm/stream-reader";
import { CohereAnswerReader } from "./answer-reader";

const BEFORE_LINE: Span = Span.text("data: ");
const BEHIND_LINE: Span = Span.text("\n\n");
const LF: i32 = 0x0a;
const BRACE: i32 = 0x7b;

const enum Framing {
  Unknown,
  Events,
  Lines,
}

export class CohereStreamReader extends StreamReader {
  private readonly answer: CohereAnswerReader;
  private framing: Framing = Framing.Unknown;
  private isInLine: bool = false;

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(events: ChatEvents, maxEventBytes: i32) {
    super(events, maxEventBytes);
    this.answer = new CohereAnswerReader(events);
  }

  feed(chunk: Span): void {
    if (this.framing == Framing.Unknown) {
      const first = trimAscii(chunk).at(0);
      if (first < 0) return;
      this.framing = first == BRACE ? Framing.Lines : Framing.Events;
    }
    if (this.framing == Framing.Events) super.feed(chunk);
    else this.feedLines(chunk);
  }

  /** Makes an event of each line. */
  private feedLines(chunk: Span): void {
    let from = 0;
    while (from < chunk.size) {
      const end = chunk.indexOf(LF, from);
      const line = chunk.slice(from, end < 0 ? chunk.size : end);
      if (!this.isInLine && !line.isEmpty) super.feed(BEFORE_LINE);
      super.feed(line);
      this.isInLine = end < 0;
      if (end < 0) return;
      super.feed(BEHIND_LINE);
      from = end + 1;
    }
  }

  protected get isComplete(): bool {
    return this.answer.isFinished;
  }

  protected readEvent(data: Span): void {
    if (trimAscii(data).equalsAscii("[DONE]")) return this.end();
    const root = Json.checked(data);
    if (root.kind == JsonKind.Object) this.answer.readEvent(root, this.eventName());
    else this.events.dropped.add("event that is no JSON object");
    if (this.answer.hasFailed) this.end();
  }
}
