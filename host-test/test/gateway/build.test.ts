// The build of the plugins. Its set-up has built them all before any test runs.

import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildPlugins, pluginNames, sizeTable } from "../../../scripts/build.mjs";
import { builtModules, repositoryFolders } from "../../gateway/resources/plugin-url.ts";

test("what has not changed is not compiled again", async () => {
  const compiled: string[] = [];
  const results = await buildPlugins(undefined, { onStart: (name: string) => compiled.push(name) });
  expect(compiled).toEqual([]);
  expect(results.map(({ name }) => name)).toEqual(pluginNames());
});

test("every plugin has a module for each host", async () => {
  for (const name of pluginNames()) {
    const { higress, envoy } = builtModules(name, repositoryFolders);
    for (const path of [higress, envoy]) {
      const module = new WebAssembly.Module(await readFile(path));
      expect(WebAssembly.Module.exports(module).map((item) => item.name)).toContain(
        "proxy_on_context_create",
      );
    }
    const single = existsSync(join(repositoryFolders.dist, `${name}.wasm`));
    expect(higress === envoy).toBe(single);
  }
});

// Envoy compiles a module for each of its processes before it serves, and large ones cost every gateway's start.
test("ai-proxy, the largest plugin, has at most 300,000 bytes", async () => {
  const { higress, envoy } = builtModules("ai-proxy", repositoryFolders);
  for (const path of [higress, envoy]) expect((await stat(path)).size).toBeLessThanOrEqual(300_000);
});

test("a plugin nobody has is named", async () => {
  await expect(buildPlugins(["no-such-plugin"])).rejects.toThrow("no plugin is named no-such-plugin");
});

test("the table says what grew", () => {
  const artifact = { file: "a.wasm", bytes: 1500, gzip: 700 };
  const table = sizeTable([
    { isNew: true, artifacts: [{ ...artifact, previousBytes: 1000 }] },
    { isNew: true, artifacts: [{ ...artifact, file: "b.wasm", previousBytes: 2000 }] },
    { isNew: true, artifacts: [{ ...artifact, file: "c.wasm" }] },
    { isNew: false, artifacts: [{ ...artifact, file: "d.wasm" }] },
  ]);
  expect(table).toBe(
    [
      "module  bytes  gzip     change",
      "a.wasm  1,500   700       +500",
      "b.wasm  1,500   700       −500",
      "c.wasm  1,500   700        new",
      "d.wasm  1,500   700  unchanged",
    ].join("\n"),
  );
});
