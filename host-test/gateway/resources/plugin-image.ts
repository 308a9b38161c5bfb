// `oci://…` → the module: the local build of one of our plugins, or whatever a registry has.

import type { ImageStore } from "../../registry/image-store.ts";
import { formatReference, parseReference } from "../../registry/reference.ts";
import { suite } from "../../../scripts/guest-build.mjs";
import type { Field } from "./field.ts";
import { builtModules, listPlugins, type ModuleFolders, type PluginModule } from "./plugin-url.ts";
import { suggestion } from "./problems.ts";

export interface ImageAccess {
  store: ImageStore;
  /** Images of our own plugins are pulled too. */
  pull: boolean;
  /** Told before a registry may be asked. */
  onPull(reference: string): void;
  /** Content of the dockerconfigjson Secret of that name, if a file has it. */
  secret(name: string): string | undefined;
}

/** Reports and resolves with `undefined` when the image cannot be had. */
export async function resolveImage(
  spec: Field,
  text: string,
  folders: ModuleFolders,
  images: ImageAccess,
): Promise<PluginModule | undefined> {
  const url = spec.get("url");
  const { problems } = url.source;
  const name = (text.split("/").pop() ?? "").replace(/[:@].*$/, "");
  const known = listPlugins(folders);
  const isOurs = known.includes(name) || name === suite;
  if (isOurs && !images.pull) return { plugin: name, modules: builtModules(name, folders) };
  const reference = parseReference(text);
  const other = isOurs ? "" : `, and "${name}" is no plugin of this repository${suggestion(name, known)}`;
  if (typeof reference === "string") {
    problems.fatal(url.position, `cannot be pulled${other}: ${reference}`, { found: text });
    return undefined;
  }
  const policy = spec.get("imagePullPolicy").word(["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]);
  const isLatest = reference.digest === undefined && (reference.tag ?? "latest") === "latest";
  const always = policy === "Always" || (policy !== "IfNotPresent" && isLatest);
  const sha256 = spec.get("sha256").text()?.toLowerCase() || undefined;
  const secretName = spec.get("imagePullSecret").text();
  const content = secretName === undefined ? undefined : images.secret(secretName);
  images.onPull(formatReference(reference));
  try {
    const { digest, file } = await images.store.module({
      reference,
      always,
      ...(content !== undefined && { secret: { name: secretName!, content } }),
      ...(sha256 !== undefined && { sha256 }),
    });
    if (sha256 === undefined || digest === `sha256:${sha256}`)
      return { modules: { higress: file, envoy: file } };
    const found = digest.replace("sha256:", "");
    problems.fatal(spec.get("sha256").position, "is the digest of another image", {
      expected: sha256,
      found,
    });
  } catch (error) {
    problems.fatal(url.position, `cannot be pulled${other}: ${(error as Error).message}`, { found: text });
  }
  return undefined;
}
