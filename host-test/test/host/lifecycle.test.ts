import { describe, expect, test } from "vitest";
import { requestHeaders, specOf, TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import {
  chainOf,
  code,
  drop,
  getBytes,
  getHeader,
  reply,
  returns,
  said,
  say,
  setBytes,
  show,
} from "./snippets.ts";

const life = {
  proxy_on_context_create: `(call $code @"create" (local.get $0)) (call $code @"of" (local.get $1))`,
  proxy_on_vm_start: `(call $code @"start" (local.get $0))`,
  proxy_on_configure: `(call $code @"configure" (local.get $0))`,
  proxy_on_request_headers: `(call $code @"request" (local.get $0))`,
  proxy_on_log: `(call $code @"log" (local.get $0))`,
  proxy_on_done: `(call $code @"done" (local.get $0))`,
  proxy_on_delete: `(call $code @"delete" (local.get $0))`,
};

describe("contexts (abi.md §14)", () => {
  test("root: create, vm start, configure; stream: create, callbacks, log, done, delete; ids are never used twice", () => {
    const chain = chainOf(life);
    expect(said(chain)).toEqual(["create=1", "of=0", "start=1", "configure=1"]);
    for (const id of [2, 3]) {
      chain.exchange();
      const expected = [`create=${id}`, "of=1", `request=${id}`, `log=${id}`, `done=${id}`, `delete=${id}`];
      expect(said(chain)).toEqual(expected);
    }
    chain.close();
    expect(said(chain)).toEqual(["done=1", "delete=1"]);
    expect(chain.chain.liveStreams()).toBe(0);
  });

  test("a stream answered before the filter gets a fresh context for the log alone", () => {
    const first = guest({ on: { proxy_on_request_headers: drop(reply(401)) } });
    const chain = new TestChain({
      plugins: [
        { name: "first", module: first },
        { name: "second", module: guest({ on: { ...life, proxy_on_response_headers: say("never") } }) },
      ],
    });
    said(chain);
    expect(chain.exchange().client.status).toBe(401);
    expect(said(chain)).toEqual(["create=2", "of=1", "log=2", "done=2", "delete=2"]);
  });

  test("a client that leaves ends the stream: log without a response, done, delete", () => {
    const chain = chainOf({ ...life, proxy_on_request_headers: returns(4) });
    said(chain);
    const stream = chain.open();
    stream.http.requestHeaders(requestHeaders({ method: "GET", authority: "a" }), false);
    stream.http.requestReset();
    expect(said(chain)).toEqual(["create=2", "of=1", "log=2", "done=2", "delete=2"]);
    expect(stream.record).toMatchObject({
      responseCode: 0,
      flags: "DC",
      details: "downstream_remote_disconnect",
    });
    stream.http.requestData(Buffer.from("late"), true);
    stream.http.responseHeaders([[":status", "200"]], true);
    expect(said(chain)).toEqual([]);
  });

  test("the configuration is readable in configure alone, the VM configuration at any time on the root", () => {
    const chain = new TestChain({
      plugins: [
        {
          configuration: "plugin é",
          vmConfiguration: "vm",
          module: guest({
            on: {
              proxy_on_vm_start: `(call $code @"size" (local.get $1)) ${show("vm", getBytes(6))} ${show("early", getBytes(7))}`,
              proxy_on_configure: `(call $code @"size" (local.get $1)) ${show("plugin", getBytes(7))} ${code("set vm", setBytes(6, 0, 0, "x"))}`,
              proxy_on_request_headers: `${show("late", getBytes(7))} ${show("vm", getBytes(6))} ${code("set", setBytes(7, 0, 0, "x"))}`,
            },
          }),
        },
      ],
    });
    chain.exchange();
    expect(said(chain)).toEqual([
      "size=2",
      "vm=vm",
      "early!1",
      "size=9",
      "plugin=plugin é",
      "set vm=2",
      "late!1",
      "vm=vm",
      "set=1",
    ]);
  });

  test("proxy_on_done of a root may put off its deletion until proxy_done; a stream's answer does not count", async () => {
    const module = guest({
      on: {
        proxy_on_done: `(call $code @"done" (local.get $0)) ${returns(0)}`,
        proxy_on_tick: `${code("proxy_done", "(call $proxy_done)")} ${code("again", "(call $proxy_done)")}`,
        proxy_on_configure: `${code("early", "(call $proxy_done)")} (drop (call $proxy_set_tick_period_milliseconds (i32.const 100)))`,
        proxy_on_delete: `(call $code @"delete" (local.get $0))`,
      },
    });
    const chain = new TestChain({ plugins: [{ module }] });
    chain.exchange();
    expect(said(chain)).toEqual(["early=1", "done=2", "delete=2"]);
    await chain.chain.reconfigure([]);
    expect(said(chain)).toEqual(["done=1"]);
    chain.advance(100);
    expect(said(chain)).toEqual(["proxy_done=0", "again=1", "delete=1"]);
    expect(chain.clock.pending).toBe(0);
  });
});

describe("VMs (abi.md §14)", () => {
  const counting = guest({
    also: "(global $count (mut i32) (i32.const 0))",
    on: {
      proxy_on_request_headers: `(global.set $count (i32.add (global.get $count) (i32.const 1)))
        (call $code @"count" (global.get $count))`,
    },
  });

  test("plugins with equal code, vm id and VM configuration share a VM, each with a root of its own", () => {
    const shared = new TestChain({
      plugins: [
        { name: "a", module: counting },
        { name: "b", module: counting },
      ],
    });
    shared.exchange();
    expect(said(shared)).toEqual(["count=1", "count=2"]);
    for (const difference of [{ vmId: "other" }, { vmConfiguration: "other" }, { environment: { A: "1" } }]) {
      const apart = new TestChain({
        plugins: [
          { name: "a", module: counting },
          { name: "b", module: counting, ...difference },
        ],
      });
      apart.exchange();
      expect(said(apart)).toEqual(["count=1", "count=1"]);
    }
  });

  test("every configuration is tried in a VM of its own first, whose refusal names the plugin and its words", () => {
    const module = guest({ on: { proxy_on_configure: `${say("configured")} ${say("done")}` } });
    expect(said(new TestChain({ plugins: [{ module }], canary: true }))).toEqual([
      "configured",
      "done",
      "configured",
      "done",
    ]);
  });

  test.each([
    ["vm start answers 0", { proxy_on_vm_start: returns(0) }],
    ["configure answers 0", { proxy_on_configure: returns(0) }],
    ["configure traps", { proxy_on_configure: "(unreachable)" }],
    ["context create traps", { proxy_on_context_create: "(unreachable)" }],
    ["_initialize traps", { _initialize: "(unreachable)" }],
  ])("a plugin is refused under every failure policy when %s", (_name, on) => {
    for (const failurePolicy of ["fail-closed", "fail-open", "legacy-fail-open", "fail-reload"] as const) {
      for (const canary of [true, false]) {
        const plugins = [{ name: "mine", module: guest({ on }), failurePolicy }];
        expect(() => new TestChain({ plugins, canary })).toThrow(/^Unable to create Wasm plugin mine/);
      }
    }
  });
});

describe("configuration changes (abi.md §14)", () => {
  const tagged = guest({
    on: {
      ...life,
      proxy_on_configure: `${show("configure", getBytes(7))} (return (i32.ne (local.get $1) (i32.const 3)))`,
      proxy_on_request_body: `(call $code @"body" (local.get $0))`,
    },
  });
  const request: [string, string][] = requestHeaders({ method: "POST", authority: "a" });

  test("new streams get the new root, running ones keep theirs, and the old root ends with its last stream", async () => {
    const chain = new TestChain({ plugins: [{ module: tagged, configuration: "old1" }] });
    const running = chain.open();
    running.http.requestHeaders(request, false);
    said(chain);
    await chain.chain.reconfigure([specOf({ module: tagged, configuration: "new2" })]);
    expect(said(chain)).toEqual(["create=3", "of=0", "start=3", "configure=new2"]);
    chain.exchange();
    expect(said(chain)).toEqual(["create=4", "of=3", "request=4", "log=4", "done=4", "delete=4"]);
    running.http.requestData(Buffer.from("x"), true);
    chain.settle();
    expect(said(chain)).toEqual(["body=2", "log=2", "done=2", "delete=2", "done=1", "delete=1"]);
  });

  test("an unchanged plugin keeps its root and is not configured again", async () => {
    const chain = new TestChain({ plugins: [{ module: tagged, configuration: "old1" }] });
    said(chain);
    await chain.chain.reconfigure([
      specOf({ module: tagged, configuration: "old1" }),
      specOf({ name: "more", module: tagged }),
    ]);
    expect(said(chain)).toEqual(["create=2", "of=0", "start=2", "configure="]);
  });

  test("a refused change leaves the running plugins as they are", async () => {
    for (const canary of [true, false]) {
      const chain = new TestChain({ plugins: [{ module: tagged, configuration: "old1" }], canary });
      await expect(
        chain.chain.reconfigure([specOf({ module: tagged, configuration: "bad" })]),
      ).rejects.toThrow("Unable to create Wasm plugin plugin");
      said(chain);
      expect(chain.exchange().client.status).toBe(200);
      expect(said(chain)).toContain("of=1");
      expect(said(chain)).not.toContain("done=1");
    }
  });
});

test("every plugin of the chain sees the request in order and the response in reverse", () => {
  const named = (name: string) => ({
    name,
    module: guest({
      on: {
        proxy_on_request_headers: `${say(`${name} request`)} ${show("upstream", getHeader(0, ":path"))}`,
        proxy_on_response_headers: say(`${name} response`),
        proxy_on_log: say(`${name} log`),
      },
    }),
  });
  const chain = new TestChain({ plugins: ["a", "b", "c"].map(named) });
  chain.exchange();
  const lines = said(chain).filter((line) => !line.startsWith("upstream"));
  expect(lines).toEqual([
    "a request",
    "b request",
    "c request",
    "c response",
    "b response",
    "a response",
    "a log",
    "b log",
    "c log",
  ]);
});
