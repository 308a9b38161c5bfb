// `npm run test:long [BUILD…] [FILTER…] [--slice]`: the suite in every build of the guest (guest-build.mjs), and in the build
// that is shipped also what takes too long for every run (tests that read LONG). What is no build's name is a
// filter for vitest; with --slice no more runs than in `npm test`. Ends with one line per build, and with docs/robustness.md: what was measured of what is promised.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./compile.mjs";
import { guestBuilds } from "./guest-build.mjs";
import { measuredFigures, promises } from "./promises.mjs";

const words = process.argv.slice(2).filter((word) => word !== "--slice");
const isSlice = process.argv.includes("--slice");
const wanted = words.filter((word) => guestBuilds.includes(word));
const filters = words.filter((word) => !guestBuilds.includes(word));

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root }).toString().trim();
const folder = mkdtempSync(join(tmpdir(), "test-long-"));
const outcomes = [];
for (const build of wanted.length > 0 ? wanted : guestBuilds) {
  console.log(`\n${build} build`);
  const started = performance.now();
  const [figures, files] = [join(folder, `${build}.figures`), join(folder, `${build}.json`)];
  const env = {
    ...process.env,
    GUEST_BUILD: build,
    LONG: build === "release" && !isSlice ? "1" : "",
    FIGURES: figures,
    OUTCOMES: files,
  };
  const reporters = ["default", "./scripts/closing-line.mjs", "./scripts/promise-reporter.mjs"];
  const args = [vitest, "run", ...reporters.map((name) => `--reporter=${name}`), ...filters];
  const run = spawn(process.execPath, args, { cwd: root, stdio: "inherit", env });
  const [code] = await once(run, "exit");
  outcomes.push({ build, passed: code === 0, minutes: (performance.now() - started) / 60_000 });
  // At once, so that a later build that is cut off takes nothing along.
  if (existsSync(files)) record(build, JSON.parse(readFileSync(files, "utf8")), said(figures));
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

/** Renews the rows of the promises whose tests have all run. */
function record(build, files, figures) {
  const measured = measuredFigures();
  const date = new Date().toISOString().slice(0, 10);
  for (const { id, tests, build: ofBuild } of promises) {
    const isOfBuild = ofBuild === build;
    const own = isOfBuild ? Object.keys(files) : build === "release" ? (tests ?? []) : [];
    const ran = own.filter((name) => (files[name]?.passed ?? 0) + (files[name]?.failed ?? 0) > 0);
    if (own.length === 0 || (!isOfBuild && ran.length < own.length)) continue;
    const sum = (state) => own.reduce((total, name) => total + (files[name]?.[state] ?? 0), 0);
    const [passed, failed, skipped] = ["passed", "failed", "skipped"].map(sum);
    const mine = figures.filter(({ promise }) => promise === id);
    const count = isOfBuild ? passed : mine.reduce((total, one) => total + one.count, 0);
    if (failed === 0 && count < (measured[id]?.count ?? 0)) {
      console.log(`${id}: ${measured[id].figure} stays, this run had fewer cases`);
      continue;
    }
    const scope = isOfBuild && filters.length > 0 ? ` of ${filters.join(", ")}` : "";
    const result =
      failed > 0
        ? `${failed} of ${passed + failed} tests FAILED${scope}`
        : `${passed.toLocaleString("en")} tests passed${scope}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    const figure =
      failed > 0 || mine.length === 0
        ? result
        : `${[...new Set(mine.map(({ text }) => text))].join("; ")} (${result})`;
    measured[id] = { figure, ...(count > 0 && failed === 0 && { count }), date, commit };
  }
  const inOrder = promises.filter(({ id }) => measured[id] !== undefined).map(({ id }) => [id, measured[id]]);
  writeFileSync(
    join(root, "docs", "robustness.json"),
    `${JSON.stringify(Object.fromEntries(inOrder), null, 2)}\n`,
  );
}
