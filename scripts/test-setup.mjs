// Before any test: every plugin's module is built, so that tests run what is in the tree.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./compile.mjs";
import { runsSuite, suite } from "./guest-build.mjs";

export default function setup() {
  const names = runsSuite ? [suite] : [];
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), ...names], {
    cwd: root,
    stdio: "inherit",
  });
}
