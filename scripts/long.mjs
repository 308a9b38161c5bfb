// `npm run test:long [BUILD…] [FILTER…]`: the suite in every build of the guest (guest-build.mjs), and in the build
// that is shipped also what takes too long for every run (tests that read LONG). What is no build's name is a
// filter for vitest. Ends with one line per build.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "./compile.mjs";
import { guestBuilds } from "./guest-build.mjs";

const wanted = process.argv.slice(2).filter((word) => guestBuilds.includes(word));
const filters = process.argv.slice(2).filter((word) => !guestBuilds.includes(word));

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const outcomes = [];
for (const build of wanted.length > 0 ? wanted : guestBuilds) {
  console.log(`\n${build} build`);
  const started = performance.now();
  const env = { ...process.env, GUEST_BUILD: build, LONG: build === "release" ? "1" : "" };
  const run = spawn(process.execPath, [vitest, "run", ...filters], { cwd: root, stdio: "inherit", env });
  const [code] = await once(run, "exit");
  outcomes.push({ build, passed: code === 0, minutes: (performance.now() - started) / 60_000 });
}
console.log();
for (const { build, passed, minutes } of outcomes) {
  console.log(`${build}: ${passed ? "passed" : "FAILED"} in ${minutes.toFixed(1)} minutes`);
}
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
