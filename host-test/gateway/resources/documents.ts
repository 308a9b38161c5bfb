// Files and folders → Kubernetes resources with positions, environment variables put in.

import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import {
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type ScalarTag,
  type Tags,
} from "yaml";
import { Field } from "./field.ts";
import type { Problems } from "./problems.ts";
import { substitute, type Values } from "./substitution.ts";

export interface Resource {
  apiVersion: string;
  kind: string;
  name: string;
  namespace: string | undefined;
  root: Field;
}

const extensions = [".yaml", ".yml", ".json"];

/** Every resource of the files and folders, in the order given; folders by file name and without their sub-folders, as `kubectl apply -f` reads them. `files` are those read, for a watch. */
export async function readResources(
  paths: string[],
  problems: Problems,
): Promise<{ resources: Resource[]; files: string[] }> {
  const resources: Resource[] = [];
  const files: string[] = [];
  for (const path of paths) {
    const found = await listFiles(path).catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "no such file or folder" : error.message;
      problems.fatal({ file: path, line: 1, path: "" }, reason);
      return [];
    });
    for (const file of found) {
      if (files.includes(file)) continue;
      files.push(file);
      resources.push(...parseResources(file, await readFile(file, "utf8"), problems));
    }
  }
  return { resources, files };
}

async function listFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && extensions.includes(extname(entry.name)))
    .map((entry) => join(path, entry.name))
    .toSorted();
}

/** Resources of one YAML text; what is not a resource is reported and left out. */
export function parseResources(file: string, text: string, problems: Problems): Resource[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true, customTags: withOldBooleans });
  if (!Array.isArray(documents)) return [];
  return (documents as Document[]).flatMap((document) => {
    // What follows a first error of syntax is mostly its consequence.
    const [error] = document.errors;
    if (error) {
      const [message] = error.message.split(/ at line \d+/);
      problems.fatal(
        { file, line: lines.linePos(error.pos[0]).line, path: "" },
        `not valid YAML: ${message}`,
      );
    }
    if (document.errors.length > 0 || document.contents === null) return [];
    return readDocument(new Field({ file, document, lines, problems }, document.contents, "", 1));
  });
}

function readDocument(root: Field): Resource[] {
  if (root.isEmpty) return [];
  if (!root.isMapping()) {
    root.source.problems.warning(root.position, "ignored: not a Kubernetes resource", { found: root.found });
    return [];
  }
  const kind = root.get("kind").text();
  const apiVersion = root.get("apiVersion").text();
  if (kind === undefined || apiVersion === undefined) {
    root.source.problems.warning(root.position, "ignored: not a Kubernetes resource", {
      expected: "apiVersion and kind",
    });
    return [];
  }
  if (kind === "List" && apiVersion === "v1") return root.get("items").items().flatMap(readDocument);
  const metadata = root.get("metadata");
  const name = metadata.get("name").text();
  if (name === undefined) metadata.get("name").requiredText("a resource name");
  return [{ apiVersion, kind, name: name ?? "", namespace: metadata.get("namespace").text(), root }];
}

/** Puts environment variables and referenced values into every string of a resource. */
export function substituteResource({ root }: Resource, values: Values): void {
  const { lines, problems, file } = root.source;
  const node = root.node();
  if (!node) return;
  visit(node, {
    Scalar(key, scalar, ancestors) {
      if (key === "key" || typeof scalar.value !== "string" || !scalar.value.includes("$")) return;
      const { text, missing } = substitute(scalar.value, values);
      scalar.value = text;
      const line = scalar.range ? lines.linePos(scalar.range[0]).line : 1;
      for (const { name, message } of missing) {
        problems.fatal({ file, line, path: pathOf(ancestors, key) }, message, { found: `\${${name}}` });
      }
    },
  });
}

/** JSON path of a visited scalar, from the nodes above it. */
function pathOf(ancestors: readonly unknown[], key: number | string | null): string {
  let path = "";
  ancestors.forEach((ancestor, index) => {
    if (isPair(ancestor))
      path += `${path && "."}${String(isScalar(ancestor.key) ? ancestor.key.value : ancestor.key)}`;
    if (isSeq(ancestor))
      path += `[${index + 1 < ancestors.length ? ancestor.items.indexOf(ancestors[index + 1]) : key}]`;
  });
  return path;
}

/** kubectl reads YAML 1.1, where a plain `on` is true. */
function withOldBooleans(tags: Tags): Tags {
  const oldBoolean: ScalarTag = {
    tag: "tag:yaml.org,2002:bool",
    default: true,
    test: /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/,
    resolve: (text) => /^(?:y|on)/i.test(text),
  };
  return [oldBoolean, ...tags];
}
