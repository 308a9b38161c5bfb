// Answers that a plugin gives by itself (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines } from "../../testing/scenario.ts";
import { assemble, response } from "./wat.ts";

const replyHeaders: [string, string][] = [
  ["x-reply", "1"],
  ["x-reply", "2"],
];

describeEngines(
  "local replies",
  (engine) => {
    test("a reply from the request headers replaces the upstream and passes the response callbacks", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.reply(403, "denied", replyHeaders)} ${text.note("$r;")} (i32.const 0)`,
        request_body: `${text.note("request body;")} (i32.const 0)`,
        response_headers: `${text.noteHeader(response, ":status")} ${text.sendTrace()} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const answer = await gateway.send({ body: "x" });
      expect(answer.status).toBe(403);
      expect(answer.text).toBe("denied");
      expect(answer.header("x-reply")).toBe("1, 2");
      expect(answer.header("content-type")).toBe("text/plain");
      expect(answer.header("content-length")).toBe("6");
      expect(answer.header("x-trace")).toBe("0;0:403;");
      expect(gateway.upstream("up.static").requests).toEqual([]);
    });

    test("a content-type of the reply's own is kept", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.reply(400, "{}", [["content-type", "application/json"]])} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      expect((await gateway.send()).header("content-type")).toBe("application/json");
    });

    test("of two replies the first is sent", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.reply(401, "first")} ${text.note("$r;")} ${text.reply(402, "second")} ${text.note("$r;")} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const answer = await gateway.send();
      expect([answer.status, answer.text, answer.header("x-trace")]).toEqual([401, "first", "0;0;"]);
    });

    test("a reply from the request body replaces the upstream", async () => {
      const module = assemble((text) => ({
        request_headers: "(i32.const 1)",
        request_body: `(if (local.get $eos) (then ${text.reply(413, "too long")})) (i32.const 1)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const answer = await gateway.send({ body: "x" });
      expect([answer.status, answer.text]).toEqual([413, "too long"]);
      expect(gateway.upstream("up.static").requests).toEqual([]);
    });

    test("a reply from a call-out's answer ends a waiting request", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.httpCall("outbound|80||call.static")} (i32.const 4)`,
        http_call_response: `(drop (call $proxy_set_effective_context (global.get $stream))) ${text.reply(403, "denied")}`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": {}, "call.static": {} },
      });
      const answer = await gateway.send({ body: "x" });
      expect([answer.status, answer.text]).toEqual([403, "denied"]);
      expect(gateway.upstream("up.static").requests).toEqual([]);
    });

    test("a reply from the response headers replaces the upstream's answer", async () => {
      const module = assemble((text) => ({
        response_headers: `${text.reply(502, "bad answer")} (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: "from upstream", headers: { "x-up": "b" } } },
      });
      const answer = await gateway.send();
      expect([answer.status, answer.text]).toEqual([502, "bad answer"]);
      expect(answer.header("x-up")).toBeUndefined();
    });

    test("a reply from the response body is sent while the headers are held", async () => {
      const module = assemble((text) => ({
        response_headers: "(i32.const 1)",
        response_body: `(if (local.get $eos) (then ${text.reply(502, "bad body")})) (i32.const 1)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: "x" } },
      });
      const answer = await gateway.send();
      expect([answer.status, answer.text]).toEqual([502, "bad body"]);
    });

    test("a reply after the response headers are out cuts the answer off", async () => {
      const module = assemble((text) => ({
        response_body: `${text.reply(502, "too late")} (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { chunks: ["one", "two"] } },
      });
      const answer = await gateway.send();
      expect(answer.status).toBe(200);
      expect(answer.complete).toBe(false);
      expect(answer.text).not.toContain("too late");
    });

    test("a reply in the chain skips the plugins after it in the request and passes those before it in the response", async () => {
      const marks = (name: string): Uint8Array =>
        assemble((text) => ({
          request_headers: `${text.note(name)} (i32.const 0)`,
          response_headers: `${text.setHeader(response, `x-${name}`, "response")} ${text.sendTrace()} (i32.const 0)`,
        }));
      const replies = assemble((text) => ({
        request_headers: `${text.reply(403, "denied")} (i32.const 0)`,
        response_headers: "(i32.const 0)",
      }));
      const gateway = await engine.start({
        plugins: [
          { name: "test.before", module: marks("before") },
          { name: "test.replies", module: replies },
          { name: "test.after", module: marks("after") },
        ],
        upstreams: { "up.static": {} },
      });
      const answer = await gateway.send();
      expect(answer.status).toBe(403);
      expect(answer.header("x-before")).toBe("response");
      expect(answer.header("x-trace")).toBe("before");
      expect(answer.header("x-after")).toBeUndefined();
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
