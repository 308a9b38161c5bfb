import { describe, expect, test } from "vitest";
import type { FailurePolicy, Flavour, Headers } from "../../host/types.ts";
import { requestHeaders, TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import { code, drop, getHeader, httpCall, reply, returns, said, say, setProperty, show } from "./snippets.ts";

const request: Headers = requestHeaders({ method: "POST", authority: "a" });
const policies: FailurePolicy[] = ["fail-closed", "fail-open", "legacy-fail-open", "fail-reload"];

/** Traps on requests with the header x-trap. */
const fragile = guest({
  on: {
    proxy_on_request_headers: `${say("request")} (if (i32.eqz ${getHeader(0, "x-trap")}) (then (unreachable)))`,
    proxy_on_response_body: say("response body"),
    proxy_on_request_body: say("request body"),
  },
});

function chain(failurePolicy: FailurePolicy, flavour: Flavour = "envoy", more: object = {}): TestChain {
  return new TestChain({ plugins: [{ module: fragile, failurePolicy, ...more }], flavour });
}

describe("a trap in any callback (abi.md §14)", () => {
  test.each([
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_response_trailers",
  ])("%s: the client gets 503 or a cut, never the rest of the response", (name) => {
    const module = guest({ on: { [name]: "(unreachable)" } });
    const fragileChain = new TestChain({
      plugins: [{ module, failurePolicy: "fail-closed" }],
      flavour: "envoy",
      upstream: () => ({ chunks: ["secret"], trailers: { t: "1" } }),
    });
    const { client, record } = fragileChain.exchange({ chunks: ["a"], trailers: { t: "1" } });
    const late = name === "proxy_on_response_body" || name === "proxy_on_response_trailers";
    expect(client.status).toBe(late ? 200 : 503);
    expect(client.reset).toBe(late);
    expect(client.complete).toBe(!late);
    expect(name === "proxy_on_response_trailers" ? "" : client.text).toBe("");
    expect(record?.details).toBe("wasm_fail_stream");
    expect(fragileChain.exchange().client.status).toBe(503);
  });

  test.each([
    "proxy_on_log",
    "proxy_on_done",
    "proxy_on_delete",
    "proxy_on_tick",
    "proxy_on_http_call_response",
    "proxy_on_context_create",
  ])("%s: the VM fails and later requests get 503", (name) => {
    const on: Record<string, string> = {
      proxy_on_configure: `(drop (call $proxy_set_tick_period_milliseconds (i32.const 10))) (drop ${httpCall()})`,
      [name]:
        name === "proxy_on_context_create" ? "(if (local.get $1) (then (unreachable)))" : "(unreachable)",
    };
    const fragileChain = new TestChain({
      plugins: [{ module: guest({ on }), failurePolicy: "fail-closed" }],
      flavour: "envoy",
      calls: { peer: () => ({}) },
    });
    fragileChain.settle();
    fragileChain.exchange();
    fragileChain.advance(10);
    expect(fragileChain.problems()).toEqual([
      expect.stringContaining(`Function: ${name} failed: Uncaught RuntimeError: unreachable`),
    ]);
    expect(fragileChain.exchange().client.status).toBe(503);
    expect(fragileChain.problems()).toHaveLength(1);
  });

  test.each([
    ["a load out of bounds", "(drop (i32.load (i32.const -4)))", "memory access out of bounds"],
    ["a division by zero", "(drop (i32.div_s (i32.const 1) (i32.const 0)))", "divide by zero"],
    ["endless recursion", "(call $deep)", "Maximum call stack size exceeded"],
    ["unreachable", "(unreachable)", "unreachable"],
  ])("%s is a trap with its reason and a backtrace in the log", (_name, body, reason) => {
    const module = guest({ also: "(func $deep (call $deep))", on: { proxy_on_request_headers: body } });
    const fragileChain = new TestChain({ plugins: [{ module }], flavour: "envoy" });
    expect(fragileChain.exchange().client.status).toBe(503);
    expect(fragileChain.problems()[0]).toContain(reason);
    expect(fragileChain.problems()[0]).toMatch(/Proxy-Wasm plugin in-VM backtrace:\n {2}0: {2}0x/);
  });

  test("a reply sent before the trap in the same callback still goes out", () => {
    const module = guest({ on: { proxy_on_request_headers: `${drop(reply(401, "no"))} (unreachable)` } });
    const fragileChain = new TestChain({ plugins: [{ module }], flavour: "envoy" });
    expect(fragileChain.exchange().client).toMatchObject({ status: 401, text: "no" });
  });
});

describe("failure policies (abi.md §14, envoy.md §5)", () => {
  const expected = {
    "fail-closed": { trapping: 503, next: 503 },
    "fail-open": { trapping: 503, next: 200 },
    "legacy-fail-open": { trapping: 200, next: 200 },
    "fail-reload": { trapping: 503, next: 503 },
  };

  test.each(policies)("%s: the trapping stream and the requests after it", (policy) => {
    const subject = chain(policy);
    expect(subject.exchange({ headers: { "x-trap": "1" } }).client.status).toBe(expected[policy].trapping);
    expect(subject.exchange().client.status).toBe(expected[policy].next);
  });

  test.each(policies)("%s: other streams in flight on the same VM", (policy) => {
    const subject = chain(policy);
    const asking = subject.open();
    asking.http.requestHeaders(request, false);
    const answering = subject.open("HTTP/1.1", true);
    answering.http.requestHeaders(request, true);
    answering.http.responseHeaders([[":status", "200"]], false);
    subject.exchange({ headers: { "x-trap": "1" } });
    asking.http.requestData(Buffer.from("x"), true);
    answering.http.responseData(Buffer.from("x"), true);
    subject.settle();
    const survives = policy === "legacy-fail-open";
    expect(asking.client.status).toBe(survives ? 200 : 503);
    expect(answering.client.reset).toBe(!survives);
    expect(answering.client.text).toBe(survives ? "x" : "");
  });

  test("a stream that waits for a call when its VM fails waits on, as in Envoy, until the client leaves", () => {
    const module = guest({
      on: {
        proxy_on_request_headers: `(if (i32.eqz ${getHeader(0, "x-trap")}) (then (unreachable))) (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_http_call_response: say("reply"),
      },
    });
    const subject = new TestChain({
      plugins: [{ module }],
      flavour: "envoy",
      calls: { peer: () => ({ delayMs: 50 }) },
    });
    const waiting = subject.open();
    waiting.http.requestHeaders(request, true);
    subject.exchange({ headers: { "x-trap": "1" } });
    subject.advance(100);
    expect(waiting.client.status).toBe(0);
    expect(said(subject)).not.toContain("reply");
    waiting.http.requestReset();
    expect(waiting.record?.flags).toBe("DC");
  });

  test("plugins that share the VM fail with it, those of another vm id do not", () => {
    const subject = new TestChain({
      plugins: [
        { name: "a", module: fragile, failurePolicy: "fail-closed" },
        { name: "b", module: fragile, failurePolicy: "fail-open" },
        { name: "c", module: fragile, vmId: "other" },
      ],
      flavour: "envoy",
    });
    said(subject);
    subject.exchange({ headers: { "x-trap": "1" } });
    expect(subject.exchange().client.status).toBe(503);
    const open = new TestChain({
      plugins: [
        { name: "b", module: fragile, failurePolicy: "fail-open" },
        { name: "c", module: fragile, vmId: "other", failurePolicy: "fail-open" },
      ],
      flavour: "envoy",
    });
    open.exchange({ headers: { "x-trap": "1" } });
    said(open);
    expect(open.exchange().client.status).toBe(200);
    expect(open.logs.filter(({ message }) => message === "request").map(({ plugin }) => plugin)).toEqual([
      "c",
    ]);
  });

  test("a new configuration replaces a failed VM", async () => {
    const subject = chain("fail-closed");
    subject.exchange({ headers: { "x-trap": "1" } });
    expect(subject.exchange().client.status).toBe(503);
    await subject.chain.reconfigure([
      { name: "plugin", module: fragile, configuration: "new", failurePolicy: "fail-closed" },
    ]);
    expect(subject.exchange().client.status).toBe(200);
  });
});

describe("reload (abi.md §14)", () => {
  test("the first request at least one interval after the VM's last start gets a new VM", () => {
    const subject = chain("fail-reload");
    subject.advance(200);
    subject.exchange({ headers: { "x-trap": "1" } });
    subject.advance(799);
    expect(subject.exchange().client.status).toBe(503);
    subject.advance(1);
    expect(subject.exchange().client.status).toBe(200);
  });

  test("an older VM is replaced at once, and the interval can be set", () => {
    const old = chain("fail-reload");
    old.advance(5000);
    old.exchange({ headers: { "x-trap": "1" } });
    expect(old.exchange().client.status).toBe(200);
    const quick = chain("fail-reload", "envoy", { reloadIntervalMs: 100 });
    quick.exchange({ headers: { "x-trap": "1" } });
    quick.advance(99);
    expect(quick.exchange().client.status).toBe(503);
    quick.advance(1);
    expect(quick.exchange().client.status).toBe(200);
  });

  test("a reload that fails is tried again after another interval", () => {
    const module = guest({
      on: {
        proxy_on_configure: `(if (i32.eqz (call $proxy_get_shared_data @"broken" (i32.const 16) (i32.const 20) (i32.const 24)))
          (then (drop (call $proxy_set_shared_data @"broken" @"" (i32.const 0)))
            (if (i32.load (i32.const 20)) (then ${returns(0)}))))`,
        proxy_on_request_headers: `(if (i32.eqz ${getHeader(0, "x-trap")}) (then
          (drop (call $proxy_set_shared_data @"broken" @"yes" (i32.const 0))) (unreachable)))`,
      },
    });
    const subject = new TestChain({ plugins: [{ module, failurePolicy: "fail-reload" }], flavour: "envoy" });
    subject.exchange({ headers: { "x-trap": "1" } });
    subject.advance(1000);
    expect(subject.exchange().client.status).toBe(503);
    subject.advance(999);
    expect(subject.exchange().client.status).toBe(503);
    subject.advance(1);
    expect(subject.exchange().client.status).toBe(200);
  });

  test("shared data survives a new VM, its globals do not", () => {
    const module = guest({
      also: "(global $count (mut i32) (i32.const 0))",
      on: {
        proxy_on_request_headers: `(if (i32.eqz ${getHeader(0, "x-trap")}) (then (unreachable)))
          ${show("data", `(call $proxy_get_shared_data @"k" (i32.const 16) (i32.const 20) (i32.const 24))`)}
          (drop (call $proxy_set_shared_data @"k" @"kept" (i32.const 0)))
          (global.set $count (i32.add (global.get $count) (i32.const 1))) (call $code @"count" (global.get $count))`,
      },
    });
    const subject = new TestChain({ plugins: [{ module, failurePolicy: "fail-reload" }], flavour: "envoy" });
    subject.exchange();
    subject.exchange({ headers: { "x-trap": "1" } });
    subject.advance(1000);
    subject.exchange();
    expect(said(subject).filter((line) => !line.startsWith("Function"))).toEqual([
      "data!1",
      "count=1",
      "data=kept",
      "count=1",
    ]);
  });

  test("the failed VM leaves no timer and no open call behind", () => {
    const module = guest({
      on: {
        proxy_on_configure: "(drop (call $proxy_set_tick_period_milliseconds (i32.const 500)))",
        proxy_on_request_headers: `(drop ${httpCall()}) (if (i32.eqz ${getHeader(0, "x-trap")}) (then (unreachable)))`,
        proxy_on_http_call_response: say("answer"),
      },
    });
    const subject = new TestChain({
      plugins: [{ module, failurePolicy: "fail-reload" }],
      flavour: "envoy",
      calls: { peer: () => "never" },
    });
    subject.exchange({ headers: { "x-trap": "1" } });
    subject.advance(1000);
    expect(subject.exchange().client.status).toBe(200);
    expect(said(subject)).toEqual([expect.stringContaining("unreachable"), "answer"]);
    // The tick of the new VM alone.
    expect(subject.clock.pending).toBe(1);
  });

  test("Higress re-creates a failed VM under every policy, at most once a second (abi.md §16.5)", () => {
    for (const policy of policies) {
      const subject = chain(policy, "higress");
      subject.exchange({ headers: { "x-trap": "1" } });
      said(subject);
      subject.exchange();
      expect(said(subject)).not.toContain("request");
      subject.advance(1000);
      expect(subject.exchange().client.status).toBe(200);
      expect(said(subject)).toContain("request");
    }
  });
});

describe("rebuild (abi.md §16.5)", () => {
  const counting = guest({
    also: "(global $count (mut i32) (i32.const 0))",
    on: {
      proxy_on_request_headers: `(global.set $count (i32.add (global.get $count) (i32.const 1)))
        (call $code @"count" (global.get $count))
        (if (i32.eqz ${getHeader(0, "x-rebuild")}) (then (drop ${setProperty("wasm_need_rebuild", "true")})))`,
      proxy_on_request_body: code("body of", "(global.get $count)"),
      proxy_on_delete: `(call $code @"delete" (local.get $0))`,
    },
  });

  test("wasm_need_rebuild gives new streams a new VM once a second has passed; running streams end on the old one", () => {
    const subject = new TestChain({ plugins: [{ module: counting }] });
    subject.advance(1000);
    const running = subject.open();
    running.http.requestHeaders([...request, ["x-rebuild", "1"]], false);
    expect(said(subject)).toEqual(["count=1"]);
    subject.exchange();
    expect(said(subject)).toEqual(["count=1", "delete=2"]);
    running.http.requestData(Buffer.from("x"), true);
    subject.settle();
    expect(said(subject)).toEqual(["body of=1", "delete=2", "delete=1"]);
    subject.exchange({ headers: { "x-rebuild": "1" } });
    subject.exchange();
    expect(said(subject)).toEqual(["count=2", "delete=3", "count=3", "delete=4"]);
    subject.advance(1000);
    subject.exchange();
    expect(said(subject)).toContain("count=1");
  });

  test("in stock Envoy the flag is a property like any other", () => {
    const subject = new TestChain({ plugins: [{ module: counting }], flavour: "envoy" });
    subject.advance(5000);
    subject.exchange({ headers: { "x-rebuild": "1" } });
    subject.exchange();
    expect(said(subject).filter((line) => line.startsWith("count"))).toEqual(["count=1", "count=2"]);
  });
});
