// Every description of npm @readme/oas-examples: converted, linted, listed by the compiled plugin.

import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { asResource, converted, expectValid, lintOf, ToolServer } from "./conversion.ts";

const folder = dirname(createRequire(import.meta.url).resolve("@readme/oas-examples/package.json"));
const files = globSync("*/{json,yaml}/**/*.{json,yaml}", { cwd: folder }).toSorted();

/** They describe what a service asks of others, or nothing at all. */
const withoutOperations = (file: string): boolean =>
  /(webhooks|openapi-workshop\/(title|info))\.(json|yaml)$/.test(file);

test("the package has its descriptions", () => {
  expect(files.length).toBeGreaterThan(100);
});

test.each(files.filter((file) => !withoutOperations(file)))(
  "%s has all its operations as tools whose schemas are valid",
  (file) => {
    const path = join(folder, file);
    const conversion = converted(path);
    const server = new ToolServer(conversion);
    const tools = server.tools();
    expect(server.problems()).toEqual([]);
    expect(tools.length).toBe(conversion.configuration.tools.length);
    expect(tools.length).toBeGreaterThan(0);
    expectValid(tools);
    server.close();
  },
);

test("what is left out of them is recursion, callers, discriminators without alternatives, and exploded cookies", () => {
  const known =
    /^(what is inside \S+ where it stands within itself|callbacks:|webhooks:|the members of the schemas derived from|a cookie has one value)/;
  const others = files.flatMap((file) =>
    converted(join(folder, file)).report.remarks.filter(
      ({ kind, message }) => kind === "left out" && !known.test(message),
    ),
  );
  expect(others.map(({ source, pointer, message }) => `${source.name}#${pointer}: ${message}`)).toEqual([]);
});

test("JSON and YAML of one description give the same tools", () => {
  const pairs = files
    .filter((file) => file.includes("/json/"))
    .map((file) => [file, file.replace("/json/", "/yaml/").replace(/json$/, "yaml")]);
  const both = pairs.filter(([, yaml]) => files.includes(yaml!));
  expect(both.length).toBeGreaterThan(50);
  for (const [json, yaml] of both) {
    const [inJson, inYaml] = [json!, yaml!].map((file) => converted(join(folder, file)).configuration);
    expect([yaml, inYaml!.tools.map(({ name }) => name)]).toEqual([
      yaml,
      inJson!.tools.map(({ name }) => name),
    ]);
  }
});

test("lint finds nothing wrong with them", async () => {
  for (const name of ["3.0/json/petstore.json", "2.0/json/petstore.json", "3.1/json/train-travel.json"]) {
    const conversion = converted(join(folder, name));
    expect([name, await lintOf(asResource(conversion))]).toEqual([name, []]);
    expect([name, await lintOf(asResource(conversion, true))]).toEqual([name, []]);
  }
});
