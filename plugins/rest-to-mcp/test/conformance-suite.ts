// The protocol's own conformance suite, unmodified, in a process of its own.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
}

const suite = join(
  dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json")),
  "dist/index.js",
);

/** Scenario → `check: status` in the order of the suite, of every server scenario that a revision requires. */
export async function resultsOf(url: string, revision: string): Promise<Record<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    const options = ["server", "--url", url, "--requirements", revision, "--output-dir", "results"];
    // The exit status says whether a check failed: the checks themselves say more.
    await new Promise((done) => execFile(process.execPath, [suite, ...options], { cwd: folder }, done));
    const runs = readdirSync(join(folder, "results")).toSorted();
    return Object.fromEntries(runs.map((run) => [scenarioOf(run), checksOf(join(folder, "results", run))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder is called `server-SCENARIO-TIME`. */
function scenarioOf(run: string): string {
  return run.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT.*$/, "");
}

function checksOf(folder: string): string[] {
  const checks: Check[] = JSON.parse(readFileSync(join(folder, "checks.json"), "utf8"));
  return checks.map(({ id, status }) => `${id}: ${status}`);
}
