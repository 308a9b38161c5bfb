// `node scripts/release/losses.mjs DIST`: every plugin beside the build of the last release in DIST, in one run. What
// costs 5 % more than it did needs a sentence under "Unreleased" in CHANGELOG.md, in a line that begins with
// `- **PLUGIN, MEASURE**: `. Exits with 1 and the lines that are missing otherwise.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pluginNames } from "../build.mjs";
import { root } from "../compile.mjs";

const tolerated = 1.05;

/**
 * What costs more than `tolerated`, and more than the spread explains. `figures` are those of `gateway bench PLUGIN
 * --against previous=FILE --json`: the empty module, ours, the previous.
 */
export function losses({ modules, races }) {
  const [, ours, previous] = modules;
  const exact = (value) => ({ median: value, low: value, high: value });
  const measures = [
    ["bytes", exact(ours.bytes), exact(previous.bytes)],
    ["bytes with gzip", exact(ours.gzipBytes), exact(previous.gzipBytes)],
    ["pages after 10,000 requests", exact(ours.pages.after10000), exact(previous.pages.after10000)],
    ["compile time", ours.compileProcessorMs, previous.compileProcessorMs],
    ...races.map(({ title, size, timings: [, now, before] }) => [
      `${title}, ${size}`,
      now.ratio,
      before.ratio,
    ]),
  ];
  return measures
    .map(([measure, now, before]) => ({ measure, times: now.median / before.median, now, before }))
    .filter(({ times, now, before }) => times > tolerated && now.low > before.high)
    .map(({ measure, times }) => ({ measure, times }));
}

/** Losses that the changelog says nothing of. */
export function unexplained(plugin, found, changelog) {
  const unreleased = changelog.split(/^## /m).find((section) => section.startsWith("Unreleased")) ?? "";
  return found.filter(({ measure }) => !unreleased.includes(`- **${plugin}, ${measure}**: `));
}

function main([dist]) {
  if (dist === undefined) throw new Error("expected a folder with the modules of the last release");
  const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  let missing = 0;
  for (const name of pluginNames()) {
    const file = [`${name}.higress.wasm`, `${name}.wasm`].map((one) => join(dist, one)).find(existsSync);
    if (file === undefined) {
      console.log(`${name}: new`);
      continue;
    }
    const args = ["bench", name, "--against", `previous=${file}`, "--requests", "10000", "--json"];
    const output = execFileSync(process.execPath, [join(root, "host-test/bin/gateway.mjs"), ...args], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const found = losses(JSON.parse(output).figures[name]);
    const silent = unexplained(name, found, changelog);
    console.log(`${name}: ${found.length === 0 ? "no loss" : `${found.length} above 5 %`}`);
    for (const { measure, times } of found) {
      const isSilent = silent.some((one) => one.measure === measure);
      console.log(`  ${measure}: +${((times - 1) * 100).toFixed(1)} %${isSilent ? ", not explained" : ""}`);
    }
    for (const { measure } of silent) console.log(`  add to CHANGELOG.md: - **${name}, ${measure}**: why`);
    missing += silent.length;
  }
  return missing === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
