// Counters in the compiled arithmetic of the native limits, with a clock that the test moves.

import { loadProbe } from "../../../host-test/testing/probe.ts";

export type Algorithm = "concurrent" | "fixed" | "sliding" | "bucket";
export const ALGORITHMS: Algorithm[] = ["concurrent", "fixed", "sliding", "bucket"];

export interface Measure {
  algorithm: Algorithm;
  /** The most at once; of all but a bucket the same as `amount`. */
  capacity: number;
  amount: number;
  windowMs: number;
  lifeMs: number;
}

export interface Step {
  test?: number;
  take?: number;
  hold?: number;
  release?: number;
  cell?: number;
}

export interface Counter {
  remaining: number;
  resetMs: number;
  waitMs: number;
  cell: number;
  expired: number;
}

/** What a decision says: the place of the counter that refuses, from 1, or 0, and of each counter its state. */
export interface Verdict {
  refused: number;
  counters: Counter[];
}

const probe = await loadProbe("plugins/model-ratelimit/test/guest/tally.ts");

/** The numbers that the arithmetic and the script take of one counter. */
export function numbersOf(measure: Measure, step: Step): number[] {
  const { capacity, amount, windowMs, lifeMs } = measure;
  const { test = 0, take = 0, hold = 0, release = 0, cell = 0 } = step;
  const algorithm = ALGORITHMS.indexOf(measure.algorithm);
  return [algorithm, capacity, amount, windowMs, lifeMs, test, take, hold, release, cell];
}

export class Tallies {
  /** Of each counter what is kept; none: nothing. */
  words: number[][];
  #measures: Measure[];

  constructor(measures: Measure[]) {
    this.#measures = measures;
    this.words = measures.map(() => []);
  }

  /** All or nothing, unless it is a settlement, which is never refused. */
  decide(now: number, steps: Step[], settles = false): Verdict {
    const input = [now, steps.length, settles ? 1 : 0];
    steps.forEach((step, i) => input.push(...numbersOf(this.#measures[i]!, step)));
    for (const words of this.words) input.push(words.length, ...words);
    probe.put(Buffer.from(new Float64Array(input).buffer));
    const length = probe.exports.decide!();
    const bytes = probe.take(probe.exports.replied!(), length * 8);
    const output = Array.from({ length }, (_, i) => bytes.readDoubleLE(i * 8));
    const refused = output.shift()!;
    const counters = this.words.map((_, i) => {
      const [remaining, resetMs, waitMs, cell, expired, isWritten, size] = output.splice(0, 7) as number[];
      const words = output.splice(0, size);
      if (isWritten === 1) this.words[i] = words;
      return { remaining, resetMs, waitMs, cell, expired } as Counter;
    });
    return { refused, counters };
  }
}
