// `gateway push`: image layouts into a registry.

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Image } from "../images/image.ts";
import { isLayout, readLayout } from "../images/layout.ts";
import { Credentials, CredentialsError } from "../registry/credentials.ts";
import { pushImage } from "../registry/push.ts";
import { parseReference } from "../registry/reference.ts";
import { Registry } from "../registry/registry.ts";
import { UsageError, type Command } from "./command-line.ts";
import { packageNamed, repositoryVersion } from "./package.ts";

export const push: Command = {
  summary: "pushes images to a registry",
  help: `Usage: gateway push DIR|NAME REGISTRY/REPOSITORY[:TAG] [--credentials FILE]

Pushes an image layout, or a plugin that is packaged first, with all its tags. Of a folder of layouts, as
\`gateway package\` writes it, each goes to REPOSITORY/NAME. With TAG the images are tagged TAG, TAG-envoy and
TAG-hgctl. Prints REGISTRY/REPOSITORY:TAG@DIGEST for each; without "sha256:" the digest is a WasmPlugin's sha256.

  --credentials FILE   in the form of Docker's config.json; default: Docker's or Podman's own

A registry on this machine, or named in WASM_INSECURE_REGISTRIES (HOST:PORT,… or *), is spoken to in cleartext.
`,
  options: { credentials: { type: "string" } },
  async run(values, paths) {
    const [source, target, ...more] = paths;
    if (source === undefined || target === undefined || more.length > 0)
      throw new UsageError("expected a folder or plugin, and REGISTRY/REPOSITORY[:TAG]");
    const reference = parseReference(target);
    if (typeof reference === "string") throw new UsageError(`${target}: ${reference}`);
    if (reference.digest !== undefined) throw new UsageError(`${target}: a push names a tag, not a digest`);
    try {
      const credentials = await Credentials.read(values["credentials"] as string | undefined);
      const registry = new Registry(reference.registry, { credentials });
      for (const { images, suffix } of await read(source)) {
        const repository = reference.repository + suffix;
        for (const image of images) {
          const as = renamed(image.tag, images, reference.tag);
          const digest = await pushImage(registry, repository, image, { as });
          process.stdout.write(`${reference.registry}/${repository}:${as}@${digest}\n`);
        }
      }
      return 0;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      process.stderr.write(`${(error as Error).message}\n`);
      return error instanceof CredentialsError ? 2 : 1;
    }
  },
};

interface Layout {
  images: Image[];
  /** Of the repository's name. */
  suffix: string;
}

async function read(source: string): Promise<Layout[]> {
  if (!existsSync(source)) {
    const packaged = await packageNamed([source], await repositoryVersion());
    return [{ images: packaged.get(source)!, suffix: "" }];
  }
  if (isLayout(source)) return [{ images: await readLayout(source), suffix: "" }];
  const names = (await readdir(source)).filter((name) => isLayout(join(source, name))).toSorted();
  if (names.length === 0)
    throw new UsageError(`${source} holds no image layout; gateway package writes them`);
  return Promise.all(
    names.map(async (name) => ({ images: await readLayout(join(source, name)), suffix: `/${name}` })),
  );
}

/** The first tag is the version, which the others begin with. */
function renamed(tag: string, images: Image[], wanted: string | undefined): string {
  const version = images[0]!.tag;
  return wanted === undefined || !tag.startsWith(version) ? tag : wanted + tag.slice(version.length);
}
