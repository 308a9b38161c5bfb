// A tool's call becomes the request that its configuration describes.

import { describe, expect, test } from "vitest";
import { call, get, listed, post } from "./rest.ts";

const arg = (name: string, more: object = {}) => ({ name, description: name, ...more });

test("tools are listed in the order of the configuration, with what their arguments take", () => {
  const direct = { responseTemplate: { body: "x" } };
  const args = [
    arg("b", { type: "integer", required: true, enum: [1, 2], default: 1 }),
    arg("a", { type: "array", items: { type: "string" }, properties: { no: {} } }),
    { name: "c", type: "" },
  ];
  expect(
    listed([
      { name: "z", title: "Z", annotations: { readOnlyHint: true }, args, ...direct },
      { name: "y", ...direct },
    ]),
  ).toEqual([
    {
      name: "z",
      title: "Z",
      description: "",
      inputSchema: {
        type: "object",
        properties: {
          b: { description: "b", type: "integer", enum: [1, 2], default: 1 },
          a: { description: "a", type: "array", items: { type: "string" } },
          c: { description: "", type: "string" },
        },
        required: ["b"],
      },
      annotations: { readOnlyHint: true },
    },
    { name: "y", description: "", inputSchema: { type: "object", properties: {} } },
  ]);
});

describe("a URL", () => {
  test("takes arguments in path, query and template, its query sorted, its host as authority", () => {
    const tool = get(
      "https://h.example/v1/{id}?b=2",
      [arg("id", { position: "path" }), arg("q", { position: "query" }), arg("z")],
      { argsToUrlParam: true },
    );
    const { upstream } = call(tool, { id: "7", q: "a b", z: "1" });
    expect([upstream?.header(":path"), upstream?.header(":authority"), upstream?.header(":method")]).toEqual([
      "/v1/7?b=2&q=a+b&z=1",
      "h.example",
      "GET",
    ]);
    expect([upstream?.text, upstream?.header("accept"), upstream?.header("content-type")]).toEqual([
      "",
      "*/*",
      undefined,
    ]);
  });

  test("without a host leaves the client's", () => {
    const { upstream } = call(get("/v1/x"), {});
    expect([upstream?.header(":path"), upstream?.header(":authority")]).toEqual(["/v1/x", "test.local"]);
  });

  const urls: [string, string, object, string][] = [
    ["a field of the arguments", "/a/{{.args.v}}", { v: "x" }, "/a/x"],
    ["the server's configuration, as it is", "{{.config.base}}/y", {}, "/base/path/y"],
    ["a field in the query", "/a?q={{.args.v}}", { v: "50% & more" }, "/a?q=50%25+%26+more"],
    ["what urlquery encodes, once", "/a?q={{.args.v | urlquery}}", { v: "a&b c" }, "/a?q=a%26b+c"],
    ["numbers without an exponent", "/a/{n}", { n: 1e21 / 1e3 }, "/a/1000000000000000000"],
    ["a condition", '{{if eq .args.v "a/b"}}/one{{else}}/two{{end}}', { v: "a/b" }, "/one"],
  ];
  test.each(urls)("holds %s", (_, url, args, path) => {
    const tool = get(url, [arg("v"), arg("n", { type: "number", position: "path" })]);
    expect(call(tool, args, { server: { config: { base: "/base/path" } } }).upstream?.header(":path")).toBe(
      path,
    );
  });
});

describe("arguments", () => {
  const tool = (args: object[]) => post({ argsToJsonBody: true }, args);

  test("become a JSON body, converted, with defaults as they are", () => {
    const { upstream } = call(tool([arg("n", { type: "integer" }), arg("f", { default: true })]), {
      n: "5",
      unknown: 1,
    });
    expect(upstream?.text).toBe('{"f":true,"n":5}');
    expect([upstream?.header("content-type"), upstream?.header("accept")]).toEqual([
      "application/json; charset=utf-8",
      "*/*",
    ]);
  });

  const conversions: [string, unknown, string][] = [
    ["integer", "7", "7"],
    ["integer", -7.9, "-7"],
    ["integer", "seven", '"seven"'],
    ["number", "1.50", "1.50"],
    ["number", "1,5", '"1,5"'],
    ["boolean", "true", "true"],
    ["boolean", "yes", '"yes"'],
    ["string", 7, "7"],
    ["object", { a: [1] }, '{"a":[1]}'],
    ["string", null, "null"],
  ];
  test.each(conversions)("of type %s: %j becomes %s", (type, value, json) => {
    expect(call(tool([arg("v", { type })]), { v: value }).upstream?.text).toBe(`{"v":${json}}`);
  });

  test("become a form, sorted and encoded", () => {
    const form = post({ argsToFormBody: true }, [arg("b"), arg("a", { type: "array" })]);
    const { upstream } = call(form, { b: "x y&z", a: [1, "é"] });
    expect(upstream?.text).toBe("a=%5B1%2C%22%C3%A9%22%5D&b=x+y%26z");
    expect(upstream?.header("content-type")).toBe("application/x-www-form-urlencoded");
  });

  test("of the body make a form where the configuration names a form, else JSON", () => {
    const args = [arg("b", { position: "body" }), arg("free")];
    const form = [{ key: "Content-Type", value: "application/x-www-form-urlencoded" }];
    expect(call(post({ headers: form }, args), { b: "1", free: "2" }).upstream?.text).toBe("b=1");
    expect(call(post({}, args), { b: "1", free: "2" }).upstream?.text).toBe('{"b":"1"}');
  });

  test("go into headers and cookies beside those of templates", () => {
    const headers = [
      { key: "X-Many", value: "one" },
      { key: "X-Many", value: "two-{{.args.h}}" },
      { key: "Cookie", value: "a=1" },
      { key: "Accept", value: "text/csv" },
      { key: "", value: "ignored" },
    ];
    const args = [arg("X-Arg", { position: "HEADER" }), arg("c", { position: "cookie" }), arg("h")];
    const { upstream } = call(
      post({ headers }, args),
      { "X-Arg": true, c: "2", h: "x" },
      { headers: { "x-many": "client", "x-arg": "client" } },
    );
    const values = (name: string) =>
      upstream?.headers.filter(([key]) => key === name).map(([, value]) => value);
    expect([values("x-many"), values("x-arg"), values("cookie"), values("accept")]).toEqual([
      ["one", "two-x"],
      ["true"],
      ["a=1; c=2"],
      ["text/csv"],
    ]);
  });

  test("with a line break do not get into headers, with a semicolon not into cookies", () => {
    const header = call(post({}, [arg("h", { position: "header" })]), { h: "a\r\nx-evil: 1" });
    const template = call(post({ headers: [{ key: "X", value: "{{.args.h}}" }] }, [arg("h")]), { h: "a\nb" });
    const cookie = call(post({}, [arg("c", { position: "cookie" })]), { c: "1; admin=1" });
    for (const { upstream, result } of [header, template]) {
      expect([upstream, result.isError]).toEqual([undefined, true]);
    }
    expect(cookie.upstream?.header("cookie")).toBe("c=1%3B%20admin=1");
  });
});

describe("a body template", () => {
  test("is rendered, and typed when it is JSON", () => {
    const { upstream } = call(
      post({ body: '{"k":{{toJson .args.o}},"s":"{{.args.s}}"}' }, [arg("o"), arg("s")]),
      { o: { a: 1 }, s: "x" },
    );
    expect([upstream?.text, upstream?.header("content-type")]).toEqual([
      '{"k":{"a":1},"s":"x"}',
      "application/json; charset=utf-8",
    ]);
  });

  test("keeps an argument inside the quotes that it stands in", () => {
    const s = 'a","admin":true,"b":"\\';
    const { upstream } = call(post({ body: '{"q\\"":"{{.args.s}}"}' }, [arg("s")]), { s });
    expect(JSON.parse(upstream!.text)).toEqual({ 'q"': s });
  });

  test("of text has no type", () => {
    const { upstream } = call(post({ body: "plain {{.args.s}}" }, [arg("s")]), { s: '"' });
    expect([upstream?.text, upstream?.header("content-type")]).toEqual(['plain "', undefined]);
  });
});

test("a template that fails is the tool's failure, and nothing is sent", () => {
  const { upstream, result, text } = call(get("/{{index .args.l 5}}", [arg("l", { type: "array" })]), {
    l: [1],
  });
  expect([upstream, result.isError]).toEqual([undefined, true]);
  expect(text).toMatch(
    /^error executing URL template: template: url:1:\d+: executing "url" at <.*>: .*index out of range: 5/,
  );
});

describe("strictArgs", () => {
  const args = [arg("n", { type: "integer", required: true }), arg("e", { enum: ["x", "y"] })];
  const strict = (given: object, revision?: string) =>
    call(post({ argsToJsonBody: true }, args), given, { more: { strictArgs: true }, revision });

  test("names what is missing", () => {
    expect(strict({}).text).toBe("missing required arguments:\n- n: n");
  });

  test("refuses what is of another type or not among the choices, by an error or for newer clients a result", () => {
    expect(strict({ n: "x" }).error).toEqual({
      code: -32602,
      message: 'argument n: expected integer, found "x"',
    });
    expect(strict({ n: 1, e: "z" }).error?.message).toBe('argument e: expected one of ["x","y"], found "z"');
    expect(strict({ n: 1.5e300 }, "2025-11-25").result).toBeDefined();
    expect(strict({ n: [] }, "2025-11-25").result.isError).toBe(true);
  });

  test("takes what converts", () => {
    expect(strict({ n: "5", e: "y" }).upstream?.text).toBe('{"e":"y","n":5}');
  });
});
