// One endpoint for clients of every revision, told apart by how they open.

import { afterAll, describe, expect, test } from "vitest";
import { ask, askModern, endpoint, meta, modern, oneTool, post } from "./endpoint.ts";

const chain = endpoint(oneTool);
afterAll(() => chain.close());

describe("revisions with initialize", () => {
  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])("%s is echoed", (revision) => {
    const { json, status } = ask(chain, "initialize", { protocolVersion: revision }, "");
    expect(status).toBe(200);
    expect(json.result).toEqual({
      protocolVersion: revision,
      capabilities: { tools: {} },
      serverInfo: { name: "greeter", version: "1.0.0" },
    });
  });

  test("an unknown revision gets 2025-06-18, the stateless one the newest with initialize", () => {
    const granted = (protocolVersion: string) =>
      ask(chain, "initialize", { protocolVersion }, "").json.result?.protocolVersion;
    expect([granted("1999-01-01"), granted(modern)]).toEqual(["2025-06-18", "2025-11-25"]);
  });

  test("initialize without a revision is refused", () => {
    const error = { code: -32602, message: "protocolVersion is required" };
    expect(ask(chain, "initialize").json.error).toEqual(error);
  });

  test("ping is answered, methods of other features are unknown", () => {
    expect(ask(chain, "ping").json.result).toEqual({});
    for (const method of ["resources/list", "prompts/list", "logging/setLevel", "server/discover"]) {
      const { json, status } = ask(chain, method);
      expect([status, json.error]).toEqual([200, { code: -32601, message: `method not found:${method}` }]);
    }
  });

  test("a revision that nobody knows in the header is refused with those that are served", () => {
    const { json, status } = ask(chain, "tools/list", {}, "1999-01-01");
    expect([status, json.error?.code]).toEqual([400, -32022]);
    expect(json.error?.data?.supported).toContain("2025-11-25");
  });

  test("results carry nothing of the stateless revisions", () => {
    expect(Object.keys(ask(chain, "tools/list").json.result!)).toEqual(["tools"]);
  });
});

describe("2026-07-28", () => {
  test("server/discover tells revision, capabilities and who answers, for everybody to keep", () => {
    expect(askModern(chain, "server/discover").json.result).toEqual({
      resultType: "complete",
      supportedVersions: [modern],
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: "public",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "greeter", version: "1.0.0" } },
    });
  });

  test("tools/list may be kept by everybody; filtered for a caller it is private", () => {
    const whole = askModern(chain, "tools/list").json.result;
    expect(whole).toMatchObject({ resultType: "complete", ttlMs: 0, cacheScope: "public" });
    const filtered = askModern(chain, "tools/list", {}, { "x-envoy-allow-mcp-tools": "other" });
    expect(filtered.json.result).toMatchObject({ tools: [], cacheScope: "private" });
  });

  const absent = [
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/list",
    "subscriptions/listen",
    "no/such",
  ];
  test.each(absent)("%s is not part of it: 404", (method) => {
    const { json, status } = askModern(chain, method);
    expect([status, json.error?.code, json.id]).toEqual([404, -32601, 7]);
  });

  const bare = { "io.modelcontextprotocol/protocolVersion": modern };
  const broken: [string, string, Record<string, unknown>, Record<string, string | null>, number][] = [
    ["no Mcp-Method", "tools/list", {}, { "mcp-method": null }, -32020],
    ["another Mcp-Method", "tools/list", {}, { "mcp-method": "prompts/list" }, -32020],
    ["Mcp-Method in capitals", "tools/list", {}, { "mcp-method": "TOOLS/LIST" }, -32020],
    ["no Mcp-Name", "tools/call", { name: "greet" }, { "mcp-name": null }, -32020],
    ["another Mcp-Name", "tools/call", { name: "greet" }, { "mcp-name": "other" }, -32020],
    ["broken base64", "tools/call", { name: "greet" }, { "mcp-name": "=?base64?Z3JlZX?=" }, -32020],
    ["no MCP-Protocol-Version", "tools/list", {}, { "mcp-protocol-version": null }, -32020],
    ["another revision in the header", "tools/list", {}, { "mcp-protocol-version": "2025-11-25" }, -32020],
    ["no _meta", "tools/list", { _meta: undefined }, {}, -32602],
    ["no capabilities", "tools/list", { _meta: bare }, {}, -32602],
    [
      "an unknown revision",
      "tools/list",
      { _meta: meta({}, "v9") },
      { "mcp-protocol-version": "v9" },
      -32022,
    ],
  ];
  test.each(broken)("%s is refused with 400", (_, method, params, headers, code) => {
    const { json, status } = askModern(chain, method, params, headers);
    expect([status, json.error?.code, json.id]).toEqual([400, code, 7]);
  });

  test("a refused revision names what was asked for and what is served", () => {
    const params = { _meta: meta({}, "v9") };
    const { json } = askModern(chain, "tools/list", params, { "mcp-protocol-version": "v9" });
    expect(json.error?.data).toEqual({ supported: [modern], requested: "v9" });
  });

  test("names in base64 and with spaces around them agree with the body", () => {
    const code = (name: string) =>
      askModern(chain, "tools/call", { name: "nothing" }, { "mcp-name": name }).json.error?.code;
    expect([code("=?base64?bm90aGluZw==?="), code("  nothing  ")]).toEqual([-32602, -32602]);
  });

  test("a batch and a response are no messages of it", () => {
    const request = { jsonrpc: "2.0", id: 7, method: "tools/list", params: { _meta: meta() } };
    const version = { "mcp-protocol-version": modern };
    expect(post(chain, [request], version).status).toBe(400);
    expect(post(chain, { jsonrpc: "2.0", id: 1, result: {} }, version).status).toBe(400);
  });
});

test.each(["notifications/initialized", "notifications/cancelled", "tools/list"])(
  "%s without an id gets 202 and no body",
  (method) => {
    for (const version of ["2025-06-18", modern]) {
      const { status, text } = post(chain, { jsonrpc: "2.0", method }, { "mcp-protocol-version": version });
      expect([status, text]).toEqual([202, ""]);
    }
  },
);

describe("batches", () => {
  const batch = [
    { jsonrpc: "2.0", id: 1, method: "ping" },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: "b", method: "nope" },
    { jsonrpc: "2.0", id: null, method: "ping" },
  ];

  test("are answered message by message for 2025-03-26, also where no header names it", () => {
    const named: Record<string, string> = { "mcp-protocol-version": "2025-03-26" };
    for (const headers of [named, {}]) {
      const { json, status } = post(chain, batch, headers);
      expect(status).toBe(200);
      expect(json).toEqual([
        { jsonrpc: "2.0", id: 1, result: {} },
        { jsonrpc: "2.0", id: "b", error: { code: -32601, message: "method not found:nope" } },
        { jsonrpc: "2.0", id: null, error: { code: -32600, message: "id must be a string or a number" } },
      ]);
    }
  });

  test("of notifications alone get 202", () => {
    expect(post(chain, [{ jsonrpc: "2.0", method: "a" }]).status).toBe(202);
  });

  test.each(["2025-06-18", "2025-11-25"])("are refused for %s", (revision) => {
    const { json, status } = post(chain, batch, { "mcp-protocol-version": revision });
    expect([status, json.error?.code]).toEqual([400, -32600]);
  });

  test("that are empty or longer than 50 are refused as a whole", () => {
    expect(post(chain, []).json.error?.code).toBe(-32600);
    const long = Array.from({ length: 51 }, () => batch[0]);
    expect(post(chain, long).json.error?.code).toBe(-32600);
  });
});
