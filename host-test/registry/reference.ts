// `[oci://]REGISTRY/REPOSITORY[:TAG][@DIGEST]`, as Higress reads it, except that the registry must be named: there is
// no default one here.

import { isDigest } from "../images/digest.ts";

export interface ImageReference {
  /** Host, with its port if there is one. */
  registry: string;
  repository: string;
  /** `undefined`: none given. Higress takes `latest` then, unless there is a digest. */
  tag: string | undefined;
  digest: string | undefined;
}

/** Returns what is wrong with the text when it is no reference. */
export function parseReference(text: string): ImageReference | string {
  const [named = "", digest, ...more] = text.replace(/^oci:\/\//, "").split("@");
  if (more.length > 0 || (digest !== undefined && !isDigest(digest)))
    return "expected @sha256: and 64 hexadecimal digits at the end";
  const slash = named.indexOf("/");
  const registry = named.slice(0, Math.max(slash, 0));
  if (
    !/^(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:)|\[[0-9a-fA-F:]+\])(:\d+)?$/.test(
      registry,
    )
  )
    return "names no registry: expected HOST/REPOSITORY:TAG, where HOST has a dot or a port";
  const [, repository = "", tag] = /^(.*?)(?::([^:/]*))?$/.exec(named.slice(slash + 1)) ?? [];
  if (!/^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(repository))
    return `${JSON.stringify(repository)} is no repository: expected lower-case letters, digits and . _ - between them`;
  if (tag !== undefined && !isTag(tag))
    return `${JSON.stringify(tag)} is no tag: expected up to 128 letters, digits, and _ . -`;
  return { registry, repository, tag, digest };
}

export function isTag(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text);
}

/** How a registry is asked for the image. */
export function selector({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? "latest";
}

export function formatReference(reference: ImageReference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
