// What is known to be wrong with Higress's mcp-server, in the order of that list: one test for each says what is done here.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { specOf } from "../../../host-test/testing/chain.ts";
import { ask, endpoint, higress, oneTool, post } from "./endpoint.ts";
import { events, json, older, proxy, result, tools as backendTools, type Backend } from "./proxy.ts";
import { call, get, post as posting, server } from "./rest.ts";

/** What one message of a client gets from the configuration. */
function told(configuration: object, message: unknown, headers: Record<string, string> = {}) {
  const chain = endpoint(configuration);
  try {
    return post(chain, message, headers);
  } finally {
    chain.close();
  }
}

function asked(backend: Backend, method: string, params: object = {}, more: object = {}) {
  const { chain, seen } = proxy(backend, more);
  try {
    return { ...ask(chain, method, params).json, seen };
  } finally {
    chain.close();
  }
}

const list = { jsonrpc: "2.0", method: "tools/list" };
const named = (name: string) => ({ ...oneTool.tools[0], name });
const path = { name: "id", position: "path" };

test("§15.1: tools are listed in the order of the configuration, [] when there are none", () => {
  const names = ["z", "a", "m", "b"];
  const listed = (more: object) =>
    told({ server, tools: names.map(named), ...more }, { ...list, id: 1 }).json.result!["tools"] as {
      name: string;
    }[];
  expect(listed({}).map(({ name }) => name)).toEqual(names);
  expect(listed({ allowTools: [] })).toEqual([]);
});

test("§15.2: an id is echoed as it is written; without one there is no reply, with what is no id an error", () => {
  for (const id of ["12345678901234567890", "1.50", '"7"', "-0"]) {
    const { text } = told(oneTool, `{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    expect(text).toContain(`"id":${id},`);
  }
  for (const method of ["notifications/initialized", "notifications/anything", "tools/list"])
    expect(told(oneTool, { jsonrpc: "2.0", method })).toMatchObject({ status: 202, text: "" });
  for (const id of [null, true, {}, []])
    expect(told(oneTool, { ...list, id })).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
});

test("§15.3: what is no JSON and what is no message are told apart; batches are for 2025-03-26 only", () => {
  const of = (message: unknown, revision: string) => {
    const { status, json } = told(oneTool, message, { "mcp-protocol-version": revision });
    return [status, json.error?.code ?? json];
  };
  expect(of("{", "2025-06-18")).toEqual([400, -32700]);
  expect(of("7", "2025-06-18")).toEqual([400, -32600]);
  expect(of([{ jsonrpc: "2.0", id: 1, method: "ping" }], "2025-06-18")).toEqual([400, -32600]);
  expect(of([{ jsonrpc: "2.0", id: 1, method: "ping" }], "2025-03-26")).toEqual([
    200,
    [{ jsonrpc: "2.0", id: 1, result: {} }],
  ]);
});

test("§15.4: strictArgs checks required, type and enum: -32602", () => {
  const args = [{ name: "n", type: "integer", required: true, enum: [1, 2] }];
  const of = (given: object, strictArgs: boolean) => {
    const { error, result, upstream } = call(get("/x", args), given, { more: { strictArgs } });
    return [error?.code ?? (result.isError ? "isError" : "ok"), upstream !== undefined];
  };
  expect(of({ n: "many" }, true)).toEqual([-32602, false]);
  expect(of({ n: 3 }, true)).toEqual([-32602, false]);
  expect(of({}, true)).toEqual(["isError", false]);
  expect(of({ n: "many" }, false)).toEqual(["ok", true]);
  expect(of({}, false)).toEqual(["ok", true]);
});

test("§15.5: arguments in the path are percent-encoded, unless encodePathArgs says no", () => {
  const sent = (id: string, more: object = {}) =>
    call(get("/v1/{id}/x", [path]), { id }, { more }).upstream?.header(":path");
  expect(sent("a/b?c#d e")).toBe("/v1/a%2Fb%3Fc%23d%20e/x");
  expect(sent("..")).toBeUndefined();
  expect(sent("a/b", { encodePathArgs: false })).toBe("/v1/a/b/x");
});

test("§15.6: large numbers are plain decimals in path, query, form and header", () => {
  const number = (position: string) => ({ name: position, type: "number", position });
  const tool = get("/v1/{path}", [
    ...["path", "query", "header"].map(number),
    { ...number("query"), name: "d", default: 2e6 },
  ]);
  const { upstream } = call(tool, { path: 1e6, query: 1e21, header: 12345678.5 });
  expect(upstream!.header(":path")).toBe("/v1/1000000?d=2000000&query=1000000000000000000000");
  expect(upstream!.header("header")).toBe("12345678.5");
  const form = posting({ argsToFormBody: true }, [{ name: "n", type: "number" }]);
  expect(call(form, { n: 1e7 }).upstream!.text).toBe("n=10000000");
});

test("§15.7: a value with a line break gets into no header and ends no cookie", () => {
  for (const position of ["header", "cookie"]) {
    const { upstream } = call(get("/x", [{ name: "v", position }]), { v: "a\r\nx-evil: 1" });
    expect(upstream?.header("x-evil")).toBeUndefined();
    expect(upstream?.header("cookie") ?? "").not.toMatch(/[\r\n;]/);
  }
  const headers = [{ key: "X-V", value: "{{.args.v}}" }];
  expect(call(get("/x", [{ name: "v" }], { headers }), { v: "a\r\nb" })).toMatchObject({
    upstream: undefined,
    result: { isError: true },
  });
});

test("§15.8: of headers with one name each has its own template", () => {
  const headers = ["1", "2", "3"].map((value) => ({ key: "X-V", value }));
  const { upstream } = call(get("/x", [], { headers }), {});
  expect(upstream!.headers.filter(([name]) => name === "x-v").map(([, value]) => value)).toEqual([
    "1",
    "2",
    "3",
  ]);
});

describe("credentials", () => {
  const securitySchemes = [
    { id: "bearer", type: "http", scheme: "bearer" },
    { id: "key", type: "apiKey", in: "header", name: "x-key" },
    { id: "crumb", type: "apiKey", in: "cookie", name: "crumb", defaultCredential: "c1" },
  ];
  const headers = { authorization: "Bearer client", "x-key": "k" };
  const sent = (own: object, tool: object = get("/x")) =>
    call(tool, {}, { server: { securitySchemes, ...own }, headers });

  test("§15.9: nothing is sent where the upstream's credential cannot be set", () => {
    for (const id of ["key", "nowhere"]) {
      const { upstream, result, text } = sent({ defaultUpstreamSecurity: { id } });
      expect([upstream, result.isError, text]).toEqual([undefined, true, "upstream authentication failed"]);
    }
  });

  test("§15.10: Authorization goes on with passthroughAuthHeader alone, wherever the requirement stands", () => {
    const tool = { ...get("/x"), security: { id: "key" } };
    for (const passthroughAuthHeader of [false, true]) {
      const expected = passthroughAuthHeader ? "Bearer client" : undefined;
      const byTool = sent({ passthroughAuthHeader }, tool);
      const byServer = sent({ passthroughAuthHeader, defaultDownstreamSecurity: { id: "key" } });
      for (const { upstream } of [byTool, byServer])
        expect([upstream!.header("authorization"), upstream!.header("x-key")]).toEqual([expected, undefined]);
    }
  });

  test("§15.11: a proxied server's requirement may bring its own credential", () => {
    const { seen } = asked(
      older(),
      "tools/list",
      {},
      {
        securitySchemes: [{ ...securitySchemes[1], defaultCredential: "default" }],
        defaultUpstreamSecurity: { id: "key", credential: "own" },
      },
    );
    expect(seen.map((request) => request.header("x-key"))).toEqual(["own", "own", "own"]);
  });

  test("§15.23: a key may stand in a cookie; a scheme that says nothing usable is a warning", async () => {
    const { upstream } = sent({ defaultUpstreamSecurity: { id: "crumb" } });
    expect(upstream!.header("cookie")).toBe("crumb=c1");
    const chain = endpoint(oneTool);
    const broken = [
      { id: "a", type: "oauth2" },
      { id: "b", type: "apiKey", in: "body", name: "n" },
    ];
    const configuration = { ...oneTool, server: { ...server, securitySchemes: broken } };
    await chain.chain.reconfigure([specOf({ name: "rest-to-mcp", module: higress, configuration })]);
    const logged = chain.problems("warn").join("\n");
    chain.close();
    expect(logged).toContain("securitySchemes[0]: type is neither http nor apiKey");
    expect(logged).toContain("securitySchemes[1]: in is none of header, query and cookie");
  });

  test("§15.26: no credential is verified: the README sends operators to the plugins that do", () => {
    const { upstream } = call(
      get("/x"),
      {},
      {
        server: { securitySchemes, defaultDownstreamSecurity: { id: "bearer" } },
      },
    );
    expect(upstream).toBeDefined();
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    expect(readme).toMatch(/taken off, not verified: that is for key-auth or jwt-auth/);
  });
});

describe("proxied servers", () => {
  const calling = { name: "add", arguments: {} };

  test("§15.12: a server of an unknown revision is refused by name", () => {
    const opened = json({ jsonrpc: "2.0", id: 1, result: { protocolVersion: "1999-01-01" } });
    expect(asked((request) => (request.by === "call" ? opened : "never"), "tools/list").error).toEqual({
      code: -32602,
      message: "protocol version not supported by backend",
    });
  });

  test("§15.13: code, message and data of the server's errors reach the client, of lists too", () => {
    const error = { code: -32042, message: "no such place", data: { place: [1] } };
    const failing = older((request) => json({ jsonrpc: "2.0", id: request.json.id, error }));
    expect(asked(failing, "tools/call", calling).error).toEqual(error);
    expect(asked(failing, "tools/list").error).toEqual(error);
  });

  test("§15.14: a reply is found among other events, over several lines and with any line ends", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const backend = older((request) => {
        const lines = JSON.stringify(result(request, { tools: backendTools }), null, 1).split("\n");
        const ping = ['data: {"jsonrpc":"2.0","id":99,"method":"ping"}', "", ": comment", ""];
        return events([...ping, "event:message", ...lines.map((line) => `data:${line}`), "", ""].join(end));
      });
      expect(asked(backend, "tools/list").result).toEqual({ tools: backendTools });
    }
  });

  test("§15.15: a stream that ends before the reply is an error, not an empty answer", () => {
    const backend: Backend = () => events("event: endpoint\ndata: /messages\n\n");
    expect(asked(backend, "tools/list", {}, { transport: "sse" }).error).toEqual({
      code: -32603,
      message: "backend closed the stream",
    });
  });

  test("§15.16: one initialize, one notification and one operation a request; reuseSessions keeps the session", () => {
    const twice = (reuseSessions: boolean) => {
      const { chain, seen } = proxy(older(), { reuseSessions });
      for (let i = 0; i < 2; i++) ask(chain, "tools/list");
      chain.close();
      return seen.map(({ json: { method } }) => method);
    };
    const once = ["initialize", "notifications/initialized", "tools/list"];
    expect(twice(false)).toEqual([...once, ...once]);
    expect(twice(true)).toEqual([...once, "tools/list"]);
  });

  test("§15.17: the revision that is asked for stays; the one that was agreed on is named from then on", () => {
    const { seen } = asked(older(), "tools/list");
    expect(seen[0]!.json.params!["protocolVersion"]).toBe("2025-03-26");
    expect(seen.slice(1).map((request) => request.header("mcp-protocol-version"))).toEqual([
      "2025-03-26",
      "2025-03-26",
    ]);
  });
});

describe("answers", () => {
  const reply = { headers: { "content-type": "application/json" }, body: '{"l":["a","b"],"o":{"k":1}}' };
  const text = (body: string) => call({ ...get("/x"), responseTemplate: { body } }, {}, { reply }).text;

  test("§15.18: functions get lists and objects as such, and those print as JSON", () => {
    expect(text('{{join "," .l}}')).toBe("a,b");
    expect(text("{{toJson .o}}")).toBe('{"k":1}');
    expect(text("{{list 1 .l}} {{dict `k` .o}}")).toBe('[1,["a","b"]] {"k":{"k":1}}');
  });

  test("§15.19: an error that is no JSON shows the error template its headers and its text", () => {
    const tool = { ...get("/x"), errorResponseTemplate: "{{._headers.server}}: {{._body}}" };
    const bad = { status: 502, headers: { server: "s" }, body: "<h1>bad</h1>" };
    expect(call(tool, {}, { reply: bad })).toMatchObject({
      text: "s: <h1>bad</h1>",
      result: { isError: true },
    });
  });

  test("§15.20: an answer that is no JSON is the tool's failure where a template wants some", () => {
    const tool = { ...get("/x"), responseTemplate: { body: "{{.l}}" } };
    expect(call(tool, {}, { reply: { body: "<h1>" } })).toMatchObject({
      text: expect.stringContaining("data must be a valid JSON object or array"),
      result: { isError: true },
    });
  });

  test("§15.21: the type of an image is told in lower case and without parameters", () => {
    const image = { headers: { "content-type": "IMAGE/PNG; q=1" }, body: Buffer.from([1]) };
    expect(call(get("/x"), {}, { reply: image }).result.content[0]).toMatchObject({
      type: "image",
      mimeType: "image/png",
    });
  });

  test("§15.22: structuredContent is an object or absent", () => {
    const tool = { ...get("/x"), outputSchema: { type: "object" } };
    expect(call(tool, {}, { reply }).result.structuredContent).toEqual(JSON.parse(reply.body));
    for (const body of ["[1]", "7", "null", '"x"'])
      expect(call(tool, {}, { reply: { body } }).result).not.toHaveProperty("structuredContent");
  });

  test("§15.25: headers that describe the upstream's body stay behind, the rest reaches the client", () => {
    const headers = {
      "content-language": "de",
      etag: "x",
      "content-encoding": "identity",
      "set-cookie": "a=b",
    };
    const chain = endpoint(
      { server, tools: [{ name: "t", ...get("/x") }] },
      { upstream: () => ({ headers }) },
    );
    const answer = ask(chain, "tools/call", { name: "t" });
    chain.close();
    expect(["etag", "content-encoding", "set-cookie"].map((name) => answer.header(name))).toEqual([
      undefined,
      undefined,
      "a=b",
    ]);
  });
});

test("§15.24: a server whose tools stand in a set keeps its own default security and flags", () => {
  const own = {
    name: "api",
    securitySchemes: [{ id: "key", type: "apiKey", in: "header", name: "x-key", defaultCredential: "k" }],
    defaultUpstreamSecurity: { id: "key" },
    passthroughAuthHeader: true,
  };
  const toolSet = { name: "set", serverTools: [{ serverName: "api", tools: ["t"] }] };
  let seen: string[] = [];
  const chain = endpoint(
    {
      _rules_: [
        { _match_route_: ["other"], toolSet },
        { _match_route_: ["route"], server: own, tools: [{ name: "t", ...get("/x") }] },
      ],
    },
    {
      upstream: (request) => {
        seen = [request.header("x-key")!, request.header("authorization")!];
        return {};
      },
    },
  );
  const message = { ...list, id: 1, method: "tools/call", params: { name: "t" } };
  post(chain, message, { authorization: "Bearer client" });
  chain.close();
  expect(seen).toEqual(["k", "Bearer client"]);
});
