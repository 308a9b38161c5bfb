// `npm run test:long [BUILD…] [FILTER…] [--slice]`: the suite in every build of the guest (guest-build.mjs), and in the build
// that is shipped also what takes too long for every run (tests that read LONG). What is no build's name is a
// filter for vitest; with --slice no more cases run than in `npm test`, and without filters only the files of
// build-slices.mjs. Ends with one line per build, and with docs/robustness.md: what was measured of what is promised.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSlices, sliceInWords } from "./build-slices.mjs";
import { root } from "./compile.mjs";
import { guestBuilds } from "./guest-build.mjs";
import { circumstances, record } from "./promise-record.mjs";

const words = process.argv.slice(2).filter((word) => word !== "--slice");
const isSlice = process.argv.includes("--slice");
const wanted = words.filter((word) => guestBuilds.includes(word));
const filters = words.filter((word) => !guestBuilds.includes(word));

const isWhole = !isSlice && !["FUZZ_RUNS", "SOAK_RUNS"].some((name) => name in process.env);

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "test-long-"));
const outcomes = [];
for (const build of wanted.length > 0 ? wanted : guestBuilds) {
  console.log(`\n${build} build`);
  const started = performance.now();
  const where = circumstances();
  const [figures, files] = [join(folder, `${build}.figures`), join(folder, `${build}.json`)];
  const env = {
    ...process.env,
    GUEST_BUILD: build,
    LONG: build === "release" && !isSlice ? "1" : "",
    FIGURES: figures,
    OUTCOMES: files,
  };
  const reporters = ["default", "./scripts/closing-line.mjs", "./scripts/promise-reporter.mjs"];
  const slice = isSlice && filters.length === 0 ? buildSlices[build] : { of: filters, without: [] };
  if (slice.without.length > 0) console.log(`left out:\n  ${slice.without.join("\n  ")}`);
  const args = [vitest, "run", ...reporters.map((name) => `--reporter=${name}`), ...slice.of];
  for (const file of slice.without) args.push("--exclude", file);
  const run = spawn(process.execPath, args, { cwd: root, stdio: "inherit", env });
  const [code] = await once(run, "exit");
  outcomes.push({ build, passed: code === 0, minutes: (performance.now() - started) / 60_000 });
  // At once, so that a later build that is cut off takes nothing along.
  if (existsSync(files))
    record({
      build,
      files: JSON.parse(readFileSync(files, "utf8")),
      figures: said(figures),
      isDeclared: filters.length === 0,
      scope: sliceInWords(slice),
      isWhole,
      where,
    });
}
rmSync(folder, { recursive: true });
execFileSync(process.execPath, [join(root, "scripts", "docs.mjs"), "robustness"], {
  cwd: root,
  stdio: "inherit",
});
console.log();
for (const { build, passed, minutes } of outcomes) {
  console.log(`${build}: ${passed ? "passed" : "FAILED"} in ${minutes.toFixed(1)} minutes`);
}
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;

/** What tests said with `figure()`. */
function said(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
