// Every plugin's Envoy build on a real Envoy: it links, starts, and judges a configuration by itself.

import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findEnvoy } from "../../envoy/binary.ts";
import { checkSupported } from "../../envoy/imports.ts";
import { validateModule } from "../../envoy/validate.ts";
import { builtModules, listPlugins, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { model, plugin } from "./models.ts";

const plugins = listPlugins(repositoryFolders)
  .map((name) => ({ name, path: builtModules(name, repositoryFolders).envoy }))
  .filter(({ path }) => existsSync(path));

describe.skipIf(!(await findEnvoy()) || plugins.length === 0)("the Envoy build of", () => {
  test.each(plugins)("$name loads in Envoy", async ({ name, path }) => {
    await checkSupported(model({ plugins: [plugin(path, { name })] }));
    const verdict = await validateModule(path, { configuration: "{}" });
    // Refusing an empty configuration is the plugin's right; then the reason is a line of its own log.
    if (!verdict.valid) expect(verdict.reason).toContain("wasm log");
  });

  test.each(plugins)("$name refuses a configuration that is no JSON, with a reason", async ({ path }) => {
    const verdict = await validateModule(path, { configuration: "{" });
    expect(verdict).toMatchObject({ valid: false, reason: expect.stringContaining("wasm log") });
  });
});
