// Loads a probe: a small AssemblyScript module that exports functions of the guest library for unit tests.
// The test then runs the compiled bytes, never the source under another compiler.
//
// A probe looks like this:
//
//   export { abort } from "as-proxy-wasm-sdk/abi/abort";       // asconfig.json names it as the abort function
//   let input = new ArrayBuffer(0);
//   export function alloc(size: i32): usize {                  // where `put` writes
//     input = new ArrayBuffer(size);
//     return changetype<usize>(input);
//   }

import { createHash, randomFillSync } from "node:crypto";
import { readFile, readdir, rename, stat, utimes } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { compile, root } from "../../scripts/compile.mjs";

export interface ProbeOptions {
  /** Further flags of the AssemblyScript compiler, e.g. `["--use", "JSON_SCALAR=1"]`. */
  flags?: string[];
  /** Target of asconfig.json; `envoy` when absent. */
  target?: string;
}

export interface Probe {
  /** The exported functions. A trap arrives as a thrown `WebAssembly.RuntimeError`. */
  readonly exports: Record<string, (...args: (number | bigint)[]) => any>;
  readonly memory: WebAssembly.Memory;
  /** Text of every `proxy_log` call, an abort message included. */
  readonly logs: string[];
  /** Size of the module in bytes. */
  readonly moduleBytes: number;
  /** Writes bytes where the exported `alloc(size)` says and returns that address. */
  put(bytes: Uint8Array): number;
  /** A copy of `size` bytes at `start`. */
  take(start: number, size: number): Buffer;
}

type Compile = (options: {
  entry: string;
  outFile: string;
  target: string;
  flags: string[];
}) => Promise<string>;

const compiled = new Map<string, Promise<Buffer>>();

/**
 * Compiles `entry` (a path relative to the repository) into dist/test/ and instantiates it. The compiled file
 * is reused as long as no source of the guest library or of the probe is newer. Rejects with the compiler's
 * messages, or with a `WebAssembly.LinkError` when the module imports what a test cannot give.
 */
export async function loadProbe(entry: string, options: ProbeOptions = {}): Promise<Probe> {
  const { flags = [], target = "envoy" } = options;
  const digest = createHash("sha256")
    .update(JSON.stringify([target, ...flags]))
    .digest("hex")
    .slice(0, 8);
  const name = entry.replace(/\.ts$/, "").replaceAll(/[^A-Za-z0-9]+/g, "-");
  const outFile = `dist/test/${name}-${digest}.wasm`;
  let bytes = compiled.get(outFile);
  if (!bytes) compiled.set(outFile, (bytes = build(entry, outFile, target, flags)));
  return instantiate(await bytes);
}

async function build(entry: string, outFile: string, target: string, flags: string[]): Promise<Buffer> {
  const finished = join(root, outFile);
  const newest = Math.max(
    (await stat(join(root, "asconfig.json"))).mtimeMs,
    await newestSource(join(root, "shared")),
    await newestSource(dirname(resolve(root, entry))),
  );
  const built = await stat(finished).catch(() => undefined);
  if (!built || built.mtimeMs <= newest) {
    // Test files run in several processes: each compiles to its own name, and the rename is atomic.
    const own = join("dist/test", `${process.pid}-${basename(outFile)}`);
    const started = new Date();
    await (compile as Compile)({ entry, outFile: own, target, flags });
    // A source saved while the compiler ran must count as newer than the module.
    await utimes(join(root, own), started, started);
    await rename(join(root, own), finished);
  }
  return readFile(finished);
}

async function newestSource(folder: string): Promise<number> {
  let newest = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) continue;
    newest = Math.max(newest, (await stat(join(entry.parentPath, entry.name))).mtimeMs);
  }
  return newest;
}

async function instantiate(bytes: Buffer): Promise<Probe> {
  const logs: string[] = [];
  const view = () => new DataView(memory.buffer);
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), {
    env: {
      proxy_log(_level: number, start: number, size: number) {
        logs.push(Buffer.from(memory.buffer, start, size).toString("utf8"));
        return 0;
      },
    },
    wasi_snapshot_preview1: {
      clock_time_get(_id: number, _precision: bigint, result: number) {
        view().setBigUint64(result, BigInt(Date.now()) * 1_000_000n, true);
        return 0;
      },
      random_get(start: number, size: number) {
        randomFillSync(new Uint8Array(memory.buffer, start, size));
        return 0;
      },
    },
  });
  const exports = instance.exports as unknown as Probe["exports"];
  const memory = instance.exports.memory as WebAssembly.Memory;
  exports._initialize?.();
  return {
    exports,
    memory,
    logs,
    moduleBytes: bytes.length,
    put(bytes) {
      const start = exports.alloc!(bytes.length) >>> 0;
      new Uint8Array(memory.buffer, start, bytes.length).set(bytes);
      return start;
    },
    take(start, size) {
      return Buffer.from(new Uint8Array(memory.buffer, start >>> 0, size).slice());
    },
  };
}
