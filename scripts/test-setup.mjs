// Before any test: every plugin's module is built, so that tests run what is in the tree.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./compile.mjs";

export default function setup() {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root, stdio: "inherit" });
}
