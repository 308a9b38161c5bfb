// The three builds find what they are there to find: memory that nothing holds.

import { describe, expect, test } from "vitest";
import { loadProbe } from "../../../host-test/testing/probe.ts";
import { buildFlags, guestBuild, guestBuilds } from "../../../scripts/guest-build.mjs";

const lost = {
  release: [],
  collect: ["addressOverCallbacks"],
  stress: ["addressInFunction", "addressOverCallbacks"],
} as Record<string, string[]>;

// The flags of a build are added to those of the build under test, so this is one for the release build.
describe.skipIf(guestBuild !== "release").each(guestBuilds)("%s build", (build) => {
  test(`loses ${lost[build]!.join(" and ") || "nothing"}`, async () => {
    const { exports } = await loadProbe("shared/abi/test/probe.ts", { flags: buildFlags(build) });
    exports.leaveBehind!();
    const outcomes = [
      "addressInFunction",
      "addressOverCallbacks",
      "objectInFunction",
      "objectOverCallbacks",
      "nested",
    ].map((name) => [name, exports[name]!() === 1] as const);
    expect(outcomes.filter(([, isIntact]) => !isIntact).map(([name]) => name)).toEqual(lost[build]);
  });
});

test("an abort writes one line that says where, and traps", async () => {
  const probe = await loadProbe("shared/abi/test/probe.ts");
  expect(() => probe.exports.fail!()).toThrow(WebAssembly.RuntimeError);
  expect(probe.logs).toHaveLength(1);
  expect(probe.logs[0]).toMatch(/^abort: why at shared\/abi\/test\/probe\.ts:\d+:\d+$/);
});
