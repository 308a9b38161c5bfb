// Built modules → image layouts, one folder a plugin.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { builtModules, type ModuleFolders } from "../gateway/resources/plugin-url.ts";
import type { Schema } from "../gateway/resources/schema-shape.ts";
import { pluginImages, type Image, type PluginContent } from "./image.ts";
import { mediaType } from "./media-types.ts";
import { pluginSpec } from "./plugin-spec.ts";

/** The images of one plugin, whose modules are built. Rejects when a file is missing or the schema is unusable. */
export async function packagePlugin(name: string, version: string, folders: ModuleFolders): Promise<Image[]> {
  const folder = join(folders.plugins, name);
  const schema = JSON.parse(await readFile(join(folder, "schema.json"), "utf8")) as Schema;
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
      ...(await readmes(folder)),
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
