// Descriptions of real services, up to 14 MB: each becomes tools that lint accepts and the compiled plugin lists.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fetchDescriptions, packages, placeOf } from "../../../scripts/api-descriptions.mjs";
import { asResource, converted, expectValid, lintOf, ToolServer } from "./conversion.ts";

const isLong = process.env["LONG"] === "1";
if (isLong) await fetchDescriptions();
const files = Object.entries(packages).flatMap(([name, paths]) =>
  paths.map((path) => join(placeOf(name), path)),
);
const present = files.filter((file) => existsSync(file));

if (!isLong)
  test.skip("real descriptions: `npm run test:long` fetches them (75 MB) and converts each", () => {});

describe.runIf(isLong)("of a real service", () => {
  test("all descriptions are there", () => expect(present).toEqual(files));

  test.each(files)(
    "%s: every operation is a tool, lint accepts the resource, the plugin lists it",
    // Lint reads megabytes of YAML.
    { timeout: 600_000 },
    async (file) => {
      const conversion = converted(file);
      expect(conversion.configuration.tools.length).toBeGreaterThan(0);
      expect(await lintOf(asResource(conversion))).toEqual([]);
      const server = new ToolServer(conversion);
      const tools = server.tools();
      expect([server.problems(), tools.length]).toEqual([[], conversion.configuration.tools.length]);
      expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length);
      expectValid(tools);
      server.close();
    },
  );
});
