// `npm run performance [SUBJECT…] [--no-envoy | --envoy-only] [--rounds N]`: measures with `gateway bench` and writes
// docs/performance.json, docs/performance.md with its chart, and the tables of the READMEs, after every part. Takes
// about a quarter of an hour on a quiet machine with two cores; figures of a busy one are not worth keeping.
// ai-proxy is measured beside the compiled Go plugin (go-plugins.mjs) where that can be fetched.

import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { subjects } from "../host-test/bench/subjects.ts";
import { root } from "./compile.mjs";
import { measured, performanceFile } from "./performance-docs.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "no-envoy": { type: "boolean" },
    "envoy-only": { type: "boolean" },
    rounds: { type: "string", default: "15" },
    requests: { type: "string", default: "1000000" },
  },
});
const names = positionals.length > 0 ? positionals : [...subjects.map(({ name }) => name), "json"];
const isEnvoyThere = !values["no-envoy"] && canRun("wrk", ["-v"]);
if (!isEnvoyThere && !values["no-envoy"])
  console.error("wrk (Debian package wrk) is not there: no figures on Envoy");
const against = names.includes("ai-proxy") ? goPlugin("ai-proxy") : [];

for (const name of names) {
  const more = name === "ai-proxy" ? against : [];
  if (!values["envoy-only"]) keep(name, "v8", [name, ...more, "--requests", values.requests]);
  if (isEnvoyThere && name !== "json")
    keep(name, "envoy", [name, ...more, "--envoy", "--rounds", values.rounds]);
}

/** Runs the bench and puts what it found under `part` of the subject. */
function keep(name, part, args) {
  const started = performance.now();
  const busy = loadavg()[0];
  const gateway = join(root, "host-test", "bin", "gateway.mjs");
  const output = run(process.execPath, [gateway, "bench", ...args, "--json"]);
  const { machine, figures } = JSON.parse(output);
  const all = measured();
  const measuredAt = {
    date: new Date().toISOString().slice(0, 10),
    commit: run("git", ["rev-parse", "--short", "HEAD"]).trim(),
    machine,
    // How busy others kept the machine, of all its cores.
    load: Number(busy.toFixed(1)),
  };
  all[name] = { ...all[name], [part]: { ...measuredAt, figures: figures[name] } };
  const order = [...subjects.map((subject) => subject.name), "json"];
  const sorted = Object.fromEntries(order.filter((key) => key in all).map((key) => [key, all[key]]));
  writeFileSync(performanceFile, `${JSON.stringify(sorted, null, 1)}\n`);
  run(process.execPath, [join(root, "scripts", "docs.mjs"), "performance"]);
  console.log(`${name}, ${part}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

function run(program, args) {
  const stdio = ["ignore", "pipe", "inherit"];
  return execFileSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26, stdio });
}

function canRun(program, args) {
  try {
    execFileSync(program, args, { stdio: "ignore" });
  } catch (error) {
    return error.code !== "ENOENT";
  }
  return true;
}

/** The option that sets the Go plugin beside ours, or none. */
function goPlugin(name) {
  try {
    const lines = run(process.execPath, [join(root, "scripts", "go-plugins.mjs")]).split("\n");
    const file = lines.find((line) => line.startsWith(`gpustack-${name}\t`))?.split("\t")[1];
    return file !== undefined && existsSync(file) ? ["--against", `Go ${name}=${file}`] : [];
  } catch (error) {
    console.error(`without the Go plugins: ${error.message.split("\n")[0]}`);
    return [];
  }
}
