// `gateway bench`: what modules cost, side by side in one run.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { benchOnEnvoy } from "../bench/envoy.ts";
import { envoyTable, moduleTable, raceTable } from "../bench/report.ts";
import { machine } from "../bench/machine.ts";
import { bench as measure, benchScanner, compileAsEnvoy, type Foreign } from "../bench/run.ts";
import { subjects } from "../bench/subjects.ts";
import { integer, UsageError, type Command } from "./command-line.ts";

export const bench: Command = {
  summary: "measures plugins side by side",
  help: `Usage: gateway bench [PLUGIN]… [--against [NAME=]OTHER.wasm]… [--config FILE.json] [--envoy] [--json]

Size, compile time, memory pages after the start, 10⁴ and 10⁶ requests, time per request at several body sizes and per
streamed event, each as a ratio to an empty module. All contenders take turns in one run: times move with the machine,
ratios hardly. Without PLUGIN all plugins are measured, and the usual chain; \`${subjects.at(-1)!.name}\` is its name,
\`json\` the guest's JSON scanner beside JSON.parse.

  --against  another module for the same jobs: an older build, or another project's plugin, compiled Go plugins
             of Higress too. With exactly one PLUGIN.
  --config   a plugin configuration in place of those of the jobs; with exactly one PLUGIN
  --envoy    on a real Envoy with one worker instead: requests/s, processor time, latency beside no filter at all,
             time until it serves, memory. wrk makes the load. A Go plugin of Higress is given an ABI version that
             stock Envoy knows.
  --requests how many requests stand for 10⁶
  --rounds   with --envoy: rounds of a second that each contender gets; 15
  --json     figures instead of tables
`,
  options: {
    against: { type: "string", multiple: true },
    config: { type: "string" },
    envoy: { type: "boolean" },
    json: { type: "boolean" },
    requests: { type: "string" },
    rounds: { type: "string" },
  },
  async run(values, names) {
    const known = [...subjects.map(({ name }) => name), "json"];
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new UsageError(`no subject is named ${unknown}: use ${known.join(", ")}`);
    const against = ((values["against"] ?? []) as unknown as string[]).map(foreign);
    const config = values["config"] as string | undefined;
    if (names.length !== 1 && (against.length > 0 || config !== undefined))
      throw new UsageError("--against and --config need exactly one plugin");
    const configuration = config && { configuration: JSON.parse(await readFile(config, "utf8")) as object };
    const many = integer(values, "requests", 10_000, 1e9);
    const rounds = integer(values, "rounds", 1, 1000) ?? 15;
    const figures: Record<string, object> = {};
    const show = (name: string, found: object, ...tables: string[]) => {
      figures[name] = found;
      if (values["json"] !== true) process.stdout.write([`## ${name}`, ...tables, ""].join("\n\n"));
    };
    if (values["json"] !== true) process.stdout.write(`${machine()}\n\n`);
    compileAsEnvoy();
    for (const subject of subjects) {
      if (names.length > 0 && !names.includes(subject.name)) continue;
      if (values["envoy"] === true) {
        const found = await benchOnEnvoy(subject, against, { rounds, ...configuration });
        show(subject.name, found, envoyTable(found));
      } else {
        const found = await measure(subject, against, { ...configuration, ...(many && { many }) });
        show(subject.name, found, moduleTable(found), raceTable(found));
      }
    }
    if (values["envoy"] !== true && (names.length === 0 || names.includes("json"))) {
      const races = await benchScanner();
      show("json", { races }, raceTable({ races }));
    }
    if (values["json"] === true) {
      process.stdout.write(`${JSON.stringify({ machine: machine(), figures }, null, 2)}\n`);
    }
    return 0;
  },
};

function foreign(text: string): Foreign {
  const [, name, file] = /^(?:([^=]+)=)?(.*)$/.exec(text)!;
  if (!existsSync(file!)) throw new UsageError(`no file ${file}`);
  return { name: name ?? basename(file!), file: file! };
}
