// What a call sends to the upstream: positions, bodies, templates, and what never reaches it.

import { expect, test } from "vitest";
import { getting, withTools } from "./tools.ts";

const at = (name: string, position: string, more: object = {}) => ({ name, position, ...more });

/** What one call of a single tool sends. */
function sent(
  tool: Record<string, any>,
  args: object = {},
  options: Parameters<typeof withTools>[2] = {},
  headers = {},
) {
  let seen: any;
  withTools(
    [tool],
    (api) => {
      const outcome = api.call(tool.name, args, headers);
      if (!outcome.sent) throw new Error(`nothing was sent: ${outcome.text || outcome.error?.message}`);
      seen = outcome.sent;
    },
    options,
  );
  return seen as {
    path: string;
    method: string;
    authority: string;
    body: string;
    header(name: string): string | undefined;
  };
}

/** Why one call of a single tool sends nothing. */
function refused(
  tool: Record<string, any>,
  args: object = {},
  options: Parameters<typeof withTools>[2] = {},
): string {
  let text = "";
  withTools(
    [tool],
    (api) => {
      const outcome = api.call(tool.name, args);
      expect(outcome.sent).toBeUndefined();
      expect(outcome.result.isError).toBe(true);
      text = outcome.text;
    },
    options,
  );
  return text;
}

test("golden: path, query and arguments as URL parameters", () => {
  const args = [at("id", "path"), at("q", "query"), { name: "z" }];
  const request = sent(getting("https://h.example/v1/{id}?b=2", args, { argsToUrlParam: true }), {
    id: "7",
    q: "a b",
    z: "1",
  });
  expect([request.method, request.authority, request.path]).toEqual([
    "GET",
    "h.example",
    "/v1/7?b=2&q=a+b&z=1",
  ]);
  expect(request.header("accept")).toBe("*/*");
});

test("golden: arguments as a JSON body, with a default, sorted", () => {
  const tool = getting(
    "https://h.example/v1",
    [
      { name: "n", type: "integer" },
      { name: "f", type: "boolean", default: true },
    ],
    {
      method: "POST",
      argsToJsonBody: true,
    },
  );
  const request = sent(tool, { n: "5" });
  expect(request.body).toBe('{"f":true,"n":5}');
  expect(request.header("content-type")).toBe("application/json; charset=utf-8");
  expect(request.header("accept")).toBe("*/*");
});

test("a URL that is a path alone keeps the client's authority", () => {
  expect(sent(getting("/v1/x")).authority).toBe("test.local");
});

test("headers, cookies and forms by position", () => {
  const args = [
    at("X-Trace", "header"),
    at("sid", "cookie"),
    at("lang", "cookie"),
    at("a", "body"),
    at("b", "BODY"),
  ];
  const tool = getting("/v1", args, {
    method: "PUT",
    headers: [
      { key: "Content-Type", value: "application/x-www-form-urlencoded" },
      { key: "Cookie", value: "fixed=1" },
    ],
  });
  const request = sent(tool, { "X-Trace": "t 1", sid: "s;1", lang: "é", a: "1 2", b: [1, { z: 1, a: 2 }] });
  expect(request.header("x-trace")).toBe("t 1");
  expect(request.header("cookie")).toBe("fixed=1; lang=%C3%A9; sid=s%3B1");
  expect(request.body).toBe("a=1+2&b=%5B1%2C%7B%22a%22%3A2%2C%22z%22%3A1%7D%5D");
});

test("arguments with a body position alone are a JSON body", () => {
  const tool = getting("/v1", [at("a", "body"), { name: "b" }], { method: "POST", body: "" });
  expect(sent(tool, { a: { x: [1] }, b: "lost" }).body).toBe('{"a":{"x":[1]}}');
});

test("arguments as a form body, sorted", () => {
  const tool = getting("/v1", [{ name: "b" }, { name: "a" }], { method: "POST", argsToFormBody: true });
  const request = sent(tool, { a: "1&2", b: true });
  expect(request.body).toBe("a=1%262&b=true");
  expect(request.header("content-type")).toBe("application/x-www-form-urlencoded");
});

test("a body template of JSON says so, another does not", () => {
  const tool = (body: string) => getting("/v1", [{ name: "q" }], { method: "POST", body });
  const json = sent(tool(' {"q":"{{.args.q}}"} '), { q: "x" });
  expect([json.body, json.header("content-type")]).toEqual([
    ' {"q":"x"} ',
    "application/json; charset=utf-8",
  ]);
  const text = sent(tool("q is {{.args.q}}"), { q: "x" });
  expect([text.body, text.header("content-type")]).toEqual(["q is x", undefined]);
});

test("a configured content type stands", () => {
  const headers = [{ key: "content-type", value: "application/vnd.api+json" }];
  const tool = getting("/v1", [], { method: "POST", headers, body: "{}" });
  expect(sent(tool).header("content-type")).toBe("application/vnd.api+json");
});

test("templates see arguments, the server's configuration, and one that comes with the request", () => {
  const tool = getting("{{.config.base}}/v1/{{.args.id}}", [{ name: "id" }], {
    headers: [{ key: "X-Key", value: "{{.config.key}}-{{.args.id}}" }],
  });
  const server = { config: { base: "https://a.example:8443/x", key: "k" } };
  const request = sent(tool, { id: "1" }, { server });
  expect([request.authority, request.path, request.header("x-key")]).toEqual([
    "a.example:8443",
    "/x/v1/1",
    "k-1",
  ]);
  const other = Buffer.from(JSON.stringify({ base: "https://b.example", key: "<" })).toString("base64");
  const replacing = { ...server, configHeader: "replace" };
  const replaced = sent(tool, { id: "1" }, { server: replacing }, { "x-higress-mcpserver-config": other });
  expect([replaced.authority, replaced.header("x-key")]).toEqual(["b.example", "<-1"]);
  expect(replaced.header("x-higress-mcpserver-config")).toBeUndefined();
});

test("values are converted to the declared type, the rest stays as it is", () => {
  const types = ["boolean", "integer", "number", "string", "array", "object"];
  const tool = getting(
    "/v1",
    types.map((type) => ({ name: type, type })),
    { method: "POST", argsToJsonBody: true },
  );
  const body = (args: object) => JSON.parse(sent(tool, args).body);
  expect(body({ boolean: "true", integer: "-12", number: "1.50" })).toEqual({
    boolean: true,
    integer: -12,
    number: 1.5,
  });
  expect(body({ integer: 5.9, number: "1e3" })).toEqual({ integer: 5, number: 1000 });
  expect(body({ boolean: "yes", integer: "x", number: "", string: 5 })).toEqual({
    boolean: "yes",
    integer: "x",
    number: "",
    string: 5,
  });
  expect(body({ array: [1], object: null })).toEqual({ array: [1], object: null });
  expect(body({ undeclared: 1 })).toEqual({});
});

test("numbers are plain decimals everywhere", () => {
  const args = [
    at("p", "path", { type: "number" }),
    at("q", "query", { type: "number", default: 1e6 }),
    at("h", "header", { type: "number" }),
  ];
  const tool = getting("/v1/{p}", args);
  let request = sent(tool, { p: 1e21, h: 1e-7 });
  expect([request.path, request.header("h")]).toEqual(["/v1/1000000000000000000000?q=1000000", "0.0000001"]);
  request = sent(tool, { p: 12345678.9, q: -2.5e-3, h: "1E+6" });
  expect([request.path, request.header("h")]).toEqual(["/v1/12345678.9?q=-0.0025", "1000000"]);
});

test("several headers of one name are sent, each with its own value, in place of the client's", () => {
  const headers = [
    { key: "X-Tag", value: "{{.args.a}}" },
    { key: "x-tag", value: "second" },
    { key: "", value: "left out" },
  ];
  const request = sent(
    getting("/v1", [{ name: "a" }], { headers }),
    { a: "first" },
    {},
    { "x-tag": "client" },
  );
  expect(request.header("x-tag")).toBe("first");
  withTools([getting("/v1", [], { headers: [headers[1], headers[1]] })], (api) => {
    expect(api.call("get").sent!.header("x-tag")).toBe("second");
  });
});

test("what describes the client's own request stays behind, the rest goes on", () => {
  const client = {
    "accept-language": "de",
    authorization: "Bearer client",
    cookie: "session=client",
    "proxy-authorization": "Basic client",
    te: "trailers",
  };
  const request = sent(getting("/v1"), {}, {}, client);
  expect(request.header("accept-language")).toBe("de");
  for (const name of [
    "authorization",
    "cookie",
    "proxy-authorization",
    "te",
    "content-type",
    "accept-encoding",
  ])
    expect(request.header(name), name).toBeUndefined();
  expect(request.header("x-envoy-original-path")).toBe("/mcp?key=in-query");
  expect(request.header("x-envoy-original-method")).toBe("POST");
});

test("a template that fails at the call is the tool's failure, in Go's words", () => {
  expect(refused(getting("/v1/{{div 1 0}}"))).toMatch(
    /^error executing URL template: template: url:1:\d+: executing/,
  );
  const headers = [{ key: "X-A", value: '{{fail "no"}}' }];
  expect(refused(getting("/v1", [], { headers }))).toContain(
    "error executing header template for x-a: template: header_0",
  );
  expect(refused(getting("/v1", [], { body: "{{index .config 1}}" }))).toContain(
    "error executing body template",
  );
});

test.each([
  ["a slash", "a/b", "/v1/a%2Fb/x"],
  ["a parent", "../admin", "/v1/..%2Fadmin/x"],
  ["an escaped parent", "%2e%2e/admin", "/v1/%252e%252e%2Fadmin/x"],
  ["a host", "//evil.example", "/v1/%2F%2Fevil.example/x"],
  ["a query", "a?b=c", "/v1/a%3Fb%3Dc/x"],
  ["a fragment", "a#b", "/v1/a%23b/x"],
  ["user information", "@evil.example", "/v1/%40evil.example/x"],
  ["a line break", "a\r\nb", "/v1/a%0D%0Ab/x"],
  ["a NUL", "a\u0000b", "/v1/a%00b/x"],
  ["a backslash", "..\\x", "/v1/..%5Cx/x"],
  ["another argument's name", "{other}", "/v1/%7Bother%7D/x"],
])("CVE-2026-32871: %s in a path argument stays in its segment", (_, value, path) => {
  const args = [at("id", "path"), at("other", "path", { default: "o" })];
  expect(sent(getting("https://h.example/v1/{id}/x", args), { id: value }).path).toBe(path);
  const template = getting("https://h.example/v1/{{.args.id}}/x", [{ name: "id" }]);
  const request = sent(template, { id: value });
  expect([request.path, request.authority]).toEqual([path, "h.example"]);
});

test.each([".", ".."])("a path argument that is %s is refused", (dots) => {
  const args = [at("id", "path")];
  expect(refused(getting("/v1/{id}/x", args), { id: dots })).toContain(`the segment ${dots}`);
  expect(refused(getting("/v1/{{.args.id}}", [{ name: "id" }]), { id: dots })).toContain(
    `the segment ${dots}`,
  );
});

test("a path argument that is missing or empty is asked for: the URL has a hole", () => {
  const args = [at("id", "path", { description: "number of the item", enum: ["1", "2"] })];
  expect(refused(getting("/v1/{id}", args))).toBe(
    'missing required arguments:\n- id: number of the item (one of ["1","2"])',
  );
  expect(refused(getting("/v1/{id}", args), { id: "" })).toContain("must not be empty");
});

test("SSRF: no argument chooses the host", () => {
  const why = "scheme and host come from the configuration";
  for (const url of [
    "{{.args.u}}",
    "https://{{.args.u}}/x",
    "https://h.example{{.args.u}}",
    "{{.args.u}}://h/x",
  ])
    expect(refused(getting(url, [{ name: "u" }]), { u: "evil" }), url).toContain(why);
  for (const url of ["{u}", "https://{u}/x", "https://h.example:{u}/x"])
    expect(refused(getting(url, [at("u", "path")]), { u: "evil" }), url).toContain(why);
});

test("a value in a query template stays one value; urlquery is not escaped twice", () => {
  const tool = getting("/v1?q={{.args.q}}&r={{.args.q | urlquery}}&s=1", [{ name: "q" }]);
  expect(sent(tool, { q: "a&s=2#é" }).path).toBe("/v1?q=a%26s%3D2%23%C3%A9&r=a%26s%3D2%23%C3%A9&s=1");
});

test("what the configuration says in a URL is not escaped", () => {
  const tool = getting('{{.config.base}}/{{with .config}}{{.path}}{{end}}{{"/c/d"}}?{{.config.query}}');
  const server = { config: { base: "https://h.example", path: "a/b", query: "x=1&y=2" } };
  expect(sent(tool, {}, { server }).path).toBe("/a/b/c/d?x=1&y=2");
});

test("a value in a JSON body template ends no string: quotes, line breaks, members", () => {
  const tool = getting("/v1", [{ name: "q" }, { name: "n" }, { name: "o", type: "object" }], {
    method: "POST",
    body: '{"q":"{{.args.q}}","n":{{.args.n}},"o":{{.args.o}},"j":{{toJson .args.q}},"u":"{{upper .args.q}}"}',
  });
  const q = 'a","admin":true,"b":"\n\\';
  const body = JSON.parse(sent(tool, { q, n: '1,"admin":true', o: { a: ["<"] } }).body);
  expect(body).toEqual({ q, n: '1,"admin":true', o: { a: ["<"] }, j: q, u: q.toUpperCase() });
});

test("with encodePathArgs off, arguments are put in as Higress's plugin does, but for the host", () => {
  const more = { encodePathArgs: false };
  expect(sent(getting("/v1/{id}", [at("id", "path")]), { id: "a/b?c=d" }, { more }).path).toBe("/v1/a/b?c=d");
  expect(sent(getting("/v1/{{.args.id}}", [{ name: "id" }]), { id: "a/b" }, { more }).path).toBe("/v1/a/b");
  expect(refused(getting("https://{{.args.id}}/", [{ name: "id" }]), { id: "a" }, { more })).toContain(
    "host",
  );
});

test("headers-crlf: a value with a line break is refused in headers, escaped in cookies", () => {
  expect(refused(getting("/v1", [at("X-A", "header")]), { "X-A": "a\r\nx-admin: 1" })).toContain(
    "header x-a",
  );
  const headers = [{ key: "X-A", value: "{{.args.a}}" }];
  expect(refused(getting("/v1", [{ name: "a" }], { headers }), { a: "a\nb" })).toContain("header x-a");
  expect(sent(getting("/v1", [at("c", "cookie")]), { c: "a\r\nb" }).header("cookie")).toBe("c=a%0D%0Ab");
});

test("an argument may not be a header that leads or frames the request", () => {
  const request = sent(
    getting("/v1", [at(":authority", "header"), at("Host", "header"), at("Content-Length", "header")]),
    {
      ":authority": "evil",
      Host: "evil",
      "Content-Length": "9999",
    },
  );
  expect(request.authority).toBe("test.local");
});

test("the time, random values and the caller's address are there for templates", () => {
  const tool = getting("/v1", [], {
    headers: [
      { key: "X-Ip", value: "{{getRealIP}}" },
      { key: "X-Id", value: "{{uuidv4}}" },
      { key: "X-Day", value: '{{now | date "2006"}}' },
    ],
  });
  const request = sent(tool, {}, {}, { "x-forwarded-for": "1.2.3.4:99, 5.6.7.8" });
  expect(request.header("x-ip")).toBe("1.2.3.4");
  expect(request.header("x-id")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  expect(request.header("x-day")).toMatch(/^\d{4}$/);
});
