// Higress's WasmPlugin grew out of Istio's: where both have a field, our schema of it (testing/resources) admits nothing that
// Istio's own refuses, so that it was not made up. Istio's comes from its Go module:
//
//   go mod download istio.io/api@v1.31.4

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

interface Schema {
  type?: string;
  enum?: string[];
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
}

const modules = process.env.GOMODCACHE ?? join(process.env.GOPATH ?? join(homedir(), "go"), "pkg/mod");
const file = join(modules, "istio.io/api@v1.31.4/kubernetes/customresourcedefinitions.gen.yaml");

/** What Higress adds (docs of its WasmPlugin), and what Istio added after the two went apart. */
const ofHigress = ["defaultConfig", "defaultConfigDisable", "matchRules"];
const ofIstio = ["match", "targetRef", "targetRefs", "type"];

const own = (
  JSON.parse(
    readFileSync(new URL("../../testing/resources/wasm-plugin.schema.json", import.meta.url), "utf8"),
  ) as Schema
).properties!.spec!;

function istio(): Schema {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"))) {
    const definition = document.toJS();
    if (definition?.spec?.names?.kind !== "WasmPlugin") continue;
    return definition.spec.versions[0].schema.openAPIV3Schema.properties.spec as Schema;
  }
  throw new Error(`no WasmPlugin in ${file}`);
}

/** What ours admits and Istio's does not, by path. */
function* wider(ours: Schema, theirs: Schema, path: string): Generator<string> {
  const values = new Set(theirs.enum ?? []);
  if (theirs.enum !== undefined && !(ours.enum ?? ["any"]).every((value) => values.has(value)))
    yield `${path}: ${ours.enum?.join()} beside ${theirs.enum.join()}`;
  if (ours.type !== undefined && theirs.type !== ours.type)
    yield `${path}: ${ours.type} beside ${theirs.type}`;
  for (const limit of ["maxLength", "maxItems", "maxProperties"] as const) {
    if (theirs[limit] !== undefined && !((ours[limit] ?? Infinity) <= theirs[limit]))
      yield `${path}: ${limit}`;
  }
  if ((ours.minLength ?? 0) < (theirs.minLength ?? 0)) yield `${path}: minLength`;
  if (theirs.pattern !== undefined && ours.pattern === undefined) yield `${path}: pattern`;
  for (const name of theirs.required ?? []) {
    if (!ours.required?.includes(name)) yield `${path}.${name}: required`;
  }
  for (const [name, member] of Object.entries(ours.properties ?? {})) {
    const other = theirs.properties?.[name];
    if (other !== undefined) yield* wider(member, other, `${path}.${name}`);
  }
  if (ours.items && theirs.items) yield* wider(ours.items, theirs.items, `${path}[]`);
  if (typeof ours.additionalProperties === "object" && typeof theirs.additionalProperties === "object")
    yield* wider(ours.additionalProperties, theirs.additionalProperties, `${path}.*`);
}

describe.skipIf(!existsSync(file))("the schema of WasmPlugin, beside Istio's (go mod download)", () => {
  test("has Istio's fields, but for those of either side alone", () => {
    const [ours, theirs] = [own, istio()].map(({ properties }) => Object.keys(properties!));
    expect(ours!.filter((name) => !theirs!.includes(name)).toSorted()).toEqual(ofHigress);
    expect(theirs!.filter((name) => !ours!.includes(name)).toSorted()).toEqual(ofIstio);
  });

  test("admits nothing in a shared field that Istio refuses", () => {
    expect([...wider(own, istio(), "spec")]).toEqual([]);
  });

  test("a wider field would be found", () => {
    const phase = { ...own, properties: { ...own.properties, phase: { type: "string" } } };
    expect([...wider(phase, istio(), "spec")]).toHaveLength(1);
  });
});
