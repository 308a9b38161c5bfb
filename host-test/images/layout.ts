// OCI image layouts: a folder that holds images as a registry would.

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { digestOf, isDigest } from "./digest.ts";
import type { Descriptor, Image, Manifest } from "./image.ts";
import { mediaType } from "./media-types.ts";

const marker = "oci-layout";
const reference = "org.opencontainers.image.ref.name";

export function isLayout(folder: string): boolean {
  return existsSync(join(folder, marker));
}

/** Writes the layout in place of one that is there. Rejects when the folder is something else. */
export async function writeLayout(folder: string, images: Image[]): Promise<void> {
  if (existsSync(folder) && !isLayout(folder) && (await readdir(folder)).length > 0) {
    throw new Error(`${folder} exists and is no image layout`);
  }
  const fresh = `${folder}.${process.pid}.new`;
  const blobs = join(fresh, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  for (const { manifest, manifestBytes, blobs: content } of images) {
    for (const [digest, bytes] of [...content, [manifest.digest, manifestBytes] as const]) {
      await writeFile(join(blobs, hex(digest)), bytes);
    }
  }
  const index = {
    schemaVersion: 2,
    mediaType: mediaType.index,
    manifests: images.map(({ tag, manifest }) => ({ ...manifest, annotations: { [reference]: tag } })),
  };
  await writeFile(join(fresh, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
  await writeFile(join(fresh, marker), `${JSON.stringify({ imageLayoutVersion: "1.0.0" })}\n`);
  await mkdir(dirname(folder), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
}

/** The tagged images of a layout. Rejects when a blob is missing or is not what its name says. */
export async function readLayout(folder: string): Promise<Image[]> {
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as {
    manifests: Descriptor[];
  };
  return Promise.all(
    index.manifests.map(async ({ annotations, ...manifest }) => {
      const manifestBytes = await readBlob(folder, manifest.digest);
      const { config, layers } = JSON.parse(manifestBytes.toString("utf8")) as Manifest;
      const blobs = new Map<string, Uint8Array>();
      for (const { digest } of [config, ...layers]) blobs.set(digest, await readBlob(folder, digest));
      const tag = annotations?.[reference];
      if (tag === undefined) throw new Error(`${join(folder, "index.json")}: a manifest has no ${reference}`);
      return { tag, manifest, manifestBytes, blobs };
    }),
  );
}

async function readBlob(folder: string, digest: string): Promise<Buffer> {
  if (!isDigest(digest)) throw new Error(`${folder}: ${digest} is no sha256 digest`);
  const bytes = await readFile(join(folder, "blobs", "sha256", hex(digest)));
  if (digestOf(bytes) !== digest) throw new Error(`${folder}: blob ${digest} has other content`);
  return bytes;
}

function hex(digest: string): string {
  return digest.slice("sha256:".length);
}
