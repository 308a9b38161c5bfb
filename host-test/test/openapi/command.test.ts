// `gateway openapi-to-mcp` as people and scripts use it.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import type { Configuration } from "../../openapi/convert.ts";
import { folderOf } from "../gateway/resource-files.ts";
import { finished, type Finished } from "../gateway/running-command.ts";
import { fixtures, lintOf } from "./conversion.ts";

function openapiToMcp(...args: string[]): Promise<Finished> {
  return finished("openapi-to-mcp", ...args);
}

function configurationOf(resource: string): Configuration {
  return (parse(resource) as { spec: { defaultConfig: Configuration } }).spec.defaultConfig;
}

test("prints the resource, on standard error what was left out and a count, and exits 0", async () => {
  const { code, stdout, stderr } = await openapiToMcp(join(fixtures, "parcels.json"), "--name", "post");
  const { server, tools } = configurationOf(stdout);
  expect([code, server.name, tools.length]).toEqual([0, "post", 4]);
  const lines = stderr.split("\n").map((line) => line.replace(/^.*(?=parcels\.json)/, ""));
  expect(lines).toEqual([
    "parcels.json:15: #/parameters/page/minimum: invalid: type must be number",
    "post: 4 tools, nothing left out",
    "",
  ]);
});

test("chooses operations and a server, and writes the route to it", async () => {
  const folder = await folderOf({});
  const out = join(folder, "tools.yaml");
  const server = "http://127.0.0.1:9000/v1/";
  const options = ["--operations", "search,lend", "--server", server, "--route", "--out", out];
  const { code, stdout } = await openapiToMcp(join(fixtures, "library.yaml"), ...options);
  const text = await readFile(out, "utf8");
  const documents = parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
  expect([code, stdout, documents.map(({ kind }) => kind)]).toEqual([
    0,
    "",
    ["WasmPlugin", "McpBridge", "Ingress"],
  ]);
  expect(text).toContain("url: http://127.0.0.1:9000/v1/search");
  expect(text.match(/^ +- name: (search|lend)$/gm)).toHaveLength(2);
  expect(await lintOf(text)).toEqual([]);
});

test("says what a document lacks that cannot be used, and exits 1", async () => {
  const folder = await folderOf({
    "none.yaml": "title: x\n",
    "broken.yaml": "openapi: 3.0.0\npaths: {a: [}\n",
    "empty.json":
      '{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "webhooks": {"w": {"post": {}}}}',
  });
  const said = async (name: string): Promise<string> => {
    const { code, stdout, stderr } = await openapiToMcp(join(folder, name));
    expect([code, stdout]).toEqual([1, ""]);
    return stderr.replaceAll(`${folder}/`, "");
  };
  expect(await said("none.yaml")).toBe(
    'none.yaml: expected a description with openapi: 3.x or swagger: "2.0", found neither\n',
  );
  expect(await said("broken.yaml")).toMatch(/^broken\.yaml:2: /);
  expect(await said("missing.yaml")).toBe("missing.yaml: no such file\n");
  expect(await said("empty.json")).toContain("empty.json: there is no operation that could be a tool\n");
  expect((await openapiToMcp()).code).toBe(2);
});

test("names what breaks the specification, with its place", async () => {
  const folder = await folderOf({
    "a.yaml": [
      "openapi: 3.0.3",
      "info: { title: A, version: '1' }",
      "paths:",
      "  /x:",
      "    get:",
      "      parameters:",
      "        - { name: q, in: nowhere, schema: { type: string } }",
      "      responses: { '200': { description: ok } }",
    ].join("\n"),
  });
  const { code, stderr } = await openapiToMcp(join(folder, "a.yaml"));
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(
      /a\.yaml:7: #\/paths\/~1x\/get\/parameters\/0\/in: invalid: expected one of path, query, header, cookie, found "nowhere"/,
    ),
  ]);
});
