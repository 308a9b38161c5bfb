// Custom metrics as Envoy 1.40 prints them for Prometheus (compat/abi.md §12).

import type { MetricType } from "../host/types.ts";

/** Envoy's default buckets, upper bounds. */
export const bucketBounds = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000,
  3600000,
];

/** Values observed so far, counted by bucket. */
export class Histogram {
  /** One count per bound, not cumulative; the last is for everything above. */
  readonly counts: bigint[] = new Array<bigint>(bucketBounds.length + 1).fill(0n);
  sum = 0n;

  observe(value: bigint): void {
    const at = bucketOf(value);
    this.counts[at] = this.counts[at]! + 1n;
    this.sum += value;
  }
}

/** Index of the bucket that counts `value`. */
export function bucketOf(value: bigint): number {
  const at = bucketBounds.findIndex((bound) => value <= bound);
  return at < 0 ? bucketBounds.length : at;
}

export interface MetricReading {
  type: MetricType;
  name: string;
  value: bigint;
  histogram: Histogram | undefined;
}

export function prometheusText(metrics: readonly MetricReading[]): string {
  const lines: string[] = [];
  const sorted = [...metrics].sort((left, right) =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : 0,
  );
  for (const { type, name, value, histogram } of sorted) {
    const label = prometheusName(name);
    lines.push(`# TYPE ${label} ${type}`);
    if (histogram === undefined) {
      lines.push(`${label}{} ${value}`);
      continue;
    }
    let total = 0n;
    histogram.counts.forEach((count, index) => {
      total += count;
      lines.push(`${label}_bucket{le="${bucketBounds[index] ?? "+Inf"}"} ${total}`);
    });
    lines.push(`${label}_sum{} ${histogram.sum}`, `${label}_count{} ${total}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Every character Prometheus does not allow becomes `_`; a leading digit is preceded by one. */
export function prometheusName(name: string): string {
  const label = name.replaceAll(/[^a-zA-Z0-9_]/g, "_");
  return /^[0-9]/.test(label) ? `_${label}` : label;
}
