// Spends what V8 may inline where inlining does not pay. Envoy runs V8 without its baseline compiler. V8 then knows
// nothing of how often a call is made and inlines calls in their order, and what is called from there, until it has
// added about three times the function's own size or sixty bodies: mostly the slow path of the allocator. What the
// module compiles to doubles by this, and so do the time it takes and the memory that Envoy keeps
// (docs/decisions/2026-11-23-memory-of-compilation.md).
//
// So a large function outside of what every request goes through begins with calls of functions that have a size and no
// effect. V8 inlines these first, which leaves no instruction and nothing to spend on the calls behind.

import { binaryen } from "./binaryen.mjs";

const CODE_SECTION = 10;
const HEADER_BYTES = 8;
/** What runs for each request, mostly in loops: the guest library without the dialects, and the compiler's own. */
const HOT =
  /^(~lib\/as-proxy-wasm-sdk|shared)\/(abi|bytes|json|runtime|sdk)\/|^~lib\/(?!as-proxy-wasm-sdk\/|rt\/__)/;
/** A plugin's own files, its folders not: much of that runs for each request, but hardly in loops. */
const PLUGIN = /^plugins\/[^/]+\/[^/]+\/[^/]+$/;
/** Smaller functions cost little, and would spend the budget of a hot caller that they are inlined into. */
const LARGE = 100;
const LARGE_IN_PLUGIN = 1_200;
/** V8's `--wasm-inlining-factor` is 3; a little more than that has been seen. */
const FACTOR = 3.45;
/** Sizes of the functions that are called for nothing. */
const SIZES = [4096, 1024, 256, 64];
/** Of a function that does nothing: no locals, its end, and that `call` is of two bytes. */
const FRAME = 2;

/**
 * The same module with calls that spend V8's budget for inlining. `bytes` must have names of functions; `names` keeps
 * them.
 *
 * @param {Uint8Array} bytes
 * @param {{ names?: boolean }} [options]
 * @returns {Uint8Array}
 */
export function inliningSpent(bytes, { names = false } = {}) {
  binaryen.setDebugInfo(names);
  const sizes = bodySizes(bytes);
  const module = binaryen.readBinary(bytes);
  try {
    const { none } = binaryen;
    const used = new Set();
    const functions = Array.from({ length: module.getNumFunctions() }, (_, i) =>
      module.getFunctionByIndex(i),
    );
    const defined = functions.filter((one) => binaryen.getFunctionInfo(one).module === "");
    defined.forEach((one, i) => {
      const { name, body, results } = binaryen.getFunctionInfo(one);
      if (sizes[i] < (PLUGIN.test(name) ? LARGE_IN_PLUGIN : LARGE) || HOT.test(name)) return;
      const spent = parts(sizes[i] * FACTOR);
      for (const size of spent) used.add(size);
      const calls = spent.map((size) => module.call(nameOf(size), [], none));
      binaryen.Function.setBody(one, module.block(null, [...calls, body], results));
    });
    for (const size of used) {
      const nothing = Array.from({ length: size - FRAME }, () => module.nop());
      module.addFunction(nameOf(size), none, none, [], module.block(null, nothing));
    }
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

function nameOf(size) {
  return `~spend ${size}`;
}

/** Sizes whose sum is `budget` or a little less. */
function parts(budget) {
  const result = [];
  let left = budget;
  for (const size of SIZES) for (; left >= size; left -= size) result.push(size);
  return result;
}

/** The bytes of each function that is defined in the module, by index. */
function bodySizes(bytes) {
  let at = HEADER_BYTES;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const sizes = [];
  while (at < bytes.length) {
    const section = bytes[at++];
    const length = number();
    const end = at + length;
    if (section === CODE_SECTION) {
      for (let count = number(); count > 0; count--) {
        const size = number();
        sizes.push(size);
        at += size;
      }
    }
    at = end;
  }
  return sizes;
}
