// What a chat request carries, in whichever of the clients' dialects: OpenAI's completions and Responses, Anthropic's
// Messages, Gemini's content, Cohere, Bedrock, Ollama, embeddings.

import { Span } from "../../bytes";
import { Family } from "./family";
import { Area, JsonMeter } from "./json-meter";

/** Tokens around each message, in tenths, and around the whole, by family. */
const MESSAGE_TENTHS: StaticArray<i32> = [30, 30, 30, 10, 50, 20, 40];
const FRAME: StaticArray<i32> = [4, 4, 3, 0, 4, 3, 5];
/** What stands around tools where there are any. */
const TOOLS_FRAME: StaticArray<i32> = [10, 10, 430, 0, 150, 120, 100];
/** The share of a schema's JSON that is given to the model: OpenAI rewrites it as types. */
const TOOLS_SHARE: StaticArray<f64> = [0.55, 0.55, 1.1, 0.65, 1, 1, 1];
/** Around a call of a tool with its result, and around each argument. */
const CALL_FRAME: StaticArray<i32> = [11, 11, 50, 5, 20, 30, 15];
const ARGUMENT_FRAME: StaticArray<i32> = [0, 0, 9, 0, 0, 0, 0];

/** Of thoughts that are sealed, bytes for a token. */
const SEALED_BYTES: f64 = 7;

/**
 * const prompt = new PromptMeter(); feed every window of the body in order; then
 * prompt.tokens(familyOf(prompt.model)).
 */
export class PromptMeter {
  private meter: JsonMeter = new JsonMeter(Area.Request);

  feed(window: Span): void {
    this.meter.feed(window);
  }

  /** The body's `model`, up to 256 bytes; empty where it has none. */
  get model(): Span {
    return this.meter.model.span();
  }

  /** There are tools, or a schema for the answer. */
  get hasTools(): bool {
    return !this.meter.tools.isEmpty;
  }

  /** The most tokens of one answer that the request allows; -1 where it does not tell. */
  get mostOutput(): i64 {
    return this.meter.mostOutput;
  }

  /** How many answers are asked for; at least 1. */
  get choices(): i64 {
    return this.meter.choices;
  }

  /** Input tokens of what was fed. */
  tokens(family: Family): f64 {
    if (<u32>family >= <u32>Family.COUNT) return 0;
    const meter = this.meter;
    const tools = meter.tools.tokens(family);
    const around = <f64>max(meter.messages, 1) * <f64>MESSAGE_TENTHS[family] * 0.1 + <f64>FRAME[family];
    const calls = <f64>(meter.calls * CALL_FRAME[family] + meter.arguments.count * ARGUMENT_FRAME[family]);
    const toolTokens = tools > 0 ? tools * TOOLS_SHARE[family] + <f64>TOOLS_FRAME[family] : 0;
    const sealed = <f64>meter.sealed / SEALED_BYTES;
    return around + calls + sealed + meter.texts.tokens(family) + toolTokens + meter.media.tokens(family);
  }
}
