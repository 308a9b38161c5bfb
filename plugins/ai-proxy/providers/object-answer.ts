// Answers in JSON objects of a provider's own: one for a whole answer, one in each event of a stream. Each object is
// put into OpenAI's words, and those are told.

import { Buffer, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ErrorKind } from "as-proxy-wasm-sdk/llm/error";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { OpenaiChunkReader } from "as-proxy-wasm-sdk/llm/openai/chunk-reader";
import { StreamReader } from "as-proxy-wasm-sdk/llm/stream-reader";
import { MAX_EVENT_BYTES } from "../answer-stage";

export abstract class ObjectReader {
  /** The model has stopped, as far as its provider tells. */
  isFinished: bool = false;
  hasFailed: bool = false;
  protected isWhole: bool = false;
  /** Where chunks go as they are written, instead of being told; null for clients that get them told. */
  protected chunksOut: Buffer | null = null;
  private readonly chunks: OpenaiChunkReader;
  private readonly words: Buffer = new Buffer(256);

  constructor(protected readonly events: ChatEvents) {
    this.chunks = new OpenaiChunkReader(events);
  }

  /** Appends a checked object in OpenAI's words, or nothing when it says nothing of the answer, or fails. */
  protected abstract write(root: Json, out: Buffer): void;

  /** A client of OpenAI's dialect gets one chunk for each event, as Go's plugin sends them. */
  sendChunks(out: Buffer): void {
    this.chunksOut = out;
  }

  /** Tells what one event says. */
  read(root: Json): void {
    const words = this.words;
    words.clear();
    this.write(root, words);
    if (this.hasFailed || words.isEmpty) return;
    const out = this.chunksOut;
    if (out !== null) {
      out.text("data: ");
      out.append(words.span());
      out.text("\n\n");
      return;
    }
    this.chunks.read(Json.read(words.span()));
    this.isFinished = this.isFinished || this.chunks.isFinished;
    this.hasFailed = this.chunks.hasFailed;
  }

  /** Tells a whole answer. False when the body is none. */
  readWhole(body: Span): bool {
    const root = Json.checked(body);
    if (root.kind != JsonKind.Object) return false;
    this.isWhole = true;
    this.read(root);
    if (!this.chunks.isBegun && !this.hasFailed) return false;
    this.events.end();
    return true;
  }

  /** Ends the answer with an error; `message` is escaped. */
  protected fail(message: Span, kind: ErrorKind = ErrorKind.Api): void {
    this.hasFailed = true;
    this.events.error(kind, message);
  }

  /** True when `code` is not 0: then the error is told in Go's words. */
  protected failsWith(code: Json, message: Json, provider: string): bool {
    if (code.lenientInteger() == 0) return false;
    const text = new Buffer(128);
    text.text(`${provider} response error, error_code: ${code.lenientInteger()}, error_message: `);
    text.append(message.escaped());
    this.fail(text.span());
    return true;
  }
}

/** A stream of such objects. */
export class ObjectStreamReader extends StreamReader {
  constructor(
    events: ChatEvents,
    private readonly objects: ObjectReader,
  ) {
    super(events, MAX_EVENT_BYTES);
  }

  protected get isComplete(): bool {
    return this.objects.isFinished;
  }

  protected readEvent(data: Span): void {
    if (trimAscii(data).equalsAscii("[DONE]")) return this.end();
    const root = Json.checked(data);
    if (root.kind != JsonKind.Object) {
      this.events.dropped.add("event that is no JSON object");
      return;
    }
    this.objects.read(root);
    if (this.objects.hasFailed) this.end();
  }
}
