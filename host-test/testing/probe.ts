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

import { randomFillSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { compileForTest } from "../../scripts/compile.mjs";

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

/**
 * Compiles `entry` (a path relative to the repository) and instantiates it. The compiled file is reused as long
 * as no source of the guest library or of the probe is newer. Rejects with the compiler's messages, or with a
 * `WebAssembly.LinkError` when the module imports what a test cannot give.
 */
export async function loadProbe(entry: string, options: ProbeOptions = {}): Promise<Probe> {
  return instantiate(await readFile(await compileForTest({ entry, ...options })));
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
