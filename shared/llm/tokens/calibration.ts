// What the answers of a model have taught: how far the estimate of its input is off, how much it writes, and how far
// both may be off at most. Kept in a few bytes per model, which workers may share; the table has a bound, and the model
// that was learned longest ago gives way. Newest first:
//
//   entry (40 bytes): digest of the model u64 | ratio f32 | mean output f32 | deviation f32 | answers u32
//                     | peak ratio f32 | peak output f32 | excess of input f32 | excess of output f32

import { Buffer, fnv1a64, Span } from "../../bytes";

const ENTRIES: i32 = 32;
const ENTRY_BYTES: i32 = 40;
/** Of old and new, once this many answers are known, the new one is one of so many. */
const MEMORY: u32 = 20;
/** Within which a ratio is believed at all. */
const LEAST_RATIO: f64 = 0.1;
const MOST_RATIO: f64 = 20;
/** How far, as a factor, one answer may be from what is known without being clipped. */
const STEP: f64 = 2;
/** What stands above the usual is forgotten by this part with each answer. */
const FADING: f64 = 0.02;
/** Frames and hidden prompts that a short request may cost beyond its estimate, at most a token for each byte. */
const SLACK_BYTES: f64 = 256;
/** Shorter prompts are mostly frame: they teach nothing about texts. */
const LEAST_PROMPT: f64 = 16;
/** An excess beyond the longest answers of today's models is not believed. */
const MOST_EXCESS: f64 = 131072;

/** What is known of one model. */
export class Learned {
  /** Input tokens stated for each that was estimated; 1 where nothing is known. */
  ratio: f64 = 1;
  /** Output tokens of an answer, and their mean distance from that; 0 where nothing is known. */
  meanOutput: f64 = 0;
  outputDeviation: f64 = 0;
  /** Answers that were learned from. */
  answers: u32 = 0;

  /** The greatest ratio and the greatest output, both fading. */
  peakRatio: f64 = 1;
  peakOutput: f64 = 0;
  /** Tokens that ratio, bound and usual output do not explain, fading. */
  excessInput: f64 = 0;
  excessOutput: f64 = 0;

  /** Tokens of a prompt that was estimated. */
  input(estimated: f64): f64 {
    return Math.ceil(estimated * this.ratio);
  }

  /** Tokens that a prompt of so many bytes may have. The more answers are known, the closer to the estimate. */
  mostInput(estimated: f64, bytes: f64): f64 {
    const peak = max(this.ratio, this.peakRatio);
    const slack = min(bytes, SLACK_BYTES) * (this.doubt - 1);
    return Math.ceil(estimated * peak * this.doubt + slack + this.excessInput);
  }

  /** Tokens that an answer may have: of a bound, or of none (-1), where `otherwise` counts if no answer was seen. */
  mostOutput(bound: f64, otherwise: f64): f64 {
    const usual = this.meanOutput > 0 ? this.usualOutput : otherwise;
    return Math.ceil((bound >= 0 ? bound : usual * this.doubt) + this.excessOutput);
  }

  private get usualOutput(): f64 {
    return max(this.meanOutput + 4 * this.outputDeviation, this.peakOutput);
  }

  /** A factor: 2 where nothing or one answer is known, 1.05 from twenty on. */
  private get doubt(): f64 {
    return 1 + 1 / <f64>min(max(this.answers, 1), MEMORY);
  }

  /**
   * Takes one answer: what was estimated and stated as its input, and its output, with the most that the request allowed,
   * -1 for none. Counts of 0 teach nothing.
   */
  add(estimatedInput: f64, input: i64, output: i64, bound: f64 = -1): void {
    const share = 1 / <f64>(min(this.answers, MEMORY - 1) + 1);
    const isFirst = this.answers == 0;
    if (this.answers < u32.MAX_VALUE) this.answers++;
    if (estimatedInput >= LEAST_PROMPT && input > 0) {
      let seen = <f64>input / estimatedInput;
      if (!isFirst) seen = min(max(seen, this.ratio / STEP), this.ratio * STEP);
      seen = min(max(seen, LEAST_RATIO), MOST_RATIO);
      this.ratio += (seen - this.ratio) * share;
      this.peakRatio = max(seen, isFirst ? 0 : this.peakRatio - (this.peakRatio - this.ratio) * FADING);
    }
    const explained = estimatedInput * max(this.ratio, this.peakRatio);
    this.excessInput = faded(this.excessInput, <f64>input - explained);
    if (output <= 0) return;
    let written = <f64>output;
    const mean = this.meanOutput;
    if (mean > 0) written = min(written, mean * 8);
    this.peakOutput = max(written, this.peakOutput - (this.peakOutput - mean) * FADING);
    this.meanOutput = mean > 0 ? mean + (written - mean) * share : written;
    this.outputDeviation += (abs(written - mean) * (isFirst ? 0 : 1) - this.outputDeviation) * share;
    this.excessOutput = faded(this.excessOutput, <f64>output - (bound >= 0 ? bound : this.usualOutput));
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
    learned.ratio = believed(load<f32>(at, 8), LEAST_RATIO, MOST_RATIO, 1);
    learned.meanOutput = believed(load<f32>(at, 12), 0, <f64>u32.MAX_VALUE, 0);
    learned.outputDeviation = believed(load<f32>(at, 16), 0, <f64>u32.MAX_VALUE, 0);
    learned.answers = load<u32>(at, 20);
    learned.peakRatio = believed(load<f32>(at, 24), LEAST_RATIO, MOST_RATIO, 1);
    learned.peakOutput = believed(load<f32>(at, 28), 0, <f64>u32.MAX_VALUE, 0);
    learned.excessInput = believed(load<f32>(at, 32), 0, MOST_EXCESS, 0);
    learned.excessOutput = believed(load<f32>(at, 36), 0, MOST_EXCESS, 0);
    return learned;
  }

  /**
   * The table with one more answer of the model, at most 1,280 bytes: to be stored where `table` was read.
   * The numbers are those of `Learned.add`.
   */
  with(model: Span, estimatedInput: f64, input: i64, output: i64, bound: f64 = -1): Span {
    const digest = fnv1a64(model);
    const own = this.find(digest);
    const learned = this.of(model);
    learned.add(estimatedInput, input, output, bound);
    const table = this.table;
    const out = new Buffer(table.size + ENTRY_BYTES);
    const room = out.reserve(ENTRY_BYTES);
    if (room == 0) return table;
    store<u64>(room, digest);
    store<f32>(room, <f32>learned.ratio, 8);
    store<f32>(room, <f32>learned.meanOutput, 12);
    store<f32>(room, <f32>learned.outputDeviation, 16);
    store<u32>(room, learned.answers, 20);
    store<f32>(room, <f32>learned.peakRatio, 24);
    store<f32>(room, <f32>learned.peakOutput, 28);
    store<f32>(room, <f32>learned.excessInput, 32);
    store<f32>(room, <f32>learned.excessOutput, 36);
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

function faded(excess: f64, seen: f64): f64 {
  return min(max(excess * (1 - FADING), seen), MOST_EXCESS);
}

function believed(value: f32, least: f64, most: f64, otherwise: f64): f64 {
  return <f64>value >= least && <f64>value <= most ? <f64>value : otherwise;
}
