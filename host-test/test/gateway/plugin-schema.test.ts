// A plugin's schema applied to resources: mistakes with their line, secrets hidden.

import { expect, test } from "vitest";
import { folderOf, load, plugin, emptyModule, type Loaded } from "./resource-files.ts";

const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["provider"],
  properties: {
    provider: { $ref: "#/$defs/provider" },
    mode: { enum: ["fast", "safe"] },
    limits: {
      type: "array",
      items: { type: "object", properties: { perMinute: { type: "integer", minimum: 1 } } },
    },
    mapping: { type: "object", additionalProperties: { type: "string" } },
    rules: {
      allOf: [
        { type: "object", properties: { one: { type: "string" } } },
        { type: "object", properties: { two: { type: "string" } } },
      ],
    },
  },
  $defs: {
    provider: {
      type: "object",
      required: ["type"],
      properties: {
        type: { type: "string" },
        apiTokens: { type: "array", items: { type: "string" }, "x-secret": true },
        password: { type: "string", minLength: 3, "x-secret": true },
      },
    },
  },
};

async function loadConfigured(spec: string, overrides: object = {}): Promise<Loaded> {
  const folder = await folderOf({
    "plugins/checked/index.ts": "",
    "plugins/checked/schema.json": JSON.stringify({ ...schema, ...overrides }),
    "dist/checked.wasm": emptyModule,
  });
  return load(plugin("p", spec).replace("file://m.wasm", "oci://h/checked:1"), {
    folders: { plugins: `${folder}/plugins`, dist: `${folder}/dist` },
  });
}

test("a configuration that fits has no problems", async () => {
  const { lines } = await loadConfigured(`
defaultConfig:
  provider: {type: openai, apiTokens: [a]}
  mode: fast
  limits: [{perMinute: 5}]
  mapping: {anything: x}
  rules: {one: a, two: b}
matchRules:
- ingress: [x]
  config: {provider: {type: claude}}`);
  expect(lines()).toEqual([]);
});

test.each([
  [
    "mode: quick",
    'r.yaml:10: error: spec.defaultConfig.mode: does not fit the plugin\'s schema: expected one of "fast", "safe", found "quick"',
  ],
  [
    "limits: [{perMinute: 0}]",
    "r.yaml:10: error: spec.defaultConfig.limits[0].perMinute: does not fit the plugin's schema: expected >= 1, found the number 0",
  ],
  [
    "mapping: {a: [1]}",
    "r.yaml:10: error: spec.defaultConfig.mapping.a: does not fit the plugin's schema: expected string, found a list",
  ],
])("%s is reported with its line; the plugin says whether it starts with that", async (line, expected) => {
  const { lines, problems } = await loadConfigured(`defaultConfig:\n  provider: {type: x}\n  ${line}`);
  expect(lines()).toEqual([expected]);
  expect([problems.hasErrors, problems.hasFatal]).toEqual([true, false]);
});

test.each([
  [
    "days: {mondey: 1}",
    'days.mondey: unknown key (did you mean "monday"?): expected one of "monday", "friday"',
  ],
  ["days: {monday: 1, 'x/y': 2}", 'days.x/y: unknown key: expected one of "monday", "friday"'],
])("the name in %s that is none of those is one error, at its own line", async (line, expected) => {
  const days = { type: "object", propertyNames: { enum: ["monday", "friday"] } };
  const { lines } = await loadConfigured(`defaultConfig:\n  provider: {type: x}\n  ${line}`, {
    properties: { ...schema.properties, days },
  });
  expect(lines()).toEqual([`r.yaml:10: error: spec.defaultConfig.${expected}`]);
});

test.each([
  ["limits: {perMinute: 1}", "limits: is read as a list of one: expected array, found a mapping"],
  ["limits: [{perMinute: '7'}]", 'limits[0].perMinute: is read as 7: expected integer, found "7"'],
  ["limits: [{perMinute: 7.5}]", "limits[0].perMinute: is read as 7: expected integer, found the number 7.5"],
  ["limits: [{perMinute: ''}]", 'limits[0].perMinute: is read as not given: expected integer, found ""'],
  ["mapping: {a: 1}", 'mapping.a: is read as "1": expected string, found the number 1'],
  ["mapping: {a: true}", 'mapping.a: is read as "true": expected string, found the boolean true'],
  ['mode: ""', 'mode: is read as not given: expected one of "fast", "safe", found ""'],
  ["flag: 'True'", 'flag: is read as true: expected boolean, found "True"'],
  ["flag: 2", "flag: is read as true: expected boolean, found the number 2"],
  ["flag: 'f'", 'flag: is read as false: expected boolean, found "f"'],
])("%s, which the plugin takes as Higress's do, is a warning", async (line, expected) => {
  const properties = { ...schema.properties, flag: { type: "boolean" } };
  const { lines, problems } = await loadConfigured(`defaultConfig:\n  provider: {type: x}\n  ${line}`, {
    properties,
  });
  expect(lines()).toEqual([`r.yaml:10: warning: spec.defaultConfig.${expected}`]);
  expect(problems.hasErrors).toBe(false);
});

test.each(["mode: null", "limits: null", "mapping: {a: null}"])("%s is the same as nothing", async (line) => {
  const { lines } = await loadConfigured(`defaultConfig:\n  provider: {type: x}\n  ${line}`);
  expect(lines()).toEqual([]);
});

test("what is inside a lone value is checked too", async () => {
  const { lines } = await loadConfigured("defaultConfig:\n  provider: {type: x}\n  limits: {perMinute: '0'}");
  expect(lines()).toEqual([
    expect.stringContaining("warning: spec.defaultConfig.limits: is read as"),
    expect.stringContaining("warning: spec.defaultConfig.limits.perMinute: is read as 0"),
    expect.stringContaining("error: spec.defaultConfig.limits.perMinute: does not fit the plugin's schema"),
  ]);
});

test("a secret that is read as another value is not shown", async () => {
  const { lines } = await loadConfigured(
    "defaultConfig:\n  provider: {type: x, password: 7654321, apiTokens: sk-7654321}",
  );
  expect(lines().length).toBe(2);
  expect(lines().join("\n")).not.toMatch(/7654321/);
});

test.each([
  ["moed: fast", 'spec.defaultConfig.moed: unknown key (did you mean "mode"?)'],
  [
    "limits: [{per_minute: 1}]",
    'spec.defaultConfig.limits[0].per_minute: unknown key (did you mean "perMinute"?)',
  ],
  ["rules: {one: a, twoo: b}", 'spec.defaultConfig.rules.twoo: unknown key (did you mean "two"?)'],
  ["zebra: 1", "spec.defaultConfig.zebra: unknown key"],
])("the unknown key in %s is named with what was meant", async (line, expected) => {
  const { lines, problems } = await loadConfigured(`defaultConfig:\n  provider: {type: x}\n  ${line}`);
  expect(lines()).toEqual([`r.yaml:10: error: ${expected}`]);
  expect(problems.hasFatal).toBe(false);
});

test("a missing key is named, in every rule too", async () => {
  const { lines } = await loadConfigured(
    "defaultConfig: {mode: fast}\nmatchRules:\n- ingress: [x]\n  config: {provider: {}}",
  );
  expect(lines()).toEqual([
    "r.yaml:8: error: spec.defaultConfig.provider: is required: expected a value",
    "r.yaml:11: error: spec.matchRules[0].config.provider.type: is required: expected string",
  ]);
});

test("rules that only override may leave out what the global configuration has", async () => {
  const spec = "defaultConfig: {provider: {type: x}}\nmatchRules:\n- ingress: [x]\n  config: {mode: fast}";
  expect((await loadConfigured(spec, { "x-rule-override": true })).lines()).toEqual([]);
});

test("a pluginConfig is checked with its rules", async () => {
  const { lines } = await loadConfigured(
    "pluginConfig:\n  provider: {type: x}\n  _rules_:\n  - _match_route_: [a]\n    provider: {type: 1}",
  );
  expect(lines()).toEqual([
    'r.yaml:12: warning: spec.pluginConfig._rules_[0].provider.type: is read as "1": expected string, found the number 1',
  ]);
});

test("a wrong secret is not shown", async () => {
  const { lines } = await loadConfigured(
    "defaultConfig:\n  provider: {type: x, password: xy, apiTokens: [7654321]}",
  );
  expect(lines().join("\n")).not.toMatch(/xy|7654321/);
  expect(lines().length).toBe(2);
});

test("secrets are masked for people, and only there", async () => {
  const { model } = await loadConfigured(`
defaultConfig: {provider: {type: openai, apiTokens: [sk-1, sk-2], password: ""}}
matchRules:
- ingress: [x]
  config: {provider: {type: claude, password: secret}}`);
  const [resource] = model.plugins;
  expect(JSON.parse(resource?.maskedConfiguration ?? "")).toEqual({
    provider: { type: "openai", apiTokens: ["***", "***"], password: "" },
    _rules_: [{ provider: { type: "claude", password: "***" }, _match_route_: ["x"] }],
  });
  expect(resource?.configuration).toContain("sk-1");
});

test("without a schema what is named like a secret is masked", async () => {
  const { model } = await load(
    plugin("p", "defaultConfig: {apiTokens: [sk-1], nested: {api_key: k}, model: gpt}"),
  );
  expect(JSON.parse(model.plugins[0]?.maskedConfiguration ?? "")).toEqual({
    apiTokens: ["***"],
    nested: { api_key: "***" },
    model: "gpt",
  });
});
