// Inlined modules do what they did before, with fewer calls.

import { expect, test } from "vitest";
import wabt from "wabt";
import { inlined } from "../inlining.mjs";

const { parseWat, readWasm } = await wabt();

test("small functions become part of their callers, and what a module answers stays", async () => {
  const source = `(module
    (func $next (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "twice") (param i32) (result i32) (call $next (call $next (local.get 0)))))`;
  const bytes = inlined(parseWat("test.wat", source).toBinary({}).buffer);
  const text = readWasm(bytes, { readDebugNames: false }).toText({});
  expect(text.match(/call/g)).toBeNull();
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes));
  expect((instance.exports["twice"] as (value: number) => number)(40)).toBe(42);
});
