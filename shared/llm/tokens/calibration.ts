// What the answers of a model have taught: how far the estimate of its input is off, and how much it writes. Kept in a
// few bytes per model, which workers may share; the table has a bound, and the model that was learned longest ago gives
// way. Newest first:
//
//   entry (24 bytes): digest of the model u64 | ratio f32 | mean output f32 | deviation f32 | answers u32

import { Buffer, fnv1a64, Span } from "../../bytes";

const ENTRIES: i32 = 32;
const ENTRY_BYTES: i32 = 24;
/** Of old and new, once this many answers are known, the new one is one of so many. */
const MEMORY: u32 = 20;
/** Within which a ratio is believed at all. */
const LEAST_RATIO: f64 = 0.1;
const MOST_RATIO: f64 = 20;
/** How far, as a factor, one answer may be from what is known without being clipped. */
const STEP: f64 = 2;

/** What is known of one model. */
export class Learned {
  /** Input tokens stated for each that was estimated; 1 where nothing is known. */
  ratio: f64 = 1;
  /** Output tokens of an answer, and their mean distance from that; 0 where nothing is known. */
  meanOutput: f64 = 0;
  outputDeviation: f64 = 0;
  /** Answers that were learned from. */
  answers: u32 = 0;

  /** Takes one answer: what was estimated and stated as its input, and its output. Counts of 0 teach nothing. */
  add(estimatedInput: f64, input: i64, output: i64): void {
    const share = 1 / <f64>(min(this.answers, MEMORY - 1) + 1);
    const isFirst = this.answers == 0;
    if (this.answers < u32.MAX_VALUE) this.answers++;
    if (estimatedInput >= 1 && input > 0) {
      let seen = <f64>input / estimatedInput;
      if (!isFirst) seen = min(max(seen, this.ratio / STEP), this.ratio * STEP);
      seen = min(max(seen, LEAST_RATIO), MOST_RATIO);
      this.ratio += (seen - this.ratio) * share;
    }
    if (output <= 0) return;
    let written = <f64>output;
    const mean = this.meanOutput;
    if (mean > 0) written = min(written, mean * 8);
    this.meanOutput = mean > 0 ? mean + (written - mean) * share : written;
    this.outputDeviation += (abs(written - mean) * (isFirst ? 0 : 1) - this.outputDeviation) * share;
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
    return learned;
  }

  /** The table with one more answer of the model, at most 768 bytes: to be stored where `table` was read. */
  with(model: Span, estimatedInput: f64, input: i64, output: i64): Span {
    const digest = fnv1a64(model);
    const own = this.find(digest);
    const learned = this.of(model);
    learned.add(estimatedInput, input, output);
    const table = this.table;
    const out = new Buffer(table.size + ENTRY_BYTES);
    const room = out.reserve(ENTRY_BYTES);
    if (room == 0) return table;
    store<u64>(room, digest);
    store<f32>(room, <f32>learned.ratio, 8);
    store<f32>(room, <f32>learned.meanOutput, 12);
    store<f32>(room, <f32>learned.outputDeviation, 16);
    store<u32>(room, learned.answers, 20);
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

function believed(value: f32, least: f64, most: f64, otherwise: f64): f64 {
  return <f64>value >= least && <f64>value <= most ? <f64>value : otherwise;
}
