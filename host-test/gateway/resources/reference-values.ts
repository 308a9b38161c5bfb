// Secrets and ConfigMaps: values that other resources refer to.

import { parse } from "yaml";
import type { Resource } from "./documents.ts";

/** Adds `secret.NAME.KEY` or `configmap.NAME.KEY`, and the same with `NAMESPACE/NAME`. */
export function collectValues(
  { root, kind, name, namespace }: Resource,
  references: Map<string, string>,
): void {
  const add = (key: string, value: string): void => {
    const word = kind.toLowerCase();
    references.set(`${word}.${name}.${key}`, value);
    if (namespace !== undefined) references.set(`${word}.${namespace}/${name}.${key}`, value);
  };
  for (const [key, field] of root.get("data").entries()) {
    const text = field.text();
    if (text === undefined) continue;
    if (kind === "ConfigMap") add(key, text);
    else if (isBase64(text)) add(key, Buffer.from(text, "base64").toString("utf8"));
    else field.source.problems.fatal(field.position, "is not base64; plain text belongs under stringData");
  }
  if (kind !== "Secret") return;
  for (const [key, field] of root.get("stringData").entries()) add(key, field.text() ?? "");
}

/** Bytes a stream may buffer, as Higress's global ConfigMap `higress-config` says, if it does. */
export function readBufferLimit({ root, kind, name }: Resource): number | undefined {
  if (kind !== "ConfigMap" || name !== "higress-config") return undefined;
  const field = root.get("data").get("higress");
  const text = field.text();
  if (text === undefined) return undefined;
  let settings: { downstream?: { connectionBufferLimits?: unknown } } | null;
  try {
    settings = parse(text);
  } catch {
    field.mismatch("YAML");
    return undefined;
  }
  const limit = settings?.downstream?.connectionBufferLimits;
  if (limit === undefined) return undefined;
  if (typeof limit === "number" && Number.isInteger(limit) && limit > 0) return limit;
  field.source.problems.fatal(field.position, "downstream.connectionBufferLimits has the wrong value", {
    expected: "a number of bytes",
    found: JSON.stringify(limit),
  });
  return undefined;
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text);
}
