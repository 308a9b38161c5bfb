import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { builds } from "./builds.ts";
import { BytesProbe, latin1 } from "./bytes-probe.ts";

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const index = fc.oneof(fc.integer({ min: -3, max: 60 }), fc.constantFrom(INT_MAX, INT_MIN));
const fewLetters = fc.string({ unit: fc.constantFrom("a", "b", "\x80"), maxLength: 50 });
/** What is sought may stand behind and before much that is not. */
const longText = fc
  .tuple(fc.integer({ min: 0, max: 200 }), fewLetters, fc.integer({ min: 0, max: 200 }))
  .map(([before, letters, behind]) => "-".repeat(before) + letters + "-".repeat(behind));
const anyText = fc.oneof(fewLetters, longText);

describe.each(builds)("span, %s", (_name, flags) => {
  let probe: BytesProbe;
  beforeAll(async () => {
    probe = await BytesProbe.load(flags);
  });

  test("an index outside the run answers -1, whatever stands in memory there", () => {
    fc.assert(
      fc.property(fewLetters, index, (text, index) => {
        const bytes = latin1(text);
        expect(probe.call("spanAt", [bytes], index)).toBe(bytes[index] ?? -1);
      }),
    );
  });

  test("a slice is clipped to the run", () => {
    fc.assert(
      fc.property(fewLetters, index, index, (text, from, to) => {
        const first = Math.max(from, 0);
        const sliced = probe.bytes("spanSlice", [latin1(text)], from, to).toString("latin1");
        expect(sliced).toBe(text.slice(first, Math.max(to, first)));
      }),
    );
  });

  test("a byte is found first and last as in a string", () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom("a", "b", "\x80", "c"), index, (text, letter, from) => {
        const byte = letter.charCodeAt(0);
        expect(probe.call("spanIndexOf", [latin1(text)], byte, from)).toBe(text.indexOf(letter, from));
        expect(probe.call("spanLastIndexOf", [latin1(text)], byte)).toBe(text.lastIndexOf(letter));
      }),
      { numRuns: 2_000 },
    );
  });

  test("an ASCII text is found, matched at both ends and compared as in a string", () => {
    const needle = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 4 });
    fc.assert(
      fc.property(anyText, needle, index, (text, needle, from) => {
        const inputs = [latin1(text), latin1(needle)];
        expect(probe.call("spanIndexOfText", inputs, from)).toBe(text.indexOf(needle, from));
        expect(Boolean(probe.call("spanStartsWith", inputs))).toBe(text.startsWith(needle));
        expect(Boolean(probe.call("spanEndsWith", inputs))).toBe(text.endsWith(needle));
        expect(Boolean(probe.call("spanEqualsText", inputs))).toBe(text === needle);
        expect(Boolean(probe.call("spanEquals", inputs))).toBe(text === needle);
      }),
      { numRuns: 2_000 },
    );
  });
});
