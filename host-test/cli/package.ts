// `gateway package`: built modules as OCI image layouts.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { listPlugins, repositoryFolders } from "../gateway/resources/plugin-url.ts";
import type { Image } from "../images/image.ts";
import { writeLayout } from "../images/layout.ts";
import { packagePlugin } from "../images/package.ts";
import { isTag } from "../registry/reference.ts";
import { suite } from "../../scripts/guest-build.mjs";
import { UsageError, type Command } from "./command-line.ts";
import { buildNamed } from "./modules.ts";

/** Every plugin, and the module that holds them all. */
const packaged = [...listPlugins(repositoryFolders), suite];

export const packageCommand: Command = {
  summary: "writes OCI image layouts of the plugins",
  help: `Usage: gateway package [NAME…] --out DIR [--version VERSION]

Builds the named plugins, without names all of them and \`suite\`, the one module that holds them all, and writes
DIR/NAME, an OCI image layout with three tags:

  VERSION         for Higress: the module as a tar.gz layer and as a bare one
  VERSION-envoy   the same with the build for a stock Envoy (Istio's WasmPlugin)
  VERSION-hgctl   spec.yaml and the READMEs as layers of their own, as Higress's command line tool has it

The same sources give the same bytes. Prints name, tag and digest of each.

  --out DIR            layouts that are there are replaced
  --version VERSION    default: the repository's
`,
  options: { out: { type: "string" }, version: { type: "string" } },
  async run(values, names) {
    const out = values["out"] as string | undefined;
    if (out === undefined) throw new UsageError("expected --out DIR");
    const version = (values["version"] as string | undefined) ?? (await repositoryVersion());
    const wanted = names.length > 0 ? names : packaged;
    try {
      for (const [name, images] of await packageNamed(wanted, version)) {
        await writeLayout(join(out, name), images);
        for (const { tag, manifest } of images) process.stdout.write(`${name}\t${tag}\t${manifest.digest}\n`);
      }
      return 0;
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      return 1;
    }
  },
};

/** Builds and packages. Throws `UsageError` for a name or version that cannot be. */
export async function packageNamed(names: string[], version: string): Promise<Map<string, Image[]>> {
  const unknown = names.find((name) => !packaged.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`no plugin is named ${unknown}; there are ${packaged.join(", ")}`);
  if (!isTag(`${version}-hgctl`)) throw new UsageError(`--version: ${JSON.stringify(version)} is no tag`);
  await buildNamed(names, (name) => process.stderr.write(`building ${name}\n`));
  const images = new Map<string, Image[]>();
  for (const name of names) images.set(name, await packagePlugin(name, version, repositoryFolders));
  return images;
}

export async function repositoryVersion(): Promise<string> {
  const file = join(repositoryFolders.plugins, "..", "package.json");
  return (JSON.parse(await readFile(file, "utf8")) as { version: string }).version;
}
