// WasmPlugin `url` → the module files to load, one per engine build.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { outputFolder, runsSuite, suite } from "../../../scripts/guest-build.mjs";
import type { PluginResource } from "../model.ts";
import type { Field } from "./field.ts";
import { resolveImage, type ImageAccess } from "./plugin-image.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** Where plugin sources and built modules are. */
export interface ModuleFolders {
  /** One folder per plugin, each with `index.ts` and `schema.json`. */
  plugins: string;
  /** Built modules: `NAME.wasm`, or `NAME.higress.wasm` and `NAME.envoy.wasm`. */
  dist: string;
}

export const repositoryFolders: ModuleFolders = {
  plugins: join(repository, "plugins"),
  dist: join(repository, outputFolder),
};

export interface PluginModule {
  /** Folder name under plugins/, or `suite`, when it is one of ours. */
  plugin?: string;
  modules: PluginResource["modules"];
}

/** Plugins of the repository, by folder name. */
export function listPlugins(folders: ModuleFolders): string[] {
  if (!existsSync(folders.plugins)) return [];
  return readdirSync(folders.plugins)
    .filter((name) => existsSync(join(folders.plugins, name, "index.ts")))
    .toSorted();
}

/** The built files of one of our plugins. A plugin that imports nothing of Higress's own has one build for both. */
export function builtModules(name: string, { dist }: ModuleFolders): PluginResource["modules"] {
  const plugin = runsSuite ? suite : name;
  const single = join(dist, `${plugin}.wasm`);
  const build = (flavour: string): string => {
    const path = join(dist, `${plugin}.${flavour}.wasm`);
    return existsSync(path) ? path : single;
  };
  return { higress: build("higress"), envoy: build("envoy") };
}

/** Reports and returns `undefined` when the reference cannot be used here. */
export async function resolveUrl(
  spec: Field,
  folders: ModuleFolders,
  images: ImageAccess,
): Promise<PluginModule | undefined> {
  const url = spec.get("url");
  const text = url.requiredText("file://PATH, or oci://REGISTRY/…/NAME:TAG");
  if (text === undefined) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(text)?.[1] ?? "oci";
  if (scheme === "file") return resolveFile(url, text.slice("file://".length), spec.get("sha256"));
  if (scheme === "oci") return resolveImage(spec, text.replace(/^oci:\/\//, ""), folders, images);
  url.source.problems.fatal(url.position, "a local gateway does not download modules", {
    expected: "file://PATH or oci://…/NAME:TAG",
    found: text,
  });
  return undefined;
}

function resolveFile(url: Field, path: string, sha256: Field): PluginModule | undefined {
  const file = resolve(dirname(url.source.file), path);
  const { problems } = url.source;
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : (error as Error).message;
    problems.fatal(url.position, reason, { expected: "a WebAssembly module", found: file });
    return undefined;
  }
  if (bytes.subarray(0, 4).toString("latin1") !== "\0asm") {
    problems.fatal(url.position, "is not a WebAssembly module", {
      expected: "a file that starts with \\0asm",
      found: file,
    });
    return undefined;
  }
  const expected = sha256.text();
  const found = createHash("sha256").update(bytes).digest("hex");
  if (expected && expected.toLowerCase() !== found) {
    problems.fatal(sha256.position, "is the digest of another module", { expected, found });
    return undefined;
  }
  return { modules: { higress: file, envoy: file } };
}
