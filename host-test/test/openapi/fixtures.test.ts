// Descriptions written for these tests, feature by feature: the resource and the remarks are compared with files.

import { join } from "node:path";
import { expect, test } from "vitest";
import { asResource, converted, fixtures, lintOf, ToolServer } from "./conversion.ts";

const names = ["library.yaml", "parcels.json", "sensors.yaml"];

test.each(names)("%s becomes the resource beside it, and what was left out is named", async (name) => {
  const conversion = converted(join(fixtures, name));
  const base = join(fixtures, name.replace(/\.\w+$/, ""));
  const resource = asResource(conversion);
  await expect(resource).toMatchFileSnapshot(`${base}.resource.yaml`);
  await expect(`${conversion.report.lines().join("\n")}\n`).toMatchFileSnapshot(`${base}.remarks.txt`);
  expect(await lintOf(resource)).toEqual([]);
  const server = new ToolServer(conversion);
  expect([server.tools().length, server.problems()]).toEqual([conversion.configuration.tools.length, []]);
  server.close();
});
