import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import type { SharedData } from "../../../host/types.ts";
import { VirtualClock } from "../../../host/virtual-clock.ts";
import { LocalData, LocalQueues, LocalStats } from "../../../services/local-data.ts";
import { WorkerData } from "../../../services/shared-data.ts";
import { SharedMemory } from "../../../services/shared-memory.ts";
import { WorkerQueues } from "../../../services/shared-queues.ts";
import { WorkerStats } from "../../../services/shared-stats.ts";
import type { Task } from "./contender.ts";

const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();
const bytes = (value: string) => Buffer.from(value);

function start(memory: SharedMemory, kind: Task["kind"], rounds: number, id: number): Worker {
  const workerData: Task = { buffer: memory.buffer, kind, rounds, id };
  return new Worker(new URL("./contender.ts", import.meta.url), { workerData });
}

/** What each of `workers` workers said at its end. */
async function together<Answer>(
  memory: SharedMemory,
  kind: Task["kind"],
  rounds: number,
  workers = 3,
): Promise<Answer[]> {
  const all = Array.from({ length: workers }, (_, id) => start(memory, kind, rounds, id));
  return Promise.all(all.map(async (worker) => ((await once(worker, "message")) as [Answer])[0]));
}

describe.each([
  ["of one process", (): SharedData => new LocalData()],
  ["of several workers", (): SharedData => new WorkerData(SharedMemory.create())],
])("shared data %s (abi.md §12)", (_name, create) => {
  test("a key that was never set is absent, an empty value is present", () => {
    const data = create();
    expect(data.get("", "a")).toBeUndefined();
    data.set("", "a", bytes(""), 0);
    expect(data.get("", "a")?.value.length).toBe(0);
  });

  test("CAS 0 always writes, another CAS only when it is the stored one, and every write gives a new one", () => {
    const data = create();
    expect(data.set("", "a", bytes("1"), 0)).toBe("ok");
    const first = data.get("", "a")!.cas;
    expect(first).toBeGreaterThan(0);
    expect(data.set("", "a", bytes("2"), first + 7)).toBe("cas-mismatch");
    expect(text(data.get("", "a")?.value)).toBe("1");
    expect(data.set("", "a", bytes("1"), first)).toBe("ok");
    expect(data.get("", "a")!.cas).toBeGreaterThan(first);
    expect(data.set("", "a", bytes("3"), first)).toBe("cas-mismatch");
  });

  test("a missing key is created by any CAS", () => {
    const data = create();
    expect(data.set("", "a", bytes("1"), 0xffffffff)).toBe("ok");
    expect(data.set("", "a", bytes("2"), 0xffffffff)).toBe("cas-mismatch");
  });

  test("keys of different vm ids do not meet", () => {
    const data = create();
    data.set("one", "a", bytes("1"), 0);
    expect(data.get("two", "a")).toBeUndefined();
    expect(data.get("", "one\0a")).toBeUndefined();
  });

  test("keys and values are bytes, and values may shrink and grow", () => {
    const data = create();
    const key = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    for (const size of [10, 0, 5000, 3, 200_000, 1]) {
      data.set("", key, Buffer.alloc(size, size), 0);
      expect(data.get("", key)?.value).toEqual(Buffer.alloc(size, size));
    }
  });
});

describe("shared memory between threads (abi.md §12, §20)", () => {
  test("counting with CAS in three workers loses no count", async () => {
    const memory = SharedMemory.create();
    const data = new WorkerData(memory);
    data.set("", "total", bytes("0"), 0);
    const tries = await together<number>(memory, "count", 3000);
    expect(text(data.get("", "total")?.value)).toBe("9000");
    expect(Math.min(...tries)).toBeGreaterThanOrEqual(3000);
  });

  test("creating with an impossible CAS has one winner per key", async () => {
    const memory = SharedMemory.create();
    const created = await together<number>(memory, "create", 500);
    expect(created.reduce((sum, count) => sum + count)).toBe(500);
  });

  test("memory and table grow under concurrent writers, and every value is there afterwards", async () => {
    const memory = SharedMemory.create({ initialBytes: 65536 });
    await together(memory, "names", 2000);
    expect(memory.buffer.byteLength).toBeGreaterThan(65536);
    const data = new WorkerData(memory);
    for (let id = 0; id < 3; id++) {
      for (let i = 0; i < 2000; i++)
        expect(data.get("vm", `${id}:${i}`)?.value).toEqual(Buffer.alloc(i % 300, id));
    }
  });

  test("at the bound a write is refused, says so, and what was stored stays", () => {
    const memory = SharedMemory.create({ initialBytes: 65536, maxBytes: 131072 });
    const data = new WorkerData(memory);
    let stored = 0;
    while (data.set("", `k${stored}`, Buffer.alloc(1000, stored), 0) === "ok") stored++;
    expect(stored).toBeGreaterThan(50);
    expect(data.set("", "another", Buffer.alloc(1000), 0)).toBe("full");
    expect(data.get("", "another")).toBeUndefined();
    for (let i = 0; i < stored; i++) expect(data.get("", `k${i}`)?.value).toEqual(Buffer.alloc(1000, i));
    expect(data.set("", "k0", Buffer.alloc(900, 7), 0)).toBe("ok");
  });

  test("rewriting one key for ever needs no more memory", () => {
    const memory = SharedMemory.create({ initialBytes: 65536, maxBytes: 131072 });
    const data = new WorkerData(memory);
    for (let i = 0; i < 20_000; i++) expect(data.set("", "a", Buffer.alloc((i * 37) % 4000), 0)).toBe("ok");
  });
});

describe("metrics (abi.md §12)", () => {
  test("workers count into one value per name", async () => {
    const memory = SharedMemory.create();
    await together(memory, "metrics", 1000);
    const lines = new WorkerStats(memory).prometheus().split("\n");
    expect(lines).toContain("requests{} 3000");
    expect(lines).toContain('sizes_bucket{le="0.5"} 300');
    expect(lines).toContain('sizes_bucket{le="5"} 1800');
    expect(lines).toContain('sizes_bucket{le="+Inf"} 3000');
    expect(lines).toContain("sizes_sum{} 13500");
    expect(lines).toContain("sizes_count{} 3000");
  });

  test.each([
    ["of one process", () => new LocalStats()],
    ["of several workers", () => new WorkerStats(SharedMemory.create())],
  ])("a name is one metric per type, and its characters become Prometheus's (%s)", (_name, create) => {
    const stats = create();
    const counter = stats.define("counter", "a.b-c{d}")!;
    const gauge = stats.define("gauge", "a.b-c{d}")!;
    expect(stats.define("counter", "a.b-c{d}")).toBe(counter);
    stats.add(counter, 2n);
    stats.record(gauge, 5n);
    stats.add(gauge, -1n);
    expect([stats.get(counter), stats.get(gauge)]).toEqual([2n, 4n]);
    expect(stats.prometheus()).toContain("a_b_c_d_{} 2\n");
    expect(stats.prometheus()).toContain("a_b_c_d_{} 4\n");
  });
});

describe("queues (abi.md §12)", () => {
  test.each([
    ["of one process", () => new LocalQueues(new VirtualClock())],
    ["of several workers", () => new WorkerQueues(SharedMemory.create())],
  ])(
    "a name has one token, items come out in order, and unknown tokens are told apart from empty queues (%s)",
    (_name, create) => {
      const queues = create();
      const token = queues.register("vm", "q", () => undefined);
      expect(token).toBeGreaterThan(0);
      expect(queues.register("vm", "q", () => undefined)).toBe(token);
      expect(queues.register("vm", "other", () => undefined)).not.toBe(token);
      expect(queues.resolve("vm", "q")).toBe(token);
      expect(queues.resolve("", "q")).toBe(0);
      expect(queues.dequeue(token)).toBe("empty");
      expect(queues.dequeue(token + 100)).toBe("unknown");
      expect(queues.enqueue(token + 100, bytes("x"))).toBe("unknown");
      for (const item of ["a", "", "c"]) expect(queues.enqueue(token, bytes(item))).toBe("ok");
      expect(["a", "", "c"].map(() => Buffer.from(queues.dequeue(token) as Uint8Array).toString())).toEqual([
        "a",
        "",
        "c",
      ]);
      expect(queues.dequeue(token)).toBe("empty");
    },
  );

  test("items of other workers wake the worker that registered, once each, in their order", async () => {
    const memory = SharedMemory.create();
    const listener = start(memory, "listen", 600, 9);
    expect((await once(listener, "message"))[0]).toBe("listening");
    const answer = once(listener, "message");
    await together(memory, "enqueue", 200);
    const items = ((await answer) as [string[]])[0];
    expect(items.length).toBe(600);
    for (let id = 0; id < 3; id++) {
      const own = items.filter((item) => item.startsWith(`${id}:`));
      expect(own).toEqual(Array.from({ length: 200 }, (_, i) => `${id}:${i}`));
    }
  });
});
