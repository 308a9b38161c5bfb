// Checks the house rules for guest code (CONTRIBUTING.md) in shared/ and plugins/, tests excluded. Prints
// `file:line: rule: why` for each breach and exits with 1 if there is one.

import { readFile, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { breaches } from "./check-guest/rules.mjs";
import { codeOf } from "./check-guest/source.mjs";
import { root } from "./compile.mjs";

/** The breaches of one file; `path` is relative to the repository, with slashes. */
export function checkSource(path, text) {
  return breaches(path, text, codeOf(text));
}

/** Paths of all guest sources, relative to the repository. */
export async function guestSources() {
  const paths = [];
  for (const folder of ["shared", "plugins"]) {
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = relative(root, join(entry.parentPath, entry.name)).split(sep);
      if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".d.ts")) continue;
      if (path.includes("node_modules") || path.includes("test")) continue;
      paths.push(path.join("/"));
    }
  }
  return paths.sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = await guestSources();
  const found = [];
  for (const path of paths) found.push(...checkSource(path, await readFile(join(root, path), "utf8")));
  for (const { path, line, rule, message } of found) console.log(`${path}:${line}: ${rule}: ${message}`);
  console.log(`${paths.length} guest files, ${found.length} breaches`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
