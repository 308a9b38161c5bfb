// A stream of OpenAI chat completion chunks.
// https://platform.openai.com/docs/api-reference/chat-streaming

import { Span, trimAscii } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorBody } from "../error";
import { ChatEvents } from "../events";
import { StreamReader } from "../stream-reader";
import { OpenaiChunkReader } from "./chunk-reader";

export class OpenaiStreamReader extends StreamReader {
  private readonly chunks: OpenaiChunkReader;

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(events: ChatEvents, maxEventBytes: i32) {
    super(events, maxEventBytes);
    this.chunks = new OpenaiChunkReader(events);
  }

  protected get isComplete(): bool {
    return this.chunks.isFinished;
  }

  protected readEvent(data: Span): void {
    if (data.at(0) != 0x7b && trimAscii(data).equalsAscii("[DONE]"))
      return this.endBegun(this.chunks.isBegun);
    const isError = this.eventName().equalsAscii("error");
    const root = Json.checked(data);
    if (root.kind == JsonKind.Object) {
      if (isError) this.chunks.fail(root);
      else this.chunks.read(root);
      if (this.chunks.hasFailed) this.end();
    } else if (isError) {
      const error = ErrorBody.read(data);
      this.fail(error.kind, error.message);
    } else {
      this.events.dropped.add("event that is no JSON object");
    }
  }
}
