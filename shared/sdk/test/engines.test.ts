// The promises that depend most on the host, on the Node host as Higress, as stock Envoy, and on a real Envoy.

import { describe, expect, test } from "vitest";
import {
  describeEngines,
  type Engine,
  type GatewaySetup,
  type Protocol,
} from "../../../host-test/testing/scenario.ts";
import { probe, type Steps } from "./probe-chain.ts";

const check = "outbound|80||check.static";

function gatewayWith(
  engine: Engine,
  steps: Steps,
  setup: Partial<GatewaySetup> = {},
  configuration: object = {},
) {
  const module = engine.name === "node" ? probe.higress : probe.envoy;
  return engine.start({
    plugins: [{ name: "probe", module, configuration: { steps, ...configuration } }],
    upstreams: { "main.static": { body: "answer" }, "check.static": { body: "fine" } },
    ...setup,
  });
}

describeEngines(
  "the SDK",
  (engine) => {
    /** Lines of the probe without their heads, once the exchange is over. */
    async function linesOf(gateway: Awaited<ReturnType<typeof gatewayWith>>): Promise<string[]> {
      await gateway.logged("> done");
      return gateway.logs.map(({ message }) => message.replace(/^(\[.*?\] ){3}/, ""));
    }

    test("a head without a body that is held does not hang", async () => {
      const gateway = await gatewayWith(
        engine,
        { requestHead: ["hold"], responseHead: ["hold"] },
        { upstreams: { "main.static": { status: 204 } } },
      );
      expect((await gateway.send({ method: "GET" })).status).toBe(204);
    });

    test.each(["http1", "http2"] as Protocol[])(
      "a body that is held is seen whole at its end, %s",
      async (protocol) => {
        const gateway = await gatewayWith(engine, { requestHead: ["hold"], requestBody: ["read", "hold"] });
        await gateway.send({ chunks: ["one", "two", "three"], protocol });
        expect((await linesOf(gateway)).filter((line) => line.startsWith("body")).at(-1)).toBe(
          "body onetwothree",
        );
        expect(gateway.upstream("main.static").requests[0]!.text).toBe("onetwothree");
      },
    );

    test("trailers end a held body: the end is heard once, the body can be changed, the trailers go on", async () => {
      const steps = { requestHead: ["remove content-length", "hold"], requestBody: ["append !", "hold"] };
      const upstreams = { "main.static": { reply: { body: "answer" }, protocol: "http2" as const } };
      const gateway = await gatewayWith(engine, steps, { upstreams });
      await gateway.send({ chunks: ["one"], trailers: { "x-end": "1" }, protocol: "http2" });
      const lines = await linesOf(gateway);
      expect(lines.filter((line) => line === "> requestBody end=true")).toHaveLength(1);
      expect(lines.indexOf("> requestTrailers")).toBeGreaterThan(lines.indexOf("> requestBody end=true"));
      const [received] = gateway.upstream("main.static").requests;
      expect(received!.text).toBe("one!!");
      expect(received!.trailer("x-end")).toBe("1");
    });

    test("trailers that come while the head waits do not cost a body that is then held", async () => {
      const answer = Promise.withResolvers<void>();
      const steps = {
        responseHead: [`call ${check} 5000`, "wait"],
        responseBody: ["hold"],
        reply: ["resume-response"],
      };
      const gateway = await gatewayWith(engine, steps, {
        upstreams: {
          "main.static": { reply: { chunks: ["answer"], trailers: { "x-end": "1" } }, protocol: "http2" },
          "check.static": async (exchange) => {
            await answer.promise;
            await exchange.head(200);
            await exchange.end();
          },
        },
      });
      const exchange = gateway.open({ protocol: "http2" });
      await exchange.end();
      await gateway.logged("> responseHead");
      // Another exchange from start to end: by then the first one's trailers have been read.
      const other = gateway.open({ protocol: "http2" });
      await other.end();
      answer.resolve();
      const answers = await Promise.all([exchange.answer, other.answer]);
      expect(answers.map(({ text, complete }) => [text, complete])).toEqual([
        ["answer", true],
        ["answer", true],
      ]);
      const lines = await linesOf(gateway);
      for (const line of ["> responseBody end=true", "> responseTrailers"]) {
        expect(lines.filter((other) => other === line).length).toBeLessThanOrEqual(2);
      }
    });

    test("a head that waits goes on with the call's answer, and the body after it", async () => {
      const gateway = await gatewayWith(engine, {
        requestHead: [`call ${check} 5000`, "wait"],
        reply: ["read", "set-request x-checked 1", "resume"],
      });
      await gateway.send({ chunks: ["one", "two"] });
      expect(await linesOf(gateway)).toContain("body fine");
      const [received] = gateway.upstream("main.static").requests;
      expect([received!.header("x-checked"), received!.text]).toEqual(["1", "onetwo"]);
    });

    test("what comes while the body waits is heard before it goes on, and nothing is lost after", async () => {
      const answer = Promise.withResolvers<void>();
      const steps = {
        requestHead: ["hold"],
        requestBody: [[`call ${check} 5000`, "wait"], ["next"]],
        reply: ["resume"],
      };
      const gateway = await gatewayWith(engine, steps, {
        upstreams: {
          "main.static": { body: "answer" },
          "check.static": async (exchange) => {
            await answer.promise;
            await exchange.head(200);
            await exchange.end();
          },
        },
      });
      const exchange = gateway.open({ method: "POST", protocol: "http2" });
      await exchange.write("one");
      await gateway.logged("> requestBody");
      await exchange.write("two");
      answer.resolve();
      await gateway.logged("> reply");
      await exchange.write("three");
      await exchange.end();
      expect((await exchange.answer).text).toBe("answer");
      expect(gateway.upstream("main.static").requests[0]!.text).toBe("onetwothree");
      expect((await linesOf(gateway)).filter((line) => line === "> requestBody end=true")).toHaveLength(1);
    });

    test.each([
      ["the head", { requestHead: ["answer 403 no"] }],
      ["the held body", { requestHead: ["hold"], requestBody: ["answer 403 no"] }],
      [
        "a call's answer",
        { requestHead: [`call ${check} 5000`, "wait"], reply: ["answer 403 no", "resume"] },
      ],
    ] as [string, Steps][])(
      "a local reply from %s keeps the request from the upstream",
      async (_name, steps) => {
        const gateway = await gatewayWith(engine, steps);
        const answer = await gateway.send({ body: "text" });
        expect([answer.status, answer.text]).toEqual([403, "no"]);
        expect(gateway.upstream("main.static").requests).toEqual([]);
      },
    );

    test.each([
      ["refused", "reply status=503 reset=false"],
      ["none", "refused"],
    ] as const)("a call to a cluster whose host is %s", async (state, expected) => {
      const steps = {
        requestHead: [`call ${check} 5000`, state === "none" ? "next" : "wait"],
        reply: ["resume"],
      };
      const gateway = await gatewayWith(engine, steps, {
        upstreams: { "main.static": { body: "answer" }, "check.static": { state } },
      });
      expect((await gateway.send()).status).toBe(200);
      expect((await linesOf(gateway)).map((line) => line.replace("> ", ""))).toContain(expected);
    });

    test("a client that leaves a waiting stream: the call is told, and the worker serves on", async () => {
      const answer = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<void>();
      const gateway = await gatewayWith(
        engine,
        { requestHead: [`call ${check} 5000`, "wait"], reply: ["resume"] },
        {
          upstreams: {
            "main.static": { body: "answer" },
            "check.static": [
              async (exchange) => {
                arrived.resolve();
                await answer.promise;
                await exchange.head(200);
                await exchange.end();
              },
              { body: "fine" },
            ],
          },
        },
      );
      const exchange = gateway.open({ method: "POST", protocol: "http2" });
      await arrived.promise;
      exchange.abort();
      await gateway.logged("> done");
      answer.resolve();
      await gateway.logged("> gone");
      expect((await gateway.send()).status).toBe(200);
    });

    test("no line break of a plugin reaches the wire of a response", async () => {
      const gateway = await gatewayWith(engine, { responseHead: ["guard-head"] });
      const answer = await gateway.send();
      expect(answer.status).toBe(200);
      expect(answer.header("set-65")).toBe("aAb");
      for (const byte of [0, 10, 13]) expect(answer.header(`set-${byte}`)).toBeUndefined();
    });

    test("rules match by route, service and host", async () => {
      const rule = (name: string) => ({ name, steps: { requestHead: [`set x-rule ${name}`] } });
      const configuration = {
        ...rule("global"),
        _rules_: [
          { ...rule("route"), _match_route_: ["chat"] },
          { ...rule("service"), _match_service_: ["check.static:80"] },
          { ...rule("domain"), _match_domain_: ["*.example.com"] },
        ],
      };
      const gateway = await gatewayWith(
        engine,
        {},
        {
          routes: [
            { name: "chat", to: "main.static", path: "/chat" },
            { name: "checks", to: "check.static", path: "/check" },
            { name: "rest", to: "main.static" },
          ],
        },
        configuration,
      );
      const ruleOf = async (path: string, host: string, upstream = "main.static") => {
        await gateway.send({ path, host });
        return gateway.upstream(upstream).requests.at(-1)!.header("x-rule");
      };
      expect(await ruleOf("/chat", "a.example.com")).toBe("route");
      expect(await ruleOf("/check", "a.example.com", "check.static")).toBe("service");
      expect(await ruleOf("/other", "API.example.com:8080")).toBe("domain");
      expect(await ruleOf("/other", "example.com")).toBe("global");
    });

    test("a refused configuration names the field", async () => {
      const broken = { read: ["between limit 5 1 10"], values: { limit: 11 } };
      await expect(gatewayWith(engine, {}, {}, broken)).rejects.toThrow(/Unable to create Wasm plugin|limit/);
    });
  },
  { engines: ["node", "node-as-envoy", "envoy"] },
);

describe("the two builds", () => {
  test("differ only where the hosts do", () => {
    expect(Math.abs(probe.higress.length - probe.envoy.length)).toBeLessThan(1500);
  });
});
