// How OpenAPI's styles, names and multipart forms reach the upstream.

import { describe, expect, test } from "vitest";
import { call, get, listed, post } from "./rest.ts";

const list = ["a b", "c,d", "é"];
const object = { role: "ad min", "first[": "x" };

function queryOf(argument: object, value: unknown): string {
  const path = call(get("/x?v=old", [{ name: "v", type: "array", position: "query", ...argument }]), {
    v: value,
  });
  return (path.upstream?.header(":path") ?? path.text).replace("/x?", "");
}

describe("a parameter of the query is written", () => {
  const cases: [string, object, unknown, string][] = [
    ["as JSON without a style", {}, ["a"], "v=%5B%22a%22%5D"],
    ["form", { style: "form" }, list, "v=a+b&v=c%2Cd&v=%C3%A9"],
    ["form, not exploded", { style: "form", explode: false }, list, "v=a%20b,c%2Cd,%C3%A9"],
    ["form, an object", { style: "form" }, object, "first%5B=x&role=ad+min&v=old"],
    [
      "form, an object, not exploded",
      { style: "form", explode: false },
      object,
      "v=role,ad%20min,first%5B,x",
    ],
    ["spaceDelimited", { style: "spaceDelimited" }, list, "v=a%20b%20c%2Cd%20%C3%A9"],
    ["pipeDelimited", { style: "pipeDelimited" }, [1, true, null], "v=1%7Ctrue%7Cnull"],
    ["tabDelimited", { style: "tabDelimited" }, [1, 2], "v=1%092"],
    ["pipeDelimited, exploded", { style: "pipeDelimited", explode: true }, [1, 2], "v=1&v=2"],
    [
      "deepObject, as deep as it goes",
      { style: "deepObject" },
      { a: { b: [1, { c: 2 }] }, d: "x" },
      "v%5Ba%5D%5Bb%5D%5B0%5D=1&v%5Ba%5D%5Bb%5D%5B1%5D%5Bc%5D=2&v%5Bd%5D=x",
    ],
    [
      "by its own name",
      { sentAs: "filter[v]", style: "form" },
      [1, 2],
      "filter%5Bv%5D=1&filter%5Bv%5D=2&v=old",
    ],
    ["as it is where it is no list", { style: "form" }, "a,b", "v=a%2Cb"],
    ["not at all where the list is empty", { style: "form" }, [], ""],
  ];
  test.each(cases)("%s", (_, argument, value, query) => {
    const found = queryOf(argument, value);
    // What replaces a parameter of the URL takes its place also when it is written under other names.
    const expected =
      query.includes("v=old") && !("sentAs" in argument) ? query.replace(/&?v=old/, "") : query;
    expect(found).toBe(expected === "" ? "/x" : expected);
  });
});

describe("a parameter of the path is written", () => {
  const cases: [string, object, unknown, string][] = [
    ["simple", { style: "simple" }, list, "a%20b,c%2Cd,%C3%A9"],
    ["simple, an object", { style: "simple" }, { a: 1, b: "/" }, "a,1,b,%2F"],
    ["simple, an object, exploded", { style: "simple", explode: true }, { a: 1, b: 2 }, "a=1,b=2"],
    ["label", { style: "label" }, "x", ".x"],
    ["label, a list", { style: "label" }, [1, 2], ".1,2"],
    ["label, a list, exploded", { style: "label", explode: true }, [1, 2], ".1.2"],
    ["label, an object, exploded", { style: "label", explode: true }, { a: 1, b: 2 }, ".a=1.b=2"],
    ["matrix", { style: "matrix" }, "a;b", ";v=a%3Bb"],
    ["matrix, a list", { style: "matrix" }, [1, 2], ";v=1,2"],
    ["matrix, a list, exploded", { style: "matrix", explode: true }, [1, 2], ";v=1;v=2"],
    ["matrix, an object", { style: "matrix" }, { a: 1, b: 2 }, ";v=a,1,b,2"],
    ["matrix, an object, exploded", { style: "matrix", explode: true }, { a: 1, b: 2 }, ";a=1;b=2"],
  ];
  test.each(cases)("%s", (_, argument, value, path) => {
    const { upstream, text } = call(get("/x/{v}/y", [{ name: "v", position: "path", ...argument }]), {
      v: value,
    });
    expect(upstream?.header(":path") ?? text).toBe(`/x/${path}/y`);
  });

  test("never as a segment that leads elsewhere", () => {
    const { upstream, result } = call(get("/x/{v}", [{ name: "v", position: "path", style: "simple" }]), {
      v: [".."],
    });
    expect([upstream, result.isError]).toEqual([undefined, true]);
  });
});

test("lists and objects in headers and cookies are written with commas, under the names that are configured", () => {
  const args = [
    { name: "h", sentAs: "X-List", position: "header", style: "simple" },
    { name: "o", sentAs: "X-Object", position: "header", style: "simple", explode: true },
    { name: "c", sentAs: "session", position: "cookie", style: "form", explode: false },
  ];
  const { upstream } = call(get("/x", args), { h: [1, 2], o: { a: 1, b: 2 }, c: ["x", "y"] });
  expect([upstream?.header("x-list"), upstream?.header("x-object"), upstream?.header("cookie")]).toEqual([
    "1,2",
    "a=1,b=2",
    "session=x%2Cy",
  ]);
});

test("arguments of one name in different places are told apart by their names in the tool", () => {
  const args = [
    { name: "id", position: "path" },
    { name: "query_id", sentAs: "id", position: "query" },
    { name: "body_id", sentAs: "id", position: "body" },
  ];
  const { upstream } = call(post({ url: "/x/{id}" }, args), { id: "1", query_id: "2", body_id: "3" });
  expect([upstream?.header(":path"), upstream?.text]).toEqual(["/x/1?id=2", '{"id":"3"}']);
});

test("a form writes lists and objects as their styles say", () => {
  const args = [
    { name: "l", position: "body", style: "form" },
    { name: "d", position: "body", style: "deepObject" },
    { name: "j", position: "body" },
  ];
  const { upstream } = call(post({ argsToFormBody: true }, args), { l: [1, 2], d: { a: 1 }, j: { b: 2 } });
  expect(upstream?.text).toBe("d%5Ba%5D=1&j=%7B%22b%22%3A2%7D&l=1&l=2");
});

describe("a multipart form", () => {
  const headers = [{ key: "Content-Type", value: "multipart/form-data" }];
  const args = [
    { name: "title", position: "body" },
    { name: "tags", position: "body", style: "form" },
    { name: "meta", position: "body" },
    { name: "upload", sentAs: 'the "file"', file: true, contentType: "image/png", position: "body" },
  ];

  test("has a part for each argument, files as their bytes", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const given = {
      title: "é\r\n--form-",
      tags: ["a", "b"],
      meta: { a: 1 },
      upload: Buffer.from(bytes).toString("base64"),
    };
    const { upstream } = call(post({ headers }, args), given);
    const type = upstream!.header("content-type")!;
    expect(type).toMatch(/^multipart\/form-data; boundary=form-[0-9a-f]+$/);
    const form = await new Response(upstream!.body as BodyInit, {
      headers: { "content-type": type },
    }).formData();
    expect([form.get("title"), form.getAll("tags"), form.has("meta")]).toEqual([
      given.title,
      ["a", "b"],
      true,
    ]);
    const file = form.get('the "file"') as File;
    expect([file.type, new Uint8Array(await file.arrayBuffer())]).toEqual(["image/png", bytes]);
    expect(upstream!.text).toContain('name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n');
  });

  test("is not sent when a file is no base64", () => {
    const { upstream, text } = call(post({ headers }, args), { upload: "not base64!" });
    expect([upstream, text]).toEqual([undefined, "argument upload: expected base64"]);
  });
});

test("a file without a form is the body itself, byte by byte", () => {
  const bytes = Buffer.from([0x50, 0, 0xff, 0xc3, 0x28]);
  const headers = [{ key: "Content-Type", value: "application/zip" }];
  const tool = post({ headers }, [{ name: "archive", file: true, position: "body" }]);
  const { upstream } = call(tool, { archive: bytes.toString("base64") });
  expect([upstream?.body.equals(bytes), upstream?.header("content-type")]).toEqual([true, "application/zip"]);
  expect(call(tool, { archive: "?" }).text).toBe("argument archive: expected base64");
});

test("schema says more of an argument, and stands in place of the keys beside it", () => {
  const args = [
    { name: "a", description: "d", type: "integer", schema: { minimum: 1, default: 5 } },
    { name: "b", schema: { anyOf: [{ type: "string" }, { type: "null" }] } },
    { name: "c", type: "string", schema: { type: ["string", "null"], description: "own" } },
    { name: "e", schema: {} },
  ];
  expect(listed([get("/x", args)].map((tool) => ({ name: "t", ...tool })))).toMatchObject([
    {
      inputSchema: {
        properties: {
          a: { description: "d", type: "integer", minimum: 1, default: 5 },
          b: { description: "", anyOf: [{ type: "string" }, { type: "null" }] },
          c: { type: ["string", "null"], description: "own" },
          e: { description: "" },
        },
      },
    },
  ]);
  const { upstream } = call(
    get(
      "/x",
      args.map((argument) => ({ ...argument, position: "query" })),
    ),
    { c: "1" },
  );
  expect(upstream?.header(":path")).toBe("/x?c=1");
});
