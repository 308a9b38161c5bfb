// `gateway bench`: what a module costs, as ratios to a yardstick and to other modules in the same run.

import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { basename } from "node:path";
import { setFlagsFromString } from "node:v8";
import { gzipSync } from "node:zlib";
import { chatRequest, sizes } from "./bodies.ts";
import { Requests, type Contender } from "./exchanges.ts";
import { touchConfiguration } from "./guest-calls.ts";
import { race } from "./measure.ts";
import { guest } from "./modules.ts";
import type { ModuleFigures, Race, Report } from "./report.ts";
import { scanRace } from "./scan.ts";

export interface BenchOptions {
  module: string;
  against: string[];
  /** Plugin configuration for all modules. */
  configuration: object;
}

/** Rewrites `model` and nothing else: the least an AI proxy does. */
export const defaultConfiguration = {
  provider: { type: "openai", apiTokens: ["provider-key"], modelMapping: { "gpt-4o-mini": "gpt-5.4-mini" } },
};

/** Length of `{"model":"gpt-4o-mini"`: what an edit of `model` has to replace at the least. */
const editedPrefix = 22;

export async function bench(options: BenchOptions): Promise<Report> {
  // Envoy compiles whole modules with the optimising compiler when it loads them; so does the bench.
  setFlagsFromString("--no-liftoff");
  setFlagsFromString("--no-wasm-lazy-compilation");
  const contenders: Contender[] = [];
  for (const path of [options.module, ...options.against]) {
    contenders.push({ name: basename(path), module: await readFile(path), configuration: options.configuration });
  }
  const touch = await guest("touch");
  const modules = contenders.map(figures);
  const races: Race[] = [];
  for (const [label, size] of Object.entries(sizes)) {
    const body = chatRequest(size);
    const yardstick: Contender = {
      name: "yardstick: same host calls, no decision",
      module: touch,
      configuration: touchConfiguration(contenders[0]!, touch, body, editedPrefix),
    };
    races.push({ title: `request that rewrites model, ${label}`, bytes: body.length, timings: raceRequests([yardstick, ...contenders], body) });
  }
  for (const { body, timings } of await scanRace()) races.push({ title: body, bytes: 100_000, timings });
  return { machine: machine(), modules, races };
}

function raceRequests(contenders: Contender[], body: Uint8Array): Race["timings"] {
  const chains = contenders.map((contender) => new Requests(contender, body));
  const timings = race(chains.map((chain, index) => ({ name: contenders[index]!.name, run: () => chain.run() })));
  for (const chain of chains) chain.close();
  return timings;
}

function figures(contender: Contender): ModuleFigures {
  const compileStart = performance.now();
  new WebAssembly.Module(contender.module as BufferSource);
  const compiled = performance.now();
  const requests = new Requests(contender, chatRequest(1000));
  const started = performance.now();
  const afterStart = pages(requests);
  for (let i = 0; i < 1000; i++) requests.run();
  const after1000Requests = pages(requests);
  for (let i = 1000; i < 10_000; i++) requests.run();
  const after10000Requests = pages(requests);
  requests.close();
  return {
    name: contender.name,
    bytes: contender.module.length,
    gzipBytes: gzipSync(contender.module, { level: 9 }).length,
    compileMs: compiled - compileStart,
    startMs: started - compiled,
    pages: { afterStart, after1000Requests, after10000Requests },
  };
}

function pages(requests: Requests): number {
  return requests.chain.chain.memoryPages();
}

function machine(): string {
  const [first] = cpus();
  return `Node ${process.version}, V8 ${process.versions.v8}, ${cpus().length} × ${first?.model.trim() ?? "unknown"}; times move, ratios are of one run.`;
}
