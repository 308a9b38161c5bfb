// Built modules → image layouts, one folder a plugin.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "../../scripts/guest-build.mjs";
import { builtModules, type ModuleFolders } from "../gateway/resources/plugin-url.ts";
import type { Schema } from "../gateway/resources/schema-shape.ts";
import { pluginImages, type Image, type PluginContent } from "./image.ts";
import { mediaType } from "./media-types.ts";
import { pluginSpec } from "./plugin-spec.ts";

/** What there is to say of the suite as a whole: each plugin in it has a configuration of its own. */
const suiteSchema: Schema = {
  title: suite,
  description: "All plugins in one module; pluginName chooses.",
  "x-description-zh": "所有插件合为一个模块，由 pluginName 选择。",
  type: "object",
};

/**
 * The images of one plugin, or of the suite, whose modules are built. Rejects when a file is missing or the schema is
 * unusable.
 */
export async function packagePlugin(name: string, version: string, folders: ModuleFolders): Promise<Image[]> {
  const folder = join(folders.plugins, name);
  const schema =
    name === suite
      ? suiteSchema
      : (JSON.parse(await readFile(join(folder, "schema.json"), "utf8")) as Schema);
  const modules = builtModules(name, folders);
  return pluginImages({
    name,
    version,
    description: String(schema["description"] ?? name),
    modules: { higress: await readFile(modules.higress), envoy: await readFile(modules.envoy) },
    documents: [
      {
        name: "spec.yaml",
        mediaType: mediaType.spec,
        content: Buffer.from(pluginSpec(name, version, schema)),
      },
      ...(await readmes(name === suite ? join(folders.plugins, "..", "docs", suite) : folder)),
    ],
  });
}

/** Higress's tool knows README.md in any language and one of each. */
async function readmes(folder: string): Promise<PluginContent["documents"]> {
  const files = [
    ["README.md", "README.md", mediaType.readme],
    ["README_ZH.md", "README_ZH.md", mediaType.readmeChinese],
    ["README_EN.md", "README.md", mediaType.readmeEnglish],
  ] as const;
  const found = files.filter(([, source]) => existsSync(join(folder, source)));
  return Promise.all(
    found.map(async ([name, source, type]) => ({
      name,
      mediaType: type,
      content: await readFile(join(folder, source)),
    })),
  );
}
