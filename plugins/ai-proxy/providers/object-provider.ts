// A provider that answers in JSON objects of its own.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { AnswerStage, ReaderStage } from "../answer-stage";
import { Request } from "../request";
import { ObjectReader, ObjectStreamReader } from "./object-answer";
import { Provider } from "./provider";

export abstract class ObjectProvider extends Provider {
  constructor(type: string, host: string) {
    super(type, host);
    this.hasDialect = true;
  }

  protected abstract newReader(events: ChatEvents, request: Request): ObjectReader;

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    const reader = this.newReader(events, request);
    if (request.getsChunks) reader.sendChunks(out);
    return new ReaderStage(out, new ObjectStreamReader(events, reader));
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    return this.newReader(events, request).readWhole(body);
  }
}
