// Modules of images, pulled once and kept in the project's cache; what is kept is checked before it is used.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf } from "../images/digest.ts";
import { Credentials } from "./credentials.ts";
import { pullModule } from "./pull.ts";
import { formatReference, type ImageReference } from "./reference.ts";
import { Registry } from "./registry.ts";

export interface ImageRequest {
  reference: ImageReference;
  /** Asks the registry again although the cache has the reference. */
  always: boolean;
  /** Content of a dockerconfigjson Secret, instead of the user's own credentials. */
  secret?: { name: string; content: string };
  /** Hexadecimal digest of the manifest that is wanted: a cached one that differs is pulled again. */
  sha256?: string;
}

export interface StoredModule {
  /** Of the image's manifest. */
  digest: string;
  /** Absolute path of the module. */
  file: string;
}

interface Entry {
  reference: string;
  manifest: string;
  module: string;
}

/** IMAGE_CACHE instead of the project's cache. */
const standardFolder = (): string =>
  resolve(process.env["IMAGE_CACHE"] ?? fileURLToPath(new URL("../../.cache/images", import.meta.url)));

export class ImageStore {
  #folder: string;

  constructor(folder: string = standardFolder()) {
    this.#folder = folder;
  }

  /** Rejects with `RegistryError` or `CredentialsError`. */
  async module({ reference, always, secret, sha256 }: ImageRequest): Promise<StoredModule> {
    const name = formatReference(reference);
    const known = always ? undefined : await this.#find(name);
    const isWanted = sha256 === undefined || known?.digest === `sha256:${sha256}`;
    if (known && isWanted) return known;
    const credentials = secret
      ? new Credentials(`Secret ${secret.name}`, secret.content)
      : await Credentials.read();
    const { module, digest } = await pullModule(new Registry(reference.registry, { credentials }), reference);
    const entry: Entry = { reference: name, manifest: digest, module: digestOf(module) };
    await this.#write(this.#moduleFile(entry), module);
    await this.#write(this.#entryFile(name), JSON.stringify(entry));
    return { digest, file: this.#moduleFile(entry) };
  }

  async #find(name: string): Promise<StoredModule | undefined> {
    try {
      const entry = JSON.parse(await readFile(this.#entryFile(name), "utf8")) as Entry;
      const file = this.#moduleFile(entry);
      const isIntact = digestOf(await readFile(file)) === entry.module;
      return isIntact ? { digest: entry.manifest, file } : undefined;
    } catch {
      return undefined;
    }
  }

  #entryFile(name: string): string {
    return join(this.#folder, "references", `${createHash("sha256").update(name).digest("hex")}.json`);
  }

  #moduleFile({ module }: Entry): string {
    return join(this.#folder, "modules", `${module.replace("sha256:", "")}.wasm`);
  }

  async #write(file: string, content: Uint8Array | string): Promise<void> {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(`${file}.${process.pid}.new`, content);
    await rename(`${file}.${process.pid}.new`, file);
  }
}
