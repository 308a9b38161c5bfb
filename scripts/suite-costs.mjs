// `node scripts/suite-costs.mjs`: what all plugins cost a real Envoy as separate modules and as the suite. Writes the
// table of docs/suite/README.md.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { buildPlugins, pluginNames } from "./build.mjs";
import { root } from "./compile.mjs";
import { between } from "./docs.mjs";
import { suite } from "./guest-build.mjs";
import { envoyVersion, requireEnvoy } from "../host-test/envoy/binary.ts";
import { renderBootstrap } from "../host-test/envoy/render.ts";
import { builtModules, repositoryFolders } from "../host-test/gateway/resources/plugin-url.ts";

const rounds = 3;
const page = join(root, "docs", suite, "README.md");

/** The plugins' own examples: configurations that load, and cost what a configuration costs. */
function configurationOf(name) {
  const { examples } = JSON.parse(readFileSync(join(root, "plugins", name, "schema.json"), "utf8"));
  return JSON.stringify(examples[0]);
}

function modelOf(moduleName) {
  const plugins = pluginNames().map((name) => ({
    name,
    modules: builtModules(moduleName(name), repositoryFolders),
    rootId: name,
    failOpen: false,
    environment: {},
    configuration: configurationOf(name),
    position: { file: "suite-costs", line: 1, path: "" },
  }));
  return { plugins, clusters: [], routes: [], ignored: [] };
}

/** Processor seconds and memory of an Envoy that has started, all threads together. */
async function start(model, workers) {
  const folder = mkdtempSync(join(tmpdir(), "suite-costs-"));
  const file = join(folder, "bootstrap.json");
  writeFileSync(file, JSON.stringify(renderBootstrap(model, { port: 0, adminPort: 0 })));
  const address = join(folder, "admin");
  const args = [
    ...["-c", file, "--concurrency", String(workers), "--disable-hot-restart"],
    ...["--admin-address-path", address, "-l", "error"],
  ];
  const process = spawn(await requireEnvoy(), args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(process, "exit");
  try {
    while (!(await isReady(address))) {
      if (process.exitCode !== null) throw new Error("Envoy ended before it served");
      await setTimeout(20);
    }
    const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
    const times = readFileSync(`/proc/${process.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return {
      megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024,
      // Clock ticks of 10 ms.
      seconds: (Number(times[11]) + Number(times[12])) / 100,
    };
  } finally {
    process.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true });
  }
}

async function isReady(file) {
  try {
    const answer = await fetch(`http://${readFileSync(file, "utf8").trim()}/ready`);
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** Median, lowest and highest. */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, median, high] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  return (digits) => `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

const names = pluginNames();
await buildPlugins([...names, suite]);
const contenders = [
  { title: "no plugin", modules: [], model: { plugins: [], clusters: [], routes: [], ignored: [] } },
  { title: `${names.length} separate modules`, modules: names, model: modelOf((name) => name) },
  { title: `${names.length} plugins of the suite`, modules: [suite], model: modelOf(() => suite) },
].map((contender) => ({ ...contender, one: [], four: [] }));
for (let round = 0; round < rounds; round++) {
  for (const { model, one, four } of contenders) {
    one.push(await start(model, 1));
    four.push(await start(model, 4));
  }
}
const rows = contenders.map(({ title, modules, one, four }) => {
  const files = modules.map((name) => builtModules(name, repositoryFolders).envoy);
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const packed = files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  const cells = [
    title,
    ...[bytes, packed].map((size) => (size === 0 ? "" : size.toLocaleString("en"))),
    spread(one.map(({ seconds }) => seconds))(2),
    ...[one, four].map((runs) => spread(runs.map(({ megabytes }) => megabytes))(0)),
  ];
  return `| ${cells.join(" | ")} |`;
});
const table = [
  `Envoy ${envoyVersion} that has started, ${availableParallelism()} × ${cpus()[0].model.trim()}, ${rounds} starts each: median ` +
    "(lowest–highest).\n",
  "| | bytes | gzip -9 | processor s to start | MB, 1 worker | MB, 4 workers |",
  "| --- | ---: | ---: | ---: | ---: | ---: |",
  ...rows,
].join("\n");
console.log(table);
writeFileSync(page, between(readFileSync(page, "utf8"), "costs", table));
