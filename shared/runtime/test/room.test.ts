// Whether memory has room is read out of the compiler's allocator, which has no question for it: these tests say so
// where another version of the compiler lays it out otherwise.

import fc from "fast-check";
import { expect, test } from "vitest";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";

const MiB = 1 << 20;
/**
 * Small objects may take a chunk of the runtime's out of the block that was found; then the allocator looks for a
 * block again, among those that are a sixteenth larger than what is wanted.
 */
const marginOf = (wanted: number) => 20 * 1024 + (wanted >> 4);
const pagesOf = (probe: Probe) => probe.memory.buffer.byteLength / 65_536;
const size = fc.oneof(fc.integer({ min: 600, max: 100_000 }), fc.integer({ min: 100_000, max: 3 * MiB }));
const step = fc.oneof(
  fc.tuple(fc.constant("hold" as const), fc.nat(15), size),
  fc.tuple(fc.constant("drop" as const), fc.nat(15), size),
  fc.tuple(fc.constant("collect" as const), fc.nat(15), size),
);

const fresh = () => loadProbe("shared/runtime/test/room-probe.ts");

test("what memory is said to have room for is allocated without more of it, whatever was allocated before", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), size, async (steps, wanted) => {
      const probe = await fresh();
      // The allocator sets itself up at the first allocation; a plugin has made some before it asks for anything.
      probe.exports.hold!(0, 600);
      for (const [name, slot, bytes] of steps) {
        if (name === "hold") probe.exports.hold!(slot, bytes);
        else if (name === "drop") probe.exports.drop!(slot);
        else probe.exports.collect!();
      }
      expect(probe.exports.hasRoom!(wanted + marginOf(wanted))).toBe(1);
      const pages = pagesOf(probe);
      probe.exports.hold!(16, wanted);
      expect(pagesOf(probe)).toBe(pages);
    }),
    { numRuns: 40 },
  );
});

test.skipIf(guestBuild === "stress")(
  "room that is there is found: no more memory is taken for it",
  async () => {
    const probe = await fresh();
    probe.exports.hold!(0, 8 * MiB);
    probe.exports.drop!(0);
    probe.exports.collect!();
    const pages = pagesOf(probe);
    expect(probe.exports.hasRoom!(7 * MiB)).toBe(1);
    expect(pagesOf(probe)).toBe(pages);
  },
);

test("more than any module may have is refused, and memory stays as it is", async () => {
  const probe = await fresh();
  const pages = pagesOf(probe);
  expect(probe.exports.hasRoom!(1 << 30)).toBe(0);
  expect(pagesOf(probe)).toBe(pages);
});

test("while room is watched a buffer refuses what does not fit, where it is trapped on else", async () => {
  const probe = await fresh();
  // The compiler's allocator has no larger blocks, so this is as if the host had refused.
  const beyond = 600 * MiB;
  probe.exports.watchRoom!();
  expect(probe.exports.appended!(4 * MiB)).toBeGreaterThanOrEqual(4 * MiB);
  expect(probe.exports.lackedRoom!()).toBe(0);
  expect(probe.exports.appended!(beyond)).toBeLessThan(beyond);
  probe.exports.unwatchRoom!();
  expect(probe.exports.fits!(beyond)).toBe(0);
  expect(probe.exports.lackedRoom!()).toBe(1);
});
