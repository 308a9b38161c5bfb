// The arithmetic of tally.ts for tests: one decision over counters that the test keeps.
//
//   input, f64: now │ counters │ 1 for a settlement, then of each as in native-script.ts
//               (algorithm, capacity, amount, window ms, life ms, test, take, hold, release, cell), then of each
//               its number of words and the words
//   output, f64: refused (place from 1, or 0), then of each: remaining, reset ms, wait ms, cell, expired, 1 when
//               it is written, number of words and the words

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Measure, Step, Tally } from "../../tally";

const FIELDS: i32 = 10;

let input: Float64Array = new Float64Array(0);
let output: f64[] = [];
let reply: Float64Array = new Float64Array(0);

export function alloc(size: i32): usize {
  input = new Float64Array(size >> 3);
  return input.dataStart;
}

function stepOf(at: i32): Step {
  const step = new Step();
  step.test = input[at + 5];
  step.take = input[at + 6];
  step.hold = input[at + 7];
  step.release = input[at + 8];
  step.cell = input[at + 9];
  return step;
}

/** Gives the length of the output. */
export function decide(): i32 {
  const now = input[0];
  const count = <i32>input[1];
  const force = input[2] !== 0;
  const tallies: Tally[] = [];
  const steps: Step[] = [];
  let refused = 0;
  let words = 3 + FIELDS * count;
  for (let i = 0; i < count; i++) {
    const at = 3 + FIELDS * i;
    const measure = new Measure(<i32>input[at], input[at + 1], input[at + 2], input[at + 3], input[at + 4]);
    const kept: i64[] = [];
    const size = <i32>input[words++];
    for (let j = 0; j < size; j++) kept.push(reinterpret<i64>(input[words++]));
    tallies.push(new Tally(measure, kept, now));
    steps.push(stepOf(at));
    if (!force && refused === 0 && !tallies[i].fits(steps[i])) refused = i + 1;
  }
  output = [<f64>refused];
  for (let i = 0; i < count; i++) {
    const tally = tallies[i];
    const expired = tally.expired;
    if (refused === 0) tally.apply(steps[i]);
    output.push(tally.remaining);
    output.push(tally.resetMs);
    output.push(tally.waitMs(steps[i].test));
    output.push(tally.cell);
    output.push(refused === 0 ? expired : 0);
    output.push(refused === 0 || tally.isMoved ? 1 : 0);
    const kept = tally.lifeMs > 0 ? tally.words() : [];
    output.push(<f64>kept.length);
    for (let j = 0; j < kept.length; j++) output.push(reinterpret<f64>(kept[j]));
  }
  reply = new Float64Array(output.length);
  for (let i = 0; i < output.length; i++) reply[i] = output[i];
  return output.length;
}

export function replied(): usize {
  return reply.dataStart;
}
