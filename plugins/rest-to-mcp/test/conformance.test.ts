// The protocol's own conformance suite against the endpoint: life cycle, transport, headers. Checks that do not
// succeed are listed, each with its reason, in conformance.json; the list must be exact.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { describeEngines } from "../../../host-test/testing/scenario.ts";
import { oneTool } from "./endpoint.ts";

interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
}

interface Expected {
  scenarios: string[];
  /** Check → reason, of all that is neither SUCCESS nor INFO. */
  exceptions: Record<string, string>;
}

const expected: Record<string, Expected> = JSON.parse(
  readFileSync(new URL("conformance.json", import.meta.url), "utf8"),
);
const suite = join(
  dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json")),
  "dist/index.js",
);

/** `scenario: check: status` of all that is neither a success nor for information, sorted, each once. */
async function exceptionsOf(url: string, revision: string, scenarios: string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  const found = new Set<string>();
  try {
    for (const scenario of scenarios) {
      const options = [
        "server",
        "--output-dir",
        join(folder, "results"),
        "--url",
        url,
        "--scenario",
        scenario,
        "--spec-version",
        revision,
      ];
      // The exit status says whether a check failed: the checks themselves say more.
      await new Promise((done) => execFile(process.execPath, [suite, ...options], { cwd: folder }, done));
    }
    const results = join(folder, "results");
    const ran = readdirSync(results);
    expect(ran).toHaveLength(scenarios.length);
    for (const run of ran) {
      const scenario = scenarios.find((name) => run.startsWith(`server-${name}-2`));
      const checks: Check[] = JSON.parse(readFileSync(join(results, run, "checks.json"), "utf8"));
      for (const { id, status } of checks) {
        if (status !== "SUCCESS" && status !== "INFO") found.add(`${scenario}: ${id}: ${status}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [...found].toSorted();
}

describeEngines("rest-to-mcp", (engine) => {
  const gateway = engine.shared({
    plugins: [{ plugin: "rest-to-mcp", configuration: { ...oneTool, allowOrigins: ["localhost"] } }],
    upstreams: { "service.static": { body: "ok" } },
  });

  test.each(Object.entries(expected))(
    "%s",
    async (revision, { scenarios, exceptions }) => {
      const url = `http://localhost:${gateway.port}/mcp`;
      const found = await exceptionsOf(url, revision, scenarios);
      expect(found).toEqual(Object.keys(exceptions).toSorted());
    },
    60_000,
  );
});
