// Which area of the guest library may import which (docs/architecture.md).

import { posix } from "node:path";

const PACKAGE = "as-proxy-wasm-sdk";

/** Areas that a plugin may import are all but `abi`: it meets the host through the SDK. */
const uses = {
  runtime: [],
  bytes: ["runtime"],
  json: ["bytes"],
  regex: ["bytes"],
  gjson: ["bytes", "json", "runtime"],
  template: ["bytes", "gjson", "json", "regex", "runtime"],
  resp: ["bytes"],
  sse: ["bytes", "json"],
  crypto: ["bytes"],
  aws: ["bytes"],
  llm: ["bytes", "json", "sse"],
  mcp: ["bytes", "json", "sse"],
  abi: ["bytes", "runtime"],
  sdk: ["abi", "bytes", "json", "regex", "resp", "runtime", "sse"],
};

/** `{ at, message }` for each import of `path` that goes the wrong way. */
export function wrongImports(path, code, text) {
  const found = [];
  for (const match of code.matchAll(/\b(?:from|import)\s*(["'])(\s*)\1/g)) {
    const start = match.index + match[0].length - 1 - match[2].length;
    const name = text.slice(start, start + match[2].length);
    const message = path.startsWith("plugins/") ? ofPlugin(path, name) : ofLibrary(path, name);
    if (message !== undefined) found.push({ at: match.index, message });
  }
  return found;
}

function ofPlugin(path, name) {
  if (name.startsWith(".")) {
    const folder = path.split("/").slice(0, 2).join("/");
    const target = posix.join(posix.dirname(path), name);
    if (target.startsWith(`${folder}/`)) return undefined;
    return `"${name}" leaves the plugin's folder; the guest library is imported as "${PACKAGE}/…"`;
  }
  const area = packageArea(name);
  if (area === undefined) return `"${name}": guest code has no dependencies`;
  return area === "abi" ? `"${name}": a plugin meets the host through "${PACKAGE}/sdk"` : undefined;
}

function ofLibrary(path, name) {
  const own = path.split("/")[1];
  const area = name.startsWith(".") ? relativeArea(path, name) : packageArea(name);
  if (area === undefined) return `"${name}": guest code has no dependencies`;
  if (area === own) return undefined;
  if (uses[own] === undefined) return `shared/${own} has no arrows in scripts/check-guest/arrows.mjs`;
  return uses[own].includes(area) ? undefined : `shared/${own} may not import shared/${area}`;
}

function relativeArea(path, name) {
  const [top, area] = posix.join(posix.dirname(path), name).split("/");
  return top === "shared" ? area : undefined;
}

function packageArea(name) {
  return name.startsWith(`${PACKAGE}/`) ? name.split("/")[1] : undefined;
}
