// Inlines what is small in a compiled module. The compiler is asked for small code, which leaves the least functions
// calls of their own, and V8 inlines in the order of calls only (inlining-budget.mjs): a request of 1 KB takes about a
// tenth less of the guest's time with them inlined, for less than 1 % of size (`gateway bench --against`).

import { binaryen } from "./binaryen.mjs";

const { MutableGlobals, SignExt, NontrappingFPToInt, BulkMemory, BulkMemoryOpt, SIMD128 } = binaryen.Features;
/** What the compiler may use; nothing newer may come in here. */
const FEATURES = MutableGlobals | SignExt | NontrappingFPToInt | BulkMemory | BulkMemoryOpt | SIMD128;
/**
 * In nodes of Binaryen: inlined everywhere; where no loop or call is inside; with one caller. Without a limit for the last
 * some functions became so large that V8 needed megabytes to compile one, which Envoy does not give back:
 * docs/decisions/2026-11-23-memory-of-compilation.md.
 */
const ALWAYS = 2;
const FLEXIBLE = 10;
const ONE_CALLER = 150;

/**
 * The same module, inlined. `names` keeps the names of functions.
 *
 * @param {Uint8Array} bytes
 * @param {{ names?: boolean }} [options]
 * @returns {Uint8Array}
 */
export function inlined(bytes, { names = false } = {}) {
  binaryen.setDebugInfo(names);
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(ALWAYS);
  binaryen.setFlexibleInlineMaxSize(FLEXIBLE);
  binaryen.setOneCallerInlineMaxSize(ONE_CALLER);
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(FEATURES);
    module.runPasses(["inlining-optimizing"]);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}
