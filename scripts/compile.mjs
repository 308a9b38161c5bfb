// One call of the AssemblyScript compiler, then of what it wrote: inlining (inlining.mjs), packing of data
// (data-packing.mjs), and a limit to what V8 inlines (inlining-budget.mjs). Everything that builds a module goes through
// here, so that plugins, tests and benches are built with the same options (asconfig.json).

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { packData } from "./data-packing.mjs";
import { buildFlags, outputFolder } from "./guest-build.mjs";
import { inliningSpent } from "./inlining-budget.mjs";
import { inlined } from "./inlining.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const asc = join(root, "scripts", "asc.mjs");

/**
 * Compiles `entry` to `outFile`; both are paths relative to the repository or absolute.
 * `target` names a target of asconfig.json, `flags` are further compiler flags; those of GUEST_BUILD are added.
 * Modules of a build belong into its `outputFolder`.
 * Resolves with the absolute path of the module; rejects with the compiler's own messages.
 *
 * @param {{ entry: string, outFile: string, target?: string, flags?: string[] }} options
 * @returns {Promise<string>}
 */
export async function compile({ entry, outFile, target = "envoy", flags = [] }) {
  await mkdir(dirname(resolve(root, outFile)), { recursive: true });
  const names = { names: flags.includes("--debug") };
  // The code is the same with names of functions, which the last step reads.
  const debug = names.names ? [] : ["--debug"];
  const options = ["--config", "asconfig.json", "--target", target, ...buildFlags(), ...flags, ...debug];
  await new Promise((settle, reject) => {
    execFile(
      process.execPath,
      ["--enable-source-maps", asc, entry, ...options, "-o", outFile],
      { cwd: root, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`asc ${entry}\n${stdout}${stderr}`));
        else settle();
      },
    );
  });
  const module = resolve(root, outFile);
  const named = { names: true };
  const packed = packData(inlined(await readFile(module), named), named);
  await writeFile(module, inliningSpent(packed, names));
  return module;
}

const compiled = new Map();

/**
 * As `compile`, for modules of tests: `entry` (relative to the repository) goes to a file of its own, which is
 * used again as long as no source beside the entry or in the guest library is newer.
 *
 * @param {{ entry: string, target?: string, flags?: string[] }} options
 * @returns {Promise<string>}
 */
export function compileForTest({ entry, target = "envoy", flags = [] }) {
  const digest = createHash("sha256")
    .update(JSON.stringify([target, ...flags]))
    .digest("hex")
    .slice(0, 8);
  const name = entry.replace(/\.ts$/, "").replaceAll(/[^A-Za-z0-9]+/g, "-");
  const outFile = join(outputFolder, "test", `${name}-${digest}.wasm`);
  let result = compiled.get(outFile);
  if (!result) compiled.set(outFile, (result = compileIfNewer({ entry, outFile, target, flags })));
  return result;
}

async function compileIfNewer({ entry, outFile, target, flags }) {
  const finished = join(root, outFile);
  const newest = Math.max(
    (await stat(join(root, "asconfig.json"))).mtimeMs,
    ...(await Promise.all(
      [
        "asc.mjs",
        "references.mjs",
        "compile.mjs",
        "binaryen.mjs",
        "inlining.mjs",
        "data-packing.mjs",
        "inlining-budget.mjs",
      ].map(async (name) => (await stat(join(root, "scripts", name))).mtimeMs),
    )),
    await newestSource(join(root, "shared")),
    await newestSource(dirname(join(root, entry))),
  );
  const built = await stat(finished).catch(() => undefined);
  if (!built || built.mtimeMs <= newest) {
    // Test files run in several processes: each compiles to its own name, and the rename is atomic.
    const own = join(dirname(finished), `${process.pid}-${basename(finished)}`);
    const started = new Date();
    await compile({ entry, outFile: own, target, flags });
    // A source saved while the compiler ran must count as newer than the module.
    await utimes(own, started, started);
    await rename(own, finished);
  }
  return finished;
}

async function newestSource(folder) {
  let newest = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) continue;
    newest = Math.max(newest, (await stat(join(entry.parentPath, entry.name))).mtimeMs);
  }
  return newest;
}
