// What the answers of a model have taught: how far the estimate of its input is off, how much it writes, and how far
// both may be off at most. Kept in a few bytes per model, which workers may share; the table has a bound, and the model
// that was learned longest ago gives way. Newest first:
//
//   entry (108 bytes): digest of the model u64 | corrections of input without tools, with tools, of output
//                     (24 bytes each) | mean output f32 | deviation f32 | answers u32 | peak ratio f32 | peak output f32 | excess of input f32
//                     | excess of output f32

import { Buffer, fnv1a64, Span } from "../../bytes";
import { Correction, CORRECTION_BYTES } from "./correction";

const ENTRIES: i32 = 32;
const ENTRY_BYTES: i32 = 36 + 3 * CORRECTION_BYTES;
/** Of old and new, once this many answers are known, the new one is one of so many. */
const MEMORY: u32 = 20;
/** A greater ratio of stated to expected input is not believed. */
const MOST_PEAK: f64 = 20;
/** What stands above the usual is forgotten by this part with each answer. */
const FADING: f64 = 0.02;
/** Frames and hidden prompts that a short request may cost beyond its estimate, at most a token for each byte. */
const SLACK_BYTES: f64 = 256;
/** An excess beyond the longest answers of today's models is not believed. */
const MOST_EXCESS: f64 = 131072;

/** What one answer teaches. Counts of 0 teach nothing. */
export class Lesson {
  estimatedInput: f64 = 0;
  hasTools: bool = false;
  /** As it was stated. */
  input: i64 = 0;
  /** Of the texts of the answer. */
  estimatedOutput: f64 = 0;
  /** As it was stated. */
  output: i64 = 0;
  /** The most output that the request allowed; -1 for none. */
  bound: f64 = -1;
}

/** What is known of one model. */
export class Learned {
  readonly inputs: Correction = new Correction();
  /** Of requests with tools: providers put hidden prompts around these. */
  readonly toolInputs: Correction = new Correction();
  /** Of the texts of answers: what stands behind them unseen counts too. */
  readonly outputs: Correction = new Correction();
  /** Output tokens of an answer, and their mean distance from that; 0 where nothing is known. */
  meanOutput: f64 = 0;
  outputDeviation: f64 = 0;
  /** Answers that were learned from. */
  answers: u32 = 0;

  /** The greatest ratio of stated to expected input, and the greatest output, both fading. */
  peakRatio: f64 = 1;
  peakOutput: f64 = 0;
  /** Tokens that ratio, bound and usual output do not explain, fading. */
  excessInput: f64 = 0;
  excessOutput: f64 = 0;

  /** Tokens of a prompt that was estimated. */
  input(estimated: f64, hasTools: bool): f64 {
    return this.inputsOf(hasTools).apply(estimated);
  }

  /** Tokens of an answer of whose texts so many were estimated. */
  output(estimated: f64): f64 {
    return this.outputs.apply(estimated);
  }

  /** Tokens that a prompt of so many bytes may have. The more answers are known, the closer to the estimate. */
  mostInput(estimated: f64, hasTools: bool, bytes: f64): f64 {
    const expected = this.inputsOf(hasTools).most(estimated);
    const slack = min(bytes, SLACK_BYTES) * (this.doubt - 1);
    return Math.ceil(expected * this.peakRatio * this.doubt + slack + this.excessInput);
  }

  /** Tokens that an answer may have: of a bound, or of none (-1), where `otherwise` counts if no answer was seen. */
  mostOutput(bound: f64, otherwise: f64): f64 {
    const usual = this.meanOutput > 0 ? this.usualOutput : otherwise;
    return Math.ceil((bound >= 0 ? bound : usual * this.doubt) + this.excessOutput);
  }

  private get usualOutput(): f64 {
    return max(this.meanOutput + 4 * this.outputDeviation, this.peakOutput);
  }

  private inputsOf(hasTools: bool): Correction {
    return hasTools ? this.toolInputs : this.inputs;
  }

  /** A factor: 2 where nothing or one answer is known, 1.05 from twenty on. */
  private get doubt(): f64 {
    return 1 + 1 / <f64>min(max(this.answers, 1), MEMORY);
  }

  add(lesson: Lesson): void {
    const input = lesson.input;
    const output = lesson.output;
    const share = 1 / <f64>(min(this.answers, MEMORY - 1) + 1);
    const isFirst = this.answers == 0;
    if (this.answers < u32.MAX_VALUE) this.answers++;
    const inputs = this.inputsOf(lesson.hasTools);
    inputs.learn(lesson.estimatedInput, <f64>input);
    const expected = inputs.most(lesson.estimatedInput);
    // An answer that broke off may state what it had used when it began.
    if (<f64>output * 2 >= lesson.estimatedOutput) this.outputs.learn(lesson.estimatedOutput, <f64>output);
    // The first answers move the correction; what they are beyond it is covered by the doubt.
    if (this.answers > 4 && expected >= 1 && input > 0) {
      const faded = this.peakRatio - (this.peakRatio - 1) * FADING;
      this.peakRatio = min(max(min(<f64>input / expected, this.peakRatio * 2), faded), MOST_PEAK);
      this.excessInput = rising(this.excessInput, <f64>input - expected * this.peakRatio);
    }
    if (output <= 0) return;
    let written = <f64>output;
    const mean = this.meanOutput;
    if (mean > 0) written = min(written, mean * 8);
    this.peakOutput = max(written, this.peakOutput - (this.peakOutput - mean) * FADING);
    this.meanOutput = mean > 0 ? mean + (written - mean) * share : written;
    this.outputDeviation += (abs(written - mean) * (isFirst ? 0 : 1) - this.outputDeviation) * share;
    this.excessOutput = rising(
      this.excessOutput,
      <f64>output - (lesson.bound >= 0 ? lesson.bound : this.usualOutput),
    );
  }
}

/** Bytes that are no table read as an empty one. */
export class Calibration {
  constructor(private table: Span) {
    if (table.size % ENTRY_BYTES != 0 || table.size > ENTRIES * ENTRY_BYTES) this.table = Span.empty();
  }

  /** What is known of the model. */
  of(model: Span): Learned {
    const learned = new Learned();
    const at = this.find(fnv1a64(model));
    if (at == 0) return learned;
    learned.inputs.read(at + 8);
    learned.toolInputs.read(at + 32);
    learned.outputs.read(at + 56);
    learned.meanOutput = believed(load<f32>(at, 80), 0, <f64>u32.MAX_VALUE, 0);
    learned.outputDeviation = believed(load<f32>(at, 84), 0, <f64>u32.MAX_VALUE, 0);
    learned.answers = load<u32>(at, 88);
    learned.peakRatio = believed(load<f32>(at, 92), 1, MOST_PEAK, 1);
    learned.peakOutput = believed(load<f32>(at, 96), 0, <f64>u32.MAX_VALUE, 0);
    learned.excessInput = believed(load<f32>(at, 100), 0, MOST_EXCESS, 0);
    learned.excessOutput = believed(load<f32>(at, 104), 0, MOST_EXCESS, 0);
    return learned;
  }

  /** The table with one more answer of the model, at most 3,456 bytes: to be stored where `table` was read. */
  with(model: Span, lesson: Lesson): Span {
    const digest = fnv1a64(model);
    const own = this.find(digest);
    const learned = this.of(model);
    learned.add(lesson);
    const table = this.table;
    const out = new Buffer(table.size + ENTRY_BYTES);
    const room = out.reserve(ENTRY_BYTES);
    if (room == 0) return table;
    store<u64>(room, digest);
    learned.inputs.write(room + 8);
    learned.toolInputs.write(room + 32);
    learned.outputs.write(room + 56);
    store<f32>(room, <f32>learned.meanOutput, 80);
    store<f32>(room, <f32>learned.outputDeviation, 84);
    store<u32>(room, learned.answers, 88);
    store<f32>(room, <f32>learned.peakRatio, 92);
    store<f32>(room, <f32>learned.peakOutput, 96);
    store<f32>(room, <f32>learned.excessInput, 100);
    store<f32>(room, <f32>learned.excessOutput, 104);
    out.wrote(ENTRY_BYTES);
    for (let at = 0; at < table.size && out.size < ENTRIES * ENTRY_BYTES; at += ENTRY_BYTES) {
      if (table.start + <usize>at != own) out.append(table.slice(at, at + ENTRY_BYTES));
    }
    return out.span();
  }

  /** Address of the model's entry, or 0. */
  private find(digest: u64): usize {
    for (let at = this.table.start; at < this.table.end; at += <usize>ENTRY_BYTES) {
      if (load<u64>(at) == digest) return at;
    }
    return 0;
  }
}

function rising(excess: f64, seen: f64): f64 {
  return min(max(excess * (1 - FADING), seen), MOST_EXCESS);
}

function believed(value: f32, least: f64, most: f64, otherwise: f64): f64 {
  return <f64>value >= least && <f64>value <= most ? <f64>value : otherwise;
}
