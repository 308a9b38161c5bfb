// One call of the AssemblyScript compiler. Everything that builds a module goes through here, so that
// plugins, tests and benches are built with the same options (asconfig.json).

import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const asc = join(dirname(createRequire(import.meta.url).resolve("assemblyscript/package.json")), "bin", "asc.js");

/**
 * Compiles `entry` to `outFile`; both are paths relative to the repository or absolute.
 * `target` names a target of asconfig.json, `flags` are further compiler flags.
 * Rejects with the compiler's own messages.
 *
 * @param {{ entry: string, outFile: string, target?: string, flags?: string[] }} options
 */
export async function compile({ entry, outFile, target = "envoy", flags = [] }) {
  await mkdir(dirname(join(root, outFile)), { recursive: true });
  const args = [asc, entry, "--config", "asconfig.json", "--target", target, "-o", outFile, ...flags];
  await new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`asc ${entry}\n${stdout}${stderr}`));
      else resolve();
    });
  });
  return join(root, outFile);
}
