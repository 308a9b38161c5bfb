// Token counts of one answer. The dialects disagree on what includes what, so the parts are kept disjoint:
// whoever reads takes the cached tokens out of the input, whoever writes puts them back where the dialect
// counts them there. The total stays the same under every conversion.

export class Usage {
  /** Input tokens that were neither read from nor written to the provider's cache. */
  input: i64 = 0;
  cacheRead: i64 = 0;
  cacheWrite: i64 = 0;
  /** Output tokens, reasoning included. */
  output: i64 = 0;
  /** The part of the output that was reasoning, where the provider tells. */
  reasoning: i64 = 0;
  /** The part of the input, and of the output, that was audio. */
  audioInput: i64 = 0;
  audioOutput: i64 = 0;
  /** The gateway's own guess, because the provider told nothing: written as the member `estimated`. */
  isEstimated: bool = false;

  copy(): Usage {
    const copy = new Usage();
    copy.input = this.input;
    copy.cacheRead = this.cacheRead;
    copy.cacheWrite = this.cacheWrite;
    copy.output = this.output;
    copy.reasoning = this.reasoning;
    copy.audioInput = this.audioInput;
    copy.audioOutput = this.audioOutput;
    copy.isEstimated = this.isEstimated;
    return copy;
  }

  /** All input tokens, cached ones included. */
  get prompt(): i64 {
    return this.input + this.cacheRead + this.cacheWrite;
  }

  get total(): i64 {
    return this.prompt + this.output;
  }
}
