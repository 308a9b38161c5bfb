// What an answer has used: as it states, or, where it states nothing or not yet, as its texts tell.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { JsonSeek } from "as-proxy-wasm-sdk/json";
import { AnswerMeter, Family } from "as-proxy-wasm-sdk/llm/token-estimator";
import { UsageReader } from "as-proxy-wasm-sdk/llm/usage-reader";
import { StreamCut } from "./stream-cut";

export class MeteredAnswer extends UsageReader {
  /** Of a stream that may be cut. */
  cut: StreamCut | null = null;
  private meter: AnswerMeter = new AnswerMeter();

  constructor(private family: Family) {
    super();
  }

  /** Output tokens of what has come. */
  get metered(): f64 {
    return Math.ceil(this.meter.tokens(this.family));
  }

  protected readEvent(data: Span): void {
    const cut = this.cut;
    if (cut !== null) cut.observe(data);
    this.meter.event(data);
    super.readEvent(data);
  }

  protected readObject(seek: JsonSeek, chunk: Span): void {
    this.meter.feed(chunk);
    super.readObject(seek, chunk);
  }
}
