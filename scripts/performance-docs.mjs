// docs/performance.md, its chart and the tables of READMEs, from docs/performance.json, which `npm run performance`
// measures: no figure of them is written by hand.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { envoyTable, moduleTable, raceTable } from "../host-test/bench/report.ts";
import { root } from "./compile.mjs";

export const performanceFile = join(root, "docs", "performance.json");

/** By subject; empty before the first measurement. */
export function measured() {
  return existsSync(performanceFile) ? JSON.parse(readFileSync(performanceFile, "utf8")) : {};
}

const digits = (value, count = 3) => Number(value.toPrecision(count)).toLocaleString("en");
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} KB`;

/** Where and when a part was measured, one line for each difference. */
function conditions(all) {
  const lines = Object.values(all).flatMap(({ v8, envoy }) =>
    [v8, envoy].filter(Boolean).map(({ date, commit, machine, load }) => ({ date, commit, machine, load })),
  );
  const machines = [...new Set(lines.map(({ machine }) => machine))];
  const commits = [...new Set(lines.map(({ date, commit }) => `${commit} (${date})`))];
  const loads = lines.map(({ load }) => load);
  return [
    `Machine: ${machines.join("; ")}. Commit: ${commits.join(", ")}.`,
    `Load average when a part began: ${Math.min(...loads)} to ${Math.max(...loads)}.`,
  ].join(" ");
}

/** docs/performance.md. */
export function performancePage() {
  const all = measured();
  const sections = Object.entries(all).flatMap(([name, { v8, envoy }]) => {
    if (name === "json")
      return [
        "## The JSON scanner",
        "Finding `model` in a chat request, beside `JSON.parse`.",
        raceTable(v8.figures),
      ];
    return [
      `## ${name}`,
      ...(v8 ? [moduleTable(v8.figures), raceTable(v8.figures)] : []),
      ...(envoy ? ["On Envoy:", envoyTable(envoy.figures)] : []),
    ];
  });
  return [
    "# What the plugins cost",
    "<!-- Written by npm run performance and npm run docs from docs/performance.json: do not edit. -->",
    "`npm run performance` measures all of this and writes this page, `npm run performance -- ai-proxy --no-envoy` a part of it.\nFigures are medians; in brackets stand the middle 80 % of the rounds. Contenders take turns within a round, and ratios are of\none round: they hold elsewhere, absolute figures do not.",
    conditions(all),
    "![Share of Envoy's throughput that is left, and time per request](images/performance.svg)",
    "In V8, as Envoy has it: no baseline compiler, everything compiled before the first call, plugins in the Node host with its\nhost calls, processor time of one thread. An exchange is a request with 14 headers, its body in pieces of 16 KiB, and the\nanswer. `empty module` has the SDK and does nothing. On Envoy: one worker on one core, wrk with 16 connections on another,\nthe upstream in the same worker; `of none` is the share of the requests per second of processor time that no filter allows.",
    ...sections,
    "",
  ].join("\n\n");
}

const own = (figures, name) => figures?.find((one) => one.name === name);

/** All that were measured for a subject, in V8 or on Envoy. */
function contendersOf({ v8, envoy }) {
  const names = [v8?.figures.modules, envoy?.figures].flatMap((list) => (list ?? []).map(({ name }) => name));
  return [...new Set(names)].filter((name) => name !== "no filter");
}

/** What is said of a contender of a subject in READMEs. */
function summary(all, subject, contender) {
  const { v8, envoy } = all[subject] ?? {};
  const module = own(v8?.figures.modules, contender);
  const request = (size) => {
    const race = v8?.figures.races.find((one) => one.size === size);
    return { bytes: race?.bytes, timing: own(race?.timings, contender) };
  };
  const event = v8?.figures.races.find((one) => one.size === "event");
  const gateway = own(envoy?.figures, contender);
  const none = own(envoy?.figures, "no filter");
  return {
    module,
    small: request("1 KB"),
    large: request("100 KB"),
    event: own(event?.timings, contender),
    gateway,
    none,
  };
}

/** Rows for these, as `[subject, contender, link]`. */
function table(all, rows) {
  const cell = (value, show) => (value === undefined ? "–" : show(value));
  return [
    "| module | bytes | gzip | compile ms | pages after 10⁴ requests | µs, request of 1 KB | MB/s, 100 KB | µs, streamed event | of Envoy's throughput, 1 KB / 100 KB | ready s | + MB |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows.map(([subject, contender, link]) => {
      const { module, small, large, event, gateway, none } = summary(all, subject, contender);
      const cells = [
        link ?? contender,
        cell(module, ({ bytes }) => kilobytes(bytes)),
        cell(module, ({ gzipBytes }) => kilobytes(gzipBytes)),
        cell(module, ({ compileMs }) => digits(compileMs.median)),
        cell(module, ({ pages }) => pages.after10000),
        cell(small.timing, ({ microseconds }) => digits(microseconds.median)),
        cell(large.timing, ({ microseconds }) => digits(large.bytes / microseconds.median)),
        cell(event, ({ microseconds }) => digits(microseconds.median, 2)),
        cell(gateway, ({ loads }) => loads.map(({ share }) => share.median.toFixed(2)).join(" / ")),
        cell(gateway, ({ readyMs }) => (readyMs / 1000).toFixed(2)),
        cell(gateway, ({ residentMb }) => (residentMb - none.residentMb).toFixed(0)),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

/** Of the root README. */
export function performanceSummary() {
  const all = measured();
  const rows = Object.entries(all)
    .filter(([name]) => name !== "json")
    .flatMap(([name, parts]) =>
      contendersOf(parts)
        .filter(
          (contender) =>
            contender === name ||
            contender.startsWith("Go ") ||
            (name === "ai-proxy" && contender === "empty module"),
        )
        .map((contender) => [name, contender]),
    );
  return `${table(all, rows)}\n\nMedians; spread, machine and more sizes stand in [docs/performance.md](docs/performance.md).`;
}

/** Of a plugin's README. */
export function pluginPerformance(name) {
  const all = measured();
  if (all[name] === undefined) return "Not measured yet.";
  const contenders = contendersOf(all[name]);
  return `${table(
    all,
    contenders.map((contender) => [name, contender]),
  )}\n\nMedians; spread, machine and more sizes stand in [docs/performance.md](../../docs/performance.md).`;
}

/** Figures of speed and memory that stand in prose, where nothing renews them; what generated blocks hold is fine. */
export function figuresInProse(text) {
  const prose = text.replaceAll(/<!-- (\w+):start -->[\s\S]*?<!-- \1:end -->/g, "");
  return [
    ...prose.matchAll(
      /(?:[\d.,–]+|\ba) ?(?:µs|ns\b|[MG]B\/s|requests\/s|req\/s|requests a second|ms per|ms at|milliseconds?\b|pages \()[^\n]*/g,
    ),
  ].map(([found]) => found);
}

/** Bars for two measures, readable on light and on dark ground. */
export function performanceChart() {
  const all = measured();
  const bars = [];
  const shares = [];
  for (const [name, { v8, envoy }] of Object.entries(all)) {
    for (const { name: contender, loads } of envoy?.figures ?? []) {
      if (contender === "no filter" || (contender.includes("empty") && name !== "ai-proxy")) continue;
      shares.push({ label: contender, values: loads.map(({ body, share }) => ({ body, ...share })) });
    }
    const race = v8?.figures.races.find(({ size }) => size === "1 KB");
    for (const { name: contender, microseconds } of race?.timings ?? []) {
      if (contender.includes("empty") && name !== "ai-proxy") continue;
      bars.push({ label: contender, value: microseconds.median });
    }
  }
  const width = 760;
  const left = 210;
  const room = width - left - 90;
  const lines = [];
  let y = 26;
  const text = (x, at, content, className = "") =>
    lines.push(`<text x="${x}" y="${at}" class="${className}">${escaped(content)}</text>`);
  const bar = (label, parts, scale, show) => {
    text(left - 10, y + 13, label, "label");
    for (const [at, { value, low, high }] of parts.entries()) {
      const top = y + at * 11;
      lines.push(
        `<rect x="${left}" y="${top}" width="${(value * scale).toFixed(1)}" height="9" class="bar${at}"/>`,
      );
      if (low !== undefined)
        lines.push(
          `<path d="M${(left + low * scale).toFixed(1)} ${top + 4.5}H${(left + high * scale).toFixed(1)}" class="spread"/>`,
        );
      text(left + Math.max(value, high ?? 0) * scale + 6, top + 8, show(value), "value");
    }
    y += parts.length * 11 + 9;
  };
  if (shares.length > 0) {
    const titles = shares[0].values.map(({ body }) => body);
    text(
      0,
      y - 8,
      `Share of Envoy's throughput without a filter that is left: ${titles.join(" (upper), ")} (lower)`,
      "title",
    );
    y += 4;
    const most = Math.max(1, ...shares.flatMap(({ values }) => values.map(({ high }) => high)));
    for (const { label, values } of shares) {
      const parts = values.map(({ median, low, high }) => ({ value: median, low, high }));
      bar(label, parts, room / most, (value) => `${(value * 100).toFixed(0)} %`);
    }
    y += 24;
  }
  text(0, y - 8, "Processor time of an exchange of 1 KB in V8, µs", "title");
  y += 4;
  const longest = Math.max(1, ...bars.map(({ value }) => value));
  for (const { label, value } of bars) bar(label, [{ value }], room / longest, (own) => `${digits(own)} µs`);
  const style = [
    "text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.label{text-anchor:end}.value{font-size:10px}",
    ".bar0{fill:#2f6fd0}.bar1{fill:#9a6dd7}.spread{stroke:#24292f;stroke-width:1.5}",
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar0{fill:#6ea8fe}.bar1{fill:#c3a6f2}.spread{stroke:#e6edf3}}",
  ].join("");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="What the plugins cost">`,
    `<style>${style}</style>`,
    ...lines,
    "</svg>",
    "",
  ].join("\n");
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
