// npm run check: everything that can be said about the sources without running them. One line a check; what a
// failed check had to say follows its line. Exits with 1 if any failed.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root } from "./compile.mjs";

const require = createRequire(import.meta.url);
const bin = (name, path) => join(dirname(require.resolve(`${name}/package.json`)), path);
const script = (path) => join(root, "scripts", path);

/** `[what, program, arguments]` */
const checks = [
  [
    "format (prettier)",
    bin("prettier", "bin/prettier.cjs"),
    ["--check", "--log-level", "warn", "**/*.{ts,mjs}"],
  ],
  ["lint (eslint)", bin("eslint", "bin/eslint.js"), ["."]],
  ["types (tsc)", bin("typescript", "bin/tsc"), ["--noEmit", "-p", "tsconfig.json"]],
  [
    "types of the page (tsc)",
    bin("typescript", "bin/tsc"),
    ["--noEmit", "-p", "host-test/gateway/admin/page"],
  ],
  ["guest rules (check-guest)", script("check-guest.mjs"), []],
  ["workflows (actionlint)", script("check-workflows.mjs"), []],
  ["generated documentation (docs)", script("docs.mjs"), ["--check"]],
];

let failures = 0;
for (const [what, program, args] of checks) {
  const started = performance.now();
  const { failed, output } = await run(program, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${failed ? "FAILED" : "ok    "}  ${what}, ${seconds} s`);
  if (failed) {
    failures++;
    console.log(output.trimEnd().replace(/^/gm, "        "));
  }
}
process.exitCode = failures > 0 ? 1 : 0;

/** Runs a Node program in the repository. */
function run(program, args) {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: root, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ failed: error !== null, output: stdout + stderr });
      },
    );
  });
}
