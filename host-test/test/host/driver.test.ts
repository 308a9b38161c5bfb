import { describe, expect, test } from "vitest";
import type { Route } from "../../host/types.ts";
import { VirtualClock } from "../../host/virtual-clock.ts";
import { TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import { addHeader, chainOf, code, drop, httpCall, returns, said, say } from "./snippets.ts";

describe("VirtualClock", () => {
  test("fires timers in order of their time, then of their making, at their own time, those set meanwhile included", () => {
    const clock = new VirtualClock(1000);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name} ${clock.monotonic() / 1_000_000n}`);
    clock.setTimer(20, note("late"));
    clock.setTimer(10, note("first"));
    clock.setTimer(10, note("second"));
    clock.setTimer(5, () => clock.setTimer(3, note("inner")));
    clock.setTimer(15, note("cancelled")).cancel();
    clock.advance(19);
    expect(fired).toEqual(["inner 8", "first 10", "second 10"]);
    clock.advance(1);
    expect(fired.at(-1)).toBe("late 20");
    expect(clock.now()).toBe(1_020_000_000n);
    expect(clock.pending).toBe(0);
  });

  test("the wall clock may jump while the monotonic one does not", () => {
    const clock = new VirtualClock(1000);
    clock.advance(5);
    clock.setWallClock(0);
    clock.advance(5);
    expect([clock.now(), clock.monotonic()]).toEqual([5_000_000n, 10_000_000n]);
  });
});

describe("TestChain", () => {
  test("sends and receives bodies in exactly the given pieces, with trailers and both ways of ending", () => {
    const chain = new TestChain({
      plugins: [],
      upstream: ({ chunks, trailers }) => ({
        status: 202,
        chunks,
        ...(trailers ? { trailers } : {}),
        protocol: "HTTP/2",
      }),
    });
    const chunks = ["a", "", "bc", Buffer.from([0xff])];
    for (const protocol of ["HTTP/1.1", "HTTP/2"] as const) {
      const { client, upstream, record } = chain.exchange({
        method: "PUT",
        path: "/p",
        chunks,
        protocol,
        headers: { a: "1" },
      });
      expect(upstream?.headers).toEqual([
        [":method", "PUT"],
        [":path", "/p"],
        [":authority", "test.local"],
        [":scheme", "http"],
        ["a", "1"],
      ]);
      expect(upstream?.chunks).toEqual([Buffer.from("a"), Buffer.from("bc"), Buffer.from([0xff])]);
      expect(client).toMatchObject({ status: 202, complete: true, reset: false });
      expect(client.chunks).toEqual(upstream?.chunks);
      expect(record).toMatchObject({ requestBytes: 4, responseBytes: 4, responseCode: 202 });
    }
    expect(chain.exchange({ body: "x", trailers: { t: "1" } }).client.trailers).toEqual([["t", "1"]]);
    expect(chain.exchange().upstream).toMatchObject({ text: "", complete: true });
  });

  test("a client that aborts is seen by the upstream as a reset", () => {
    const chain = new TestChain({ plugins: [] });
    const { client, upstream, record } = chain.exchange({ chunks: ["a", "b"], abortAfter: 1 });
    expect(upstream).toMatchObject({ text: "a", complete: false, reset: true });
    expect(client.status).toBe(0);
    expect(record?.flags).toBe("DC");
  });

  test("delays are virtual: replies and deadlines come in the order of their times", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: [30, 10, 20]
          .map((timeoutMs) => drop(httpCall("peer", { timeoutMs })))
          .join(" "),
        proxy_on_http_call_response: code("token", "(local.get $1)"),
      },
      { calls: { peer: () => "never" }, upstream: () => ({ delayMs: 15 }) },
    );
    const { record } = chain.exchange();
    expect(record?.durationMs).toBe(15);
    expect(said(chain)).toEqual(["token=8", "token=12", "token=4"]);
    expect(chain.clock.monotonic()).toBe(30_000_000n);
  });

  test("an exchange that a plugin holds has no record, and problems() lists errors alone", () => {
    const chain = chainOf({
      proxy_on_request_headers: `${say("info")} (drop (call $proxy_log (i32.const 4) @"bad")) ${returns(4)}`,
    });
    const { client, record } = chain.exchange();
    expect([client.status, record]).toEqual([0, undefined]);
    expect(chain.problems()).toEqual(["bad"]);
    expect(chain.problems("info")).toEqual(["info", "bad"]);
  });

  test("routes as it is told, and hands plugin configurations over as JSON", () => {
    const chain = new TestChain({
      plugins: [
        {
          module: guest({
            on: {
              proxy_on_request_headers: drop(addHeader(0, "x", "1")),
              proxy_on_configure: code("size", "(local.get $1)"),
            },
          }),
          configuration: { a: [1] },
        },
      ],
      route: (headers): Route => ({ name: headers.at(-1)![0], cluster: "c" }),
    });
    expect(chain.exchange().upstream?.route.name).toBe("x");
    expect(said(chain)).toEqual(["size=9"]);
  });

  test("observers see callbacks, headers and bodies before and after each plugin, and call-outs", () => {
    const events: string[] = [];
    const chain = chainOf(
      {
        proxy_on_request_headers: `${drop(addHeader(0, "x", "1"))} ${drop(httpCall())}`,
        proxy_on_request_body: `(drop (call $proxy_set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 0) @"<"))`,
        proxy_on_http_call_response: "",
      },
      {
        calls: { peer: () => ({ status: 204 }) },
        observer: {
          callback: ({ stream, plugin, name, micros, memoryPages }) => {
            expect(micros).toBeGreaterThanOrEqual(0);
            expect(memoryPages).toBe(2);
            if (stream > 0) events.push(`${plugin} ${name}`);
          },
          headers: ({ phase, before, after }) =>
            events.push(`${phase} headers ${after.length - before.length}`),
          body: ({ phase, before, after, endStream }) =>
            events.push(`${phase} body ${Buffer.from(before)} → ${Buffer.from(after)} ${endStream}`),
          call: ({ stream, kind, cluster, token }) =>
            events.push(`call ${stream} ${kind} ${cluster} ${token}`),
          callEnded: ({ kind, token, status }) => events.push(`answer ${kind} ${token} ${status}`),
        },
      },
    );
    chain.exchange({ chunks: ["a"], protocol: "HTTP/2" });
    expect(events).toEqual([
      "call 1 http peer 4",
      "plugin proxy_on_request_headers",
      "request headers 1",
      "answer http 4 204",
      "plugin proxy_on_request_body",
      "request body a → <a true",
      "response headers 0",
      "response body ok → ok false",
      "response body  →  true",
    ]);
  });
});
