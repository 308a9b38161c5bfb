// The guest's estimator of tokens, for the report and for fitting its weights.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Span } from "as-proxy-wasm-sdk/bytes";
import {
  AnswerMeter,
  Calibration,
  estimateTokens,
  familyOf,
  TextMeter,
} from "as-proxy-wasm-sdk/llm/token-estimator";

let input = new ArrayBuffer(0);
let answer = new AnswerMeter();
let text = new TextMeter();
let table = Span.empty();

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

/** Of the model whose name was put. */
export function family(): i32 {
  return familyOf(Span.of(input));
}

export function tokens(family: i32): f64 {
  return estimateTokens(Span.of(input), family);
}

/** Address of what `TextMeter` has counted. */
export function counts(): usize {
  text = new TextMeter();
  text.text(Span.of(input));
  return changetype<usize>(text.counts);
}

export function startAnswer(): void {
  answer = new AnswerMeter();
}

export function feedEvent(): void {
  answer.event(Span.of(input));
}

export function feedAnswer(): void {
  answer.feed(Span.of(input));
}

export function answerTokens(family: i32): f64 {
  return answer.tokens(family);
}

export function forget(): void {
  table = Span.empty();
}

export function learn(estimated: f64, stated: i64): void {
  table = new Calibration(table).with(Span.of(input), estimated, stated, 0);
}

/** What the answers of the model have taught. */
export function ratio(): f64 {
  return new Calibration(table).of(Span.of(input)).ratio;
}
