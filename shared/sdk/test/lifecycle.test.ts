// Contexts come and go: nothing is left behind, and configurations change under running streams.

import { describe, expect, test } from "vitest";
import { specOf } from "../../../host-test/testing/chain.ts";
import { heard, probe, probeChain, said } from "./probe-chain.ts";

describe("configurations", () => {
  test("a stream keeps the configuration that it began with", async () => {
    const chain = probeChain({
      name: "old",
      steps: { requestHead: ["say old"], requestBody: ["say old body"] },
    });
    const stream = chain.open();
    stream.http.requestHeaders(
      [
        [":method", "POST"],
        [":path", "/"],
        [":authority", "a"],
        [":scheme", "http"],
      ],
      false,
    );
    await chain.chain.reconfigure([
      specOf({ module: probe.higress, configuration: { steps: { requestHead: ["say new"] } } }),
    ]);
    stream.http.requestData(Buffer.from("text"), true);
    chain.exchange();
    expect(said(chain)).toEqual(["old", "old body", "new"]);
  });

  test("a refused configuration leaves the old one at work", async () => {
    const chain = probeChain({ steps: { requestHead: ["say old"] } });
    await expect(
      chain.chain.reconfigure([specOf({ module: probe.higress, configuration: { fail: "no" } })]),
    ).rejects.toThrow();
    chain.exchange();
    expect(said(chain).at(-1)).toBe("old");
  });

  test("two of one module in one VM do not see each other", async () => {
    const plugin = (name: string) =>
      specOf({
        name,
        module: probe.higress,
        configuration: { _plugin_id_: name, steps: { requestHead: [`set x-${name} 1`, "get x-request-id"] } },
      });
    const chain = probeChain({});
    await chain.chain.reconfigure([plugin("a"), plugin("b")]);
    const { upstream } = chain.exchange({ headers: { "x-request-id": "r-1" } });
    expect([upstream!.header("x-a"), upstream!.header("x-b")]).toEqual(["1", "1"]);
    const lines = chain.logs.map(({ message }) => message);
    expect(lines).toContain("[probe] [a] [r-1] x-request-id is r-1");
    expect(lines).toContain("[probe] [b] [r-1] x-request-id is r-1");
  });

  test("a hundred changes leave as much memory as ten", async () => {
    const pages: number[] = [];
    const observer = { callback: ({ memoryPages }: { memoryPages: number }) => pages.push(memoryPages) };
    const chain = probeChain({}, { observer, logLevel: "error" });
    const rules = Array.from({ length: 50 }, (_, index) => ({
      _match_route_: [`r${index}`],
      steps: { requestHead: ["set x-a 1"] },
    }));
    const peaks: number[] = [];
    for (const round of [10, 90]) {
      for (let i = 0; i < round; i++) {
        await chain.chain.reconfigure([
          specOf({ module: probe.higress, configuration: { name: `v${round}-${i}`, _rules_: rules } }),
        ]);
        chain.exchange();
      }
      peaks.push(pages.at(-1)!);
    }
    expect(peaks[1]).toBe(peaks[0]);
  });
});

test("a log without anything before it is taken", () => {
  // Streams that the codec refuses are created only for their log line.
  const chain = probeChain({});
  const stream = chain.open();
  stream.http.requestReset();
  expect(chain.problems("warn")).toEqual([]);
  expect(heard(chain)).toEqual([]);
  expect(chain.exchange().client.status).toBe(200);
});

/** The exports of an instance of the probe, driven by hand with a host that knows nothing. */
async function bareInstance(): Promise<Record<string, (...args: number[]) => number>> {
  const module = await WebAssembly.compile(new Uint8Array(probe.higress));
  const imports: WebAssembly.Imports = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module))
    (imports[space] ??= {})[name] = () => 1;
  const { exports } = await WebAssembly.instantiate(module, imports);
  const functions = exports as Record<string, (...args: number[]) => number>;
  functions._initialize!();
  return functions;
}

test("no callback traps for a context that was never created, in any order, with any numbers", async () => {
  const guest = await bareInstance();
  const callbacks = Object.keys(guest).filter(
    (name) => name.startsWith("proxy_on_") && name !== "proxy_on_memory_allocate",
  );
  expect(callbacks.length).toBeGreaterThan(14);
  for (const id of [0, 1, -1, 0x7fffffff]) {
    for (const name of callbacks) guest[name]!(id, id, id, id, id);
  }
  guest.proxy_on_context_create!(1, 0);
  guest.proxy_on_context_create!(2, 1);
  guest.proxy_on_context_create!(3, 99);
  for (const id of [1, 2, 3]) for (const name of callbacks) guest[name]!(id, id, 5, id, id);
  expect(guest.proxy_on_vm_start!(1, 0)).toBe(1);
});

test("memory that the host asks for without sense is refused, not trapped on", async () => {
  const guest = await bareInstance();
  for (const name of ["malloc", "proxy_on_memory_allocate"]) {
    expect(guest[name]!(-1)).toBe(0);
    expect(guest[name]!(0x7fffffff)).toBe(0);
    expect(guest[name]!(16)).toBeGreaterThan(0);
    expect(guest[name]!(0)).toBeGreaterThan(0);
  }
});
