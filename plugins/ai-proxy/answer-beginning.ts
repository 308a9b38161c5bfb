// Whether a body is a stream or one whole answer, told by how it begins: heads are wrong about it, or silent.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ErrorKind } from "as-proxy-wasm-sdk/llm/error";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { readOpenaiAnswer } from "as-proxy-wasm-sdk/llm/openai/answer-reader";
import { AnswerStage, MAX_EVENT_BYTES } from "./answer-stage";
import { Provider } from "./providers/provider";
import { Request } from "./request";

/** Names of fields of server-sent events; a comment has none. */
const FIELDS: StaticArray<string> = ["data", "event", "id", "retry"];

/** Position of the first byte that is neither white space nor part of UTF-8's mark. */
function beginningOf(body: Span): i32 {
  let start = 0;
  while (start < body.size) {
    const byte = body.at(start);
    const isMark = byte == 0xef || byte == 0xbb || byte == 0xbf;
    if (!isMark && byte != 0x20 && (byte < 0x09 || byte > 0x0d)) break;
    start++;
  }
  return start;
}

/** True when a body, of which this may be a part, begins as server-sent events, or as frames of AWS do: with 0. */
export function beginsAsStream(body: Span): bool {
  const rest = body.slice(beginningOf(body));
  const colon = rest.indexOf(0x3a);
  if (colon <= 0) return colon == 0 || rest.at(0) == 0;
  for (let i = 0; i < FIELDS.length; i++) if (rest.slice(0, colon).equalsAscii(FIELDS[i])) return true;
  return false;
}

/** A stream; or a whole answer, told to the same writer, where the provider sends that instead. */
export class EitherStage extends AnswerStage {
  private isBegun: bool = false;
  private whole: Buffer | null = null;

  /** `provider` is null for an answer in OpenAI's dialect. */
  constructor(
    private readonly stream: AnswerStage,
    private readonly events: ChatEvents,
    private readonly provider: Provider | null,
    private readonly request: Request,
  ) {
    super(stream.out);
    this.isBegun = provider !== null && provider.answersWhole;
    if (this.isBegun) this.whole = new Buffer(1024);
  }

  feed(chunk: Span): void {
    if (!this.isBegun) {
      const first = chunk.at(beginningOf(chunk));
      this.isBegun = first >= 0;
      // An object: a list may be a stream of Gemini's.
      if (first == 0x7b) this.whole = new Buffer(chunk.size);
    }
    const whole = this.whole;
    if (whole === null) this.stream.feed(chunk);
    else if (whole.size + chunk.size <= MAX_EVENT_BYTES) whole.append(chunk);
  }

  finish(): void {
    const whole = this.whole;
    if (whole === null) return this.stream.finish();
    const body = whole.span();
    const provider = this.provider;
    const isRead =
      provider === null
        ? readOpenaiAnswer(body, this.events)
        : provider.readAnswer(body, this.events, this.request);
    if (isRead) return;
    this.events.error(ErrorKind.Api, Span.text("The provider's body is no answer."));
    this.events.end();
  }

  drain(): Span {
    return this.stream.drain();
  }
}
