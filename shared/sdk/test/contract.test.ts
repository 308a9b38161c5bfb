// What a module exports and imports: enough for Envoy, Higress and the Go project's test host, and nothing they lack.

import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { compileForTest } from "../../../scripts/compile.mjs";
import { probe } from "./probe-chain.ts";

const moduleOf = (bytes: Buffer) => new WebAssembly.Module(new Uint8Array(bytes));
const imported = (bytes: Buffer) =>
  WebAssembly.Module.imports(moduleOf(bytes)).map(({ module, name }) => `${module}.${name}`);
const exported = (bytes: Buffer) => WebAssembly.Module.exports(moduleOf(bytes)).map(({ name }) => name);

const wasi = ["wasi_snapshot_preview1.clock_time_get", "wasi_snapshot_preview1.random_get"];
const higressOnly = [
  "proxy_redis_init",
  "proxy_redis_call",
  "proxy_inject_encoded_data_to_filter_chain",
  "proxy_get_upstream_hosts",
  "proxy_set_upstream_override_host",
];

describe("exports", () => {
  const called = [
    ...[
      "vm_start",
      "context_create",
      "configure",
      "tick",
      "http_call_response",
      "redis_call_response",
      "delete",
    ],
    ...["request", "response"].flatMap((side) =>
      ["headers", "body", "trailers"].map((part) => `${side}_${part}`),
    ),
  ].map((name) => `proxy_on_${name}`);
  const memory = ["proxy_on_memory_allocate", "malloc", "memory", "_initialize"];

  test("higress: every callback that the Go project's test host calls unasked", () => {
    expect(exported(probe.higress)).toEqual(
      expect.arrayContaining([...called, ...memory, "proxy_on_done", "proxy_on_log"]),
    );
  });

  test("envoy: no callback that nothing hears: a context's end is its deletion, and the log is the probe's", () => {
    const names = exported(probe.envoy);
    expect(names).toEqual(expect.arrayContaining([...called, ...memory, "proxy_on_log"]));
    expect(names).not.toContain("proxy_on_done");
  });

  test("envoy: a plugin that does nothing at the end of an exchange is not told of it", async () => {
    const module = await compileForTest({ entry: "host-test/bench/guest/empty.ts", target: "envoy" });
    expect(exported(await readFile(module))).not.toContain("proxy_on_log");
  });

  test.each(["higress", "envoy"] as const)(
    "%s: the version that Higress knows comes before the one that stock Envoy knows",
    (target) => {
      const versions = exported(probe[target]).filter((name) => name.startsWith("proxy_abi_version_"));
      expect(versions).toEqual(["proxy_abi_version_0_2_100", "proxy_abi_version_0_2_1"]);
    },
  );

  test.each(["higress", "envoy"] as const)(
    "%s: no name that a host would call with another meaning",
    (target) => {
      for (const name of ["main", "_start", "__main_void", "__new", "__collect"])
        expect(exported(probe[target])).not.toContain(name);
    },
  );
});

describe("imports", () => {
  test("the higress build asks for nothing that the Go project's test host lacks", () => {
    const lacking = [
      "proxy_get_log_level",
      "proxy_get_status",
      "proxy_get_buffer_status",
      "proxy_get_header_map_size",
      "proxy_get_current_time_nanoseconds",
    ];
    const names = imported(probe.higress);
    for (const name of lacking) expect(names).not.toContain(`env.${name}`);
    expect(names.filter((name) => name.startsWith("env.proxy_grpc"))).toEqual([]);
  });

  test("the envoy build asks for nothing that stock Envoy lacks", () => {
    const names = imported(probe.envoy);
    for (const name of higressOnly) expect(names).not.toContain(`env.${name}`);
  });

  test.each(["higress", "envoy"] as const)(
    "%s: of WASI only time and randomness, and nothing else beside the ABI",
    (target) => {
      const others = imported(probe[target]).filter((name) => !name.startsWith("env.proxy_"));
      for (const name of others) expect(wasi).toContain(name);
    },
  );
});
