// Resource files → gateway model, and what is said about those that cannot be used.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { loadGateway } from "../../gateway/load.ts";
import { bridge, emptyModule, folderOf, ingress, load, plugin } from "./resource-files.ts";

describe("files", () => {
  test("a path that does not exist is named", async () => {
    const { problems } = await loadGateway(["/no/such/path"]);
    expect(problems.list).toMatchObject([
      { fatal: true, position: { file: "/no/such/path" }, message: "no such file or folder" },
    ]);
  });

  test("a folder gives its YAML and JSON files by name, not those of its sub-folders", async () => {
    const folder = await folderOf({
      "b.yml": bridge.replace("name: up", "name: second"),
      "a.json": JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }),
      "notes.txt": "not: [valid",
      "sub/c.yaml": "not: [valid",
    });
    const { files, problems } = await loadGateway([folder], { environment: {} });
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual(["a.json", "b.yml"]);
    expect(problems.list).toEqual([]);
  });

  test("broken YAML is reported with its line, and the other documents are read", async () => {
    const { lines, model } = await load(`${bridge}---\na: [1\nb: 2\n`);
    expect(lines()[0]).toMatch(/^r\.yaml:\d+: error: not valid YAML: /);
    expect(model.clusters.length).toBe(2);
  });

  test("what is not understood is ignored by name", async () => {
    const { model, lines } = await load(
      `${bridge}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n`,
    );
    expect(model.ignored).toMatchObject([{ kind: "Deployment", name: "web", position: { line: 11 } }]);
    expect(lines()).toEqual([]);
  });

  test("a v1 List gives its items", async () => {
    const items = bridge
      .trim()
      .split("\n")
      .map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`))
      .join("\n");
    const { model } = await load(`apiVersion: v1\nkind: List\nitems:\n${items}\n`);
    expect(model.clusters.length).toBe(2);
  });

  test("every mistake is reported, not only the first", async () => {
    const { lines } = await load(
      bridge.replace("type: static", "type: nacos2").replace("port: 443", "port: 99999") +
        ingress("x", { "higress.io/destination": "up.static" }) +
        plugin("p", "phase: AUTH\npriority: high\nfailStrategy: OPEN"),
    );
    expect(lines().map((line) => line.replace(/^r\.yaml:\d+: /, ""))).toEqual([
      expect.stringMatching(/^error: spec\.registries\[0\]\.type: .*expected static or dns, found nacos2$/),
      expect.stringMatching(
        /^error: spec\.registries\[1\]\.port: .*expected a whole number from 1 to 65535, found the number 99999$/,
      ),
      expect.stringMatching(
        /^error: metadata\.annotations\.higress\.io\/destination: no McpBridge registry defines the service "up\.static"/,
      ),
      expect.stringMatching(/^error: spec\.phase: .*did you mean "AUTHN"/),
      expect.stringMatching(/^error: spec\.priority: .*expected a whole number/),
      expect.stringMatching(
        /^error: spec\.failStrategy: .*expected one of FAIL_CLOSE, FAIL_OPEN, found "OPEN"$/,
      ),
    ]);
  });

  test("two resources of one name are refused", async () => {
    const { lines } = await load(`${bridge}---${bridge}`);
    expect(lines()[0]).toMatch(/McpBridge default is defined a second time; first in r\.yaml:3$/);
  });

  test("plain words that kubectl reads as booleans are booleans", async () => {
    const { model } = await load(plugin("p", "defaultConfig: {a: on, b: no, c: 'on'}"));
    expect(JSON.parse(model.plugins[0]!.configuration)).toEqual({ a: true, b: false, c: "on" });
  });
});

describe("environment variables and references", () => {
  const config = (text: string): string => plugin("p", `defaultConfig: {key: ${JSON.stringify(text)}}`);
  const keyOf = async (text: string, environment: Record<string, string>, before = ""): Promise<unknown> => {
    const { model } = await load(before + config(text), { environment });
    return (JSON.parse(model.plugins[0]!.configuration) as { key: unknown }).key;
  };

  test("a variable is put in, wherever it stands in a string", async () => {
    expect(await keyOf("a ${ONE} b ${TWO}", { ONE: "1", TWO: "2" })).toBe("a 1 b 2");
  });

  test("a default takes the place of a missing or empty variable", async () => {
    expect(await keyOf("${ONE:-x}${TWO:-}", { ONE: "" })).toBe("x");
  });

  test("a doubled dollar keeps the text, and what is no variable name belongs to the plugin", async () => {
    expect(await keyOf("$${ONE} ${geo-country} $1 ${}", {})).toBe("${ONE} ${geo-country} $1 ${}");
  });

  test("a missing variable is an error that names it and its place", async () => {
    const { lines, problems } = await load(config("${MISSING}"));
    expect(problems.hasFatal).toBe(true);
    expect(lines()).toEqual([
      "r.yaml:8: error: spec.defaultConfig.key: environment variable MISSING is not set: found ${MISSING}",
    ]);
  });

  test("the place of a variable in a list is told", async () => {
    const { lines } = await load(plugin("p", "defaultConfig: {keys: [a, {b: '${MISSING}'}]}"));
    expect(lines()[0]).toContain("spec.defaultConfig.keys[1].b: ");
  });

  test("values of a Secret and a ConfigMap can be referred to", async () => {
    const values = `
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: ai}
stringData: {open: "\${OPEN}"}
data: {coded: ${Buffer.from("decoded").toString("base64")}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {model: gpt}
`;
    const text = "${secret.keys.open} ${secret.ai/keys.coded} ${configmap.settings.model}";
    expect(await keyOf(text, { OPEN: "sesame" }, values)).toBe("sesame decoded gpt");
  });

  test("a reference to nothing is an error that names it", async () => {
    const { lines } = await load(config("${secret.keys.open}"));
    expect(lines()[0]).toContain("no secret has this value: secret.keys.open");
  });
});

describe("McpBridge", () => {
  test("registries become clusters under Envoy's names", async () => {
    const { model, lines } = await load(bridge);
    expect(lines()).toEqual([]);
    expect(model.clusters.map(({ position: _, ...cluster }) => cluster)).toEqual([
      {
        name: "outbound|80||up.static",
        endpoints: [
          { host: "127.0.0.1", port: 9001 },
          { host: "127.0.0.1", port: 9002 },
        ],
        protocol: "http1",
      },
      {
        name: "outbound|443||api.dns",
        endpoints: [{ host: "api.example", port: 443 }],
        tls: { serverName: "sni.example" },
        protocol: "http1",
      },
    ]);
  });

  test.each([
    ["127.0.0.1", "is not a list of addresses"],
    ["localhost:80", "is not a list of addresses; a name needs type dns"],
    ["127.0.0.1:70000", "is not a list of addresses"],
  ])("the static address %s is refused", async (domain, message) => {
    const { lines } = await load(bridge.replace("127.0.0.1:9001,127.0.0.1:9002", domain));
    expect(lines()[0]).toContain(message);
  });

  test("a registry is simulated while its variable is not set", async () => {
    const simulated = bridge.replace(
      "metadata: {name: default}",
      `metadata: {name: default, annotations: {local-gateway/simulate: '{"api": {"dialect": "openai", "unless": "API_KEY"}}'}}`,
    );
    const dialectWith = async (environment: Record<string, string>): Promise<string | undefined> =>
      (await load(simulated, { environment })).model.clusters[1]?.simulated;
    expect(await dialectWith({})).toBe("openai");
    expect(await dialectWith({ API_KEY: "" })).toBe("openai");
    expect(await dialectWith({ API_KEY: "sk" })).toBe(undefined);
  });

  test("a dialect the simulator does not speak is refused", async () => {
    const { lines } = await load(
      bridge.replace(
        "{name: default}",
        `{name: default, annotations: {local-gateway/simulate: '{"api": {"dialect": "x"}}'}}`,
      ),
    );
    expect(lines()[0]).toContain("is not a description of simulated registries");
  });
});

describe("Ingress", () => {
  test("host, path, conditions and rewrites become a route", async () => {
    const annotations = {
      "higress.io/destination": "80% up.static\n20% api.dns:443",
      "higress.io/rewrite-path": "/v1",
      "higress.io/upstream-vhost": "api.example",
      "higress.io/timeout": "30",
      "higress.io/match-method": "GET POST",
      "higress.io/exact-match-header-X-Model": "gpt",
      "higress.io/proxy-next-upstream": "error,http_429",
      "higress.io/proxy-next-upstream-tries": "5",
    };
    const { model, lines } = await load(
      bridge + ingress("x", annotations, "{path: /api, pathType: Exact}", "*.Example.com"),
    );
    expect(lines()).toEqual([]);
    expect(model.routes.map(({ position: _, ...route }) => route)).toEqual([
      {
        name: "x",
        host: "*.example.com",
        path: { type: "exact", value: "/api" },
        headers: [{ name: "x-model", exact: "gpt" }],
        methods: ["GET", "POST"],
        destinations: [
          { cluster: "outbound|80||up.static", weight: 80 },
          { cluster: "outbound|443||api.dns", weight: 20 },
        ],
        rewritePath: "/v1",
        rewriteHost: "api.example",
        retry: { on: ["5xx", "retriable-status-codes"], attempts: 5, statusCodes: [429] },
        timeoutMs: 30_000,
      },
    ]);
  });

  test("weights that do not add up to 100 are refused", async () => {
    const { lines } = await load(
      bridge + ingress("x", { "higress.io/destination": "80% up.static\n30% api.dns" }),
    );
    expect(lines()[0]).toContain("the weights do not add up: expected 100 %, found 110 %");
  });

  test("a Kubernetes service as backend is refused by name", async () => {
    const { lines } = await load(
      bridge +
        ingress("x", {}).replace(
          "resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}",
          "service: {name: web, port: {number: 80}}",
        ),
    );
    expect(lines()[0]).toContain("found the Kubernetes service web");
  });

  test("routes are in Higress's order", async () => {
    const to = { "higress.io/destination": "up.static" };
    const { model } = await load(
      bridge +
        ingress("all", to) +
        ingress("long", to, "{path: /a/b/c, pathType: Prefix}") +
        ingress("short", to, "{path: /a, pathType: Prefix}") +
        ingress("exact", to, "{path: /a, pathType: Exact}") +
        ingress(
          "condition",
          { ...to, "higress.io/exact-match-header-x": "1" },
          "{path: /a, pathType: Prefix}",
        ) +
        ingress("all-with-condition", { ...to, "higress.io/match-method": "GET" }),
    );
    expect(model.routes.map(({ name }) => name)).toEqual([
      "exact",
      "long",
      "condition",
      "short",
      "all-with-condition",
      "all",
    ]);
  });

  test("an annotation of Higress's that has no effect here is named", async () => {
    const { lines, problems } = await load(
      bridge +
        ingress("x", {
          "higress.io/destination": "up.static",
          "higress.io/rewrite-pth": "/",
          "other/annotation": "1",
        }),
    );
    expect(problems.hasErrors).toBe(false);
    expect(lines()).toEqual([
      expect.stringMatching(
        /rewrite-pth: has no effect in the local gateway \(did you mean "rewrite-path"\?\)$/,
      ),
    ]);
  });
});

describe("WasmPlugin", () => {
  test("the chain is ordered by phase, priority, name", async () => {
    const { model } = await load(
      plugin("z", "priority: 5") +
        plugin("unset-b", "phase: UNSPECIFIED_PHASE") +
        plugin("unset-a", "") +
        plugin("a", "priority: 5") +
        plugin("negative", "priority: -1") +
        plugin("stats", "phase: STATS\npriority: 1") +
        plugin("authz", "phase: AUTHZ") +
        plugin("authn", "phase: AUTHN\npriority: 1"),
    );
    expect(model.plugins.map(({ name }) => name.replace("higress-system.", ""))).toEqual([
      "authn",
      "authz",
      "stats",
      "a",
      "z",
      "negative",
      "unset-a",
      "unset-b",
    ]);
  });

  test("failStrategy, pluginName and the VM's environment are taken over", async () => {
    const { model } = await load(
      plugin(
        "p",
        `failStrategy: FAIL_OPEN
pluginName: root
vmConfig:
  env:
  - {name: A, value: a}
  - {name: B, valueFrom: HOST}
  - {name: C, valueFrom: HOST}`,
      ),
      { environment: { B: "b" } },
    );
    expect(model.plugins[0]).toMatchObject({
      failOpen: true,
      rootId: "root",
      environment: { A: "a", B: "b" },
    });
    expect(model.plugins[0]?.environment).not.toHaveProperty("C");
  });

  test("the digest of a module is checked", async () => {
    const right = createHash("sha256").update(emptyModule).digest("hex");
    expect((await load(plugin("p", `sha256: ${right}`))).lines()).toEqual([]);
    expect((await load(plugin("p", `sha256: ${"a".repeat(64)}`))).lines()[0]).toContain(
      `expected ${"a".repeat(64)}, found ${right}`,
    );
  });

  test.each([
    ["file://other.wasm", "no such file"],
    ["file://r.yaml", "is not a WebAssembly module"],
    ["https://example.com/a.wasm", "a local gateway does not download modules"],
    [
      "oci://127.0.0.1:1/plugins/nothing-like-it:1.0.0",
      'cannot be pulled, and "nothing-like-it" is no plugin of this repository',
    ],
  ])("the url %s is refused", async (url, message) => {
    const { lines } = await load(plugin("p", "").replace("file://m.wasm", url));
    expect(lines()[0]).toContain(message);
  });

  test.each([
    "oci://example.com/plugins/my-plugin:1.0.0",
    "example.com/my-plugin",
    "oci://h/my-plugin@sha256:00",
  ])("the image %s is the local build, for each host its own where there are two", async (url) => {
    const folder = await folderOf({
      "plugins/my-plugin/index.ts": "",
      "dist/my-plugin.higress.wasm": emptyModule,
      "dist/my-plugin.wasm": emptyModule,
    });
    const folders = { plugins: `${folder}/plugins`, dist: `${folder}/dist` };
    const { model } = await load(plugin("p", "").replace("file://m.wasm", url), { folders });
    expect(model.plugins[0]).toMatchObject({
      plugin: "my-plugin",
      modules: { higress: `${folder}/dist/my-plugin.higress.wasm`, envoy: `${folder}/dist/my-plugin.wasm` },
    });
  });

  test("an unknown field is named with its line and the field that was meant", async () => {
    const { lines, problems } = await load(plugin("p", "priorty: 3"));
    expect(lines()).toEqual(['r.yaml:8: error: spec.priorty: unknown field (did you mean "priority"?)']);
    expect(problems.hasFatal).toBe(false);
  });

  test("the global buffer limit of Higress is read", async () => {
    const { model } = await load(`
apiVersion: v1
kind: ConfigMap
metadata: {name: higress-config, namespace: higress-system}
data:
  higress: |
    downstream:
      connectionBufferLimits: 32768
`);
    expect(model.bufferLimit).toBe(32768);
  });
});

describe("plugin configuration", () => {
  const configurationOf = async (spec: string): Promise<string | undefined> => {
    const { model, lines } = await load(plugin("p", spec));
    expect(lines()).toEqual([]);
    return model.plugins[0]?.configuration;
  };

  test("without any it is empty", async () => {
    expect(await configurationOf("")).toBe("");
  });

  test("an empty defaultConfig is an empty object", async () => {
    expect(await configurationOf("defaultConfig: {}")).toBe("{}");
  });

  test("defaultConfig and rules become one object", async () => {
    const json = await configurationOf(`
defaultConfig: {a: 1, b: null, c: 1.5}
matchRules:
- ingress: [x, y]
  config: {a: 2}
- domain: ["*.example.com"]
  service: [up.static]
- service: [up.static:80]
  configDisable: true
  config: {a: 3}`);
    expect(json).toBe(
      '{"a":1,"b":null,"c":1.5,"_rules_":[{"a":2,"_match_route_":["x","y"]},' +
        '{"_match_service_":["up.static"],"_match_domain_":["*.example.com"]}]}',
    );
  });

  test("a disabled defaultConfig leaves the rules", async () => {
    expect(
      await configurationOf(
        "defaultConfigDisable: true\ndefaultConfig: {a: 1}\nmatchRules: [{ingress: [x], config: {b: 1}}]",
      ),
    ).toBe('{"_rules_":[{"b":1,"_match_route_":["x"]}]}');
  });

  test("a disabled defaultConfig and no enabled rule switch the plugin off", async () => {
    const { model, lines } = await load(
      plugin("p", "defaultConfigDisable: true\nmatchRules: [{ingress: [x], configDisable: true}]"),
    );
    expect([model.plugins, lines()]).toEqual([[], []]);
  });

  test("pluginConfig is delivered as it is, and nothing else counts", async () => {
    expect(
      await configurationOf("pluginConfig: {a: {b: []}}\ndefaultConfig: {c: 1}\nmatchRules: [{config: {}}]"),
    ).toBe('{"a":{"b":[]}}');
  });

  test("a rule without a condition makes the plugin unusable", async () => {
    const { lines, model } = await load(plugin("p", "matchRules:\n- ingress: []\n  config: {a: 1}"));
    expect(lines()[0]).toContain(
      "spec.matchRules[0]: a rule without a condition makes the whole plugin invalid",
    );
    expect(model.plugins).toEqual([]);
  });
});
