// examples/higress: what a user applies is what a cluster takes and what our own gateway runs.

import { Ajv2020 } from "ajv/dist/2020.js";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { tryPlugins } from "../../cli/plugin-trial.ts";
import { lintGateway } from "../../gateway/lint/index.ts";
import { loadGateway } from "../../gateway/load.ts";
import { formatProblem } from "../../gateway/resources/problems.ts";
import { listPlugins, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { runNode, type RunningNode } from "../../gateway/run-node.ts";
import { createSimulation, type Simulation } from "../../gateway/simulation.ts";
import { Agent, startBooks, withBooks, type Books } from "./agents.ts";

const folder = fileURLToPath(new URL("../../../examples/higress", import.meta.url));
const chain = join(folder, "agent-gateway");
const schema: object = JSON.parse(
  readFileSync(new URL("../../testing/resources/wasm-plugin.schema.json", import.meta.url), "utf8"),
) as object;
const isWasmPlugin = new Ajv2020({ allErrors: true }).compile(schema);

const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith(".yaml"));
const plugins = listPlugins(repositoryFolders);

interface Resource {
  kind: string;
  spec: { url: string; phase: string; priority: number; sha256?: string };
}

function wasmPlugins(file: string): Resource[] {
  return parseAllDocuments(readFileSync(join(folder, file), "utf8"))
    .map((document) => document.toJS() as Resource)
    .filter(({ kind }) => kind === "WasmPlugin");
}

test("every plugin has a file of its own", () => {
  expect(files.filter((file) => !file.includes("/")).toSorted()).toEqual(
    plugins.map((name) => `${name}.yaml`),
  );
});

test.each(files)("the WasmPlugin resources in %s fit the resource's schema", (file) => {
  for (const resource of wasmPlugins(file)) {
    isWasmPlugin(resource);
    expect(isWasmPlugin.errors ?? []).toEqual([]);
    const name = /^oci:\/\/REGISTRY\/ai-gateway\/([a-z-]+):\d+\.\d+\.\d+$/.exec(resource.spec.url)?.[1];
    expect(plugins).toContain(name);
  }
});

test("the schema refuses what a cluster would drop or refuse", () => {
  const [resource] = wasmPlugins("ai-proxy.yaml");
  const changed = (spec: object): boolean =>
    isWasmPlugin({ ...resource, spec: { ...resource!.spec, ...spec } });
  expect(changed({})).toBe(true);
  expect(changed({ phase: "FIRST" })).toBe(false);
  expect(changed({ priority: "100" })).toBe(false);
  expect(changed({ sha256: "sha256:abc" })).toBe(false);
  expect(changed({ defaultconfig: {} })).toBe(false);
  expect(changed({ matchRules: [{ config: {} }] })).toBe(false);
});

test.each(plugins)("%s stands at the phase and priority that its schema names", (name) => {
  const own = JSON.parse(
    readFileSync(join(repositoryFolders.plugins, name, "schema.json"), "utf8"),
  ) as Record<string, unknown>;
  const [{ spec }] = wasmPlugins(`${name}.yaml`) as [Resource];
  expect(spec.phase).toBe(own["x-phase"]);
  if (own["x-priority"] !== undefined) expect(spec.priority).toBe(own["x-priority"]);
});

test.each([...plugins.map((name) => `${name}.yaml`), "agent-gateway"])(
  "%s passes lint, and the built modules take their configurations",
  async (path) => {
    const gateway = await loadGateway([join(folder, path)]);
    lintGateway(gateway);
    await tryPlugins(gateway);
    expect(gateway.problems.sorted().map(formatProblem)).toEqual([]);
  },
);

describe("the agent gateway on our own host", () => {
  let books: Books;
  let simulation: Simulation;
  let node: RunningNode;
  let agent: Agent;
  beforeAll(async () => {
    books = await startBooks();
    simulation = createSimulation();
    const { model } = await loadGateway([chain]);
    node = await runNode(await simulation.apply(withBooks(model, books)), { port: 0 });
    agent = new Agent(`http://127.0.0.1:${node.port}`);
  });
  afterAll(async () => {
    await node.stop();
    await simulation.close();
    books.close();
  });

  test("an agent speaks to models in two dialects, and another provider answers for one that fails", () =>
    agent.usesModels());

  test("an agent calls REST operations as tools, until its limit refuses it in the protocol's words", () =>
    agent.usesTools());
});
