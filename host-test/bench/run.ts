// `gateway bench`: what a module costs, as ratios to a yardstick and to other modules in the same run.

import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { basename } from "node:path";
import { setFlagsFromString } from "node:v8";
import { gzipSync } from "node:zlib";
import { chatRequest, sizes } from "./bodies.ts";
import { raceOnEnvoy, type EnvoyFigures } from "./envoy.ts";
import { Requests, type Contender } from "./exchanges.ts";
import { touchConfiguration } from "./guest-calls.ts";
import { race } from "./measure.ts";
import { guest } from "./modules.ts";
import type { ModuleFigures, Race, Report } from "./report.ts";
import { scanRace } from "./scan.ts";

export interface BenchOptions {
  module: string;
  against: string[];
  /** Plugin configuration for all modules; without one, ai-proxy's two typical jobs are measured. */
  configuration?: object;
}

/** Rewrites `model` and nothing else: the least an AI proxy does. */
const rewriting = {
  provider: { type: "openai", apiTokens: ["provider-key"], modelMapping: { "gpt-4o-mini": "gpt-5.4-mini" } },
};

/** Translates requests and every streamed event. */
const translating = {
  provider: { type: "claude", apiTokens: ["provider-key"], modelMapping: { "*": "claude-haiku-5-5" } },
};

/** Length of `{"model":"gpt-4o-mini"`: what an edit of `model` has to replace at the least. */
const editedPrefix = 22;

export async function bench(options: BenchOptions): Promise<Report> {
  // Envoy compiles whole modules with the optimising compiler when it loads them; so does the bench.
  setFlagsFromString("--no-liftoff");
  setFlagsFromString("--no-wasm-lazy-compilation");
  const configured = async (configuration: object): Promise<Contender[]> =>
    Promise.all(
      [options.module, ...options.against].map(async (path) => ({
        name: basename(path),
        module: await readFile(path),
        configuration,
      })),
    );
  const contenders = await configured(options.configuration ?? rewriting);
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
    races.push({
      title: `request, ${label}`,
      bytes: body.length,
      timings: raceRequests([yardstick, ...contenders], body),
    });
  }
  if (options.configuration === undefined) {
    const plain: Contender = {
      name: "yardstick: touches nothing",
      module: touch,
      configuration: { reads: 0 },
    };
    const translators = [plain, ...(await configured(translating))];
    for (const [label, size] of Object.entries(sizes).slice(0, 3)) {
      const body = chatRequest(size);
      races.push({
        title: `request translated for Claude, ${label}`,
        bytes: body.length,
        timings: raceRequests(translators, body),
      });
    }
    races.push({ title: `one of ${events} streamed Claude events`, timings: raceEvents(translators) });
  }
  for (const { body, timings } of await scanRace()) races.push({ title: body, bytes: 100_000, timings });
  return { machine: machine(), modules, races };
}

/** The first module, and those it is compared with, on a real Envoy beside no filter and an empty one. */
export async function benchOnEnvoy({
  module,
  against,
  configuration,
}: BenchOptions): Promise<EnvoyFigures[]> {
  const modules = await Promise.all(
    [module, ...against].map(async (path) => ({
      name: basename(path),
      module: await readFile(path),
      configuration: configuration ?? rewriting,
    })),
  );
  const empty = {
    name: "a module that touches nothing",
    module: await guest("touch", "envoy"),
    configuration: { reads: 0 },
  };
  return raceOnEnvoy([{ name: "no filter" }, empty, ...modules]);
}

function raceRequests(contenders: Contender[], body: Uint8Array): Race["timings"] {
  const chains = contenders.map((contender) => new Requests(contender, body));
  const timings = race(
    chains.map((chain, index) => ({ name: contenders[index]!.name, run: () => chain.run() })),
  );
  for (const chain of chains) chain.close();
  return timings;
}

const events = 200;

/** A stream of text events, one callback each; times are per event, the request's own cost is spread over them. */
function raceEvents(contenders: Contender[]): Race["timings"] {
  const frame = (data: { type: string; [member: string]: unknown }) =>
    Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    content: [],
    model: "claude-haiku-5-5",
    usage: { input_tokens: 10, output_tokens: 1 },
  };
  const pieces = [
    frame({ type: "message_start", message }),
    frame({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    ...Array.from({ length: events - 5 }, () =>
      frame({
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text: " a few words of text" },
      }),
    ),
    frame({ type: "content_block_stop", index: 0 }),
    frame({
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: { output_tokens: 190 },
    }),
    frame({ type: "message_stop" }),
  ];
  const body = Buffer.from(
    JSON.stringify({ model: "gpt-4o-mini", stream: true, messages: [{ role: "user", content: "Hi" }] }),
  );
  const chains = contenders.map((contender) => new Requests(contender, body));
  const headers: [string, string][] = [
    [":status", "200"],
    ["content-type", "text/event-stream"],
  ];
  const timings = race(
    chains.map((chain, index) => ({
      name: contenders[index]!.name,
      run: () => chain.answered(headers, pieces),
    })),
  );
  for (const chain of chains) chain.close();
  return timings.map((timing) => ({ ...timing, microseconds: timing.microseconds / events }));
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
