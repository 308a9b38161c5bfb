// The quickstart's files say the same thing in four places; here they are held against each other.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { dialectNames } from "../../services/simulator/index.ts";
import type { JsonObject } from "../../services/simulator/json-value.ts";
import { arrayOf, objectOf, objectsOf, textOf } from "../../services/simulator/json-value.ts";

const folder = fileURLToPath(new URL("../../../examples/quickstart", import.meta.url));
const resources = readdirSync(folder)
  .filter((file) => file.endsWith(".yaml"))
  .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), "utf8")))
  .map((document) => objectOf(document.toJS()));

const ofKind = (kind: string): JsonObject[] => resources.filter((resource) => resource.kind === kind);
const annotationsOf = (resource: JsonObject | undefined): JsonObject =>
  objectOf(objectOf(resource?.metadata).annotations);
const specOf = (resource: JsonObject | undefined): JsonObject => objectOf(resource?.spec);

const [bridge] = ofKind("McpBridge");
const [plugin] = ofKind("WasmPlugin");
const ingresses = ofKind("Ingress");
const registries = objectsOf(specOf(bridge).registries);
const providers = objectsOf(objectOf(specOf(plugin).defaultConfig).providers);
const rules = objectsOf(specOf(plugin).matchRules);
const simulated = objectOf(JSON.parse(textOf(annotationsOf(bridge)["local-gateway/simulate"])));
const nameOf = (resource: JsonObject): string => textOf(objectOf(resource.metadata).name);
const pathOf = (ingress: JsonObject): string =>
  textOf(objectsOf(objectOf(objectsOf(specOf(ingress).rules)[0]?.http).paths)[0]?.path);

test("every route leads to a registry by its port", () => {
  const services = registries.map((registry) => `${registry.name}.dns:${registry.port}`).sort();
  const destinations = ingresses.map((ingress) => annotationsOf(ingress)["higress.io/destination"]).sort();
  expect(destinations).toEqual(services);
});

test("every route has a rule, and every rule a provider", () => {
  expect(rules.flatMap((rule) => arrayOf(rule.ingress))).toEqual(ingresses.map(nameOf));
  const active = rules.map((rule) => objectOf(rule.config).activeProviderId);
  expect(active).toEqual(providers.map((provider) => provider.id));
});

test("a provider's base path is its route's path", () => {
  for (const provider of providers) {
    const ingress = ingresses.find((candidate) => nameOf(candidate) === provider.id);
    expect(pathOf(ingress ?? {})).toBe(provider.id === "openai" ? "/" : provider.basePath);
  }
});

test("every registry can be simulated, in the dialect that its provider type speaks", () => {
  const own: Record<string, string> = { claude: "anthropic", gemini: "gemini" };
  for (const provider of providers) {
    const { dialect } = objectOf(simulated[textOf(provider.id)]);
    expect(dialectNames).toContain(dialect);
    expect(dialect).toBe(own[textOf(provider.type)] ?? "openai");
  }
  expect(Object.keys(simulated)).toEqual(registries.map((registry) => registry.name));
});

test("the variable that ends the simulation is the one that holds the key", () => {
  for (const provider of providers) {
    const { unless } = objectOf(simulated[textOf(provider.id)]);
    expect(provider.apiTokens).toEqual([`\${${textOf(unless)}:-simulated}`]);
  }
});

test("what is printed to try is what the README says to try", () => {
  const printed = textOf(annotationsOf(ingresses[0])["local-gateway/try"]).replaceAll(
    "{{url}}",
    "http://127.0.0.1:8080",
  );
  const commands = printed.replaceAll("\\\n", "").match(/curl .*/g) ?? [];
  const readme = readFileSync(join(folder, "README.md"), "utf8").replaceAll("\\\n", "");
  const shown = readme.match(/curl .*/g) ?? [];
  const spaced = (lines: string[]): string[] => lines.map((line) => line.replaceAll(/\s+/g, " "));
  expect(commands.length).toBe(6);
  expect(spaced(shown)).toEqual(spaced(commands));
});
