import { describe, expect, test } from "vitest";
import { ConfigurationRejected } from "../../host/types.ts";
import type { Flavour } from "../../host/types.ts";
import { describeBinary, limitMemory } from "../../vm/binary.ts";
import { loadModule } from "../../vm/load.ts";
import { TestChain } from "../../testing/chain.ts";
import { guest, wat } from "./guest.ts";
import { chainOf, code, getHeader, number, returns, said, say, show } from "./snippets.ts";

const basics = `(memory (export "memory") 1)
  (func (export "malloc") (param i32) (result i32) (i32.const 0))`;
const marker = `(func (export "proxy_abi_version_0_2_1"))`;

function refusal(module: Uint8Array, flavour: Flavour = "envoy"): string {
  try {
    new TestChain({ plugins: [{ module }], flavour });
  } catch (error) {
    if (error instanceof ConfigurationRejected)
      return error.message.replace("Unable to create Wasm plugin plugin: ", "");
    throw error;
  }
  return "accepted";
}

const versionOf = (markers: string[], flavour: Flavour) => {
  const module = guest({ markers });
  return loadModule(module, { flavour, maxPages: 100 }).abiVersion;
};

describe("ABI version (abi.md §1.1)", () => {
  test("the first known marker in export order decides, and stock does not know 0.2.100", () => {
    const both = ["proxy_abi_version_0_2_100", "proxy_abi_version_0_2_1"];
    expect(versionOf(both, "higress")).toBe("0.2.100");
    expect(versionOf(both, "envoy")).toBe("0.2.1");
    expect(versionOf(both.toReversed(), "higress")).toBe("0.2.1");
    expect(versionOf(["proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1"], "envoy")).toBe("0.2.0");
    expect(versionOf(["proxy_abi_version_0_9_9", "proxy_abi_version_0_1_0"], "envoy")).toBe("0.1.0");
  });

  test("without a known marker function the module is refused", () => {
    const text = "Missing or unknown Proxy-Wasm ABI version";
    expect(refusal(wat(`(module ${basics})`))).toBe(text);
    expect(refusal(wat(`(module ${basics} (func (export "proxy_abi_version_0_2_100")))`), "envoy")).toBe(
      text,
    );
    expect(
      refusal(wat(`(module ${basics} (global (export "proxy_abi_version_0_2_1") i32 (i32.const 1)))`)),
    ).toBe(text);
  });
});

describe("linking (abi.md §1.2, §1.3, §1.6, §2; texts measured on Envoy 1.40)", () => {
  test.each([
    [
      "bytes that are no module",
      new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 99]),
      "Failed to parse corrupted Wasm module",
    ],
    ["no bytes at all", new Uint8Array(0), "Failed to parse corrupted Wasm module"],
    [
      "an import nobody offers",
      wat(`(module (import "env" "proxy_nothing" (func)) ${basics} ${marker})`),
      "Failed to load Wasm module due to a missing import: env.proxy_nothing",
    ],
    [
      "an import from a module nobody offers",
      wat(`(module (import "wasi_other" "fd_write" (func)) ${basics} ${marker})`),
      "Failed to load Wasm module due to a missing import: wasi_other.fd_write",
    ],
    [
      "an imported global",
      wat(`(module (import "env" "g" (global i32)) ${basics} ${marker})`),
      "Failed to load Wasm module due to a missing import: env.g",
    ],
    [
      "an import of another type",
      wat(`(module (import "env" "proxy_log" (func)) ${basics} ${marker})`),
      "Failed to load Wasm module due to an import type mismatch: env.proxy_log, want: void -> void, but host exports: i32 i32 i32 -> i32",
    ],
    [
      "a callback of another type",
      wat(`(module ${basics} ${marker} (func (export "proxy_on_tick")))`),
      "Bad function signature for: proxy_on_tick, want: i32 -> void, but the module exports: void -> void",
    ],
    [
      "an allocator of another type",
      wat(
        `(module (memory (export "memory") 1) (func (export "malloc") (param i64) (result i64) (i64.const 0)) ${marker})`,
      ),
      "Bad function signature for: malloc, want: i32 -> i32, but the module exports: i64 -> i64",
    ],
    [
      "no allocator",
      wat(`(module (memory (export "memory") 1) ${marker})`),
      "Wasm module is missing malloc function.",
    ],
  ])("%s is refused", (_name, module, text) => {
    expect(refusal(module)).toBe(text);
  });

  test("proxy_get_log_level exists from 0.2.1 on, the 0.1.0 calls only there", () => {
    const importing = (name: string, type: string, version: string) =>
      wat(
        `(module (import "env" "${name}" (func ${type})) ${basics} (func (export "proxy_abi_version_${version}")))`,
      );
    const missing = (name: string) => `Failed to load Wasm module due to a missing import: env.${name}`;
    const level = "(param i32) (result i32)";
    expect(refusal(importing("proxy_get_log_level", level, "0_2_0"))).toBe(missing("proxy_get_log_level"));
    expect(refusal(importing("proxy_get_log_level", level, "0_2_1"))).toBe("accepted");
    expect(refusal(importing("proxy_clear_route_cache", "(result i32)", "0_2_1"))).toBe(
      missing("proxy_clear_route_cache"),
    );
    expect(refusal(importing("proxy_clear_route_cache", "(result i32)", "0_1_0"))).toBe("accepted");
    expect(refusal(importing("proxy_continue_stream", level, "0_1_0"))).toBe(
      missing("proxy_continue_stream"),
    );
  });

  test.each([
    "proxy_redis_init (param i32 i32 i32 i32 i32 i32 i32) (result i32)",
    "proxy_redis_call (param i32 i32 i32 i32 i32) (result i32)",
    "proxy_inject_encoded_data_to_filter_chain (param i32 i32 i32) (result i32)",
    "proxy_get_upstream_hosts (param i32 i32) (result i32)",
    "proxy_set_upstream_override_host (param i32 i32) (result i32)",
  ])("a Higress import refuses the module in stock Envoy and links in Higress: %s (abi.md §16.8)", (line) => {
    const [name, ...type] = line.split(" ");
    const module = wat(`(module (import "env" "${name}" (func ${type.join(" ")})) ${basics} ${marker})`);
    expect(refusal(module, "envoy")).toBe(`Failed to load Wasm module due to a missing import: env.${name}`);
    expect(refusal(module, "higress")).toBe("accepted");
  });

  test("both WASI module names link, and an imported memory or a missing one does", () => {
    for (const wasi of ["wasi_snapshot_preview1", "wasi_unstable"]) {
      expect(
        refusal(wat(`(module (import "${wasi}" "sched_yield" (func (result i32))) ${basics} ${marker})`)),
      ).toBe("accepted");
    }
    const allocator = `(func (export "malloc") (param i32) (result i32) (i32.const 0))`;
    expect(refusal(wat(`(module (import "env" "memory" (memory 1)) ${allocator} ${marker})`))).toBe(
      "accepted",
    );
    expect(refusal(wat(`(module ${allocator} ${marker})`))).toBe("accepted");
  });

  test("an exported Higress callback is harmless in stock Envoy, even with another type", () => {
    const module = wat(`(module ${basics} ${marker} (func (export "proxy_on_redis_call_response")))`);
    expect(refusal(module, "envoy")).toBe("accepted");
    expect(refusal(module, "higress")).toContain("Bad function signature for: proxy_on_redis_call_response");
  });

  test("the plugin's own last words are part of a refusal", () => {
    const module = guest({
      on: { proxy_on_configure: `(drop (call $proxy_log (i32.const 4) @"no such provider")) ${returns(0)}` },
    });
    expect(refusal(module)).toBe("no such provider");
  });
});

describe("start (abi.md §1.5, §1.7)", () => {
  test("_initialize runs, then main with no arguments; _start does not", () => {
    const on = { _initialize: say("init"), main: say("main"), _start: say("start") };
    expect(said(chainOf(on))).toEqual(["init", "main"]);
  });

  test("without _initialize only _start runs, and main may have any type", () => {
    const also = `(func (export "main"))`;
    expect(said(chainOf({ _start: say("start") }, { also, flavour: "envoy" }))).toEqual(["start"]);
  });

  test("__main_void runs after _initialize in stock Envoy", () => {
    const on = { _initialize: say("init"), __main_void: `${say("main")} ${returns(0)}` };
    expect(said(chainOf(on, { flavour: "envoy" }))).toEqual(["init", "main"]);
  });

  test("main of another type refuses a module with _initialize", () => {
    const module = guest({ on: { _initialize: "" }, also: `(func (export "main"))` });
    expect(refusal(module)).toContain("Bad function signature for: main, want: i32 i32 -> i32");
  });

  test("log, WASI time and random numbers work while the module starts, other host calls trap", () => {
    const on = {
      _initialize: `${code("time", `(call $clock_time_get (i32.const 0) (i64.const 0) ${number})`)}`,
    };
    expect(said(chainOf(on))).toEqual(["time=0"]);
    const module = guest({
      on: { _initialize: `(drop (call $proxy_get_current_time_nanoseconds ${number}))` },
    });
    expect(refusal(module)).toMatch(/^Function: _initialize failed: Uncaught Error: restricted_callback/);
  });

  test("a start section that calls the host is refused (stock Envoy crashes)", () => {
    const module =
      wat(`(module (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32))) ${basics} ${marker}
      (func $go (drop (call $log (i32.const 2) (i32.const 0) (i32.const 0)))) (start $go))`);
    expect(refusal(module)).toMatch(/^Failed to create new Wasm instance/);
  });
});

describe("allocator (abi.md §2)", () => {
  const both = `(func (export "malloc") (param i32) (result i32) ${say("malloc")} (call $allocate (local.get 0)))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) ${say("other")} (call $allocate (local.get 0)))`;
  const on = { proxy_on_request_headers: show("path", getHeader(0, ":path")) };

  test("malloc wins over proxy_on_memory_allocate, which is the fallback", () => {
    const chain = chainOf(on, { allocator: both });
    chain.exchange();
    expect(said(chain)).toEqual(["malloc", "path=/"]);
    const fallback = chainOf(on, { allocator: both.replace(/\(func \(export "malloc"\).*\n/, "") });
    fallback.exchange();
    expect(said(fallback)).toEqual(["other", "path=/"]);
  });

  test("an allocator that returns 0 makes the host call fail with 6 and nothing else", () => {
    const chain = chainOf(on, {
      allocator: `(func (export "malloc") (param i32) (result i32) (i32.const 0))`,
    });
    const { client } = chain.exchange();
    expect(said(chain)).toEqual(["path!6"]);
    expect(client.status).toBe(200);
  });

  test("in stock Envoy the allocator may only log, write, read the clock and poll; Higress lifts that", () => {
    const allocator = `(func (export "malloc") (param i32) (result i32)
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) ${number}))
      (drop (call $proxy_get_current_time_nanoseconds ${number})) (call $allocate (local.get 0)))`;
    const stock = chainOf(on, { allocator, flavour: "envoy" });
    expect(stock.exchange().client.status).toBe(503);
    expect(said(stock)).toEqual([
      expect.stringContaining("Function: malloc failed: Uncaught Error: restricted_callback"),
      "path!6",
    ]);
    const higress = chainOf(on, { allocator });
    expect(higress.exchange().client.status).toBe(200);
  });

  test("an empty result is pointer 0 and size 0 without an allocation (abi.md §5)", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `(i32.store (i32.const 16) (i32.const 7)) (i32.store (i32.const 20) (i32.const 7))
        ${code("call", getHeader(0, "x-empty"))} (call $code @"pointer" (i32.load (i32.const 16))) (call $code @"size" (i32.load (i32.const 20)))`,
      },
      { allocator: `(func (export "malloc") (param i32) (result i32) (unreachable))` },
    );
    chain.exchange({ headers: { "x-empty": "" } });
    expect(said(chain)).toEqual(["call=0", "pointer=0", "size=0"]);
  });
});

describe("capabilities (abi.md §1.4)", () => {
  test("host functions that are not allowed link and answer 10, callbacks that are not allowed never run", () => {
    const module = guest({
      on: {
        proxy_on_request_headers: code("get", getHeader(0, ":path")),
        proxy_on_response_headers: say("never"),
      },
    });
    const allowed = ["proxy_on_request_headers", "proxy_log", "malloc"];
    const chain = new TestChain({ plugins: [{ module, allowedCapabilities: allowed }] });
    expect(chain.exchange().client.status).toBe(200);
    expect(said(chain)).toEqual(["get=10"]);
  });
});

describe("memory (abi.md §1)", () => {
  const grow = `(call $code @"grown" (i32.ne (memory.grow (i32.const 100)) (i32.const -1)))`;

  test("the cap refuses growth beyond it, whatever the module declares", () => {
    const within = chainOf({ proxy_on_request_headers: grow }, { memoryLimitBytes: 128 * 65536 });
    within.exchange();
    expect(said(within)).toEqual(["grown=1"]);
    for (const memory of ["2", "2 50", "2 65536"]) {
      const beyond = chainOf({ proxy_on_request_headers: grow }, { memoryLimitBytes: 64 * 65536, memory });
      beyond.exchange();
      expect(said(beyond)).toEqual(["grown=0"]);
    }
  });

  test("a module that starts with more than the cap is refused", () => {
    expect(
      refusal(
        wat(
          `(module (memory (export "memory") 20000) ${marker} (func (export "malloc") (param i32) (result i32) (i32.const 0)))`,
        ),
      ),
    ).toMatch(/^Failed to create new Wasm instance/);
  });

  test("limiting the memory leaves the rest of the binary as it is", () => {
    for (const pages of [1, 127, 128, 16384]) {
      const module = guest({ on: { proxy_on_tick: say("x") } });
      const limited = limitMemory(module, describeBinary(module), pages + 2);
      const { memory, ...rest } = describeBinary(limited);
      expect(memory).toMatchObject({ minimum: 2, maximum: pages + 2 });
      const { memory: _, ...original } = describeBinary(module);
      expect(rest).toEqual(original);
      expect(WebAssembly.validate(limited as BufferSource)).toBe(true);
    }
  });

  test("results are right after the memory grew in the allocator", () => {
    const allocator = `(func (export "malloc") (param i32) (result i32) (local $at i32)
      (local.set $at (i32.mul (memory.grow (i32.const 1)) (i32.const 65536))) (local.get $at))`;
    const chain = chainOf({ proxy_on_request_headers: show("path", getHeader(0, ":path")) }, { allocator });
    chain.exchange({ path: "/grown" });
    chain.exchange({ path: "/again" });
    expect(said(chain)).toEqual(["path=/grown", "path=/again"]);
  });
});

test("equal modules are compiled once (abi.md §14)", () => {
  const options = { flavour: "envoy" as const, maxPages: 100 };
  const module = guest();
  const first = loadModule(module, options).module;
  expect(loadModule(Uint8Array.from(module), options).module).toBe(first);
  expect(loadModule(guest({ on: { proxy_on_tick: "" } }), options).module).not.toBe(first);
});
