// The scenario library itself: what a set-up means, and that mistakes in a test do not pass in silence.

import { describe, expect, test } from "vitest";
import { describeEngines, type GatewaySetup } from "../../testing/scenario.ts";
import { nodeEngine } from "../../testing/scenario/node-engine.ts";
import { Gateway } from "../../testing/scenario/gateway.ts";
import { clusterName, toModel } from "../../testing/scenario/setup.ts";
import { assemble } from "./wat.ts";

const member = { host: "127.0.0.1", port: 9 };

describe("a set-up", () => {
  test.each([
    ["a.static", "outbound|80||a.static"],
    ["openai.dns", "outbound|443||openai.dns"],
    ["openai.dns:8443", "outbound|8443||openai.dns"],
    ["redis.static:6379", "outbound|6379||redis.static"],
    ["outbound|80||x.y.svc.cluster.local", "outbound|80||x.y.svc.cluster.local"],
  ])("names the cluster of %s %s", (service, name) => {
    expect(clusterName(service)).toBe(name);
  });

  test("makes of rules what Higress makes of matchRules", async () => {
    const setup: GatewaySetup = {
      plugins: [
        {
          module: assemble(() => ({})),
          configuration: { limit: 1 },
          rules: [
            { ingress: ["default/a"], config: { limit: 2 } },
            { domain: ["*.example.com"], service: ["a.static:80"], config: { limit: 3 } },
          ],
        },
      ],
    };
    const { plugins } = await toModel(setup, () => [member]);
    expect(JSON.parse(plugins[0]!.configuration)).toEqual({
      limit: 1,
      _rules_: [
        { limit: 2, _match_route_: ["default/a"] },
        { limit: 3, _match_domain_: ["*.example.com"], _match_service_: ["a.static:80"] },
      ],
    });
  });

  test("without routes sends everything to the first upstream", async () => {
    const { routes } = await toModel({ upstreams: { "a.static": {}, "b.static": {} } }, () => [member]);
    expect(routes).toMatchObject([
      {
        name: "default",
        host: "*",
        path: { type: "prefix", value: "/" },
        destinations: [{ cluster: "outbound|80||a.static" }],
      },
    ]);
  });
});

describe("a gateway of a scenario", () => {
  test("fails at its end when an upstream was asked more often than its script says", async () => {
    const gateway = new Gateway({ upstreams: { "up.static": [{ body: "only one" }] } }, nodeEngine("envoy"));
    await gateway.start();
    expect((await gateway.send()).text).toBe("only one");
    expect((await gateway.send()).status).toBe(503);
    await expect(gateway.stop()).rejects.toThrow("upstream up.static has no reply left for request 2");
  });

  test("fails at its end when a handler has thrown", async () => {
    const handler = (): never => {
      throw new Error("a wrong expectation");
    };
    const gateway = new Gateway({ upstreams: { "up.static": handler } }, nodeEngine("envoy"));
    await gateway.start();
    await gateway.send();
    await expect(gateway.stop()).rejects.toThrow("a wrong expectation");
  });
});

describeEngines("every engine", (engine) => {
  describe("that is shared", () => {
    const gateway = engine.shared({ upstreams: { "up.static": { body: "from the set-up" } } });

    test("plays what a test scripts", async () => {
      gateway.upstream("up.static").reply({ body: "scripted" });
      expect((await gateway.send({ body: "x" })).text).toBe("scripted");
    });

    test("starts each test with the set-up's script and no requests", async () => {
      expect(gateway.upstream("up.static").requests).toEqual([]);
      expect((await gateway.send()).text).toBe("from the set-up");
    });
  });

  test("shows an upstream's HTTP/1.1 request as it was on the wire", async () => {
    const gateway = await engine.start({ upstreams: { "up.static": { body: "ok" } } });
    await gateway.send({
      path: "/a?b=c",
      headers: [
        ["X-One", "1"],
        ["x-two", "2"],
      ],
      chunks: ["he", "llo"],
      trailers: { "x-end": "3" },
    });
    const seen = await gateway.upstream("up.static").next();
    expect([seen.method, seen.path, seen.authority, seen.text, seen.complete]).toEqual([
      "POST",
      "/a?b=c",
      "gateway.test",
      "hello",
      true,
    ]);
    expect(seen.headers.filter(([name]) => name === "x-one" || name === "x-two")).toEqual([
      ["x-one", "1"],
      ["x-two", "2"],
    ]);
    expect(seen.trailers).toEqual([["x-end", "3"]]);
  });

  test("lets a test go step by step, client and upstream in turn", async () => {
    const gateway = await engine.start({
      upstreams: {
        "up.static": async (exchange) => {
          await exchange.head(200);
          await exchange.write("ready;");
          await exchange.requestEnd;
          await exchange.write(`got ${exchange.request.text}`);
          await exchange.end();
        },
      },
    });
    const exchange = gateway.open({ protocol: "http2", method: "POST" });
    await exchange.until("ready;");
    expect((await exchange.next())?.toString()).toBe("ready;");
    await exchange.write("late");
    await exchange.end();
    expect((await exchange.answer).text).toBe("ready;got late");
    expect((await exchange.next())?.toString()).toMatch(/^got/);
  });

  test("sends raw bytes and gives what came back", async () => {
    const gateway = await engine.start({ upstreams: { "up.static": { body: "ok" } } });
    const text = await gateway.sendRaw("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
    expect(await gateway.sendRaw("NONSENSE\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("counts what plugins define as metrics", async () => {
    const module = assemble((text) => ({
      configure: `
        (drop (call $proxy_define_metric (i32.const 0) ${text.text("test_requests")} (i32.const 24)))
        (i32.const 1)`,
      request_headers: `(drop (call $proxy_increment_metric (i32.load (i32.const 24)) (i64.const 1))) (i32.const 0)`,
    }));
    const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
    await gateway.send();
    await gateway.send();
    expect(await gateway.metrics()).toMatch(/^test_requests(\{\})? 2$/m);
  });
});
