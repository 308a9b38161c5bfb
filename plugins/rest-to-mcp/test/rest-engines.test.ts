// REST tools on both engines, with an upstream of real sockets.

import { expect, test } from "vitest";
import { describeEngines } from "../../../host-test/testing/scenario.ts";

const configuration = {
  server: {
    name: "api",
    securitySchemes: [{ id: "key", type: "apiKey", in: "header", name: "x-api-key", defaultCredential: "k" }],
    defaultUpstreamSecurity: { id: "key" },
  },
  tools: [
    {
      name: "read",
      args: [{ name: "id", position: "path" }, { name: "q", position: "query" }, { name: "z" }],
      requestTemplate: { url: "https://h.example/v1/{id}?b=2", method: "GET", argsToUrlParam: true },
      responseTemplate: { body: "{{.name}} has {{len .items}}" },
    },
    {
      name: "write",
      args: [
        { name: "n", type: "integer" },
        { name: "f", default: true },
      ],
      requestTemplate: { url: "/write", method: "POST", argsToJsonBody: true },
    },
  ],
};

describeEngines("rest-to-mcp tools", (engine) => {
  const gateway = engine.shared({
    plugins: [{ plugin: "rest-to-mcp", configuration }],
    upstreams: { "rest.static": { body: { name: "box", items: [1, 2] } } },
  });
  const call = async (name: string, args: object) => {
    const answer = await gateway.send({
      method: "POST",
      path: "/mcp",
      headers: { "content-type": "application/json", authorization: "Bearer client" },
      body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } },
    });
    return { request: gateway.upstream("rest.static").requests[0], result: JSON.parse(answer.text).result };
  };

  test("a GET has its arguments in the URL, the gateway's key and not the client's token", async () => {
    const { request, result } = await call("read", { id: "a/b", q: "a b", z: "1" });
    expect([request?.method, request?.path, request?.header("host")]).toEqual([
      "GET",
      "/v1/a%2Fb?b=2&q=a+b&z=1",
      "h.example",
    ]);
    expect([request?.header("x-api-key"), request?.header("authorization"), request?.text]).toEqual([
      "k",
      undefined,
      "",
    ]);
    expect(result).toEqual({ content: [{ type: "text", text: "box has 2" }], isError: false });
  });

  test("a POST has them in its body", async () => {
    const { request, result } = await call("write", { n: "5" });
    expect([request?.method, request?.path, request?.text]).toEqual(["POST", "/write", '{"f":true,"n":5}']);
    expect(request?.header("content-type")).toBe("application/json; charset=utf-8");
    expect(result.isError).toBe(false);
  });

  test("§16: a request says how long its body is, also where it has none, and comes in one piece", async () => {
    for (const [name, args] of [
      ["write", { n: "é" }],
      ["write", { n: "x".repeat(100_000) }],
      ["read", { id: "a" }],
    ] as const) {
      await call(name, args);
    }
    const lengths = gateway
      .upstream("rest.static")
      .requests.map((request) => [
        request.header("content-length"),
        request.header("transfer-encoding"),
        Buffer.from(request.text).length,
      ]);
    expect(lengths).toEqual([
      ["19", undefined, 19],
      ["100017", undefined, 100_017],
      ["0", undefined, 0],
    ]);
  });

  test("an error status is the tool's failure", async () => {
    gateway.upstream("rest.static").reply({ status: 500, body: "broken" });
    const { result } = await call("write", {});
    expect(result).toEqual({
      content: [{ type: "text", text: "call failed, status: 500, response: broken" }],
      isError: true,
    });
  });
});
