// What a request is expected to use, and what it may use at most, by what answers of its model have used before. All
// workers of the process learn together.

import { Change, observe, Store } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Calibration, Learned, Lesson } from "as-proxy-wasm-sdk/llm/token-estimator";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { RequestFacts } from "./request-facts";

const LEARNED: string = "learned";

/** Tokens. */
export class Forecast {
  input: f64 = 0;
  output: f64 = 0;
  /** What is reserved. It is never less than what is expected. */
  mostInput: f64 = 0;
  mostOutput: f64 = 0;

  constructor(private learned: Learned = new Learned()) {}

  /** Output tokens of an answer that states none, by those of its texts. */
  written(metered: f64): i64 {
    return metered > 0 ? <i64>Math.ceil(this.learned.output(metered)) : 0;
  }
}

/** Of what was reserved, against what the answer has stated. */
export function observeError(expected: f64, actual: f64): void {
  if (actual <= 0) return;
  observe("model_ratelimit_estimation_error", <i64>((Math.abs(expected - actual) * 100) / actual));
}

class Learning extends Change {
  constructor(
    private model: Span,
    private lesson: Lesson,
  ) {
    super();
  }

  apply(table: Span): Span {
    return new Calibration(table).with(this.model, this.lesson);
  }
}

export class Experience {
  private table: Store = new Store("model-ratelimit.");

  /** `defaultOutput`: of an answer that nothing bounds, where none of its model was seen. */
  forecast(facts: RequestFacts, defaultOutput: f64): Forecast {
    const entry = this.table.get(LEARNED);
    const learned: Learned = new Calibration(entry === null ? Span.empty() : entry.value).of(facts.model);
    const forecast = new Forecast(learned);
    const bound = facts.mostOutput;
    forecast.input = Math.ceil(learned.input(facts.promptTokens, facts.hasTools));
    forecast.output = bound;
    if (bound < 0) forecast.output = learned.meanOutput > 0 ? Math.ceil(learned.meanOutput) : defaultOutput;
    const mostInput = learned.mostInput(facts.promptTokens, facts.hasTools, facts.bytes);
    forecast.mostInput = max(forecast.input, mostInput);
    forecast.mostOutput = max(forecast.output, learned.mostOutput(bound, defaultOutput));
    return forecast;
  }

  /** `metered`: tokens of the answer's texts. A lesson that many workers want to write at once may be lost. */
  learn(facts: RequestFacts, usage: Usage, metered: f64): void {
    if (usage.total <= 0) return;
    const lesson = new Lesson();
    lesson.estimatedInput = facts.promptTokens;
    lesson.hasTools = facts.hasTools;
    lesson.input = usage.prompt;
    lesson.estimatedOutput = metered;
    lesson.output = usage.output;
    lesson.bound = facts.mostOutput;
    this.table.update(LEARNED, new Learning(facts.model, lesson));
  }
}
