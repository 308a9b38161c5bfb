// Credentials: the client's end at the gateway, the upstream's come from the configuration.

import { describe, expect, test } from "vitest";
import { call, get } from "./rest.ts";

const schemes = [
  { id: "bearer", type: "http", scheme: "bearer", defaultCredential: "default-token" },
  { id: "basic", type: "http", scheme: "basic" },
  { id: "header", type: "apiKey", in: "header", name: "X-Api-Key" },
  { id: "query", type: "apiKey", in: "query", name: "key" },
  { id: "cookie", type: "apiKey", in: "cookie", name: "session" },
];
const tool = (upstream: object = {}, downstream: object = {}) => ({
  security: downstream,
  ...get("/x?a=1", [], { security: upstream }),
});
const client = { authorization: "Bearer client", "x-api-key": "client-key", cookie: "session=s1; other=2" };

function sent(configured: object, headers: Record<string, string> = {}, server: object = {}) {
  const made = call(
    configured,
    {},
    {
      server: { securitySchemes: schemes, ...server },
      headers,
      path: "/mcp?key=from-query",
    },
  );
  const header = (name: string) => made.upstream?.header(name);
  return { ...made, header };
}

describe("the client's credentials", () => {
  test("do not reach the upstream", () => {
    const { header } = sent(tool(), { ...client, "proxy-authorization": "Basic x" });
    for (const name of ["authorization", "proxy-authorization", "cookie"])
      expect(header(name)).toBeUndefined();
    expect(header(":path")).toBe("/x?a=1");
  });

  test("of a key header that is declared do not either", () => {
    expect(sent(tool({}, { id: "header" }), client).header("x-api-key")).toBeUndefined();
  });

  test("stay when passthroughAuthHeader says so", () => {
    expect(sent(tool(), client, { passthroughAuthHeader: true }).header("authorization")).toBe(
      "Bearer client",
    );
  });

  const passed: [string, string, Record<string, string>, string, string][] = [
    ["bearer", "header", client, "x-api-key", "client"],
    ["header", "bearer", client, "authorization", "Bearer client-key"],
    ["query", "header", {}, "x-api-key", "from-query"],
    ["cookie", "query", client, ":path", "/x?a=1&key=s1"],
    ["basic", "basic", { authorization: "bAsIc  dXNlcjpw " }, "authorization", "Basic dXNlcjpw"],
    ["bearer", "cookie", client, "cookie", "session=client"],
  ];
  test.each(passed)("pass from %s to %s where passthrough is set", (from, to, headers, name, value) => {
    const { header } = sent(tool({ id: to }, { id: from, passthrough: true }), headers);
    expect(header(name)).toBe(value);
  });

  test("are not used without passthrough", () => {
    expect(sent(tool({ id: "bearer" }, { id: "header" }), client).header("authorization")).toBe(
      "Bearer default-token",
    );
  });
});

describe("the upstream's credential", () => {
  const put: [string, string, string, string][] = [
    ["bearer", "t", "authorization", "Bearer t"],
    ["bearer", "bearer t", "authorization", "bearer t"],
    ["basic", "user:pass", "authorization", "Basic dXNlcjpwYXNz"],
    ["basic", "dXNlcjpwYXNz", "authorization", "Basic dXNlcjpwYXNz"],
    ["header", "k", "x-api-key", "k"],
    ["query", "k &", ":path", "/x?a=1&key=k+%26"],
    ["cookie", "k", "cookie", "session=k"],
  ];
  test.each(put)("%s %s is put on the request", (id, credential, name, value) => {
    expect(sent(tool({ id, credential })).header(name)).toBe(value);
  });

  test("of the tool comes before the server's, which comes before none", () => {
    const server = { defaultUpstreamSecurity: { id: "header", credential: "of-server" } };
    expect(sent(tool(), {}, server).header("x-api-key")).toBe("of-server");
    const own = sent(tool({ id: "bearer" }), {}, server);
    expect([own.header("x-api-key"), own.header("authorization")]).toEqual([
      undefined,
      "Bearer default-token",
    ]);
  });

  test.each(["basic", "unknown"])("that %s lacks fails the call, and nothing is sent", (id) => {
    const { upstream, result, text } = sent(tool({ id }));
    expect([upstream, result.isError, text]).toEqual([undefined, true, "upstream authentication failed"]);
  });
});
