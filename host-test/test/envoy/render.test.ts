// What a rendered bootstrap says, as far as traffic alone does not show it, and that Envoy takes it.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { findEnvoy } from "../../envoy/binary.ts";
import { wasmFilter } from "../../envoy/plugins.ts";
import { renderBootstrap, renderYaml } from "../../envoy/render.ts";
import type { Cluster } from "../../gateway/model.ts";
import type { FailurePolicy } from "../../host/types.ts";
import { cluster, model, plugin, route } from "./models.ts";
import { assemble } from "./wat.ts";

interface Rendered {
  static_resources: { clusters: { name: string; type: string; [key: string]: unknown }[] };
}

interface WasmFilter {
  typed_config: { config: Record<string, unknown> };
}

function configOf(...parameters: Parameters<typeof wasmFilter>): Record<string, unknown> {
  return (wasmFilter(...parameters) as WasmFilter).typed_config.config;
}

describe("a plugin's filter", () => {
  test.each([
    [
      "FAIL_CLOSE starts a trapped VM again, as Higress does",
      false,
      undefined,
      { failure_policy: "FAIL_RELOAD" },
    ],
    ["FAIL_OPEN skips the plugin", true, undefined, { failure_policy: "FAIL_OPEN" }],
    ["an override wins", true, "fail-closed", { failure_policy: "FAIL_CLOSED" }],
    ["the old switch stands alone", false, "legacy-fail-open", { fail_open: true }],
  ] as [string, boolean, FailurePolicy | undefined, object][])(
    "%s",
    (_title, failOpen, failurePolicy, expected) => {
      const config = configOf(plugin("/p.wasm", { failOpen }), { ...(failurePolicy && { failurePolicy }) });
      const { failure_policy, fail_open } = config;
      expect({
        ...(failure_policy !== undefined && { failure_policy }),
        ...(fail_open !== undefined && { fail_open }),
      }).toEqual(expected);
    },
  );

  test("has an empty vm_id, so that all plugins share one namespace of data", () => {
    expect(configOf(plugin("/p.wasm"))).toMatchObject({
      vm_config: { vm_id: "" },
      allow_on_headers_stop_iteration: true,
    });
  });

  test("has no configuration when the resource has none", () => {
    expect(configOf(plugin("/p.wasm"))).not.toHaveProperty("configuration");
  });
});

describe("a cluster", () => {
  const address = (host: string): Cluster["endpoints"][number] => ({ host, port: 80 });
  test.each([
    ["addresses are STATIC", [address("127.0.0.1"), address("::1")], "STATIC"],
    ["one name is LOGICAL_DNS", [address("api.test")], "LOGICAL_DNS"],
    ["several names are STRICT_DNS", [address("a.test"), address("127.0.0.1")], "STRICT_DNS"],
    ["no member is STATIC", [], "STATIC"],
  ])("%s", (_title, endpoints, type) => {
    const bootstrap = renderBootstrap(
      model({ clusters: [cluster("outbound|80||x.dns", 0, { endpoints })] }),
    ) as Rendered;
    expect(bootstrap.static_resources.clusters[0]).toMatchObject({ name: "outbound|80||x.dns", type });
  });
});

describe.skipIf(!(await findEnvoy()))("Envoy", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "render-test-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("takes everything a model can say, as YAML and as JSON", async () => {
    const path = join(folder, "module.wasm");
    await writeFile(
      path,
      assemble(() => ({})),
    );
    const names = ["outbound|80||a.static", "outbound|443||b.dns", "outbound|443||c.dns"] as const;
    const everything = model({
      plugins: [
        plugin(path, {
          name: "ns.one",
          rootId: "root",
          failOpen: true,
          environment: { y: "08" },
          configuration: '{"y":"no"}',
        }),
        plugin(path, { name: "ns.two", configuration: "\u0001\n\"'\\ %" }),
      ],
      clusters: [
        cluster(names[0], 80, {
          endpoints: [
            { host: "127.0.0.1", port: 80 },
            { host: "::1", port: 80 },
          ],
        }),
        cluster(names[1], 443, {
          endpoints: [{ host: "localhost", port: 443 }],
          tls: { serverName: "b.test" },
          protocol: "http2",
        }),
        cluster(names[2], 443, {
          endpoints: [{ host: "localhost", port: 443 }],
          tls: { serverName: "c.test" },
        }),
      ],
      routes: [
        route(names[0], {
          host: "*.example.com",
          path: { type: "prefix", value: "/v1.0+(x)/" },
          headers: [
            { name: "y", exact: "no" },
            { name: "x-b", prefix: "1.0" },
            { name: "x-c", regex: "a|b" },
          ],
          methods: ["GET", "POST"],
          rewritePath: "/",
          rewriteHost: "null",
          retry: { on: ["5xx", "retriable-status-codes"], attempts: 2, statusCodes: [429] },
          timeoutMs: 1500,
        }),
        route(names[1], { path: { type: "exact", value: "/e" }, rewritePath: "/f", methods: ["GET"] }),
        route(names[2], { destinations: names.map((name, i) => ({ cluster: name, weight: i })) }),
        route("", { destinations: [] }),
      ],
      bufferLimit: 32_768,
    });
    const options = {
      adminPort: 0,
      port: 0,
      accessLog: true,
      plugins: { "ns.two": { vmId: "own", reloadIntervalMs: 500, failurePolicy: "fail-reload" } },
    } as const;
    const yaml = renderYaml(everything, options);
    const json = JSON.stringify(renderBootstrap(everything, options));
    expect(parse(yaml)).toEqual(JSON.parse(json));
    const envoy = (await findEnvoy())!;
    for (const [file, text] of [
      ["bootstrap.yaml", yaml],
      ["bootstrap.json", json],
    ] as const) {
      await writeFile(join(folder, file), text);
      const args = ["--mode", "validate", "-c", join(folder, file), "--disable-hot-restart", "-l", "warn"];
      const { stdout } = await promisify(execFile)(envoy, args);
      expect(stdout).toContain("OK");
    }
  });
});
