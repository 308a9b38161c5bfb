// `gateway bench`: what modules cost in V8, as ratios to an empty module and to others in the same run.

import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { gzipSync } from "node:zlib";
import { sizes } from "./bodies.ts";
import { Exchanges, type Contender } from "./exchanges.ts";
import { race, spread, type Spread, type Timing } from "./measure.ts";
import { builtPlugin, guest, type Target } from "./modules.ts";
import { scanRace } from "./scan.ts";
import type { Job, Subject } from "./subjects.ts";

/** A module of somebody else: `NAME=FILE.wasm` on the command line, or only the file. */
export interface Foreign {
  name: string;
  file: string;
}

export interface ModuleFigures {
  name: string;
  bytes: number;
  gzipBytes: number;
  /** Eager optimising compile of all code, as Envoy does it: time on this machine, and processor time of all threads. */
  compileMs: Spread;
  compileProcessorMs: Spread;
  /** A new VM of the compiled module: instance, `_initialize`, start, configuration. */
  instantiateMs: Spread;
  /** 64 KiB pages after the start, after 10⁴ and, of our own modules, after `many` requests of 1 KB. */
  pages: { afterStart: number; after10000: number; late?: { requests: number; pages: number } };
}

export interface Race {
  title: string;
  /** `1 KB` …; of streams `event`. */
  size: string;
  /** Bytes that one call works on, for MB/s. */
  bytes?: number;
  timings: Timing[];
}

export interface Report {
  modules: ModuleFigures[];
  races: Race[];
}

/** Envoy compiles whole modules with the optimising compiler when it loads them; so does the bench. */
export function compileAsEnvoy(): void {
  setFlagsFromString("--no-liftoff");
  setFlagsFromString("--no-wasm-lazy-compilation");
}

/** `configuration` replaces that of all jobs. `many`: how many requests stand for "10⁶". */
export async function bench(
  subject: Subject,
  against: Foreign[],
  { configuration, many = 1_000_000 }: { configuration?: object; many?: number } = {},
): Promise<Report> {
  const contendersOf = async ({ configurations }: Job) =>
    contenders(subject, against, configuration === undefined ? configurations : [configuration]);
  const modules: ModuleFigures[] = [];
  for (const [at, contender] of (await contendersOf(subject.jobs[0]!)).entries()) {
    modules.push(moduleFigures(contender, subject.jobs[0]!, at < 2 ? many : 0));
  }
  const races: Race[] = [];
  for (const job of subject.jobs) {
    const all = await contendersOf(job);
    for (const [size, bytes] of job.events === undefined
      ? Object.entries(sizes)
      : [[job.label ?? "event", 0] as const]) {
      races.push({
        title: job.title,
        size,
        ...(bytes > 0 && { bytes }),
        timings: timingsOf(all, job, bytes),
      });
    }
  }
  return { modules, races };
}

/** How fast the guest's JSON scanner finds `model` in 100 KB, beside JSON.parse. */
export async function benchScanner(): Promise<Race[]> {
  return (await scanRace()).map(({ body, timings }) => ({
    title: body,
    size: "100 KB",
    bytes: 100_000,
    timings,
  }));
}

/** An empty module for each plugin, the subject's own, and the others. */
export async function contenders(
  { name, plugins }: Subject,
  against: Foreign[],
  configurations: object[],
  target: Target = "higress",
): Promise<Contender[]> {
  const empty = await guest("empty", target);
  const own = await Promise.all(plugins.map(async (plugin) => builtPlugin(plugin, target)));
  const others = against.map(async ({ name: other, file }) => ({
    name: other,
    isForeign: true,
    plugins: [{ module: await readFile(file), configuration: configurations[0]! }],
  }));
  return [
    {
      name: plugins.length === 1 ? "empty module" : `${plugins.length} empty modules`,
      plugins: plugins.map(() => ({ module: empty, configuration: {} })),
    },
    { name, plugins: own.map((module, at) => ({ module, configuration: configurations[at] ?? {} })) },
    ...(await Promise.all(others)),
  ];
}

function timingsOf(all: Contender[], job: Job, bytes: number): Timing[] {
  const exchange = job.exchange(bytes);
  const runs = all.map((contender) => new Exchanges(contender, exchange));
  const timings = race(runs.map((own, at) => ({ name: all[at]!.name, run: () => own.run() })));
  for (const run of runs) run.close();
  const { events = 1 } = job;
  return timings.map(({ name, microseconds: { median, low, high }, ratio }) => ({
    name,
    microseconds: { median: median / events, low: low / events, high: high / events },
    ratio,
  }));
}

function moduleFigures(contender: Contender, job: Job, many: number): ModuleFigures {
  const all = contender.plugins.map(({ module }) => module);
  const sum = (of: (module: Uint8Array) => number) => all.reduce((total, module) => total + of(module), 0);
  const bytes = sum(({ length }) => length);
  const compiles = Array.from({ length: bytes > 2_000_000 ? 3 : 7 }, (_, at) => compileTimes(all, at));
  const exchange = job.exchange(1000);
  // The host compiles a module once; from the second chain on it is there.
  new Exchanges(contender, exchange).close();
  const starts = Array.from({ length: 7 }, () => {
    const before = performance.now();
    const started = new Exchanges(contender, exchange);
    const took = performance.now() - before;
    started.close();
    return took;
  });
  const run = new Exchanges(contender, exchange);
  const afterStart = run.pages();
  for (let i = 0; i < 10_000; i++) run.run();
  const after10000 = run.pages();
  for (let i = 10_000; i < many; i++) run.run();
  const late = { requests: many, pages: run.pages() };
  run.close();
  return {
    name: contender.name,
    bytes,
    gzipBytes: sum((module) => gzipSync(module, { level: 9 }).length),
    compileMs: spread(compiles.map(({ wall }) => wall)),
    compileProcessorMs: spread(compiles.map(({ processor }) => processor)),
    instantiateMs: spread(starts),
    pages: { afterStart, after10000, ...(many > 10_000 && { late }) },
  };
}

function compileTimes(modules: Uint8Array[], attempt: number): { wall: number; processor: number } {
  // V8 keeps the code of bytes that it has compiled before: a custom section makes them others.
  const unknown = modules.map((module) => Buffer.concat([module, Buffer.from([0, 2, 1, 65 + attempt])]));
  const used = process.cpuUsage();
  const before = performance.now();
  for (const module of unknown) new WebAssembly.Module(module);
  const wall = performance.now() - before;
  const { user, system } = process.cpuUsage(used);
  return { wall, processor: (user + system) / 1000 };
}
