// What the upstream gets when a tool made of a description is called: the request that the description promises.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UpstreamSees } from "../../testing/chain.ts";
import { converted, fixtures, ToolServer } from "./conversion.ts";

function serverOf(name: string, credentials: Record<string, string>): ToolServer {
  const conversion = converted(join(fixtures, name));
  const { server } = conversion.configuration;
  for (const scheme of server.securitySchemes ?? []) scheme.defaultCredential = credentials[scheme.id] ?? "";
  for (const key of Object.keys(server.config ?? {}))
    if (credentials[key]) server.config![key] = credentials[key];
  return new ToolServer(conversion);
}

function headers(request: UpstreamSees, ...names: string[]): (string | undefined)[] {
  return names.map((name) => request.header(name));
}

describe("of OpenAPI 3.0", () => {
  let server: ToolServer;
  beforeAll(() => void (server = serverOf("library.yaml", { key: "k-1", token: "t-1", account: "a&b" })));
  afterAll(() => server.close());

  test("parameters go into path, query, headers and cookies in their styles, constants by themselves", () => {
    const request = server.call("books_get", {
      book_id: "978/3 é",
      fields: ["a", "b"],
      expand: ["copies", "author"],
      filter: { shelf: "x y" },
      where: { year: 2000 },
      "X-Trace": "a/1",
      session: "s 1",
    });
    expect(headers(request, ":method", ":authority", ":path")).toEqual([
      "GET",
      "main.library.example",
      "/v2/books/978%2F3%20%C3%A9?api-version=2&expand=copies,author&fields%5B%5D=a&fields%5B%5D=b" +
        "&filter%5Bshelf%5D=x+y&where=%7B%22year%22%3A2000%7D",
    ]);
    expect(headers(request, "x-trace", "cookie", "accept", "x-key")).toEqual([
      "a/1",
      "session=s%201",
      "application/json",
      "k-1",
    ]);
    expect(request.text).toBe("");
  });

  test("a JSON body has the members that are given, under its own media type, and no default of the description", () => {
    const request = server.call("books_get_2", {
      book_id: "1",
      title: "T",
      isbn: null,
      shelf: { kind: "glass" },
    });
    expect(headers(request, ":method", ":path", "content-type", "x-key")).toEqual([
      "PUT",
      "/v2/books/1?api-version=2".replace("?api-version=2", ""),
      "application/merge-patch+json",
      undefined,
    ]);
    expect(JSON.parse(request.text)).toEqual({ title: "T", isbn: null, shelf: { kind: "glass" } });
  });

  test("credentials that are needed together go out together", () => {
    const request = server.call("post_books", { title: "T", copies: 2 });
    expect(headers(request, ":path", "x-key")).toEqual(["/v2/books?account+id=a%26b", "k-1"]);
  });

  test("a body that is no object is sent whole, also an empty list", () => {
    expect(server.call("search", { body: [] }).text).toBe("[]");
    const request = server.call("search", { body: { title: 'a"b' } });
    expect([request.text, request.header("content-type"), request.header("x-key")]).toEqual([
      '{"title":"a\\"b"}',
      "application/json",
      undefined,
    ]);
  });

  test("a form has lists repeated and objects in the style of its encoding", () => {
    const request = server.call("lend", { x: "1", book: 7, days: [1, 2], reader: { card: "c d" } });
    expect(request.header("content-type")).toBe("application/x-www-form-urlencoded");
    expect(request.text).toBe("book=7&days=1&days=2&reader%5Bcard%5D=c+d");
  });

  test("a multipart form has files as bytes, with the type of its encoding, and objects as JSON", async () => {
    const image = Buffer.from([0x89, 0x50, 0, 0xff]);
    const request = server.call("setCover", {
      id: "b1",
      body_id: 5,
      image: image.toString("base64"),
      tags: ["x", "y"],
      credits: { artist: "A" },
    });
    const type = request.header("content-type")!;
    const form = await new Response(request.body as BodyInit, {
      headers: { "content-type": type },
    }).formData();
    expect([form.get("id"), form.getAll("tags"), request.header(":path")]).toEqual([
      "5",
      ["x", "y"],
      "/v2/books/b1/cover",
    ]);
    const file = form.get("image") as File;
    expect([file.type, Buffer.from(await file.arrayBuffer())]).toEqual(["image/png", image]);
    expect(request.text).toContain('Content-Type: application/json\r\n\r\n{"artist":"A"}');
  });

  test("texts and bytes are sent as they are", () => {
    const text = server.call("importCatalogue", { body: 'a,"b"\n{"c"}' });
    expect([text.text, text.header("content-type")]).toEqual(['a,"b"\n{"c"}', "text/csv"]);
    const bytes = Buffer.from([0x50, 0x4b, 3, 4, 0, 0xff]);
    const archive = server.call("importArchive", { body: bytes.toString("base64") });
    expect([archive.body.equals(bytes), archive.header("content-type")]).toEqual([true, "application/zip"]);
    expect(server.call("importCatalogue", {}).text).toBe("");
    const letter = server.call("write", { body: "a=1&b=2" });
    expect([letter.text, letter.header("content-type")]).toEqual([
      "a=1&b=2",
      "application/x-www-form-urlencoded",
    ]);
    expect(server.call("replace", { body: bytes.toString("base64") }).body.equals(bytes)).toBe(true);
  });

  test("a parameter that the path repeats in its query goes out once", () => {
    expect(server.call("findLetters", { by: "A&B" }).header(":path")).toBe("/v2/letters?by=A%26B");
  });
});

describe("of Swagger 2.0", () => {
  let server: ToolServer;
  beforeAll(() => void (server = serverOf("parcels.json", { login: "u:p", key: "k 2" })));
  afterAll(() => server.close());

  test("lists are written as their collectionFormat says, at the server that host, basePath and schemes name", () => {
    const request = server.call("list", {
      state: ["a", "b,c"],
      zone: ["1", "2"],
      sort: ["x", "y"],
      Accept: "text/xml",
    });
    expect(headers(request, ":authority", ":path", "accept", "authorization")).toEqual([
      "parcels.example:8443",
      "/api/parcels?sort=x%7Cy&state=a,b%2Cc&zone=1&zone=2",
      "text/xml",
      `Basic ${Buffer.from("u:p").toString("base64")}`,
    ]);
  });

  test("a body by reference, a key in the query, and forms with and without files", async () => {
    const sent = server.call("send", { to: "Anna", weight: 1.5, dry: true });
    expect([sent.header(":path"), JSON.parse(sent.text)]).toEqual([
      "/api/parcels?dry=true&key=k+2",
      { to: "Anna", weight: 1.5 },
    ]);
    expect(server.call("rename", { number: "1", names: ["a", "b"] }).text).toBe("names=a&names=b");
    const photo = server.call("photo", {
      number: "1",
      photo: Buffer.from("jpeg").toString("base64"),
      note: "n",
    });
    const type = photo.header("content-type")!;
    const form = await new Response(photo.body as BodyInit, { headers: { "content-type": type } }).formData();
    expect([await (form.get("photo") as File).text(), form.get("note")]).toEqual(["jpeg", "n"]);
  });
});

describe("of OpenAPI 3.1", () => {
  test("label and matrix in the path, a credential that was a parameter, and the client's authority without a server", () => {
    const server = serverOf("sensors.yaml", { Authorization: "Token x" });
    const request = server.call("readings", { from: "a", to: [1, 2] });
    expect(headers(request, ":path", ":authority", "authorization")).toEqual([
      "/sensors/readings/.a..;to=1;to=2",
      "test.local",
      "Token x",
    ]);
    expect(server.call("correct", { from: "a", to: "b" }).text).toBe("");
    server.close();
  });
});
