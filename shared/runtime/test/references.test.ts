// References are found by the words they stand in (scripts/references.mjs), wherever a class has them.

import { expect, test } from "vitest";
import { loadProbe } from "../../../host-test/testing/probe.ts";

test("what a field refers to outlives collections: a base class's, one's own, and one behind 64 words", async () => {
  const { exports } = await loadProbe("shared/runtime/test/references-probe.ts");
  for (let id = 1; id <= 10; id++) {
    exports.make!(id);
    exports.churn!(3);
    expect(exports.isWhole!(id)).toBe(1);
  }
});
