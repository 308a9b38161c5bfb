// Headers as plugins see and edit them: when the maps are there, and which bytes pass (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines } from "../../testing/scenario.ts";
import { assemble, request, requestTrailers, response, responseTrailers } from "./wat.ts";

describeEngines(
  "headers",
  (engine) => {
    test("request headers go away when their callback continues", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.noteHeader(request, "x-one")} (i32.const 0)`,
        request_body: `
          (if (local.get $eos) (then ${text.noteHeader(request, "x-one")} ${text.setHeader(request, "x-late", "1")} ${text.note("$r;")}))
          (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const answer = await gateway.send({ headers: { "x-one": "a" }, body: "x" });
      expect(answer.header("x-trace")).toBe("0:a;2:;2;");
      expect(gateway.upstream("up.static").requests[0]?.header("x-late")).toBeUndefined();
    });

    test("request headers are not there in the response phase, and response headers not in the request phase", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.noteHeader(response, "x-up")} (i32.const 0)`,
        response_headers: `${text.noteHeader(request, "x-one")} ${text.noteHeader(response, "x-up")} ${text.sendTrace()} (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { headers: { "x-up": "b" } } },
      });
      const answer = await gateway.send({ headers: { "x-one": "a" } });
      expect(answer.header("x-trace")).toBe("2:;2:;0:b;");
    });

    test("all headers are readable and none writable when the request is logged", async () => {
      const module = assemble((text) => ({
        log: `
          ${text.noteHeader(request, "x-one")} ${text.noteHeader(response, "x-up")} ${text.noteHeader(request, "x-absent")}
          ${text.setHeader(request, "x-late", "1")} ${text.note("$r;")} ${text.logTrace()}`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { headers: { "x-up": "b" } } },
      });
      await gateway.send({ headers: { "x-one": "a" } });
      expect(await gateway.logged("0:")).toBe("0:a;0:b;1:;2;");
    });

    test("of a repeated header the first value is read and all are sent on", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.noteHeader(request, "x-one")} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const answer = await gateway.send({
        headers: [
          ["X-One", "a"],
          ["x-one", "b"],
        ],
      });
      expect(answer.header("x-trace")).toBe("0:a;");
      expect(gateway.upstream("up.static").requests[0]?.header("x-one")).toBe("a, b");
    });

    test("replacing a repeated header leaves one", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.setHeader(request, "X-One", "c")} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      await gateway.send({
        headers: [
          ["x-one", "a"],
          ["x-one", "b"],
        ],
      });
      expect(gateway.upstream("up.static").requests[0]?.header("x-one")).toBe("c");
    });

    test("a header value with bytes that are not UTF-8 passes unchanged both ways", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.setHeader(request, "x-mine", "\xff\xfe")} (i32.const 0)`,
        response_headers: "(i32.const 0)",
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { headers: { "x-up": "\xe9\x80" } } },
      });
      const answer = await gateway.send({ headers: { "x-bytes": "\x80\xff caf\xe9" }, body: "x" });
      const [seen] = gateway.upstream("up.static").requests;
      expect(seen?.header("x-bytes")).toBe("\x80\xff caf\xe9");
      expect(seen?.header("x-mine")).toBe("\xff\xfe");
      expect(answer.header("x-up")).toBe("\xe9\x80");
    });

    for (const [name, value] of [
      ["CR LF", "a\r\nx-injected: b"],
      ["NUL", "a\0b"],
    ] as const) {
      test(`${name} in a request header of the plugin is answered with 503 and not sent`, async () => {
        const module = assemble((text) => ({
          request_headers: `${text.setHeader(request, "x-bad", value)} (i32.const 0)`,
        }));
        const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
        expect((await gateway.send()).status).toBe(503);
        expect(gateway.upstream("up.static").requests).toEqual([]);
      });
    }

    test("CR LF in a response header of the plugin goes out raw over HTTP/1.1, or not at all", async () => {
      const module = assemble((text) => ({
        response_headers: `${text.setHeader(response, "x-bad", "a\r\nx-injected: b")} (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: "ok" } },
      });
      const answer = await gateway.send();
      const raw = [200, "a", "b"];
      const refused = [0, undefined, undefined];
      const expected = engine.name === "envoy" ? raw : refused;
      expect([answer.status, answer.header("x-bad"), answer.header("x-injected")]).toEqual(expected);
    });

    test.each([
      [":path", 404],
      [":authority", 400],
      [":method", 503],
    ])("a request without %s is answered with %i", async (name, status) => {
      const module = assemble((text) => ({
        request_headers: `${text.removeHeader(request, name)} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      expect((await gateway.send()).status).toBe(status);
      expect(gateway.upstream("up.static").requests).toEqual([]);
    });

    test("pseudo headers that the plugin sets are what the upstream receives", async () => {
      const module = assemble((text) => ({
        request_headers: `
          ${text.setHeader(request, ":path", "/other?a=1")} ${text.setHeader(request, ":authority", "other.test")}
          ${text.setHeader(request, ":method", "PUT")} (i32.const 0)`,
        response_headers: `${text.setHeader(response, ":status", "418")} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const answer = await gateway.send({ path: "/original" });
      expect(answer.status).toBe(418);
      const [seen] = gateway.upstream("up.static").requests;
      expect([seen?.method, seen?.path, seen?.authority]).toEqual(["PUT", "/other?a=1", "other.test"]);
    });

    test("an edited header chooses the route again", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.setHeader(request, "x-model", "other")} (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "first.static": { body: "first" }, "other.static": { body: "other" } },
        routes: [
          { name: "other", to: "other.static", headers: [{ name: "x-model", exact: "other" }] },
          { name: "first", to: "first.static" },
        ],
      });
      expect((await gateway.send()).text).toBe("other");
    });

    for (const protocol of ["http1", "http2"] as const) {
      test(`trailers are read and edited in their callbacks (${protocol})`, async () => {
        const module = assemble((text) => ({
          request_trailers: `${text.noteHeader(requestTrailers, "x-end")}
            ${text.setHeader(requestTrailers, "x-added", "1")} (i32.const 0)`,
          response_trailers: `${text.setHeader(responseTrailers, "x-added", "2")} (i32.const 0)`,
        }));
        const gateway = await engine.start({
          plugins: [{ module }],
          upstreams: { "up.static": { protocol, reply: { body: "ok", trailers: { "x-up": "b" } } } },
        });
        const answer = await gateway.send({ protocol, body: "x", trailers: { "x-end": "a" } });
        expect(answer.header("x-trace")).toBe("0:a;");
        expect(answer.trailers).toEqual([
          ["x-up", "b"],
          ["x-added", "2"],
        ]);
        expect(gateway.upstream("up.static").requests[0]?.trailers).toEqual([
          ["x-end", "a"],
          ["x-added", "1"],
        ]);
      });
    }
  },
  { engines: ["node-as-envoy", "envoy"] },
);
