// Times contenders side by side. This kind of machine is noisy, so absolute times are only shown; what counts is
// the ratio of two contenders that took turns in the same run.

/** Median of the rounds, and the middle 80 % of them. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export interface Timing {
  name: string;
  microseconds: Spread;
  /** To the first contender of the same round. */
  ratio: Spread;
}

// The kernel counts processor time in steps of a few milliseconds.
const roundMs = 60;
const rounds = 11;

/** Runs every contender in turn, `rounds` times about 60 ms each. */
export function race(contenders: { name: string; run(): void }[]): Timing[] {
  const perRound = contenders.map(({ run }) => calibrated(run));
  const times: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    contenders.forEach(({ run }, index) => times[index]!.push(timed(run, perRound[index]!)));
  }
  return contenders.map(({ name }, index) => ({
    name,
    microseconds: spread(times[index]!),
    ratio: spread(times[index]!.map((time, round) => time / times[0]![round]!)),
  }));
}

/** How many calls fill a round; the first calls also warm the code up. */
function calibrated(run: () => void): number {
  let count = 1;
  for (;;) {
    const microseconds = timed(run, count) * count;
    if (microseconds > roundMs * 500) return Math.max(1, Math.round((count * roundMs * 1000) / microseconds));
    count *= 2;
  }
}

/** Microseconds of one call, averaged over `count`: processor time of this thread, so that other processes hardly count. */
function timed(run: () => void, count: number): number {
  const start = process.threadCpuUsage();
  for (let i = 0; i < count; i++) run();
  const used = process.threadCpuUsage(start);
  return (used.user + used.system) / count;
}

export function spread(values: number[]): Spread {
  return { median: percentile(values, 0.5), low: percentile(values, 0.1), high: percentile(values, 0.9) };
}

export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
