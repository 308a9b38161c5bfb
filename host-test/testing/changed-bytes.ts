// Bytes changed at random, for tests that nothing which clients and providers send makes the plugin fail.

import fc from "fast-check";

export type Change = {
  kind: "replace" | "insert" | "remove" | "repeat";
  at: number;
  size: number;
  byte: number;
};

export const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("replace", "insert", "remove", "repeat"),
  at: fc.nat(),
  size: fc.integer({ min: 1, max: 40 }),
  // Bytes that mean something, and all others.
  byte: fc.oneof(fc.constantFrom(...Buffer.from('{}[]",:\\\n\r 0-e')), fc.integer({ min: 0, max: 255 })),
});

/** The bytes after these changes. */
export function changed(bytes: Buffer, changes: Change[]): Buffer {
  let result = bytes;
  for (const { kind, at, size, byte } of changes) {
    const from = at % (result.length + 1);
    const part = result.subarray(from, from + size);
    const middle =
      kind === "remove"
        ? []
        : kind === "repeat"
          ? [part, part, part]
          : [Buffer.alloc(kind === "insert" ? size : 1, byte)];
    const rest = kind === "insert" || kind === "repeat" ? from : from + (kind === "replace" ? 1 : size);
    result = Buffer.concat([result.subarray(0, from), ...middle, result.subarray(rest)]);
  }
  return result;
}
