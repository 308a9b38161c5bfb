// Every example is what a user would apply.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";

const root = new URL("../../../", import.meta.url).pathname;
// Of a stock Envoy's own files host-test/test/examples knows.
const examples = readdirSync(`${root}examples`, { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && entry.name !== "envoy",
);

describe("example", () => {
  test.each(examples.map(({ name }) => name))("%s passes lint", (name) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["host-test/bin/gateway.mjs", "lint", `examples/${name}`],
      { cwd: root, encoding: "utf8" },
    );
    expect(stdout + stderr).toContain("ok: ");
    expect(status).toBe(0);
  });
});
