// npm run new-plugin NAME: writes a plugin that builds, has documentation and passes its tests. Nothing else needs
// an edit: build, docs and tests find plugins by listing plugins/*/index.ts.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./compile.mjs";

const name = process.argv[2] ?? "";
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  console.error(
    "usage: npm run new-plugin NAME   (lower case words joined by hyphens, such as `request-stamp`)",
  );
  process.exit(2);
}
const folder = join(root, "plugins", name);
if (existsSync(folder)) {
  console.error(`plugins/${name} exists already`);
  process.exit(2);
}
const className = name.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase());
const templates = join(root, "scripts", "new-plugin");
for (const file of readdirSync(templates)) {
  const target = join(folder, file.replace(".template", "").replace("__", "/"));
  mkdirSync(dirname(target), { recursive: true });
  const text = readFileSync(join(templates, file), "utf8");
  writeFileSync(target, text.replaceAll("__Class__", className).replaceAll("__name__", name));
}
execFileSync(process.execPath, [join(root, "scripts", "docs.mjs")], { stdio: "inherit" });
console.log(`plugins/${name} is ready:
  npm run build ${name}
  npx vitest run plugins/${name}`);
