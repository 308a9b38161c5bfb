// A module out of a registry, found in an image as Higress's fetcher finds it, every digest checked.

import { maximumBytes, moduleInArchive } from "../images/archive.ts";
import { digestOf } from "../images/digest.ts";
import type { Descriptor, Manifest } from "../images/image.ts";
import { mediaType } from "../images/media-types.ts";
import type { Scope } from "./authorization.ts";
import { selector, type ImageReference } from "./reference.ts";
import type { Registry } from "./registry.ts";
import { RegistryError } from "./registry-error.ts";

export interface PulledModule {
  module: Uint8Array;
  /** Of the image's manifest: what `sha256` of a WasmPlugin names. */
  digest: string;
}

interface Index {
  manifests: (Descriptor & { platform?: { os?: string; architecture?: string } })[];
}

const manifestLimit = 4 * 1024 * 1024;
const accepted = [mediaType.manifest, mediaType.dockerManifest, mediaType.index, mediaType.dockerList].join(
  ", ",
);

/** Rejects with `RegistryError`. */
export async function pullModule(registry: Registry, reference: ImageReference): Promise<PulledModule> {
  const { repository } = reference;
  const scope: Scope = { repository, actions: "pull" };
  let [bytes, type] = await readManifest(registry, scope, selector(reference));
  if (type === mediaType.index || type === mediaType.dockerList) {
    const chosen = choose(parse<Index>(bytes, registry.host));
    [bytes, type] = await readManifest(registry, scope, chosen.digest);
  }
  const { layers = [] } = parse<Manifest>(bytes, registry.host);
  return { module: await findModule(registry, scope, type, layers), digest: digestOf(bytes) };
}

async function readManifest(registry: Registry, scope: Scope, name: string): Promise<[Uint8Array, string]> {
  const response = await registry.request(scope, `manifests/${name}`, { headers: { accept: accepted } });
  if (response.status !== 200) throw await registry.refusal(`manifest ${scope.repository}:${name}`, response);
  const bytes = await readBody(response, manifestLimit);
  if (name.startsWith("sha256:")) checkDigest(bytes, name, `manifest of ${scope.repository}`);
  const declared = (response.headers.get("content-type") ?? "").split(";")[0]!.trim();
  return [bytes, declared];
}

/** The only one, else the one that a gateway on Linux would take. */
function choose({ manifests = [] }: Index): Descriptor {
  const found =
    manifests.length === 1
      ? manifests[0]
      : (manifests.find(({ platform }) => platform?.os === "linux" && platform.architecture === "amd64") ??
        manifests.find(({ platform }) => platform?.architecture === "wasm"));
  if (!found) throw new RegistryError("the image index names no manifest for linux/amd64 or wasm");
  return found;
}

async function findModule(
  registry: Registry,
  scope: Scope,
  type: string,
  layers: Descriptor[],
): Promise<Uint8Array> {
  const last = layers.at(-1);
  const archive = type === mediaType.dockerManifest ? mediaType.dockerTarGzip : mediaType.tarGzip;
  if (last?.mediaType === archive) {
    const layer = await readBlob(registry, scope, last);
    const module = await moduleInArchive(layer).catch((error: Error) => {
      throw new RegistryError(`layer ${last.digest}: ${error.message}`);
    });
    return checkModule(module);
  }
  const bare = layers.find((layer) => layer.mediaType === mediaType.wasm);
  if (type !== mediaType.dockerManifest && layers.length === 2 && bare)
    return checkModule(await readBlob(registry, scope, bare));
  const found = layers.map((layer) => layer.mediaType).join(", ") || "none";
  throw new RegistryError(
    `is no plugin image: expected a last layer ${archive}, or two layers with one ${mediaType.wasm}; found ${found}`,
  );
}

async function readBlob(registry: Registry, scope: Scope, { digest, size }: Descriptor): Promise<Uint8Array> {
  if (size > maximumBytes) throw new RegistryError(`layer ${digest} is larger than 256 MiB`);
  const response = await registry.request(scope, `blobs/${digest}`);
  if (response.status !== 200)
    throw await registry.refusal(`blob ${digest} of ${scope.repository}`, response);
  const bytes = await readBody(response, maximumBytes);
  checkDigest(bytes, digest, `layer of ${scope.repository}`);
  return bytes;
}

/** Never more than the limit, whatever the registry says about the length. */
async function readBody(response: Response, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > limit) throw new RegistryError(`${response.url}: more than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError(`${response.url}: the answer broke off`);
  }
  return Buffer.concat(chunks);
}

function checkDigest(bytes: Uint8Array, expected: string, what: string): void {
  const found = digestOf(bytes);
  if (found !== expected) throw new RegistryError(`${what}: expected ${expected}, found ${found}`);
}

function checkModule(module: Uint8Array): Uint8Array {
  if (Buffer.from(module.subarray(0, 4)).toString("latin1") === "\0asm") return module;
  throw new RegistryError("the image's module is not WebAssembly");
}

function parse<T>(bytes: Uint8Array, host: string): T {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as T;
  } catch {
    throw new RegistryError(`${host}: a manifest is not JSON`);
  }
}
