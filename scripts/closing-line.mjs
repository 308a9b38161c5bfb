// Vitest reporter: the last line of a run is `tests: N passed, N failed, N skipped`, for people and for CI.

export default class ClosingLine {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const cases = [...module.children.allTests()];
      for (const test of cases) counts[test.result().state]++;
      if (cases.length === 0 && !module.ok()) counts.failed++;
    }
    console.log(
      `tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped + counts.pending} skipped`,
    );
  }
}
