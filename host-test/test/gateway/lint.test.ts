// What lint says beyond the resources themselves.

import { expect, test } from "vitest";
import { lintGateway } from "../../gateway/lint/index.ts";
import { bridge, folderOf, emptyModule, ingress, load, plugin } from "./resource-files.ts";

async function lint(text: string, options: Parameters<typeof load>[1] = {}): Promise<string[]> {
  const gateway = await load(text, options);
  expect(gateway.problems.hasFatal).toBe(false);
  lintGateway(gateway);
  return gateway.lines();
}

const toUp = { "higress.io/destination": "up.static" };

test("sound files have no problems", async () => {
  const config = `
priority: 1
defaultConfig: {redis: {service_name: up.static, service_port: 80}, auth: {serviceName: api.dns, servicePort: 443}}
matchRules:
- {ingress: [x], config: {}}
- {domain: ["*.example.com"], config: {}}
- {service: ["up.static:80"], config: {}}`;
  expect(await lint(bridge + ingress("x", toUp) + plugin("p", config))).toEqual([]);
});

test.each([
  [
    "{service_name: upp.static}",
    'no McpBridge registry defines the service "upp.static" (did you mean "up.static"?)',
  ],
  ["{serviceName: api.dns, servicePort: 80}", "the service api.dns has another port: expected 443, found 80"],
  ["{nested: [{service_name: x.static}]}", 'no McpBridge registry defines the service "x.static"'],
  ["{serviceName: x, serviceSource: dns}", 'no McpBridge registry defines the service "x.dns"'],
  ["{cluster: 'outbound|80||x.static'}", 'no McpBridge registry defines the cluster "outbound|80||x.static"'],
])("a service that nobody defines is an error: %s", async (config, message) => {
  const [line] = await lint(bridge + plugin("p", `defaultConfig: ${config}`));
  expect(line).toContain(message);
  expect(line).toContain("error");
});

test("a service that exists only in a cluster is a warning", async () => {
  const lines = await lint(
    bridge + plugin("p", "defaultConfig: {service_name: redis.default.svc.cluster.local}"),
  );
  expect(lines).toEqual([expect.stringMatching(/^r\.yaml:\d+: warning: .*exists only in a cluster/)]);
});

test.each([
  ["{path: /a, pathType: Prefix}", "{path: /a/b, pathType: Exact}", false],
  ["{path: /a, pathType: Prefix}", "{path: /ab, pathType: Prefix}", false],
  ["{path: /a, pathType: Prefix}", "{path: /a, pathType: Prefix}", true],
  ["{path: /a, pathType: Exact}", "{path: /a, pathType: Exact}", true],
])("of the routes %s and %s the second is out of reach: %s", async (first, second, isOut) => {
  const lines = await lint(bridge + ingress("first", toUp, first) + ingress("second", toUp, second));
  expect(lines.some((line) => line.includes("no request reaches this path"))).toBe(isOut);
});

test("a route behind one with fewer conditions is out of reach", async () => {
  const lines = await lint(
    bridge +
      ingress("exact", { ...toUp, "higress.io/exact-match-header-x": "1" }, "{path: /a, pathType: Exact}") +
      ingress("same", { ...toUp, "higress.io/exact-match-header-x": "1" }, "{path: /a, pathType: Exact}"),
  );
  expect(lines).toEqual([
    expect.stringMatching(/no request reaches this path: exact takes them all \(r\.yaml:\d+\)$/),
  ]);
});

test.each([
  ["ingress: [y]", 'no Ingress is named "y"'],
  ["ingress: [default/x]", 'route names carry no namespace here: list "x" beside "default/x"'],
  ["domain: [other.example]", 'no Ingress has a host that "other.example" matches'],
  ["service: [api.dns]", 'no route goes to the service "api.dns"'],
])("a rule that no route meets is an error: %s", async (condition, message) => {
  const spec = `matchRules:\n- ${condition}\n  config: {}`;
  const lines = await lint(bridge + ingress("x", toUp, undefined, "a.example") + plugin("p", spec));
  expect(lines[0]).toContain(message);
});

test.each(["a.example", "*.example", "A.example", "a.*", "*"])(
  "a rule for the domain %s meets the host a.example",
  async (domain) => {
    const spec = `matchRules:\n- domain: ["${domain}"]\n  config: {}`;
    expect(await lint(bridge + ingress("x", toUp, undefined, "a.example") + plugin("p", spec))).toEqual([]);
  },
);

test("plugins in an order that does not work are named with the reason", async () => {
  const folder = await folderOf(
    Object.fromEntries(
      ["ai-statistics", "ai-proxy"].flatMap((name) => [
        [`plugins/${name}/index.ts`, ""],
        [`dist/${name}.wasm`, emptyModule],
      ]),
    ),
  );
  const ours = (name: string, priority: number): string =>
    plugin(name, `priority: ${priority}`).replace("file://m.wasm", `oci://h/${name}:1`);
  const options = { folders: { plugins: `${folder}/plugins`, dist: `${folder}/dist` } };
  const wrong = await lint(ours("ai-statistics", 50) + ours("ai-proxy", 100), options);
  expect(wrong).toEqual([
    expect.stringContaining("warning: spec.priority: ai-statistics comes after ai-proxy: it reads"),
  ]);
  expect(await lint(ours("ai-statistics", 200) + ours("ai-proxy", 100), options)).toEqual([]);
});

test("a plugin without a place in the chain is told the recommended one", async () => {
  const folder = await folderOf({
    "plugins/mine/index.ts": "",
    "plugins/mine/schema.json": JSON.stringify({ type: "object", "x-phase": "AUTHN", "x-priority": 10 }),
    "dist/mine.wasm": emptyModule,
  });
  const options = { folders: { plugins: `${folder}/plugins`, dist: `${folder}/dist` } };
  const resource = (spec: string): string => plugin("p", spec).replace("file://m.wasm", "oci://h/mine:1");
  expect(await lint(resource(""), options)).toEqual([
    expect.stringMatching(/runs last: its documentation says phase AUTHN, priority 10$/),
  ]);
  expect(await lint(resource("priority: 1"), options)).toEqual([]);
});

test("plugins that only their names order are named", async () => {
  const lines = await lint(plugin("a", "priority: 1") + plugin("b", "priority: 1"));
  expect(lines).toEqual([
    expect.stringContaining("have the same phase and priority: only their names order them"),
  ]);
});

test("a buffer limit too small for prompts and bodies too large for memory are named", async () => {
  const limit = `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: higress-config}
data: {higress: "downstream: {connectionBufferLimits: 32768}"}
`;
  const lines = await lint(limit + plugin("p", "defaultConfig: {maxBodyBytes: 1073741824}"));
  expect(lines).toEqual([
    expect.stringContaining("connectionBufferLimits of higress-config is 32 KiB"),
    expect.stringContaining("one hundred bodies of this size at once take 100.0 GiB"),
  ]);
});
