// The bench's own modules, compiled when needed with the options of every plugin.

import { readFile } from "node:fs/promises";
import { compile } from "../../scripts/compile.mjs";

export async function guest(
  name: "scan" | "touch",
  target: "higress" | "envoy" = "higress",
): Promise<Uint8Array> {
  const flags = name === "touch" ? ["--noUnsafe"] : [];
  return readFile(
    await compile({
      entry: `host-test/bench/guest/${name}.ts`,
      outFile: `dist/bench/${name}.${target}.wasm`,
      target,
      flags,
    }),
  );
}
