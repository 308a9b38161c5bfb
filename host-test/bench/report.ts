// The measures of `gateway bench` as a table for people; the JSON form is the object itself.

import type { Timing } from "./measure.ts";

export interface ModuleFigures {
  name: string;
  bytes: number;
  gzipBytes: number;
  /** Eager optimising compile, as Envoy does it. */
  compileMs: number;
  startMs: number;
  /** 64 KiB pages. */
  pages: { afterStart: number; after1000Requests: number; after10000Requests: number };
}

export interface Race {
  title: string;
  /** Bytes that one call works on, for MB/s. */
  bytes?: number;
  timings: Timing[];
}

export interface Report {
  machine: string;
  modules: ModuleFigures[];
  races: Race[];
}

function row(cells: (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function toMarkdown(report: Report): string {
  const lines = [report.machine, ""];
  if (report.modules.length > 0) {
    lines.push(
      row([
        "module",
        "bytes",
        "gzip",
        "compile ms",
        "start ms",
        "pages after start / 1,000 / 10,000 requests",
      ]),
      row(["---", "---:", "---:", "---:", "---:", "---"]),
      ...report.modules.map((module) =>
        row([
          module.name,
          module.bytes.toLocaleString("en"),
          module.gzipBytes.toLocaleString("en"),
          number(module.compileMs),
          number(module.startMs),
          Object.values(module.pages).join(" / "),
        ]),
      ),
      "",
    );
  }
  lines.push(
    row(["measure", "contender", "µs", "MB/s", "ratio to the first (80 % of rounds)"]),
    row(["---", "---", "---:", "---:", "---"]),
  );
  for (const race of report.races) {
    for (const timing of race.timings) {
      const speed = race.bytes === undefined ? "" : number(race.bytes / timing.microseconds);
      const { median, low, high } = timing.ratio;
      lines.push(
        row([
          race.title,
          timing.name,
          number(timing.microseconds),
          speed,
          `${number(median)} (${number(low)}–${number(high)})`,
        ]),
      );
    }
  }
  return lines.join("\n");
}
