// What header callbacks hold back, and what lets it go (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines } from "../../testing/scenario.ts";
import { assemble, request, requestBody, response, responseBody } from "./wat.ts";

const wait = 4;
const hold = 1;

describeEngines(
  "pauses",
  (engine) => {
    test("request headers held with 1 stay editable until a body callback continues", async () => {
      const module = assemble((text) => ({
        request_headers: `(i32.const ${hold})`,
        request_body: `
          (if (i32.eqz (local.get $eos)) (then ${text.log("first body")} (return (i32.const 1))))
          ${text.setHeader(request, "x-from-body", "edited")} ${text.note("$r;")}
          (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const exchange = gateway.open({ method: "POST" });
      await exchange.write("body");
      await gateway.logged("first body");
      expect(gateway.upstream("up.static").requests).toEqual([]);
      await exchange.end();
      expect((await exchange.answer).header("x-trace")).toBe("0;");
      const [seen] = gateway.upstream("up.static").requests;
      expect(seen?.header("x-from-body")).toBe("edited");
      expect(seen?.text).toBe("body");
    });

    test("without the switch 1 is a wait: no body callback comes", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.httpCall("outbound|80||call.static")} (i32.const ${hold})`,
        request_body: `${text.note("body;")} (i32.const 0)`,
        http_call_response: `${text.note("call;")} ${text.resume(0)}`,
      }));
      const gateway = await engine.start({
        plugins: [{ module, allowOnHeadersStopIteration: false }],
        upstreams: { "up.static": {}, "call.static": {} },
      });
      const answer = await gateway.send({ body: "x" });
      expect(answer.header("x-trace")).toMatch(/^call;body;/);
    });

    test("headers edited in a held body callback choose the route", async () => {
      const module = assemble((text) => ({
        request_headers: `(i32.const ${hold})`,
        request_body: `${text.setHeader(request, "x-model", "other")} (i32.eqz (local.get $eos))`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "first.static": { body: "first" }, "other.static": { body: "other" } },
        routes: [
          { name: "other", to: "other.static", headers: [{ name: "x-model", exact: "other" }] },
          { name: "first", to: "first.static" },
        ],
      });
      expect((await gateway.send({ body: "x" })).text).toBe("other");
    });

    test("4 waits for a call-out, whose answer may still edit the request", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.httpCall("outbound|80||call.static")} (i32.const ${wait})`,
        request_body: `${text.note("body;")} (i32.const 0)`,
        http_call_response: `${text.note("call;")}
          (drop (call $proxy_set_effective_context (global.get $stream)))
          ${text.setHeader(request, "x-from-call", "edited")} ${text.resume(0)}`,
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
      const answer = gateway.send({ body: "payload" });
      await gateway.upstream("call.static").next();
      expect(gateway.upstream("up.static").requests).toEqual([]);
      gate.resolve();
      expect((await answer).header("x-trace")).toMatch(/^call;body;/);
      const [seen] = gateway.upstream("up.static").requests;
      expect(seen?.header("x-from-call")).toBe("edited");
      expect(seen?.text).toBe("payload");
    });

    test("1 is no wait for a call-out: a body callback that continues sends the request", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.httpCall("outbound|80||call.static")} (i32.const ${hold})`,
        request_body: `(i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": {}, "call.static": () => new Promise(() => {}) },
      });
      const answer = await gateway.send({ body: "x" });
      expect(answer.status).toBe(200);
      expect(gateway.upstream("call.static").requests.length).toBe(1);
    });

    test("1 on a request without a body waits to be continued", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.note("headers $eos;")} ${text.httpCall("outbound|80||call.static")} (i32.const ${hold})`,
        http_call_response: `${text.note("call;")} ${text.resume(0)}`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": {}, "call.static": {} },
      });
      expect((await gateway.send()).header("x-trace")).toBe("headers 1;call;");
    });

    test("a body paused for a call-out may be read and replaced in the call's answer", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.removeHeader(request, "content-length")} (i32.const ${hold})`,
        request_body: `
          (if (local.get $eos) (then ${text.httpCall("outbound|80||call.static")}))
          (i32.const 1)`,
        http_call_response: `
          (drop (call $proxy_set_effective_context (global.get $stream)))
          ${text.noteBuffer(requestBody)}
          ${text.setBuffer(requestBody, 0, 0x7fffffff, "replaced")} ${text.note("$r;")}
          ${text.resume(0)}`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": {}, "call.static": {} },
      });
      const answer = await gateway.send({ body: "original" });
      expect(answer.header("x-trace")).toBe("0:original;0;");
      const [seen] = gateway.upstream("up.static").requests;
      expect(seen?.text).toBe("replaced");
      expect(seen?.header("content-length")).toBeUndefined();
    });

    test("response headers held with 1 are edited after the whole body was seen", async () => {
      const module = assemble((text) => ({
        response_headers: `${text.removeHeader(response, "content-length")} (i32.const ${hold})`,
        response_body: `
          (if (i32.eqz (local.get $eos)) (then (return (i32.const 1))))
          ${text.noteBuffer(responseBody)}
          ${text.setBuffer(responseBody, 0, 0x7fffffff, "replaced")} ${text.sendTrace()}
          (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { chunks: ["ori", "ginal"] } },
      });
      const answer = await gateway.send();
      expect(answer.header("x-trace")).toBe("0:original;");
      expect(answer.text).toBe("replaced");
    });

    test("a response paused in its body for a call-out is replaced in the call's answer", async () => {
      const module = assemble((text) => ({
        response_headers: `${text.removeHeader(response, "content-length")} (i32.const ${hold})`,
        response_body: `
          (if (local.get $eos) (then ${text.httpCall("outbound|80||call.static")}))
          (i32.const 1)`,
        http_call_response: `
          (drop (call $proxy_set_effective_context (global.get $stream)))
          ${text.setHeader(response, "x-from-call", "edited")}
          ${text.setBuffer(responseBody, 0, 0x7fffffff, "replaced")}
          ${text.resume(1)}`,
        request_headers: "(i32.const 0)",
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: "original" }, "call.static": {} },
      });
      const answer = await gateway.send();
      expect(answer.text).toBe("replaced");
      expect(answer.header("x-from-call")).toBe("edited");
    });

    test("the events of a stream pass one by one while the plugin looks at them", async () => {
      const module = assemble(() => ({ response_body: "(i32.const 0)" }));
      const gate = Promise.withResolvers<void>();
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { chunks: ["data: one\n\n", () => gate.promise, "data: two\n\n"] } },
      });
      const exchange = gateway.open({ method: "POST" });
      await exchange.end();
      await exchange.until("data: one\n\n");
      gate.resolve();
      expect((await exchange.answer).text).toBe("data: one\n\ndata: two\n\n");
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
