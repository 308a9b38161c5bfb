// mcp-proxy over Streamable HTTP: what the server behind it sees, and what the client gets of its answers.

import { describe, expect, test } from "vitest";
import { ask, post, type Answer } from "./endpoint.ts";
import { events, json, older, proxied, proxy, result, tools, type Backend, type Seen } from "./proxy.ts";

const call = { name: "add", arguments: { a: 1 } };

function use(
  backend: Backend,
  method: string,
  params: object = {},
  server: object = {},
): Answer & { seen: Seen[] } {
  const { chain, seen } = proxy(backend, server);
  try {
    return Object.assign(ask(chain, method, params), { seen });
  } finally {
    chain.close();
  }
}

describe("the default sequence", () => {
  test("a request is one initialize, one notification and one operation", () => {
    const { seen, json: answer } = use(older(), "tools/list", { cursor: "next" });
    expect(seen.map(({ by, json }) => [by, json.method, json.id])).toEqual([
      ["call", "initialize", 1],
      ["call", "notifications/initialized", undefined],
      ["route", "tools/list", 2],
    ]);
    expect(seen[0]!.json.params).toEqual({
      protocolVersion: "2025-03-26",
      capabilities: {},
      clientInfo: { name: "Higress-mcp-proxy", version: "1.0.0" },
    });
    expect(seen[2]!.json.params).toEqual({ cursor: "next" });
    expect(answer).toEqual({ jsonrpc: "2.0", id: 7, result: { tools } });
  });

  test("a call carries name and arguments and nothing else of the client's", () => {
    const backend = older((request) => json(result(request, { content: [], isError: true })));
    const { seen, json: answer } = use(backend, "tools/call", { ...call, _meta: { progressToken: 1 } });
    expect(seen[2]!.json).toEqual({ jsonrpc: "2.0", id: 3, method: "tools/call", params: call });
    expect(answer).toEqual({ jsonrpc: "2.0", id: 7, result: { content: [], isError: true } });
  });

  test("all three go to mcpServerURL, with the session and the revision that the server answered", () => {
    const { seen } = use(older(), "tools/list");
    for (const request of seen) {
      expect([request.method, request.path, request.authority]).toEqual([
        "POST",
        "/mcp",
        "backend.example:8080",
      ]);
      expect(request.header("content-type")).toBe("application/json");
      expect(request.header("accept")).toBe("application/json,text/event-stream");
    }
    expect(seen.map((request) => request.header("mcp-session-id"))).toEqual([undefined, "s-1", "s-1"]);
    expect(seen[2]!.header("mcp-protocol-version")).toBe("2025-03-26");
  });

  test("a path alone keeps the client's authority", () => {
    const { seen } = use(older(), "tools/list", {}, { mcpServerURL: "/inner/mcp?x=1" });
    expect([seen[0]!.path, seen[0]!.authority]).toEqual(["/inner/mcp?x=1", "test.local"]);
    expect([seen[2]!.path, seen[2]!.authority]).toEqual(["/inner/mcp?x=1", "test.local"]);
  });

  test("a server without sessions gets no session header", () => {
    const { seen } = use(older(undefined, ""), "tools/list");
    expect(seen.map((request) => request.header("mcp-session-id"))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("initialize, ping, notifications and other methods never reach the server", () => {
    const { chain, seen } = proxy(older());
    expect(ask(chain, "initialize", { protocolVersion: "2025-06-18" }).json.result).toMatchObject({
      serverInfo: { name: "proxy" },
    });
    expect(ask(chain, "ping").json.result).toEqual({});
    expect(ask(chain, "resources/list").json.error?.code).toBe(-32601);
    expect(post(chain, { jsonrpc: "2.0", method: "notifications/initialized" }).status).toBe(202);
    expect(seen).toEqual([]);
    chain.close();
  });

  test("in a batch each message has its own", () => {
    const { chain, seen } = proxy(older());
    const one = { jsonrpc: "2.0", id: "a", method: "tools/list" };
    const { json: answers } = post(chain, [one, { ...one, id: "b" }], {
      "mcp-protocol-version": "2025-03-26",
    });
    expect(answers).toEqual([
      { jsonrpc: "2.0", id: "a", result: { tools } },
      { jsonrpc: "2.0", id: "b", result: { tools } },
    ]);
    expect(seen.map(({ json }) => json.method)).toHaveLength(6);
    chain.close();
  });
});

describe("replies in a stream of events", () => {
  const reply = (request: Seen): string => JSON.stringify(result(request, { tools }));
  const noise = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n: ping\n\n';
  const other = 'data: {"jsonrpc":"2.0","id":99,"result":{"tools":"another"}}\n\n';
  const question = 'data: {"jsonrpc":"2.0","id":2,"method":"sampling/createMessage"}\n\n';
  const shapes: [string, (request: Seen) => string][] = [
    ["one event", (request) => `event: message\ndata: ${reply(request)}\n\n`],
    ["no space after the colon", (request) => `data:${reply(request)}\n\n`],
    ["lines that end with CRLF", (request) => `event: message\r\ndata: ${reply(request)}\r\n\r\n`],
    ["lines that end with CR", (request) => `data: ${reply(request)}\r\r`],
    ["data over several lines", (request) => `data: ${reply(request).replace(/,/g, "\ndata: ,")}\n\n`],
    ["notifications and pings before it", (request) => `${noise}${noise}data: ${reply(request)}\n\n`],
    ["a message of another id before it", (request) => `${other}data: ${reply(request)}\n\n`],
    [
      "a question of the server with the same id before it",
      (request) => `${question}data: ${reply(request)}\n\n`,
    ],
    ["an id and a retry of the stream", (request) => `id: 1\nretry: 5\ndata: ${reply(request)}\n\n`],
    ["no blank line at the end", (request) => `data: ${reply(request)}`],
    [
      "events of other names around it",
      (request) => `event: x\ndata: {}\n\ndata: ${reply(request)}\n\n${noise}`,
    ],
  ];
  test.each(shapes)("%s", (_, write) => {
    const { json: answer } = use(
      older((request) => events(write(request))),
      "tools/list",
    );
    expect(answer).toEqual({ jsonrpc: "2.0", id: 7, result: { tools } });
  });

  test("initialize may be answered so too", () => {
    const plain = older();
    const { seen } = use((request) => {
      const answer = plain(request);
      if (request.json.method !== "initialize" || typeof answer === "string") return answer;
      return events(`${noise}data: ${String(answer.body)}\n\n`, { "mcp-session-id": "s-2" });
    }, "tools/list");
    expect(seen[2]!.header("mcp-session-id")).toBe("s-2");
  });

  test("cut anywhere the reply is the same", () => {
    const text = `${noise}event: message\r\ndata: ${JSON.stringify({ jsonrpc: "2.0", id: 2, result: { tools: ["é"] } })}\r\n\r\n`;
    const bytes = Buffer.from(text);
    for (let at = 1; at < bytes.length; at++) {
      const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
      const { json: answer } = use(
        older(() => ({ headers: { "content-type": "text/event-stream" }, chunks })),
        "tools/list",
      );
      expect(answer.result).toEqual({ tools: ["é"] });
    }
  });
});

describe("failures", () => {
  const failing = (step: string, reply: ReturnType<Backend>): Backend => {
    const good = older((request) => json(result(request, { tools, content: [] })));
    return (request) => (request.json.method === step ? reply : good(request));
  };
  const cases: [string, string, string, ReturnType<Backend>, number, string][] = [
    [
      "initialize has another status",
      "tools/list",
      "initialize",
      { status: 500 },
      -32603,
      "backend initialization failed",
    ],
    [
      "initialize is refused a connection",
      "tools/list",
      "initialize",
      { reset: "connect-failure" },
      -32603,
      "backend initialization failed",
    ],
    [
      "initialize is not answered in time",
      "tools/list",
      "initialize",
      "never",
      -32603,
      "backend initialization failed",
    ],
    [
      "initialize has no host",
      "tools/list",
      "initialize",
      "no-host",
      -32603,
      "backend initialization failed",
    ],
    [
      "initialize breaks off",
      "tools/list",
      "initialize",
      { reset: "reset" },
      -32603,
      "backend initialization failed",
    ],
    [
      "initialize is no JSON",
      "tools/list",
      "initialize",
      { body: "<html>" },
      -32603,
      "invalid JSON response",
    ],
    [
      "tools/list has another status",
      "tools/list",
      "tools/list",
      { status: 502 },
      -32603,
      "backend tools/list failed",
    ],
    [
      "tools/list is refused a connection",
      "tools/list",
      "tools/list",
      "no-host",
      -32603,
      "backend tools/list failed",
    ],
    [
      "tools/list has neither result nor error",
      "tools/list",
      "tools/list",
      json({}),
      -32603,
      "invalid tools/list response",
    ],
    [
      "tools/list has a result that is no object",
      "tools/list",
      "tools/list",
      json({ result: [] }),
      -32603,
      "invalid tools/list result type",
    ],
    [
      "tools/call has another status",
      "tools/call",
      "tools/call",
      { status: 401 },
      -32603,
      "backend tools/call failed",
    ],
    ["tools/call is no JSON", "tools/call", "tools/call", { body: "oops" }, -32603, "invalid JSON response"],
    ["tools/call is empty", "tools/call", "tools/call", {}, -32603, "invalid JSON response"],
    [
      "tools/call has neither result nor error",
      "tools/call",
      "tools/call",
      json({ id: 3 }),
      -32603,
      "invalid tools/call response",
    ],
    [
      "tools/call has a result that is no object",
      "tools/call",
      "tools/call",
      json({ result: "x" }),
      -32603,
      "invalid tools/call result type",
    ],
    [
      "the stream has no data",
      "tools/call",
      "tools/call",
      events(": nothing\n\n"),
      -32603,
      "no data field found in SSE response",
    ],
    [
      "the stream ends early",
      "tools/call",
      "tools/call",
      events('data: {"method":"notifications/x"}\n\n'),
      -32603,
      "backend closed the stream",
    ],
  ];
  test.each(cases)("%s", (_, method, step, reply, code, message) => {
    const { status, json: answer } = use(failing(step, reply), method, method === "tools/call" ? call : {});
    expect(answer).toEqual({ jsonrpc: "2.0", id: 7, error: { code, message } });
    expect(status).toBe(200);
  });

  test("code, message and data of the server's error reach the client", () => {
    const error = { code: -32042, message: "no such place", data: { place: [1] } };
    for (const status of [200, 400]) {
      const reply = json({ jsonrpc: "2.0", id: 3, error }, {}, status);
      expect(use(failing("tools/call", reply), "tools/call", call).json.error).toEqual(error);
    }
  });

  test("an error of initialize stands in the data of the gateway's own", () => {
    const error = { code: -32001, message: "not you" };
    const reply = json({ jsonrpc: "2.0", id: 1, error }, {}, 400);
    expect(use(failing("initialize", reply), "tools/list").json.error).toEqual({
      code: -32603,
      message: "backend initialization failed",
      data: error,
    });
  });

  test("a revision that nobody knows is refused", () => {
    const reply = json({ id: 1, result: { protocolVersion: "1999-01-01" } });
    expect(use(failing("initialize", reply), "tools/list").json.error).toEqual({
      code: -32602,
      message: "protocol version not supported by backend",
    });
  });

  test("whatever the server says to the notification, the request goes on", () => {
    for (const reply of [{ status: 500 }, { status: 200, body: "x" }, "no-host", "never"] as const) {
      expect(use(failing("notifications/initialized", reply), "tools/list").json.result).toBeDefined();
    }
  });

  test("a call without a name, or with arguments that are no object, does not reach the server", () => {
    for (const params of [{}, { name: "add", arguments: [1] }]) {
      const { seen, json: answer } = use(older(), "tools/call", params);
      expect(answer.error?.code).toBe(-32600);
      expect(seen).toEqual([]);
    }
  });
});

describe("tools that are allowed", () => {
  test("lists show them only", () => {
    const { chain } = proxy(older(), {}, { allowTools: ["add"] });
    expect(ask(chain, "tools/list").json.result).toEqual({ tools: [tools[0]] });
    chain.close();
  });

  test("the list is empty where none is", () => {
    const { chain } = proxy(older(), {}, { allowTools: [] });
    expect(ask(chain, "tools/list").json.result).toEqual({ tools: [] });
    chain.close();
  });

  test("others cannot be called", () => {
    const { chain, seen } = proxy(older(), {}, { allowTools: ["add"] });
    expect(ask(chain, "tools/call", { name: "drop" }).json.error).toMatchObject({ code: -32602 });
    expect(seen).toEqual([]);
    chain.close();
  });

  test("other members of the list, its cursor among them, stay", () => {
    const more = { tools, nextCursor: "2", _meta: { a: 1 } };
    const { chain } = proxy(
      older((request) => json(result(request, more))),
      {},
      { allowTools: ["add"] },
    );
    expect(ask(chain, "tools/list").json.result).toEqual({ ...more, tools: [tools[0]] });
    chain.close();
  });
});

describe("credentials", () => {
  const schemes = [
    { id: "in", type: "http", scheme: "bearer" },
    { id: "out", type: "apiKey", in: "header", name: "X-Key", defaultCredential: "default" },
  ];
  const send = (server: object, tools: object[] = []): Seen[] => {
    const { chain, seen } = proxy(
      older((request) => json(result(request, { content: [] }))),
      { securitySchemes: schemes, ...server },
      { tools },
    );
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "add" } };
    post(chain, body, { authorization: "Bearer client", cookie: "c=1", "mcp-session-id": "client" });
    chain.close();
    return seen;
  };
  const values = (seen: Seen[], name: string): unknown[] => seen.map((request) => request.header(name));

  test("the client's stay behind", () => {
    const seen = send({});
    expect(values(seen, "authorization")).toEqual([undefined, undefined, undefined]);
    expect(values(seen, "cookie")).toEqual([undefined, undefined, undefined]);
    expect(values(seen, "mcp-session-id")).toEqual([undefined, "s-1", "s-1"]);
  });

  test("passthroughAuthHeader lets Authorization through to all three", () => {
    const seen = send({ passthroughAuthHeader: true });
    expect(values(seen, "authorization")).toEqual(["Bearer client", "Bearer client", "Bearer client"]);
  });

  test("the server's own is on all three", () => {
    expect(values(send({ defaultUpstreamSecurity: { id: "out" } }), "x-key")).toEqual([
      "default",
      "default",
      "default",
    ]);
  });

  test("a configured credential is honoured", () => {
    const seen = send({ defaultUpstreamSecurity: { id: "out", credential: "own" } });
    expect(values(seen, "x-key")).toEqual(["own", "own", "own"]);
  });

  test("what the client brought goes up in another scheme where it is passed through", () => {
    const seen = send({
      defaultDownstreamSecurity: { id: "in", passthrough: true },
      defaultUpstreamSecurity: { id: "out" },
    });
    expect(values(seen, "x-key")).toEqual(["client", "client", "client"]);
  });

  test("a tool's own requirement comes before the server's", () => {
    const tool = { name: "add", requestTemplate: { security: { id: "out", credential: "tool" } } };
    const seen = send({ defaultUpstreamSecurity: { id: "out" } }, [tool]);
    expect(values(seen, "x-key")).toEqual(["tool", "tool", "tool"]);
  });

  test("without a credential that is demanded nothing is sent", () => {
    expect(send({ defaultUpstreamSecurity: { id: "nobody" } })).toEqual([]);
  });
});

test("a tool set lists the tools that a proxied server declares", () => {
  const add = { name: "add", description: "Adds.", args: [{ name: "a", type: "number", required: true }] };
  const { chain } = proxy(
    older(),
    {},
    {
      tools: [add],
      _rules_: [
        {
          _match_domain_: ["test.local"],
          toolSet: { name: "set", serverTools: [{ serverName: "proxy", tools: ["add"] }] },
        },
      ],
    },
  );
  expect(ask(chain, "tools/list").json.result).toEqual({
    tools: [
      {
        name: "proxy___add",
        description: "Adds.",
        inputSchema: {
          type: "object",
          properties: { a: { description: "", type: "number" } },
          required: ["a"],
        },
      },
    ],
  });
  chain.close();
});

describe("configurations that are refused", () => {
  const cases: [object, string][] = [
    [{ transport: undefined }, "transport field is required for mcp-proxy server type"],
    [{ transport: "stdio" }, "invalid transport value: stdio, must be 'http' or 'sse'"],
    [{ mcpServerURL: undefined }, "mcpServerURL is required for mcp-proxy server type"],
    [{ mcpServerURL: "http:///mcp" }, "invalid mcpServerURL: url with scheme must include a host"],
    [
      { mcpServerURL: "ftp://h/mcp" },
      "invalid mcpServerURL: unsupported URL scheme 'ftp', only http and https are allowed",
    ],
    [{ mcpServerURL: "http://h/\n" }, "invalid mcpServerURL: invalid URL format"],
    [{ upstreamProtocol: "old" }, "upstreamProtocol: expected auto, initialize or stateless"],
  ];
  test.each(cases)("%j", (server, error) => {
    const bad = { _match_domain_: ["other.local"], server: { ...proxied, ...server } };
    const good = { _match_domain_: ["good.local"], server: proxied };
    const { chain } = proxy(older(), {}, { _rules_: [bad, good] });
    const lines = chain.logs.map(({ message }) => message);
    expect(lines.filter((line) => line.includes("rule left out") && line.includes(error))).toHaveLength(1);
    chain.close();
  });
});

describe("arguments that a stateless server wants mirrored in headers", () => {
  const schema = {
    type: "object",
    properties: {
      region: { type: "string", "x-mcp-header": "Region" },
      place: { type: "object", properties: { code: { type: "integer", "x-mcp-header": "Place-Code" } } },
      open: { type: "boolean", "x-mcp-header": "Open" },
      bad: { type: "string", "x-mcp-header": "a: b\r\nc" },
    },
  };
  const given = { region: "München", place: { code: 7 }, open: true, bad: "x" };
  const mirrored = {
    "mcp-param-region": "=?base64?TcO8bmNoZW4=?=",
    "mcp-param-place-code": "7",
    "mcp-param-open": "true",
  };
  const mismatch = { code: -32020, message: "Mcp-Param-Region is required" };

  const server = (pages: object[]): Backend => {
    return (request) => {
      const { method, params } = request.json;
      if (method === "tools/list") return json(result(request, pages[Number(params?.cursor ?? 0)]));
      if (method !== "tools/call")
        return json({ jsonrpc: "2.0", id: 1, error: { code: -32601, message: "" } }, {}, 404);
      const agrees = Object.entries(mirrored).every(([name, value]) => request.header(name) === value);
      if (!agrees) return json({ jsonrpc: "2.0", id: request.json.id, error: mismatch }, {}, 400);
      return json(result(request, { resultType: "complete", content: [] }));
    };
  };
  const callTwice = (pages: object[]): { answers: Answer["json"][]; seen: Seen[] } => {
    const { chain, seen } = proxy(server(pages), { upstreamProtocol: "stateless" });
    const answers = [1, 2].map(() => ask(chain, "tools/call", { name: "add", arguments: given }).json);
    expect(chain.problems()).toEqual([]);
    chain.close();
    return { answers, seen };
  };
  const wanted = { tools: [{ name: "add", inputSchema: schema }] };

  test("are mirrored for a client that does not know of it; the schema is asked for once", () => {
    const { answers, seen } = callTwice([wanted]);
    expect(answers).toEqual([7, 7].map((id) => ({ jsonrpc: "2.0", id, result: { content: [] } })));
    expect(seen.map(({ by, json }) => `${by} ${json.method}`)).toEqual([
      "route tools/call",
      "call tools/list",
      "call tools/call",
      "route tools/call",
    ]);
  });

  test("are looked for on every page of the list", () => {
    const { answers } = callTwice([{ tools: [], nextCursor: "1" }, { tools: [], nextCursor: "2" }, wanted]);
    for (const answer of answers) expect(answer.result).toEqual({ content: [] });
  });

  test("where the tool is not listed, or no list comes, the server's refusal reaches the client", () => {
    for (const pages of [[{ tools: [] }], [{ tools: [], nextCursor: "0" }], []]) {
      const { answers, seen } = callTwice(pages);
      for (const answer of answers) expect(answer.error).toEqual(mismatch);
      expect(seen.length).toBeLessThanOrEqual(2 * 21);
    }
  });
});
