// The measures of `gateway bench` as tables for people; the JSON form is the objects themselves.

import type { EnvoyFigures } from "./envoy.ts";
import type { Spread } from "./measure.ts";
import type { ModuleFigures, Report } from "./run.ts";

function row(cells: (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function spread({ median, low, high }: Spread): string {
  return `${number(median)} (${number(low)}–${number(high)})`;
}

export function moduleTable({ modules }: Report): string {
  return [
    row([
      "module",
      "bytes",
      "gzip -9",
      "compile ms",
      "compile CPU ms",
      "new VM ms",
      "pages after the start / 10⁴ requests / more",
    ]),
    row(["---", "---:", "---:", "---:", "---:", "---:", "---"]),
    ...modules.map((module) =>
      row([
        module.name,
        module.bytes.toLocaleString("en"),
        module.gzipBytes.toLocaleString("en"),
        spread(module.compileMs),
        spread(module.compileProcessorMs),
        spread(module.instantiateMs),
        pages(module.pages),
      ]),
    ),
  ].join("\n");
}

function pages({ afterStart, after10000, late }: ModuleFigures["pages"]): string {
  const more = late === undefined ? [] : [`${late.pages} (${late.requests.toLocaleString("en")})`];
  return [afterStart, after10000, ...more].join(" / ");
}

export function raceTable({ races }: Pick<Report, "races">): string {
  return [
    row(["job", "size", "contender", "µs", "MB/s", "ratio to the first"]),
    row(["---", "---", "---", "---:", "---:", "---"]),
    ...races.flatMap(({ title, size, bytes, timings }) =>
      timings.map(({ name, microseconds, ratio }, at) =>
        row([
          at === 0 ? title : "",
          at === 0 ? size : "",
          name,
          spread(microseconds),
          bytes === undefined ? "" : number(bytes / microseconds.median),
          at === 0 ? "1" : spread(ratio),
        ]),
      ),
    ),
  ].join("\n");
}

export function envoyTable(figures: EnvoyFigures[]): string {
  const bodies = figures[0]?.loads.map(({ body }) => body) ?? [];
  const columns = bodies.map((body) => `${body}: requests/s | CPU µs | of none | p50 / p99 ms`);
  return [
    `| contender | ready s | MB, 1 worker | MB per worker | ${columns.join(" | ")} |`,
    `| --- | ---: | ---: | ---: | ${columns.map(() => "---: | ---: | --- | ---:").join(" | ")} |`,
    ...figures.map(({ name, readyMs, residentMb, perWorkerMb, loads }) =>
      row([
        name,
        (readyMs / 1000).toFixed(2),
        residentMb.toFixed(0),
        perWorkerMb.toFixed(1),
        ...loads.flatMap(({ requestsPerSecond, processorUs, share, p50Ms, p99Ms }) => [
          requestsPerSecond.toFixed(0),
          processorUs.toFixed(0),
          spread(share),
          `${p50Ms.toFixed(2)} / ${p99Ms.toFixed(2)}`,
        ]),
      ]),
    ),
  ].join("\n");
}
