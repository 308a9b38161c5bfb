// A stream of Gemini answers: server-sent events, or a JSON list where the request lacks `alt=sse`.
// https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent

import { Span, trimAscii } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorKind } from "../error";
import { ChatEvents } from "../events";
import { OVERLONG, StreamReader } from "../stream-reader";
import { NONE } from "../text";
import { ListFramer } from "./list-framer";
import { GeminiResponseReader } from "./response-reader";

export class GeminiStreamReader extends StreamReader {
  private readonly response: GeminiResponseReader;
  private list: ListFramer | null = null;
  private isFramed: bool = false;

  /**
   * An event of more than `maxEventBytes` ends the answer with an error. `id` stands in where the provider gives its
   * answer none.
   */
  constructor(
    events: ChatEvents,
    private readonly maxEventBytes: i32,
    id: Span = NONE,
  ) {
    super(events, maxEventBytes);
    this.response = new GeminiResponseReader(events, id);
  }

  feed(chunk: Span): void {
    if (!this.isFramed && !this.isEnded) {
      const first = trimAscii(chunk).at(0);
      this.isFramed = first >= 0;
      if (first == 0x5b || first == 0x7b) this.list = new ListFramer(this.maxEventBytes);
    }
    const list = this.list;
    if (!list) return super.feed(chunk);
    list.feed(chunk);
    while (!this.isEnded) {
      const item = list.next();
      if (list.overflowed) this.fail(ErrorKind.Api, Span.text(OVERLONG));
      else if (item) this.readEvent(item);
      else break;
    }
  }

  protected get isComplete(): bool {
    return this.response.isFinished;
  }

  protected readEvent(data: Span): void {
    // Proxies may close as OpenAI does.
    if (data.at(0) != 0x7b && trimAscii(data).equalsAscii("[DONE]")) {
      if (this.isComplete) this.end();
      return;
    }
    const root = Json.checked(data);
    if (root.kind != JsonKind.Object) {
      this.events.dropped.add("event that is no JSON object");
      return;
    }
    this.response.read(root);
    if (this.response.hasFailed) this.end();
  }

  protected fail(kind: ErrorKind, message: Span): void {
    this.response.fail(kind, message);
    this.end();
  }

  protected end(): void {
    this.response.finish();
    super.end();
  }
}
