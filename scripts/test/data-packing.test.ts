// Packed modules have the same memory as before when they run.

import fc from "fast-check";
import { expect, test } from "vitest";
import wabt from "wabt";
import { packData } from "../data-packing.mjs";

const { parseWat } = await wabt();

/** A module whose `_initialize` keeps the byte at `probe`, with memory of one page. */
function moduleOf(segments: { at: number; bytes: Uint8Array }[], probe = 0): Uint8Array {
  const data = segments.map(({ at, bytes }) => {
    const text = Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
    return `(data (i32.const ${at}) "${text}")`;
  });
  const source = `(module
    (memory (export "memory") 1)
    (global $seen (mut i32) (i32.const -1))
    (func (export "_initialize") (global.set $seen (i32.load8_u (i32.const ${probe}))))
    (func (export "seen") (result i32) (global.get $seen))
    ${data.join("\n")})`;
  return parseWat("test.wat", source).toBinary({}).buffer;
}

async function start(bytes: Uint8Array): Promise<{ memory: Uint8Array; seen: number }> {
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes));
  const { memory, _initialize, seen } = instance.exports as {
    memory: WebAssembly.Memory;
    _initialize: () => void;
    seen: () => number;
  };
  _initialize();
  return { memory: new Uint8Array(memory.buffer), seen: seen() };
}

const byte = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 255 }));
const wide = (stride: number) =>
  fc
    .uint8Array({ minLength: 1, maxLength: 200 })
    .map((bytes) =>
      Uint8Array.from({ length: bytes.length * stride }, (_, i) => (i % stride ? 0 : bytes[i / stride]!)),
    );
const segment = fc.record({
  at: fc.integer({ min: 0, max: 3000 }),
  bytes: fc.oneof(
    fc.array(byte, { minLength: 1, maxLength: 400 }).map((bytes) => Uint8Array.from(bytes)),
    wide(2),
    wide(4),
  ),
});

test("memory is the same after the start, and what is packed is cleared", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 4 }), async (segments) => {
      const [plain, packed] = await Promise.all([
        start(moduleOf(segments)),
        start(packData(moduleOf(segments))),
      ]);
      const expected = Buffer.alloc(packed.memory.length);
      expected.set(plain.memory);
      expect(Buffer.compare(expected, packed.memory)).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("data is there before anything else runs", async () => {
  const segments = [{ at: 65_535, bytes: Uint8Array.of(7) }];
  expect((await start(packData(moduleOf(segments, 65_535)))).seen).toBe(7);
});

test("texts take a byte a character", () => {
  const text = "nobody expects this text of sixty-four characters, does anybody?";
  const bytes = new Uint8Array(Buffer.from(text, "utf16le"));
  const [none, one, two] = [[], [{ at: 16, bytes }], [16, 1024].map((at) => ({ at, bytes }))].map(
    (segments) => packData(moduleOf(segments)).length,
  );
  expect(two! - one!).toBeLessThan(text.length + 20);
  expect(one!).toBeGreaterThan(none!);
});

test("a module without data is left as it is", () => {
  const bytes = moduleOf([]);
  expect(packData(bytes)).toBe(bytes);
});
