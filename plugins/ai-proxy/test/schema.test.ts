// schema.json is what the documentation and lint go by: the parser must agree with it.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { chat, message, provider, refusal } from "./proxy.ts";
import { tableTypes } from "./provider-fixtures.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  items?: Schema;
}

const schema = JSON.parse(await readFile(new URL("../schema.json", import.meta.url), "utf8"));
const definition: Schema = schema.$defs.provider;
const properties = definition.properties!;
const types: string[] = schema.$defs.provider.properties.type.enum;

/** What every type needs, whatever else is under test. */
const entries = types.map((type) => ({
  type,
  apiTokens: ["sk-provider-token"],
  azureServiceUrl: "https://a.example.com/?api-version=1",
  ollamaServerHost: "a",
  ollamaServerPort: 1,
  targetLang: "EN",
  awsRegion: "us-east-1",
}));

/** Keys of Higress's plugin (compat ai-proxy §1.3). */
const available = [
  "id type apiTokens protocol timeout firstByteTimeout modelMapping capabilities context customSettings failover",
  "retryOnFailure promoteThinkingOnEmpty mergeConsecutiveMessages hiclawMode contextCleanupCommands basePath",
  "basePathHandling providerBasePath providerDomain responseJsonSchema openaiCustomUrl azureServiceUrl moonshotFileId",
  "ollamaServerHost ollamaServerPort claudeVersion apiVersion claudeCodeMode cloudflareAccountId genericHost",
  "vllmCustomUrl vllmServerHost doubaoDomain zhipuDomain zhipuCodePlanMode authHeaderKey subPath",
  "reasoningContentMode qwenFileIds qwenEnableSearch qwenEnableCompatible qwenDomain",
  "hunyuanAuthId hunyuanAuthKey minimaxApiType minimaxGroupId targetLang difyApiUrl botType inputVariable",
  "outputVariable tritonModelVersion tritonDomain vertexRegion vertexProjectId vertexAuthKey vertexAuthServiceName",
  "vertexTokenRefreshAhead vertexOpenAICompatible geminiSafetySetting geminiThinkingBudget awsAccessKey awsSecretKey",
  "awsRegion bedrockAdditionalFields bedrockPromptCachePointPositions promptCacheRetention",
].flatMap((line) => line.split(" "));
const own = ["keepOriginalAuth", "cohereApiVersion", "fallbacks", "chatApi"];

function resolved(part: Schema): Schema {
  return part.$ref === undefined ? part : { ...schema.$defs[part.$ref.replace("#/$defs/", "")], ...part };
}

/** `[path, schema]` of every key of an entry that this version reads, those inside objects included. */
function* numbers(part: Schema, path: string[] = []): Generator<[string[], Schema]> {
  for (const [key, value] of Object.entries(part.properties ?? {})) {
    const member = resolved(value);
    if (member.minimum !== undefined || member.maximum !== undefined) yield [[...path, key], member];
    yield* numbers(member, [...path, key]);
  }
}

function nested([key, ...rest]: string[], value: unknown): object {
  return { [key!]: rest.length === 0 ? value : nested(rest, value) };
}

describe("schema.json", () => {
  test("has every key of Higress's plugin, and what is our own", () => {
    expect(Object.keys(properties).toSorted()).toEqual([...available, ...own].toSorted());
  });

  test("has the types of the provider table", () => {
    expect(types.toSorted()).toEqual(tableTypes().toSorted());
  });

  test("has only keys that the parser reads for some type", () => {
    const unread = new Set(Object.keys(properties));
    for (const entry of entries) {
      const nothing = Object.fromEntries(Object.keys(properties).map((key) => [key, null]));
      const chain = provider({ ...nothing, context: undefined, ...entry });
      const lines = chain.problems("warn");
      const warned = lines.flatMap((line) => /provider\.(\w+): unknown key/.exec(line)?.[1] ?? []);
      for (const key of Object.keys(properties)) if (!warned.includes(key)) unread.delete(key);
      chain.close();
    }
    expect([...unread]).toEqual([]);
  });

  test("has examples that the parser takes", async () => {
    for (const example of schema.examples) expect(await refusal(example)).toBe("");
  });

  test.each(entries)("has the parser's defaults for $type: to write them out changes nothing", (entry) => {
    const defaults = Object.entries(properties).flatMap(([key, value]) =>
      "default" in value ? [[key, value.default]] : [],
    );
    const bare = provider(entry);
    const full = provider({ ...Object.fromEntries(defaults), ...entry });
    for (const request of [
      chat({ model: "Free", stream: true }),
      message({ model: "Free" }),
      { path: "/x/v1/models?a=b" },
    ]) {
      const [left, right] = [bare, full].map((chain) => chain.exchange(request).upstream!);
      expect(right!.headers).toEqual(left!.headers);
      expect(right!.text).toBe(left!.text);
    }
  });

  const bounded = [...numbers(definition)].map(([path, part]) => ({ path, name: path.join("."), ...part }));
  test.each(bounded)(
    "has the parser's bounds: $name from $minimum to $maximum",
    async ({ path, minimum, maximum }) => {
      const entry: Record<string, unknown> = {
        ...entries.find(({ type }) => type === (/^(ollama|vertex)/.exec(path[0]!)?.[0] ?? "yi"))!,
        ...nested(path, maximum! + 1),
      };
      if (path[0] === "context")
        Object.assign(entry.context as object, { fileUrl: "http://a/b", serviceName: "a.dns" });
      expect(await refusal({ provider: entry })).toContain(
        `provider.${path.join(".")}: expected an integer from`,
      );
      // Zero stands for the default, as in Go.
      const least = JSON.parse(
        JSON.stringify(entry).replace(String(maximum! + 1), String(Math.min(minimum! - 1, -1))),
      );
      expect(await refusal({ provider: least })).toContain(
        `provider.${path.join(".")}: expected an integer from`,
      );
    },
  );
});

describe("gateway lint says with file and line what the plugin would refuse or ignore", () => {
  const bin = fileURLToPath(new URL("../../../host-test/bin/gateway.mjs", import.meta.url));

  async function lintText(text: string): Promise<string[]> {
    const folder = await mkdtemp(join(tmpdir(), "lint-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "gateway.yaml"), text);
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, [bin, "lint", folder], (_, stdout, stderr) => resolve(stdout + stderr));
    });
    return output.replaceAll(`${folder}/`, "").split("\n");
  }

  /** About a provider entry that begins in line 9. */
  function lint(entry: string[]): Promise<string[]> {
    const resource = `apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: ai-proxy}
spec:
  url: oci://registry.example.com/ai-gateway/ai-proxy:0.1.0
  priority: 100
  defaultConfig:
    provider:`;
    return lintText([resource, ...entry.map((line) => `      ${line}`), ""].join("\n"));
  }

  test.each([
    [
      "an unknown provider type",
      ["type: nonsense"],
      "gateway.yaml:9: error: spec.defaultConfig.provider.type: does not fit",
    ],
    [
      "a type that this version does not have",
      ["type: nonesuch"],
      "gateway.yaml:9: error: spec.defaultConfig.provider.type: does not fit",
    ],
    [
      "a misspelt key",
      ["type: yi", "modelMaping: {a: b}"],
      'gateway.yaml:10: error: spec.defaultConfig.provider.modelMaping: unknown key (did you mean "modelMapping"?)',
    ],
    [
      "a misspelt key inside",
      ["type: yi", "failover:", "  enabeld: true"],
      'gateway.yaml:11: error: spec.defaultConfig.provider.failover.enabeld: unknown key (did you mean "enabled"?)',
    ],
    [
      "an API that nobody can add",
      ["type: yi", "capabilities:", "  openai/v1/embeddings: /e", "  openai/v1/embedings: /e"],
      'gateway.yaml:12: error: spec.defaultConfig.provider.capabilities.openai/v1/embedings: unknown key (did you mean "openai/v1/embeddings"?)',
    ],
    ["no type", ["apiTokens: [x]"], "provider.type: is required"],
    [
      "a value of the wrong type",
      ["type: yi", "modelMapping: [a]"],
      "gateway.yaml:10: error: spec.defaultConfig.provider.modelMapping: does not fit",
    ],
    [
      "a number out of bounds",
      ["type: yi", "timeout: -1"],
      "gateway.yaml:10: error: spec.defaultConfig.provider.timeout: does not fit",
    ],
  ])("%s", async (_, entry, expected) => {
    expect((await lint(entry)).find((line) => line.includes(expected))).toBeDefined();
  });

  test("and takes with a warning what the plugin takes as Go does", async () => {
    const lines = await lint([
      "type: qwen",
      "apiTokens: canary-token-0123456789",
      'protocol: ""',
      'qwenEnableSearch: "true"',
      "promoteThinkingOnEmpty: 1",
      "customSettings: {name: a, value: b}",
      'reasoningContentMode: ""',
      'failover: {enabled: "false", failureThreshold: ""}',
    ]);
    expect(lines.filter((line) => line.includes(": error: "))).toEqual([]);
    expect(lines.filter((line) => line.includes(": warning: ")).length).toBeGreaterThan(4);
    expect(lines.join()).not.toContain("canary");
  });

  test("and takes the classes of a fallback with and without quotes, as kubectl passes them on", async () => {
    const fallbacks = ["on", '"on"'].map((on) => `  - {providerId: a, cluster: c, ${on}: [5xx, connect]}`);
    const lines = await lint(["type: yi", "apiTokens: [x]", "fallbacks:", ...fallbacks, "id: b"]);
    expect(lines.filter((line) => line.includes("key") || line.includes("does not fit"))).toEqual([]);
  });

  test("and finds nothing wrong with the README's example", async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const example = /```yaml\n(.*?)```/s.exec(readme)![1]!;
    expect((await lintText(example)).filter((line) => line.includes(": error: "))).toEqual([]);
  });

  test("and never shows a token", async () => {
    const lines = await lint([
      "type: nonsense",
      "apiTokens: [canary-token-0123456789, {a: canary-token-0123456789}]",
    ]);
    expect(lines.join()).not.toContain("canary");
  });
});
