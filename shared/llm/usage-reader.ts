// The token counts of an answer, whole or streamed, in whichever of the dialects it comes: OpenAI's chat completions,
// embeddings, images and Responses, Anthropic's Messages, Gemini's content. The bytes tell which; they may be cut
// anywhere. Nothing else of the answer is looked at or kept.

import { Buffer, Span } from "../bytes";
import { Json, JsonKind, JsonNames, JsonSeek } from "../json";
import { SseParser } from "../sse";
import { readAnthropicUsage } from "./anthropic/usage";
import { ListFramer } from "./gemini/list-framer";
import { GeminiUsage } from "./gemini/usage";
import { readOpenaiUsage } from "./openai/usage";
import { readResponsesUsage } from "./responses/usage";
import { Usage } from "./usage";

/** An event of a stream may hold a whole answer, its pictures included; a longer one is passed over. */
const MAX_EVENT_BYTES: i32 = 8 << 20;
/** A `usage` object is some hundred bytes; a longer value is none. */
const MAX_USAGE_BYTES: i32 = 64 << 10;

const MEMBERS = new JsonNames(["usage", "usageMetadata"]);

const enum Form {
  Unknown,
  /** One JSON object. */
  Object,
  /** A JSON list, as Gemini streams without `alt=sse`. */
  List,
  Events,
}

export class UsageReader {
  /** The counts so far in disjoint parts. */
  usage: Usage = new Usage();
  /** True once the answer has told counts above zero. */
  isKnown: bool = false;
  /**
   * Input and output as the provider states them, which is what Higress's plugins count: Anthropic's without the
   * tokens of its cache, OpenAI's with them, Gemini's without thoughts.
   */
  statedInput: i64 = 0;
  statedOutput: i64 = 0;

  private form: Form = Form.Unknown;
  private seek: JsonSeek | null = null;
  private sse: SseParser | null = null;
  private list: ListFramer | null = null;
  private readonly gemini: GeminiUsage = new GeminiUsage();
  /** Bytes of the answer before the present chunk. */
  private passed: i64 = 0;
  /** The part of a value that earlier chunks held. */
  private kept: Buffer = new Buffer(16);

  /** Takes the next bytes of the answer; they need not outlive the call. */
  feed(bytes: Span): void {
    const chunk = this.form == Form.Unknown ? this.choose(bytes) : bytes;
    const seek = this.seek;
    const sse = this.sse;
    const list = this.list;
    if (seek !== null) {
      this.readObject(seek, chunk);
    } else if (sse !== null) {
      sse.feed(chunk);
      while (sse.next()) this.readEvent(sse.data);
    } else if (list !== null) {
      list.feed(chunk);
      for (let item = list.next(); item !== null; item = list.next()) this.readEvent(item);
    }
  }

  /** The answer has ended, or was cut off: an event that lacks only its blank line still counts. */
  finish(): void {
    const sse = this.sse;
    if (sse === null) return;
    sse.finish();
    while (sse.next()) this.readEvent(sse.data);
  }

  /** The first byte that is no white space and of no byte order mark tells the form; the answer begins there. */
  private choose(chunk: Span): Span {
    for (let i = 0; i < chunk.size; i++) {
      const byte = chunk.at(i);
      if (byte <= 0x20 || byte == 0xef || byte == 0xbb || byte == 0xbf) continue;
      if (byte == 0x7b) {
        this.form = Form.Object;
        this.seek = new JsonSeek(MEMBERS);
      } else if (byte == 0x5b) {
        this.form = Form.List;
        this.list = new ListFramer(MAX_EVENT_BYTES);
      } else {
        this.form = Form.Events;
        this.sse = new SseParser(MAX_EVENT_BYTES);
      }
      return chunk.slice(i);
    }
    return Span.empty();
  }

  /** The next bytes of an answer that is one object. */
  protected readObject(seek: JsonSeek, chunk: Span): void {
    const before = <i32>this.passed;
    if (seek.done || seek.failed) return;
    const usageCount = seek.count(0);
    const metadataCount = seek.count(1);
    seek.feed(chunk);
    if (seek.count(0) > usageCount) this.readCounts(this.valueOf(seek, 0, before, chunk));
    if (seek.count(1) > metadataCount) this.readGemini(this.valueOf(seek, 1, before, chunk));
    const open = seek.openStart;
    if (open >= 0 && this.kept.size <= MAX_USAGE_BYTES) {
      if (open >= before) this.kept.clear();
      this.kept.append(chunk.slice(max(open - before, 0)));
    }
    this.passed += chunk.size;
  }

  /** A value that ended in this chunk. */
  private valueOf(seek: JsonSeek, member: i32, before: i32, chunk: Span): Json {
    const start = seek.start(member);
    const end = seek.end(member) - before;
    if (start >= before) return Json.read(chunk.slice(start - before, end));
    this.kept.append(chunk.slice(0, end));
    return Json.read(this.kept.span().copy());
  }

  /** One event of a stream. Most have no usage: they are told by a search for the name. */
  protected readEvent(data: Span): void {
    if (data.indexOfAscii('"usage') < 0) return;
    const event = Json.read(data);
    if (event.kind != JsonKind.Object) return;
    const response = event.get("response");
    if (event.get("usage").kind == JsonKind.Object) this.readCounts(event.get("usage"));
    else if (response.get("usage").kind == JsonKind.Object) this.readCounts(response.get("usage"));
    else if (event.get("usageMetadata").exists) this.readGemini(event.get("usageMetadata"));
    else if (response.get("usageMetadata").exists) this.readGemini(response.get("usageMetadata"));
    else this.readCounts(event.get("message").get("usage"));
  }

  /** A `usage` object. Its members tell whose it is. */
  private readCounts(value: Json): void {
    if (value.kind != JsonKind.Object) return;
    let counted: Usage | null;
    if (value.get("prompt_tokens").exists || value.get("completion_tokens").exists) {
      counted = readOpenaiUsage(value);
    } else if (value.get("total_tokens").exists || value.get("input_tokens_details").exists) {
      counted = readResponsesUsage(value);
    } else {
      // Streams state the input first and the output last: what is not told again stays.
      counted = this.usage.copy();
      readAnthropicUsage(value, counted);
    }
    const input = stated(value, "prompt_tokens", "input_tokens", this.statedInput);
    const output = stated(value, "completion_tokens", "output_tokens", this.statedOutput);
    if (counted !== null) this.take(counted, input, output);
  }

  private readGemini(value: Json): void {
    const counted = this.gemini.read(value);
    if (counted === null) return;
    const input = stated(value, "promptTokenCount", "", this.statedInput);
    const output = stated(value, "candidatesTokenCount", "", this.statedOutput);
    this.take(counted.copy(), input, output);
  }

  /** One without any count above zero says nothing. */
  private take(counted: Usage, input: i64, output: i64): void {
    if (counted.total == 0 && input + output == 0) return;
    this.isKnown = true;
    this.usage = counted;
    this.statedInput = input;
    this.statedOutput = output;
  }
}

/** The first of two members that exists; a count is never negative. */
function stated(value: Json, name: string, other: string, present: i64): i64 {
  let count = value.get(name);
  if (!count.exists && other.length > 0) count = value.get(other);
  if (!count.exists) return present;
  return min(max(count.lenientInteger(), 0), <i64>u32.MAX_VALUE);
}
