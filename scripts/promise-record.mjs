// What a run of the tests measured of the promises, written into docs/robustness.json: with the commit, the machine and
// how busy it was, so that every row says where it comes from.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { processors } from "../host-test/bench/machine.ts";
import { root } from "./compile.mjs";
import { measuredFigures, promises, robustnessFile } from "./promises.mjs";

/** Where and when a run takes place. Asked before it: a run makes the machine busy. */
export function circumstances() {
  const git = (...args) => execFileSync("git", args, { cwd: root }).toString().trim();
  // The runs themselves write the page and its data.
  const isChanged =
    git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/robustness.*") !== "";
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git("rev-parse", "--short", "HEAD") + (isChanged ? " with changes" : ""),
    machine: `${processors()}, Node ${process.version}`,
    load: Number(loadavg()[0].toFixed(1)),
  };
}

/**
 * Renews the rows of the promises whose tests have all run, and the one of the build.
 *
 * @param {{ build: string, files: Record<string, { passed: number, failed: number, skipped: number, ms: number }>,
 *   figures: { promise: string, text: string, count: number }[], scope: string, isDeclared: boolean, isWhole: boolean,
 *   where: object }} run
 *   `isWhole`: with as many cases as there are to try; what tried fewer does not take the place of more; `files`: outcomes by test file; `figures`: what tests said with `figure()`; `scope`: what chose the files, "" for all of them;
 *   `isDeclared`: it is the project's choice, not that of who ran it.
 */
export function record({ build, files, figures, scope, isDeclared, isWhole, where }) {
  const measured = measuredFigures();
  for (const promise of promises) {
    const row = rowOf(promise, { build, files, figures, scope });
    if (row === undefined) continue;
    const { id } = promise;
    const { isFailed, ...told } = row;
    const isComplete = promise.build === undefined ? isWhole : isDeclared;
    if (!isFailed && !isComplete && (told.count ?? 0) < (measured[id]?.count ?? 0)) {
      console.log(`${id}: ${measured[id].figure} stays, this run had fewer cases`);
      continue;
    }
    measured[id] = { ...told, ...where };
  }
  const inOrder = promises.filter(({ id }) => id in measured).map(({ id }) => [id, measured[id]]);
  writeFileSync(robustnessFile, `${JSON.stringify(Object.fromEntries(inOrder), null, 2)}\n`);
}

/** Undefined where the run says nothing of the promise. */
function rowOf({ id, tests, build: ofBuild }, { build, files, figures, scope: chosen }) {
  const isOfBuild = ofBuild === build;
  const own = isOfBuild ? Object.keys(files) : build === "release" ? (tests ?? []) : [];
  const ran = own.filter((name) => (files[name]?.passed ?? 0) + (files[name]?.failed ?? 0) > 0);
  if (own.length === 0 || (!isOfBuild && ran.length < own.length)) return undefined;
  const sum = (what) => own.reduce((total, name) => total + (files[name]?.[what] ?? 0), 0);
  const [passed, failed, skipped] = ["passed", "failed", "skipped"].map(sum);
  const mine = figures.filter(({ promise }) => promise === id);
  const count = isOfBuild ? passed : mine.reduce((total, one) => total + one.count, 0);
  const scope = isOfBuild ? ` in ${ran.length} files${chosen.length > 0 ? ` of ${chosen}` : ""}` : "";
  const result =
    failed > 0
      ? `${failed} of ${passed + failed} tests FAILED${scope}`
      : `${passed.toLocaleString("en")} tests passed${scope}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  const isFailed = failed > 0;
  const figure =
    isFailed || mine.length === 0
      ? result
      : `${[...new Set(mine.map(({ text }) => text))].join("; ")} (${result})`;
  const minutes = Number((sum("ms") / 60_000).toFixed(1));
  return { isFailed, figure, ...(count > 0 && !isFailed && { count }), minutes };
}
