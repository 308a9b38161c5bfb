// Resource files of a test, in a folder that ends with it.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { loadGateway, type LoadedGateway, type LoadOptions } from "../../gateway/load.ts";
import { formatProblem } from "../../gateway/resources/problems.ts";

/** The smallest module: eight bytes. */
export const emptyModule = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** Writes files, by path, and gives the folder. */
export async function folderOf(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gateway-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

export interface Loaded extends LoadedGateway {
  /** Problems as lines, without the folder. */
  lines(): string[];
}

/** Loads `r.yaml` with this text, beside an empty module `m.wasm` and further files. */
export async function load(
  text: string,
  { files = {}, ...options }: LoadOptions & { files?: Record<string, string | Uint8Array> } = {},
): Promise<Loaded> {
  const folder = await folderOf({ "r.yaml": text, "m.wasm": emptyModule, ...files });
  const gateway = await loadGateway([folder], { environment: {}, ...options });
  return {
    ...gateway,
    lines: () =>
      gateway.problems.sorted().map((problem) => formatProblem(problem).replaceAll(`${folder}/`, "")),
  };
}

export const bridge = `
apiVersion: networking.higress.io/v1
kind: McpBridge
metadata: {name: default}
spec:
  registries:
  - {name: up, type: static, domain: "127.0.0.1:9001,127.0.0.1:9002"}
  - {name: api, type: dns, domain: api.example, port: 443, protocol: https, sni: sni.example}
`;

export function ingress(
  name: string,
  annotations: Record<string, string>,
  rule = "{path: /, pathType: Prefix}",
  host = "*",
): string {
  return `
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  annotations: ${JSON.stringify(annotations)}
spec:
  rules:
  - host: ${JSON.stringify(host)}
    http:
      paths:
      - ${rule.replace(/}$/, ", backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}")}
`;
}

export function plugin(name: string, spec: string): string {
  const indented = spec
    .trim()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
  return `
---
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: ${name}}
spec:
  url: file://m.wasm
${indented}
`;
}
