// Routes, rewrites, retries and upstream protocols: the model's meaning on both engines.

import { describe, expect, test } from "vitest";
import {
  describeEngines,
  type ClientRequest,
  type GatewaySetup,
  type RouteSetup,
} from "../../testing/scenario.ts";

import { assemble } from "./wat.ts";

/** One upstream for each name, which answers with it. */
function upstreams(...names: string[]): GatewaySetup["upstreams"] {
  return Object.fromEntries(names.map((name) => [name, { body: name }]));
}

describeEngines(
  "routes",
  (engine) => {
    const gateway = engine.shared({
      upstreams: upstreams(
        "exact.static",
        "suffix.static",
        "long.static",
        "any.static",
        "get.static",
        "header.static",
      ),
      routes: [
        { name: "exact-path", host: "*", path: { exact: "/exact" }, to: "exact.static" },
        { name: "get", host: "*", path: "/methods", methods: ["GET", "HEAD"], to: "get.static" },
        {
          name: "header",
          host: "*",
          path: "/headers",
          headers: [{ name: "x-model", exact: "a" }],
          to: "header.static",
        },
        {
          name: "prefix",
          host: "*",
          path: "/headers",
          headers: [{ name: "x-model", prefix: "b-" }],
          to: "suffix.static",
        },
        {
          name: "regex",
          host: "*",
          path: "/headers",
          headers: [{ name: "x-model", regex: "c[0-9]+" }],
          to: "long.static",
        },
        { name: "segment", host: "*", path: "/segment", to: "long.static" },
        { name: "any", host: "*", path: "/", to: "any.static" },
        { name: "exact-host", host: "api.example.com", to: "exact.static" },
        { name: "suffix-host", host: "*.example.com", to: "suffix.static" },
        { name: "long-suffix", host: "*.eu.example.com", to: "long.static" },
        { name: "only-a-path", host: "narrow.test", path: "/only", to: "exact.static" },
      ],
    });

    const cases: [string, ClientRequest, string][] = [
      ["an exact host wins over suffixes", { host: "api.example.com" }, "exact.static"],
      ["hosts match whatever their case", { host: "API.Example.COM" }, "exact.static"],
      ["a port in the host is ignored", { host: "api.example.com:8080" }, "exact.static"],
      ["a suffix matches", { host: "a.example.com" }, "suffix.static"],
      ["a suffix matches several labels", { host: "a.b.example.com" }, "suffix.static"],
      ["the longest suffix wins", { host: "a.eu.example.com" }, "long.static"],
      ["a suffix does not match without a label before it", { host: "example.com" }, "any.static"],
      ["an unknown host belongs to *", { host: "other.test" }, "any.static"],
      ["an exact path matches", { path: "/exact" }, "exact.static"],
      ["an exact path matches with a query", { path: "/exact?a=1" }, "exact.static"],
      ["an exact path does not match what is below it", { path: "/exact/more" }, "any.static"],
      ["a prefix matches itself", { path: "/segment" }, "long.static"],
      ["a prefix matches what is below it", { path: "/segment/more?x=1" }, "long.static"],
      ["a prefix ends at a slash", { path: "/segments" }, "any.static"],
      ["a method is matched", { path: "/methods", method: "GET" }, "get.static"],
      ["another method is not", { path: "/methods", method: "POST" }, "any.static"],
      ["a header's value is matched", { path: "/headers", headers: { "x-model": "a" } }, "header.static"],
      ["another value is not", { path: "/headers", headers: { "x-model": "ab" } }, "any.static"],
      [
        "the start of a header's value is matched",
        { path: "/headers", headers: { "x-model": "b-1" } },
        "suffix.static",
      ],
      [
        "a header's value is matched by a pattern",
        { path: "/headers", headers: { "x-model": "c12" } },
        "long.static",
      ],
      [
        "a pattern has to match the whole value",
        { path: "/headers", headers: { "x-model": "c12x" } },
        "any.static",
      ],
    ];
    test.each(cases)("%s", async (_title, request, upstream) => {
      expect((await gateway.send(request)).text).toBe(upstream);
    });

    test("a path that no route of the host takes is 404", async () => {
      expect((await gateway.send({ host: "narrow.test", path: "/other" })).status).toBe(404);
    });

    const rewrites: [string, Pick<RouteSetup, "path" | "rewritePath" | "rewriteHost">, string, string][] = [
      ["a prefix is replaced", { path: "/v1", rewritePath: "/api" }, "/v1/chat?a=1", "/api/chat?a=1"],
      ["a prefix alone is replaced", { path: "/v1", rewritePath: "/api" }, "/v1", "/api"],
      ["a prefix is taken away", { path: "/v1", rewritePath: "/" }, "/v1/chat", "/chat"],
      [
        "a prefix that is the whole path becomes the root",
        { path: "/v1", rewritePath: "/" },
        "/v1?a=1",
        "/?a=1",
      ],
      ["a prefix is put before everything", { path: "/", rewritePath: "/api" }, "/chat", "/api/chat"],
      [
        "an exact path is replaced",
        { path: { exact: "/v1" }, rewritePath: "/other" },
        "/v1?a=1",
        "/other?a=1",
      ],
      ["slashes at the ends do not double", { path: "/v1/", rewritePath: "/api/" }, "/v1/chat", "/api/chat"],
    ];
    test.each(rewrites)("%s", async (_title, rule, path, seenPath) => {
      const gateway = await engine.start({
        upstreams: upstreams("up.static"),
        routes: [{ to: "up.static", ...rule }],
      });
      await gateway.send({ path });
      expect(gateway.upstream("up.static").requests[0]?.path).toBe(seenPath);
    });

    test("the host is rewritten", async () => {
      const gateway = await engine.start({
        upstreams: upstreams("up.static"),
        routes: [{ to: "up.static", rewriteHost: "api.provider.test" }],
      });
      await gateway.send();
      expect(gateway.upstream("up.static").requests[0]?.authority).toBe("api.provider.test");
    });

    test("weights divide the requests, and weight 0 takes none", async () => {
      const gateway = await engine.start({
        upstreams: upstreams("a.static", "b.static", "none.static"),
        routes: [{ to: { "a.static": 50, "none.static": 0, "b.static": 50 } }],
      });
      for (let i = 0; i < 40; i++) await gateway.send();
      const counts = ["a.static", "b.static", "none.static"].map(
        (name) => gateway.upstream(name).requests.length,
      );
      expect(counts[0]).toBeGreaterThan(0);
      expect(counts[1]).toBeGreaterThan(0);
      expect(counts[2]).toBe(0);
    });

    describe("a cluster of several members", () => {
      const picking = assemble((text) => ({
        request_headers: `
          (if (i32.eqz (call $proxy_get_header_map_value (i32.const 0) ${text.text("x-pick")} (i32.const 0) (i32.const 4)))
            (then (drop (call $proxy_replace_header_map_value (i32.const 0) ${text.text("x-gateway-destination-endpoint")}
              (i32.load (i32.const 0)) (i32.load (i32.const 4))))))
          (i32.const 0)`,
      }));
      const gateway = engine.shared({
        plugins: [{ module: picking }],
        upstreams: { "up.static": { members: { a: { body: "a" }, b: { body: "b" }, c: { body: "c" } } } },
      });
      const pick = async (addresses: string): Promise<string> =>
        (await gateway.send({ headers: { "x-pick": addresses } })).text;
      const address = (member: string): string => gateway.upstream(`up.static/${member}`).address;

      test("a plugin picks one by its address", async () => {
        const picked = [await pick(address("b")), await pick(address("b")), await pick(address("c"))];
        expect(picked).toEqual(["b", "b", "c"]);
      });

      test("of several picks the first member is taken", async () => {
        expect(await pick(`127.0.0.1:1,${address("c")},${address("a")}`)).toBe("c");
      });

      test("a pick that is no member falls back to all of them", async () => {
        const answers = new Set<string>();
        for (let i = 0; i < 6; i++) answers.add(await pick("127.0.0.1:1"));
        expect([...answers].toSorted()).toEqual(["a", "b", "c"]);
      });

      test("a client cannot pick", async () => {
        const answers = new Set<string>();
        const headers = { "x-gateway-destination-endpoint": address("b") };
        for (let i = 0; i < 6; i++) answers.add((await gateway.send({ headers })).text);
        expect([...answers].toSorted()).toEqual(["a", "b", "c"]);
      });

      test("the pick does not reach the upstream", async () => {
        await pick(address("b"));
        expect(
          gateway.upstream("up.static/b").requests[0]?.header("x-gateway-destination-endpoint"),
        ).toBeUndefined();
      });
    });

    test("an HTTP/2 upstream is spoken to in HTTP/2", async () => {
      const gateway = await engine.start({
        upstreams: { "up.static": { protocol: "http2", reply: { body: "ok" } } },
      });
      expect((await gateway.send({ body: "x" })).text).toBe("ok");
      expect(gateway.upstream("up.static").requests[0]?.protocol).toBe("http2");
    });

    test("a failed request is tried again with its body", async () => {
      const gateway = await engine.start({
        upstreams: { "up.static": [{ status: 503 }, (exchange) => exchange.cut(), { body: "ok" }] },
        routes: [{ to: "up.static", retry: { on: ["5xx"], attempts: 2 } }],
      });
      expect((await gateway.send({ body: "again" })).text).toBe("ok");
      const bodies = gateway.upstream("up.static").requests.map(({ text }) => text);
      expect(bodies).toEqual(["again", "again", "again"]);
    });

    test("after the last attempt the upstream's own answer is given", async () => {
      const gateway = await engine.start({
        upstreams: { "up.static": { status: 502, body: "bad" } },
        routes: [{ to: "up.static", retry: { on: ["5xx"], attempts: 1 } }],
      });
      const answer = await gateway.send();
      expect([answer.status, answer.text]).toEqual([502, "bad"]);
      expect(gateway.upstream("up.static").requests.length).toBe(2);
    });

    test("only the listed status codes are tried again", async () => {
      const gateway = await engine.start({
        upstreams: { "up.static": [{ status: 429 }, { status: 500 }] },
        routes: [
          { to: "up.static", retry: { on: ["retriable-status-codes"], attempts: 5, statusCodes: [429] } },
        ],
      });
      expect((await gateway.send()).status).toBe(500);
      expect(gateway.upstream("up.static").requests.length).toBe(2);
    });

    test("a route's timeout is a 504", async () => {
      const gateway = await engine.start({
        upstreams: { "up.static": () => new Promise(() => {}) },
        routes: [{ to: "up.static", timeoutMs: 100 }],
      });
      expect((await gateway.send()).status).toBe(504);
    });

    test.each([
      ["nothing listens", "refused"],
      ["the cluster has no member", "none"],
    ] as const)("an upstream where %s is a 503", async (_title, state) => {
      const gateway = await engine.start({ upstreams: { "up.static": { state } } });
      expect((await gateway.send()).status).toBe(503);
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
