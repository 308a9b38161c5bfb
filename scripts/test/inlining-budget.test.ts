// Modules whose large functions begin with calls that spend V8's budget for inlining do what they did before.

import { expect, test } from "vitest";
import { binaryen } from "../binaryen.mjs";
import { inliningSpent } from "../inlining-budget.mjs";

const { i32, none } = binaryen;

/** A module with an imported function and one function of many additions. */
function moduleOf(name: string, additions: number): Uint8Array {
  const module = new binaryen.Module();
  module.addFunctionImport("note", "env", "note", none, none);
  let sum = module.local.get(0, i32);
  for (let i = 0; i < additions; i++) sum = module.i32.add(sum, module.local.get(0, i32));
  module.addFunction(name, i32, i32, [], module.block(null, [module.call("note", [], none), sum]));
  module.addFunctionExport(name, "sum");
  binaryen.setDebugInfo(true);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

function functionsOf(bytes: Uint8Array): number {
  const module = binaryen.readBinary(bytes);
  const count = module.getNumFunctions();
  module.dispose();
  return count;
}

test("a large function begins with calls of functions without effect, and answers what it did", async () => {
  const bytes = inliningSpent(moduleOf("plugins/x/index/X#sum", 600));
  expect(functionsOf(bytes)).toBeGreaterThan(2);
  let notes = 0;
  const imports = { env: { note: () => void notes++ } };
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), imports);
  expect((instance.exports["sum"] as (value: number) => number)(3)).toBe(1803);
  expect(notes).toBe(1);
});

test("small functions, and those of the guest library that every request goes through, stay", () => {
  expect(functionsOf(inliningSpent(moduleOf("plugins/x/index/X#sum", 200)))).toBe(2);
  expect(functionsOf(inliningSpent(moduleOf("~lib/as-proxy-wasm-sdk/json/skim/sum", 200)))).toBe(2);
  expect(functionsOf(inliningSpent(moduleOf("shared/abi/pairs/sum", 200)))).toBe(2);
  expect(functionsOf(inliningSpent(moduleOf("plugins/x/providers/y/sum", 200)))).toBeGreaterThan(2);
});
