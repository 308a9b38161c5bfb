import { describe, expect, test } from "vitest";
import { LocalData } from "../../services/local-data.ts";
import { TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import { chainOf, code, drop, number, out, said, say, show } from "./snippets.ts";

const id = `(call $code @"id" (i32.load ${number}))`;
const define = (type: number, name: string) =>
  `(call $proxy_define_metric (i32.const ${type}) @"${name}" ${number})`;
const increment = (metric: number, by: number) =>
  code(
    `increment ${metric} by ${by}`,
    `(call $proxy_increment_metric (i32.const ${metric}) (i64.const ${by}))`,
  );
const record = (metric: number, value: number) =>
  code(`record ${metric}`, `(call $proxy_record_metric (i32.const ${metric}) (i64.const ${value}))`);
const get = (metric: number) =>
  `(i64.store ${number} (i64.const 77)) ${code(`get ${metric}`, `(call $proxy_get_metric (i32.const ${metric}) ${number})`)} (call $number @"value" (i64.load ${number}))`;

describe("metrics (abi.md §12; ids and codes measured on Envoy 1.40)", () => {
  test("every definition is a new id of its class bound to the same metric; an unknown class is 2", () => {
    const chain = chainOf({
      proxy_on_configure: `${[
        [0, "c"],
        [0, "c"],
        [1, "g"],
        [2, "h"],
        [1, "c"],
      ]
        .map(([type, name]) => `${drop(define(Number(type), String(name)))} ${id}`)
        .join(" ")}
        ${code("unknown", define(3, "z"))} ${increment(4, 5)} ${increment(8, 2)} ${get(4)} ${get(8)} ${get(9)}`,
    });
    expect(said(chain)).toEqual([
      ...["id=4", "id=8", "id=5", "id=6", "id=9", "unknown=2", "increment 4 by 5=0", "increment 8 by 2=0"],
      ...["get 4=0", "value=7", "get 8=0", "value=7", "get 9=0", "value=0"],
    ]);
  });

  test("counters only grow, gauges go both ways and are set, histograms observe and are not read", () => {
    const chain = chainOf({
      proxy_on_configure: `${drop(define(0, "c"))} ${drop(define(1, "g"))} ${drop(define(2, "h"))}
        ${increment(4, 0)} ${increment(4, -1)} ${increment(4, 3)} ${record(4, 4)} ${get(4)}
        ${increment(5, 10)} ${increment(5, -3)} ${get(5)} ${record(5, 2)} ${get(5)} ${increment(6, 1)} ${record(6, 7)} ${get(6)}`,
    });
    expect(said(chain)).toEqual([
      ...[
        "increment 4 by 0=2",
        "increment 4 by -1=2",
        "increment 4 by 3=0",
        "record 4=0",
        "get 4=0",
        "value=7",
      ],
      ...[
        "increment 5 by 10=0",
        "increment 5 by -3=0",
        "get 5=0",
        "value=7",
        "record 5=0",
        "get 5=0",
        "value=2",
      ],
      ...["increment 6 by 1=2", "record 6=0", "get 6=2", "value=77"],
    ]);
    expect(chain.chain.stats()).toContain('h_bucket{le="10"} 1');
  });

  test("unknown ids are 1, unless their class already refuses", () => {
    const chain = chainOf({
      proxy_on_configure: [0, 1, 2, 3, 999]
        .map(
          (metric) =>
            `${increment(metric, 1)} ${record(metric, 1)} ${code(`get ${metric}`, `(call $proxy_get_metric (i32.const ${metric}) ${number})`)}`,
        )
        .join(" "),
    });
    expect(said(chain)).toEqual([
      ...["increment 0 by 1=1", "record 0=1", "get 0=1", "increment 1 by 1=1", "record 1=1", "get 1=1"],
      ...["increment 2 by 1=2", "record 2=1", "get 2=2", "increment 3 by 1=2", "record 3=1", "get 3=2"],
      ...["increment 999 by 1=2", "record 999=1", "get 999=2"],
    ]);
  });

  test("plugins and VMs that name the same metric count into one", () => {
    const module = guest({
      on: {
        proxy_on_request_headers: `${drop(define(0, "requests.total"))} (drop (call $proxy_increment_metric (i32.load ${number}) (i64.const 1)))`,
      },
    });
    const chain = new TestChain({
      plugins: [
        { name: "a", module, vmId: "1" },
        { name: "b", module, vmId: "2" },
      ],
    });
    chain.exchange();
    expect(chain.chain.stats()).toBe("# TYPE requests_total counter\nrequests_total{} 2\n");
  });
});

describe("shared data (abi.md §12)", () => {
  const read = (key: string) => `${show(key, `(call $proxy_get_shared_data @"${key}" ${out} ${number})`)}`;
  const write = (key: string, value: string, cas: number) =>
    code(`set ${key}`, `(call $proxy_set_shared_data @"${key}" @"${value}" (i32.const ${cas}))`);

  test("absent is 1, a wrong CAS is 8, any CAS creates, an empty value is there", () => {
    const cas = `(call $code @"cas" (i32.load ${number}))`;
    const chain = chainOf({
      proxy_on_configure: `${read("k")} ${write("k", "v", 5)} ${read("k")} ${cas} ${write("k", "w", 77)} ${write("k", "w", 1)} ${read("k")} ${write("k", "", 0)} ${read("k")} ${cas}`,
    });
    expect(said(chain)).toEqual([
      "k!1",
      "set k=0",
      "k=v",
      "cas=1",
      "set k=8",
      "set k=0",
      "k=w",
      "set k=0",
      "k=",
      "cas=3",
    ]);
  });

  test("is seen by all VMs with the same vm id and survives their configuration", async () => {
    const sharedData = new LocalData();
    const writer = guest({ on: { proxy_on_configure: write("k", "v", 0) } });
    const reader = guest({ on: { proxy_on_configure: read("k") } });
    const chain = new TestChain({
      sharedData,
      plugins: [
        { name: "w", module: writer, vmId: "a" },
        { name: "r", module: reader, vmId: "a" },
        { name: "s", module: reader, vmId: "b" },
      ],
    });
    expect(said(chain)).toEqual(["set k=0", "k=v", "k!1"]);
    const later = new TestChain({ sharedData, plugins: [{ module: reader, vmId: "a" }] });
    expect(said(later)).toEqual(["k=v"]);
  });

  test("where the host's bound is reached the write is 10, an error is logged, and nothing is lost", () => {
    const chain = chainOf(
      { proxy_on_configure: `${write("k", "small", 0)} ${write("k", "larger than before", 0)} ${read("k")}` },
      { sharedData: new LocalData(10) },
    );
    expect(said(chain)).toEqual([
      "set k=0",
      "shared memory is full: the value was not stored",
      "set k=10",
      "k=small",
    ]);
  });
});

describe("queues (abi.md §12)", () => {
  const register = (name: string) => `(call $proxy_register_shared_queue @"${name}" ${number})`;
  const resolve = (vm: string, name: string) =>
    `(call $proxy_resolve_shared_queue @"${vm}" @"${name}" ${number})`;
  const enqueue = (token: number, item: string) =>
    code("enqueue", `(call $proxy_enqueue_shared_queue (i32.const ${token}) @"${item}")`);
  const dequeue = (token: string) => show("item", `(call $proxy_dequeue_shared_queue ${token} ${out})`);

  test("register repeats its token, resolve finds own and other vm ids, ready comes after the call on the root that registered", () => {
    const owner = guest({
      on: {
        proxy_on_configure: `${code("register", register("q"))} ${id} ${code("again", register("q"))} ${id} ${code("other", register("r"))} ${id}`,
        proxy_on_queue_ready: `(call $code @"ready" (local.get $1)) ${dequeue("(local.get $1)")}`,
      },
    });
    const sender = guest({
      on: {
        proxy_on_request_headers: `${code("own", resolve("", "q"))} ${code("named", resolve("owner", "q"))} ${id}
          ${enqueue(1, "one")} ${enqueue(1, "")} ${enqueue(9, "x")} ${dequeue("(i32.const 2)")} ${dequeue("(i32.const 9)")} ${say("end")}`,
      },
    });
    const chain = new TestChain({
      plugins: [
        { name: "o", module: owner, vmId: "owner" },
        { name: "s", module: sender, vmId: "sender" },
      ],
    });
    expect(said(chain)).toEqual(["register=0", "id=1", "again=0", "id=1", "other=0", "id=2"]);
    chain.exchange();
    chain.advance(0);
    expect(said(chain)).toEqual([
      ...["own=1", "named=0", "id=1", "enqueue=0", "enqueue=0", "enqueue=1", "item!7", "item!1", "end"],
      ...["ready=1", "item=one", "ready=1", "item="],
    ]);
  });

  test("a root that is gone is told no more", async () => {
    const owner = guest({
      on: { proxy_on_configure: drop(register("q")), proxy_on_queue_ready: say("never") },
    });
    const sender = guest({ on: { proxy_on_request_headers: enqueue(1, "x") } });
    const plugins = [
      { name: "o", module: owner },
      { name: "s", module: sender },
    ];
    const chain = new TestChain({ plugins });
    await chain.chain.reconfigure([plugins[1]!]);
    chain.exchange();
    chain.advance(10);
    expect(said(chain)).toEqual(["enqueue=0"]);
  });
});

describe("timers (abi.md §12)", () => {
  const period = (ms: number) => `(drop (call $proxy_set_tick_period_milliseconds (i32.const ${ms})))`;

  test("a root ticks every period, a new period replaces the old, 0 stops", () => {
    const chain = chainOf(
      {
        proxy_on_configure: period(100),
        proxy_on_tick: `${say("tick")} (if (i32.eq (global.get $ticks) (i32.const 2)) (then ${period(10)})) (if (i32.eq (global.get $ticks) (i32.const 4)) (then ${period(0)}))
        (global.set $ticks (i32.add (global.get $ticks) (i32.const 1)))`,
      },
      { also: "(global $ticks (mut i32) (i32.const 0))" },
    );
    const ticksIn = (ms: number) => {
      chain.advance(ms);
      return said(chain).length;
    };
    expect([ticksIn(99), ticksIn(1), ticksIn(100), ticksIn(100), ticksIn(10), ticksIn(1000)]).toEqual([
      0, 1, 1, 1, 1, 1,
    ]);
    expect(chain.clock.pending).toBe(0);
  });

  test("a stream that sets the period sets its root's, and every root and every VM has its own", () => {
    const module = guest({
      on: { proxy_on_request_headers: period(50), proxy_on_tick: `(call $code @"tick of" (local.get $0))` },
    });
    const chain = new TestChain({
      plugins: [
        { name: "a", module },
        { name: "b", module },
        { name: "c", module, vmId: "other" },
      ],
    });
    chain.exchange();
    chain.advance(50);
    expect(said(chain).sort()).toEqual(["tick of=1", "tick of=1", "tick of=2"]);
  });

  test("no tick reaches a failed VM or a closed chain", () => {
    const failing = chainOf({
      proxy_on_configure: period(10),
      proxy_on_tick: `${say("tick")} (unreachable)`,
    });
    failing.advance(100);
    expect(said(failing).filter((line) => line === "tick")).toHaveLength(1);
    const closed = chainOf({ proxy_on_configure: period(10), proxy_on_tick: say("tick") });
    closed.close();
    closed.advance(100);
    expect(said(closed)).toEqual([]);
  });
});

describe("log, time and status (abi.md §12, §4)", () => {
  test("lines carry level, plugin and UTF-8 text; below the sink's level they are dropped; above 5 is 2 and no line", () => {
    const levels = [0, 1, 2, 3, 4, 5, 6, -1];
    const chain = chainOf(
      {
        proxy_on_request_headers: levels
          .map((level) => code(`${level}`, `(call $proxy_log (i32.const ${level}) @"é \\ff")`))
          .join(" "),
      },
      { logLevel: "info" },
    );
    chain.exchange();
    const lines = chain.logs.filter(({ message }) => message.startsWith("é"));
    expect(lines.map(({ level, message, plugin }) => [level, message, plugin])).toEqual(
      ["info", "warn", "error", "critical"].map((level) => [level, "é \ufffd", "plugin"]),
    );
    expect(said(chain).filter((line) => /^-?\d=/.test(line))).toEqual([
      "0=0",
      "1=0",
      "2=0",
      "3=0",
      "4=0",
      "5=0",
      "6=2",
      "-1=2",
    ]);
  });

  test("the log level can be asked for", () => {
    const chain = chainOf(
      { proxy_on_configure: `${code("call", `(call $proxy_get_log_level ${number})`)} ${id}` },
      { logLevel: "debug" },
    );
    expect(said(chain)).toEqual(["call=0", "id=1"]);
  });

  test("time is the host clock's, in nanoseconds", () => {
    const chain = chainOf({
      proxy_on_request_headers: `(drop (call $proxy_get_current_time_nanoseconds ${number})) (call $number @"now" (i64.load ${number}))`,
    });
    chain.exchange();
    chain.advance(1);
    chain.exchange();
    const [first, second] = said(chain).map((line) => BigInt(line.slice(4)));
    expect(second! - first!).toBe(1_000_000n);
    expect(second).toBe(chain.clock.now());
  });

  test("pthread_equal and emscripten_notify_memory_growth link", () => {
    const chain = chainOf({
      proxy_on_configure: `${code("same", "(call $pthread_equal (i32.const 3) (i32.const 3))")} ${code("other", "(call $pthread_equal (i32.const 3) (i32.const 4))")} (call $emscripten_notify_memory_growth (i32.const 0))`,
    });
    expect(said(chain)).toEqual(["same=1", "other=0"]);
  });

  test("envoy_resolve_dns answers with a token and later with addresses in buffer 8", () => {
    const chain = chainOf(
      {
        proxy_on_configure: `${code("call", `(call $envoy_resolve_dns @"db.local" ${number})`)} ${id}`,
        envoy_on_resolve_dns: `(call $code @"token" (local.get $1)) (call $code @"size" (local.get $2))
          ${show("answer", `(call $proxy_get_buffer_bytes (i32.const 8) (i32.const 0) (i32.const 99) ${out})`)}`,
      },
      { resolveName: (name, done) => done(name === "db.local" ? ["10.0.0.1", "[::1]"] : []) },
    );
    const answer = "\x02\0\0\0\0\0\0\0\0\0\0\0" + "10.0.0.1:0\0[::1]:0\0";
    expect(said(chain)).toEqual(["call=0", "id=2", "token=2", `size=${answer.length}`, `answer=${answer}`]);
  });
});
