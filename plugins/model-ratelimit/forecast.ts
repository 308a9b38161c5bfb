// What a request is expected to use, and what it may use at most, by what answers of its model have used before. All
// workers of the process learn together.

import { Change, observe, Store } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Calibration, Learned } from "as-proxy-wasm-sdk/llm/token-estimator";
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
}

/** Of what was reserved, against what the answer has stated. */
export function observeError(expected: f64, actual: f64): void {
  if (actual <= 0) return;
  observe("model_ratelimit_estimation_error", <i64>((Math.abs(expected - actual) * 100) / actual));
}

class Lesson extends Change {
  constructor(
    private facts: RequestFacts,
    private usage: Usage,
  ) {
    super();
  }

  apply(table: Span): Span {
    const facts = this.facts;
    const usage = this.usage;
    const calibration = new Calibration(table);
    return calibration.with(facts.model, facts.promptTokens, usage.prompt, usage.output, facts.mostOutput);
  }
}

export class Experience {
  private table: Store = new Store("model-ratelimit.");

  /** `defaultOutput`: of an answer that nothing bounds, where none of its model was seen. */
  forecast(facts: RequestFacts, defaultOutput: f64): Forecast {
    const entry = this.table.get(LEARNED);
    const learned: Learned = new Calibration(entry === null ? Span.empty() : entry.value).of(facts.model);
    const forecast = new Forecast();
    const bound = facts.mostOutput;
    forecast.input = learned.input(facts.promptTokens);
    forecast.output = bound;
    if (bound < 0) forecast.output = learned.meanOutput > 0 ? Math.ceil(learned.meanOutput) : defaultOutput;
    forecast.mostInput = max(forecast.input, learned.mostInput(facts.promptTokens, facts.bytes));
    forecast.mostOutput = max(forecast.output, learned.mostOutput(bound, defaultOutput));
    return forecast;
  }

  /** A lesson that many workers want to write at once may be lost. */
  learn(facts: RequestFacts, usage: Usage): void {
    if (usage.total > 0) this.table.update(LEARNED, new Lesson(facts, usage));
  }
}
