// How call-outs of a plugin end (Envoy 1.40).

import { expect, test } from "vitest";
import { cut, describeEngines, type UpstreamSetup } from "../../testing/scenario.ts";
import { assemble, callBody, callHeaders, callResponse, request } from "./wat.ts";

const call = "outbound|80||call.static";

/** Makes one call for each request, waits for it, and notes how it ended. */
const calling = (timeoutMs = 0): Uint8Array =>
  assemble((text) => ({
    request_headers: `${text.httpCall(call, timeoutMs)} ${text.note("$r;")} (i32.const 4)`,
    http_call_response: `
      
      (if (local.get $headers)
        (then ${text.noteHeader(callResponse, ":status")} ${text.noteBuffer(callBody)})
        (else
          (local.set $r (call $proxy_get_status (i32.const 12) (i32.const 0) (i32.const 4)))
          (local.set $s (i32.load (i32.const 12)))
          ${text.note("$r $s:")} (call $note_result (local.get $r)) ${text.note(";$body $trailers")}))
      ${text.resume(0)}`,
  }));

describeEngines(
  "call-outs",
  (engine) => {
    const outcomes: [string, UpstreamSetup, string][] = [
      ["an answer arrives with its body", { reply: { status: 201, body: "made" } }, "0:201;0:made;"],
      [
        "an answer over HTTP/2 arrives",
        { protocol: "http2", reply: { status: 201, body: "made" } },
        "0:201;0:made;",
      ],
      ["a refused connection is a 503", { state: "refused" }, "0:503;"],
      ["a connection lost before the headers is a 503", { reply: (exchange) => exchange.cut() }, "0:503;"],
      [
        "a connection lost after the headers is the status reset",
        { reply: { chunks: ["part", cut] } },
        "0 11:reset;0 0",
      ],
    ];
    test.each(outcomes)("%s", async (_title, upstream, noted) => {
      const gateway = await engine.start({
        plugins: [{ module: calling() }],
        upstreams: { "up.static": {}, "call.static": upstream },
      });
      const trace = (await gateway.send()).header("x-trace");
      expect(trace).toContain(`0;${noted}`);
    });

    test("a call that takes longer than its timeout is a 504", async () => {
      const gateway = await engine.start({
        plugins: [{ module: calling(50) }],
        upstreams: { "up.static": {}, "call.static": () => new Promise(() => {}) },
      });
      expect((await gateway.send()).header("x-trace")).toContain("0:504;");
    });

    test("the called service receives what the plugin sent", async () => {
      const gateway = await engine.start({
        plugins: [{ module: calling() }],
        upstreams: { "up.static": {}, "call.static": {} },
      });
      await gateway.send();
      const [seen] = gateway.upstream("call.static").requests;
      expect([seen?.method, seen?.path, seen?.authority]).toEqual(["GET", "/", "call.test"]);
    });

    const withoutAuthority = callHeaders.filter(([name]) => name !== ":authority");
    test.each([
      ["an unknown cluster", "outbound|80||unknown.static", 0, callHeaders, 2],
      ["a missing pseudo header", call, 0, withoutAuthority, 2],
      ["a negative timeout", call, -1, callHeaders, 2],
      ["a cluster without members", "outbound|80||empty.static", 0, callHeaders, 10],
    ] as [string, string, number, [string, string][], number][])(
      "%s fails at once",
      async (_title, cluster, timeoutMs, headers, status) => {
        const module = assemble((text) => ({
          request_headers: `${text.httpCall(cluster, timeoutMs, headers)} ${text.note("$r;")} (i32.const 0)`,
        }));
        const gateway = await engine.start({
          plugins: [{ module }],
          upstreams: { "up.static": {}, "call.static": {}, "empty.static": { state: "none" } },
        });
        expect((await gateway.send()).header("x-trace")).toMatch(new RegExp(`^${status};`));
      },
    );

    test("the answer comes although the client has gone, and finds no stream", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.httpCall(call)} (i32.const 4)`,
        http_call_response: `
          (local.set $r (call $proxy_set_effective_context (global.get $stream)))
          ${text.note("context $r")} ${text.logTrace()}`,
        log: text.log("stream is over"),
      }));
      const gate = Promise.withResolvers<void>();
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: {
          "up.static": {},
          "call.static": async (exchange) => {
            await gate.promise;
            await exchange.head(200);
            await exchange.end();
          },
        },
      });
      const exchange = gateway.open({ method: "POST" });
      await gateway.upstream("call.static").next();
      exchange.abort();
      await gateway.logged("stream is over");
      gate.resolve();
      expect(await gateway.logged("context")).toBe("context 2");
    });

    test("several calls of one request all arrive", async () => {
      const module = assemble((text) => ({
        request_headers: `
          ${text.httpCall(call)} ${text.httpCall(call)} ${text.httpCall(call)} (i32.const 4)`,
        http_call_response: `
          (i32.store (i32.const 12) (i32.add (i32.load (i32.const 12)) (i32.const 1)))
          (if (i32.eq (i32.load (i32.const 12)) (i32.const 3)) (then ${text.resume(0)}))`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": {}, "call.static": {} },
      });
      expect((await gateway.send()).status).toBe(200);
      expect(gateway.upstream("call.static").requests.length).toBe(3);
    });

    test("a call is answered outside of the callback that made it", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.httpCall("outbound|80||empty.static")} ${text.httpCall(call)} ${text.note("made;")}
          ${text.setHeader(request, "x-made", "1")} (i32.const 4)`,
        http_call_response: `${text.note("answered;")} ${text.resume(0)}`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: {
          "up.static": {},
          "call.static": { state: "refused" },
          "empty.static": { state: "none" },
        },
      });
      expect((await gateway.send()).header("x-trace")).toBe("made;answered;");
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
