// What outlives an exchange: data that all workers share, periodic work, metrics.

import { describe, expect, test } from "vitest";
import type { SharedData } from "../../../host-test/host/types.ts";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { specOf, TestChain } from "../../../host-test/testing/chain.ts";
import { messages, probe, probeChain, said, scripted, suite, times } from "./probe-chain.ts";

describe("the store", () => {
  test("creates a key once; who comes later sees the first value", () => {
    const sharedData = new LocalData();
    const chains = [1, 2, 3].map((value) =>
      scripted({ requestHead: [`store key ${value}`] }, { sharedData }),
    );
    for (const chain of chains) chain.exchange();
    expect(chains.map((chain) => said(chain)[0])).toEqual([
      "created true, now 1",
      "created false, now 1",
      "created false, now 1",
    ]);
  });

  test("keeps its keys under the plugin's prefix", () => {
    const sharedData = new LocalData();
    scripted({ requestHead: ["store key 1"] }, { sharedData }).exchange();
    expect(Buffer.from(sharedData.get("", "probe:key")!.value).toString()).toBe("1");
    expect(sharedData.get("", "key")).toBeUndefined();
  });

  test("leaves a key alone when the change wants nothing", () => {
    const sharedData = new LocalData();
    const chain = scripted({ requestHead: ["store-add key 0"] }, { sharedData });
    chain.exchange();
    expect(said(chain)).toEqual(["update unchanged after 1"]);
    expect(sharedData.get("", "probe:key")).toBeUndefined();
  });

  /** Lets another worker write before each of the first `meddling` writes. */
  function contended(meddling: number): SharedData {
    const data = new LocalData();
    let left = meddling;
    return {
      get: (vmId, key) => data.get(vmId, key),
      set(vmId, key, value, cas) {
        if (left-- > 0)
          data.set(
            vmId,
            key,
            Buffer.from(String(Number(data.get(vmId, key)?.value.toString() ?? 0) + 100)),
            0,
          );
        return data.set(vmId, key, value, cas);
      },
    };
  }

  test("an update counts on what others wrote meanwhile, and loses nothing", () => {
    const sharedData = contended(3);
    const chain = scripted({ requestHead: ["store-add key 1"] }, { sharedData });
    chain.exchange();
    expect(said(chain)).toEqual(["update written after 4"]);
    expect(Buffer.from(sharedData.get("", "probe:key")!.value).toString()).toBe("301");
  });

  test("an update that others beat ten times says so, and has written nothing", () => {
    const sharedData = contended(10);
    const chain = scripted({ requestHead: ["store-add key 1"] }, { sharedData });
    chain.exchange();
    expect(said(chain)).toEqual(["update contended after 10"]);
    expect(Buffer.from(sharedData.get("", "probe:key")!.value).toString()).toBe("1000");
  });

  test("many updates by eight workers in turn add up", () => {
    const sharedData = new LocalData();
    const chains = Array.from({ length: 8 }, () =>
      probeChain(
        { quiet: true, steps: { requestHead: ["store-add key 1", "store-add key 2"] } },
        { sharedData, logLevel: "warn" },
      ),
    );
    const rounds = times(200);
    for (let i = 0; i < rounds; i++) for (const chain of chains) chain.exchange();
    expect(Buffer.from(sharedData.get("", "probe:key")!.value).toString()).toBe(String(rounds * 8 * 3));
  });

  test("a host that takes no unknown CAS for a new key is given the one it wants", () => {
    const data = new LocalData();
    const strict: SharedData = {
      get: (vmId, key) => data.get(vmId, key),
      set: (vmId, key, value, cas) =>
        cas !== (data.get(vmId, key)?.cas ?? 0) ? "cas-mismatch" : data.set(vmId, key, value, cas),
    };
    const chain = scripted(
      { requestHead: ["store once a", "store once b", "store-add sum 1", "store-add sum 1"] },
      { sharedData: strict },
    );
    chain.exchange();
    expect(said(chain)).toEqual([
      "created true, now a",
      "created false, now a",
      "update written after 1",
      "update written after 1",
    ]);
  });
});

describe("periodic work", () => {
  const ticks = (chain: TestChain) => messages(chain).filter((message) => message.startsWith("tick "));
  const tasks = [
    { say: "fast", periodMs: 100 },
    { say: "slow", periodMs: 1000 },
  ];

  test("each task runs at once and then in its own period", () => {
    const chain = probeChain({ tasks });
    chain.advance(100);
    expect(ticks(chain)).toEqual(["tick fast", "tick slow"]);
    chain.advance(2000);
    expect(ticks(chain).filter((line) => line === "tick fast")).toHaveLength(21);
    expect(ticks(chain).filter((line) => line === "tick slow")).toHaveLength(3);
  });

  test("a clock that jumps back silences no task for longer than its period", () => {
    const clock = new VirtualClock();
    const chain = probeChain({ tasks }, { clock });
    chain.advance(100);
    clock.setWallClock(1_600_000_000_000);
    chain.logs.length = 0;
    chain.advance(1000);
    expect(ticks(chain).filter((line) => line === "tick slow")).toHaveLength(1);
    chain.advance(3000);
    expect(ticks(chain).filter((line) => line === "tick slow")).toHaveLength(4);
  });

  test("a clock that jumps ahead by a day runs a task once, not for every period missed", () => {
    const clock = new VirtualClock();
    const chain = probeChain({ tasks }, { clock });
    chain.advance(100);
    clock.setWallClock(Number(clock.now() / 1_000_000n) + 86_400_000);
    chain.logs.length = 0;
    chain.advance(1000);
    expect(ticks(chain).filter((line) => line === "tick slow")).toHaveLength(1);
  });

  test("without tasks there is no timer", () => {
    const chain = probeChain({});
    expect(chain.clock.pending).toBe(0);
  });

  test("tasks of rules run too, and end with their configuration", async () => {
    const chain = probeChain({
      _rules_: [{ _match_route_: ["r"], tasks: [{ say: "rule", periodMs: 100 }] }],
    });
    chain.advance(100);
    expect(ticks(chain)).toEqual(["tick rule"]);
    await chain.chain.reconfigure([specOf({ module: probe.higress, configuration: {} })]);
    chain.advance(1000);
    expect(ticks(chain)).toEqual(["tick rule"]);
    expect(chain.clock.pending).toBe(0);
  });

  test("tasks of a configuration that does not start never run", async () => {
    const chain = probeChain({});
    const refused = specOf({ module: probe.higress, configuration: { tasks, startFails: true } });
    await expect(chain.chain.reconfigure([refused])).rejects.toThrow("plugin start failed");
    chain.advance(1000);
    expect(ticks(chain)).toEqual([]);
  });

  test("a line of a task names its configuration and no request", () => {
    const chain = probeChain({ _plugin_id_: "p", tasks });
    chain.exchange({ headers: { "x-request-id": "r-1" } });
    chain.advance(100);
    expect(chain.logs.map(({ message }) => message)).toContain("[probe] [p] [nil] tick fast");
  });
});

describe("metrics", () => {
  const value = (chain: TestChain, name: string) =>
    new RegExp(`^${name}(?:\\{\\})? (.+)$`, "m").exec(chain.chain.stats())?.[1];

  test("counters add, gauges are set and moved, histograms observe", () => {
    const chain = scripted({
      requestHead: [
        "count probe_c 3",
        "count probe_c 2",
        "gauge probe_g 7",
        "move probe_g -3",
        "observe probe_h 5",
      ],
    });
    chain.exchange();
    expect(value(chain, "probe_c")).toBe("5");
    expect(value(chain, "probe_g")).toBe("4");
    expect(chain.chain.stats()).toContain("probe_h_count");
  });

  test("a counter never goes down", () => {
    const chain = scripted({ requestHead: ["count probe_c 1", "count probe_c -5", "count probe_c 0"] });
    chain.exchange();
    expect(value(chain, "probe_c")).toBe("1");
  });

  test("a name is defined once in a VM, whoever counts", () => {
    const defined: string[] = [];
    const chain = scripted({ requestHead: ["count probe_c 1"] });
    const { define } = chain.stats;
    chain.stats.define = (type, name) => {
      defined.push(name);
      return define.call(chain.stats, type, name);
    };
    for (let i = 0; i < 5; i++) chain.exchange();
    expect(defined).toEqual(["probe_c"]);
    expect(value(chain, "probe_c")).toBe("5");
  });

  test("beyond 10,000 names nothing new is counted, and one line says so", () => {
    const chain = scripted({
      requestHead: ["count-many 10001", "count probe_0 1", "count probe_10000 1", "gauge probe_other 1"],
    });
    chain.exchange();
    expect(chain.problems("warn")).toEqual([
      "[probe] [nil] [nil] 10000 metrics are in use: further names are not counted",
    ]);
    expect(value(chain, "probe_0")).toBe("2");
    expect(value(chain, "probe_10000")).toBeUndefined();
    expect(value(chain, "probe_other")).toBe("1");
  });
});

test("two plugins of one module in one chain keep their configurations apart", () => {
  const chain = new TestChain({
    plugins: [
      {
        name: "first",
        rootId: "plain",
        module: suite,
        configuration: { steps: { requestHead: ["set x-first 1"] } },
      },
      {
        name: "second",
        rootId: "isolating",
        module: suite,
        configuration: { steps: { requestHead: ["set x-second 1"] } },
      },
    ],
  });
  const { upstream } = chain.exchange();
  expect([upstream!.header("x-first"), upstream!.header("x-second")]).toEqual(["1", "1"]);
});
