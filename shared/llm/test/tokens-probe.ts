export { abort } from "as-proxy-wasm-sdk/abi/abort";

import { Span } from "../../bytes";
import {
  AnswerMeter,
  Calibration,
  estimateTokens,
  familyOf,
  Lesson,
  PromptMeter,
  TextMeter,
} from "../token-estimator";

let input = new ArrayBuffer(0);
let prompt = new PromptMeter();
let answer = new AnswerMeter();
let text = new TextMeter();
let table = Span.empty();

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

export function family(): i32 {
  return familyOf(Span.of(input));
}

export function tokens(family: i32): f64 {
  return estimateTokens(Span.of(input), family);
}

export function counts(): usize {
  text = new TextMeter();
  text.text(Span.of(input));
  return changetype<usize>(text.counts);
}

export function startPrompt(): void {
  prompt = new PromptMeter();
}

export function feedPrompt(): void {
  prompt.feed(Span.of(input));
}

export function promptTokens(family: i32): f64 {
  return prompt.tokens(family);
}

export function hasTools(): bool {
  return prompt.hasTools;
}

export function mostOutput(): i64 {
  return prompt.mostOutput;
}

export function choices(): i64 {
  return prompt.choices;
}

export function promptFamily(): i32 {
  return familyOf(prompt.model);
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

/** Takes what was put as the table. */
export function useTable(): void {
  table = Span.of(input);
}

export function learn(estimated: f64, hasTools: bool, used: i64, output: i64, metered: f64): void {
  const lesson = new Lesson();
  lesson.estimatedInput = estimated;
  lesson.hasTools = hasTools;
  lesson.input = used;
  lesson.output = output;
  lesson.estimatedOutput = metered;
  table = new Calibration(table).with(Span.of(input), lesson);
}

export function tableSize(): i32 {
  return table.size;
}

export function correctedInput(estimated: f64, hasTools: bool): f64 {
  return new Calibration(table).of(Span.of(input)).input(estimated, hasTools);
}

export function mostInput(estimated: f64, hasTools: bool, bytes: f64): f64 {
  return new Calibration(table).of(Span.of(input)).mostInput(estimated, hasTools, bytes);
}

export function correctedOutput(estimated: f64): f64 {
  return new Calibration(table).of(Span.of(input)).output(estimated);
}

export function meanOutput(): f64 {
  return new Calibration(table).of(Span.of(input)).meanOutput;
}
