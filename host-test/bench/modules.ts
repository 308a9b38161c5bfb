// The modules of a bench, built when needed with the options of every plugin.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { compile, root } from "../../scripts/compile.mjs";

export type Target = "higress" | "envoy";

/** `empty`: a plugin that does nothing; `scan`: the JSON scanner. */
export async function guest(name: "scan" | "empty", target: Target = "higress"): Promise<Uint8Array> {
  const flags = name === "empty" ? ["--noUnsafe"] : [];
  return readFile(
    await compile({
      entry: `host-test/bench/guest/${name}.ts`,
      outFile: `dist/bench/${name}.${target}.wasm`,
      target,
      flags,
    }),
  );
}

/** A plugin of this repository, of the sources as they are. */
export async function builtPlugin(name: string, target: Target): Promise<Uint8Array> {
  await promisify(execFile)(process.execPath, [join(root, "scripts", "build.mjs"), name], { cwd: root });
  const own = join(root, "dist", `${name}.${target}.wasm`);
  return readFile(existsSync(own) ? own : join(root, "dist", `${name}.wasm`));
}
