// Images into a registry: blobs first, those it has already left out, then the manifest under its tag.

import type { Image } from "../images/image.ts";
import type { Scope } from "./authorization.ts";
import type { Registry } from "./registry.ts";
import { RegistryError } from "./registry-error.ts";

/** Larger blobs go in pieces. No registry asks for smaller ones, one asks for 5 MiB at least. */
const standardChunkBytes = 10 * 1024 * 1024;
/** Of one blob: how often an interrupted upload goes on from where the registry has it. */
const resumptions = 5;

/** Resolves with the manifest's digest. Rejects with `RegistryError`. */
export async function pushImage(
  registry: Registry,
  repository: string,
  { tag, manifest, manifestBytes, blobs }: Image,
  { as = tag, chunkBytes = standardChunkBytes }: { as?: string; chunkBytes?: number } = {},
): Promise<string> {
  const scope: Scope = { repository, actions: "pull,push" };
  for (const [digest, bytes] of blobs) await new BlobUpload(registry, scope, digest, bytes, chunkBytes).run();
  const response = await registry.request(scope, `manifests/${as}`, {
    method: "PUT",
    headers: { "content-type": manifest.mediaType },
    body: manifestBytes,
  });
  if (response.status !== 201) throw await registry.refusal(`manifest ${repository}:${as}`, response);
  return manifest.digest;
}

class BlobUpload {
  #registry: Registry;
  #scope: Scope;
  #digest: string;
  #bytes: Uint8Array;
  #chunkBytes: number;
  #resumptions = 0;

  constructor(registry: Registry, scope: Scope, digest: string, bytes: Uint8Array, chunkBytes: number) {
    this.#registry = registry;
    this.#scope = scope;
    this.#digest = digest;
    this.#bytes = bytes;
    this.#chunkBytes = chunkBytes;
  }

  async run(): Promise<void> {
    const present = await this.#registry.request(this.#scope, `blobs/${this.#digest}`, { method: "HEAD" });
    if (present.status === 200) return;
    // It is not asked the next question in vain: each is tried several times.
    if (isTransient(present.status)) throw await this.#refusal(present);
    let location = await this.#begin();
    let offset = 0;
    while (this.#bytes.length - offset > this.#chunkBytes)
      [location, offset] = await this.#chunk(location, offset);
    await this.#finish(location, offset);
  }

  async #begin(): Promise<string> {
    const response = await this.#registry.request(this.#scope, "blobs/uploads/", { method: "POST" });
    if (response.status !== 202) throw await this.#refusal(response);
    return locationOf(response);
  }

  async #chunk(location: string, offset: number): Promise<[location: string, offset: number]> {
    const end = offset + this.#chunkBytes;
    const response = await this.#registry
      .request(this.#scope, location, {
        method: "PATCH",
        headers: {
          "content-type": "application/octet-stream",
          "content-range": `${offset}-${end - 1}`,
        },
        body: this.#bytes.subarray(offset, end),
        retry: false,
      })
      .catch((error: RegistryError) => error);
    if (response instanceof Response && response.status === 202) return [locationOf(response), end];
    return this.#resume(location, response);
  }

  /** What the registry has of an upload that broke off; it may know nothing of it. */
  async #resume(
    location: string,
    failure: Response | RegistryError,
  ): Promise<[location: string, offset: number]> {
    if (isFinal(failure) || ++this.#resumptions > resumptions) {
      throw failure instanceof Response ? await this.#refusal(failure) : failure;
    }
    const state = await this.#registry.request(this.#scope, location);
    if (state.status !== 204) return [await this.#begin(), 0];
    const received = /^(?:bytes=)?0-(\d+)$/.exec(state.headers.get("range") ?? "")?.[1];
    // `0-0` stands for nothing, and for one byte.
    const offset = received === undefined || received === "0" ? 0 : Number(received) + 1;
    return offset === 0 ? [await this.#begin(), 0] : [locationOf(state), offset];
  }

  async #finish(location: string, offset: number): Promise<void> {
    const url = new URL(location);
    url.searchParams.set("digest", this.#digest);
    const response = await this.#registry
      .request(this.#scope, url.href, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: this.#bytes.subarray(offset),
        retry: false,
      })
      .catch((error: RegistryError) => error);
    if (response instanceof Response && response.status === 201) return;
    // A PUT may not be repeated on the same upload: another takes its place.
    if (isFinal(response) || ++this.#resumptions > resumptions)
      throw response instanceof Response ? await this.#refusal(response) : response;
    await this.run();
  }

  async #refusal(response: Response): Promise<RegistryError> {
    return this.#registry.refusal(`blob ${this.#digest} for ${this.#scope.repository}`, response);
  }
}

function isTransient(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/** Nothing that another try could change; an upload that the registry has forgotten can begin again. */
function isFinal(failure: Response | RegistryError): boolean {
  if (!(failure instanceof Response)) return false;
  return !isTransient(failure.status) && failure.status !== 404 && failure.status !== 416;
}

function locationOf(response: Response): string {
  const location = response.headers.get("location");
  if (location === null)
    throw new RegistryError(`${response.url}: the registry names no place for the upload`);
  return new URL(location, response.url).href;
}
