// Vitest reporter for scripts/long.mjs: how the tests of each file went, as JSON into the file that OUTCOMES names.

import { writeFileSync } from "node:fs";

export default class PromiseReporter {
  onTestRunEnd(modules) {
    const files = {};
    for (const module of modules) {
      const counts = (files[module.relativeModuleId] ??= { passed: 0, failed: 0, skipped: 0, ms: 0 });
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === "passed" || state === "failed" ? state : "skipped"]++;
      }
      counts.ms += module.diagnostic().duration;
      if (!module.ok()) counts.failed = Math.max(counts.failed, 1);
    }
    writeFileSync(process.env.OUTCOMES, JSON.stringify(files));
  }
}
