// The suite: one module that holds all plugins, each of which must be there as it is alone.

import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPlugins } from "../../../scripts/build.mjs";
import { guestBuild, suite } from "../../../scripts/guest-build.mjs";
import { figure } from "../../testing/figure.ts";
import { runEnvoy } from "../../envoy/run.ts";
import { findEnvoy } from "../../envoy/binary.ts";
import { loadGateway, type LoadedGateway } from "../../gateway/load.ts";
import type { GatewayModel } from "../../gateway/model.ts";
import { formatProblem } from "../../gateway/resources/problems.ts";
import { listPlugins, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { runNode } from "../../gateway/run-node.ts";
import { createSimulation } from "../../gateway/simulation.ts";
import { Agent, startBooks, withBooks } from "../examples/agents.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const plugins = listPlugins(repositoryFolders);
const envoy = await findEnvoy();

/** Of each plugin the tests that show what it is for. */
const representative = [
  "plugins/ai-proxy/test/pipeline.test.ts",
  "plugins/model-ratelimit/test/local.test.ts",
  "plugins/rest-to-mcp/test/calls.test.ts",
];

describe.skipIf(guestBuild !== "release")("the suite", () => {
  let folder: string;
  let gateway: LoadedGateway;
  beforeAll(async () => {
    await buildPlugins([suite]);
    folder = await mkdtemp(join(tmpdir(), "suite-"));
    gateway = await loadGateway([await agentGateway(folder)]);
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("takes the place of each plugin when pluginName names it, with that plugin's schema", () => {
    expect(gateway.problems.sorted().map(formatProblem)).toEqual([]);
    expect(gateway.model.plugins.map(({ plugin, rootId }) => [plugin, rootId])).toEqual(
      ["model-ratelimit", "ai-proxy", "rest-to-mcp"].map((name) => [name, name]),
    );
    const files = new Set(gateway.model.plugins.map(({ modules }) => modules.higress));
    expect([...files]).toEqual([join(repositoryFolders.dist, "suite.higress.wasm")]);
  });

  test("without a pluginName, or with one that it does not hold, is refused with the names it holds", async () => {
    const file = join(folder, "agent-gateway", "ai-proxy.yaml");
    const text = await readFile(file, "utf8");
    for (const line of ["", "  pluginName: ai-cache\n"]) {
      const other = join(folder, "wrong.yaml");
      await writeFile(other, text.replace("  pluginName: ai-proxy\n", line));
      const [problem] = (await loadGateway([other])).problems.sorted().map(formatProblem);
      expect(problem).toContain("spec.pluginName: chooses the plugin of the suite");
      expect(problem).toContain(plugins.join(", "));
    }
  });

  test("serves an agent on our own host as the separate modules do", async () => {
    await served(gateway, async (model) => {
      const node = await runNode(model, { port: 0 });
      return { port: node.port, stop: () => node.stop() };
    });
  });

  test.skipIf(envoy === null)("serves an agent on a stock Envoy, in one VM", async () => {
    await served(gateway, async (model) => {
      const running = await runEnvoy(model, { port: 0, adminPort: 0 });
      // One of the main thread, one of the worker, and the one that both are copies of.
      expect(await running.stat("wasm.envoy.wasm.runtime.v8.active")).toBe(3);
      return { port: running.port, stop: () => running.stop() };
    });
  });

  test("passes tests of every plugin", { timeout: 900_000 }, async () => {
    expect(representative.map((path) => path.split("/")[1])).toEqual(plugins);
    await passes(representative);
  });

  test.skipIf(!process.env["LONG"])("passes all tests of every plugin", { timeout: 7_200_000 }, async () => {
    await passes(["plugins/"]);
  });
});

/** The agent gateway of the examples, every plugin out of the suite. */
async function agentGateway(target: string): Promise<string> {
  const copy = join(target, "agent-gateway");
  await cp(join(root, "examples/higress/agent-gateway"), copy, { recursive: true });
  for (const name of await readdir(copy)) {
    const text = await readFile(join(copy, name), "utf8");
    const url = /^ {2}url: (.*)\/([a-z-]+):([\d.]+)$/m;
    await writeFile(join(copy, name), text.replace(url, "  url: $1/suite:$3\n  pluginName: $2"));
  }
  return copy;
}

async function served(
  { model }: LoadedGateway,
  start: (model: GatewayModel) => Promise<{ port: number; stop(): Promise<void> }>,
): Promise<void> {
  const books = await startBooks();
  const simulation = createSimulation();
  try {
    const engine = await start(await simulation.apply(withBooks(model, books)));
    const agent = new Agent(`http://127.0.0.1:${engine.port}`);
    await agent.usesModels();
    await agent.usesTools();
    await engine.stop();
  } finally {
    await simulation.close();
    books.close();
  }
}

/** Runs tests with the suite in place of each plugin's module. Rejects with what a failed run printed. */
async function passes(filters: string[]): Promise<void> {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const env = {
    ...process.env,
    SUITE: "1",
    LONG: "",
    FIGURES: "",
    VITEST: "",
    VITEST_POOL_ID: "",
    VITEST_WORKER_ID: "",
  };
  const output = await new Promise<string>((settle, reject) => {
    execFile(
      process.execPath,
      [vitest, "run", ...filters],
      { cwd: root, env, maxBuffer: 1 << 28 },
      (error, stdout, stderr) => (error ? reject(new Error(stdout + stderr)) : settle(stdout)),
    );
  });
  const count = Number(/^tests: (\d+) passed/m.exec(output)?.[1]);
  expect(count).toBeGreaterThan(0);
  figure(
    "suite",
    `${count.toLocaleString("en")} tests of ${filters.join(", ")} on the suite's module`,
    count,
  );
}
