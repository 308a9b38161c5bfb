// A stream of DashScope's: `id`, `event`, `:HTTP_STATUS/200` and `data` in each event, and no closing one.

import { readInteger, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ErrorBody } from "as-proxy-wasm-sdk/llm/error";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { StreamReader } from "as-proxy-wasm-sdk/llm/stream-reader";
import { QwenAnswerReader } from "./answer-reader";

const STATUS: string = ":HTTP_STATUS/";

export class QwenStreamReader extends StreamReader {
  private readonly answer: QwenAnswerReader;

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(events: ChatEvents, maxEventBytes: i32, isCumulative: bool) {
    super(events, maxEventBytes);
    this.answer = new QwenAnswerReader(events, isCumulative);
  }

  protected get isComplete(): bool {
    return this.answer.isFinished;
  }

  protected readEvent(data: Span): void {
    const root = Json.checked(data);
    if (root.kind == JsonKind.Object && this.answer.read(root)) return;
    const error = ErrorBody.of(root, this.status());
    if (error.isKnown || this.eventName().equalsAscii("error")) this.fail(error.kind, error.message);
    else this.events.dropped.add("event that is no answer");
  }

  /** The status that a comment within the event states; 0 for none. */
  private status(): i32 {
    const bytes = this.eventBytes();
    const at = bytes.indexOfAscii(STATUS);
    if (at < 0) return 0;
    const digits = bytes.slice(at + STATUS.length, at + STATUS.length + 3);
    return <i32>readInteger(digits).value;
  }
}
