// Credentials: the client's stay at the gateway unless they are to go on; the upstream's are set.

import { expect, test } from "vitest";
import { getting, withTools, type ToolOutcome } from "./tools.ts";

const schemes = [
  { id: "bearer", type: "http", scheme: "bearer", defaultCredential: "default" },
  { id: "basic", type: "http", scheme: "basic" },
  { id: "header", type: "apiKey", in: "header", name: "X-Api-Key" },
  { id: "query", type: "apiKey", in: "query", name: "key" },
  { id: "cookie", type: "apiKey", in: "cookie", name: "sid" },
];

function called(
  tool: object,
  server: object,
  headers: Record<string, string> = {},
  request: object = {},
): ToolOutcome {
  let outcome: ToolOutcome | undefined;
  const configured = { ...getting("/v1?a=1", [], request), ...tool };
  withTools([configured], (api) => (outcome = api.call("get", {}, headers)), {
    server: { securitySchemes: schemes, ...server },
  });
  return outcome!;
}

const client = {
  authorization: "bearer  from-client ",
  "x-api-key": "header-client",
  cookie: "other=1; sid=cookie-client",
};

test.each([
  ["bearer", "c", "authorization", "Bearer c"],
  ["bearer", "Bearer c", "authorization", "Bearer c"],
  ["bearer", "", "authorization", "Bearer default"],
  ["basic", "user:pass", "authorization", "Basic dXNlcjpwYXNz"],
  ["basic", "dXNlcg==", "authorization", "Basic dXNlcg=="],
  ["basic", "Basic x", "authorization", "Basic x"],
  ["header", "k", "x-api-key", "k"],
  ["cookie", "k;1", "cookie", "sid=k%3B1"],
  ["query", "k&1", ":path", "/v1?a=1&key=k%261"],
])("the upstream's credential, %s %j", (id, credential, header, value) => {
  const server = { defaultUpstreamSecurity: { id, credential } };
  expect(called({}, server).sent!.header(header)).toBe(value);
});

test("a tool's own requirement is before the server's", () => {
  const server = {
    defaultUpstreamSecurity: { id: "bearer", credential: "server" },
    defaultDownstreamSecurity: { id: "bearer" },
  };
  const outcome = called({ security: { id: "header" } }, server, client, {
    security: { id: "header", credential: "tool" },
  });
  expect(outcome.sent!.header("x-api-key")).toBe("tool");
  expect(outcome.sent!.header("authorization")).toBeUndefined();
});

test.each(["bearer", "header", "query", "cookie"])("passed on from %s to every kind", (from) => {
  const passed = {
    bearer: "from-client",
    header: "header-client",
    query: "in-query",
    cookie: "cookie-client",
  }[from]!;
  const downstream = { id: from, passthrough: true };
  const sent = (id: string) =>
    called({ security: downstream }, { defaultUpstreamSecurity: { id, credential: "own" } }, client).sent!;
  expect(sent("bearer").header("authorization")).toBe(`Bearer ${passed}`);
  expect(sent("basic").header("authorization")).toBe(`Basic ${passed}`);
  expect(sent("header").header("x-api-key")).toBe(passed);
  expect(sent("query").path).toBe(`/v1?a=1&key=${passed}`);
  expect(sent("cookie").header("cookie")).toBe(`sid=${passed}`);
});

test("token passthrough, confused deputy: a client's credential goes nowhere unless configured", () => {
  for (const id of ["bearer", "basic", "header", "query", "cookie"]) {
    const sent = called({}, { defaultDownstreamSecurity: { id } }, client).sent!;
    expect([sent.header("authorization"), sent.header("cookie"), sent.path]).toEqual([
      undefined,
      undefined,
      "/v1?a=1",
    ]);
    if (id === "header") expect(sent.header("x-api-key")).toBeUndefined();
  }
  const unknown = called({}, { defaultDownstreamSecurity: { id: "none" } }, client).sent!;
  expect(unknown.header("authorization")).toBeUndefined();
});

test("§15: one rule for both levels: Authorization goes on with passthroughAuthHeader alone", () => {
  expect(called({ security: { id: "header" } }, {}, client).sent!.header("authorization")).toBeUndefined();
  const server = { passthroughAuthHeader: true };
  expect(called({ security: { id: "header" } }, server, client).sent!.header("authorization")).toBe(
    client.authorization,
  );
  expect(called({}, server, client).sent!.header("cookie")).toBe(client.cookie);
});

test("§15: nothing is sent where the upstream's credential cannot be set", () => {
  for (const id of ["none", "header"]) {
    const outcome = called({}, { defaultUpstreamSecurity: { id } });
    expect([outcome.sent, outcome.result.isError, outcome.text]).toEqual([
      undefined,
      true,
      "upstream authentication failed",
    ]);
  }
  const broken = called({}, { defaultUpstreamSecurity: { id: "header", credential: "a\nb" } });
  expect([broken.sent, broken.text]).toEqual([undefined, "upstream authentication failed"]);
});

test("clients mixed: the next call has nothing of the one before", () => {
  const server = {
    securitySchemes: schemes,
    defaultDownstreamSecurity: { id: "bearer", passthrough: true },
    defaultUpstreamSecurity: { id: "header" },
  };
  withTools(
    [getting("/v1")],
    (api) => {
      const sent = (token: string) =>
        api.call("get", {}, token ? { authorization: `Bearer ${token}` } : {}).sent?.header("x-api-key");
      expect([sent("ann"), sent("bob"), sent(""), sent("ann")]).toEqual(["ann", "bob", undefined, "ann"]);
    },
    { server },
  );
});
