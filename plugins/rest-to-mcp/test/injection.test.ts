// No argument moves a request: scheme, host and path segments are those of the configuration (the flaw class of
// CVE-2026-32871).

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { UpstreamSees } from "../../../host-test/testing/chain.ts";
import { ask, endpoint } from "./endpoint.ts";
import { call, get, server } from "./rest.ts";

const urls = [
  "https://h.example/v1/{a}/end?x={b}",
  "https://h.example/v1/{{.args.a}}/end?x={{.args.b}}",
  '{{$x := .args}}https://h.example/v1/{{$x.a}}/end?x={{with $x}}{{.b | default ""}}{{end}}',
  'https://h.example/v1/{{printf "%s" .args.a}}/end?x={{range $k, $v := .args}}{{if eq $k "b"}}{{$v}}{{end}}{{end}}',
  'https://h.example/v1/{{gjson "args.a"}}/end?x={{print (index .args "b")}}',
  '{{define "p"}}{{.a}}/end{{end}}https://h.example/v1/{{template "p" .args}}?x={{(list .args.b) | first}}',
  'https://h.example/v1/{{get .args "a"}}/end?x={{coalesce "" .args.b ""}}',
  "https://h.example/v1/{{.args.a | urlquery}}/end?x={{.args.b | urlquery}}",
];
const inPath = { position: "path" };
const tools = urls.map((url, i) => ({
  name: `t${i}`,
  ...get(
    url,
    [
      { name: "a", ...inPath },
      { name: "b", ...inPath },
      { name: "q", position: "query" },
      { name: "h", position: "header" },
    ],
    { body: '{"a":"{{.args.a}}","b":{{toJson .args.b}},"c":["{{print .args.a .args.b}}",{{.args.q}}]}' },
  ),
}));

let seen: UpstreamSees | undefined;
const chain = endpoint(
  { server, tools },
  {
    upstream: (request) => {
      seen = request;
      return { body: "done" };
    },
  },
);
afterAll(() => chain.close());

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "../",
        "..",
        ".",
        "%2e%2e",
        "%2f",
        "//evil.example",
        "?x=1",
        "#",
        "@",
        "\\",
        ";",
        "&b=2",
        "=",
        "{a}",
        "{b}",
        "{{",
        "\r\n",
        "\0",
        '"',
        '\\"',
        "%",
        "+",
        " ",
      ),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join("").toWellFormed());

const isDots = (segment: string) => /^(\.|%2e){1,2}$/i.test(segment);

test("an argument stays in its segment, its parameter, its header and its JSON string, or the call fails", () => {
  fc.assert(
    fc.property(fc.nat(urls.length - 1), hostile, hostile, hostile, hostile, (index, a, b, q, h) => {
      seen = undefined;
      const { result } = ask(chain, "tools/call", { name: `t${index}`, arguments: { a, b, q, h } }).json as {
        result: { isError: boolean };
      };
      const request = seen as UpstreamSees | undefined;
      if (request === undefined) return result.isError;
      const path = request.header(":path")!;
      const [before, after] = path.split("?") as [string, string];
      const segments = before.split("/");
      expect(request.header(":authority")).toBe("h.example");
      expect(path).toMatch(/^[!-~]+$/);
      expect([segments.length, segments[1], segments[3], path.split("?").length]).toEqual([
        4,
        "v1",
        "end",
        2,
      ]);
      expect(segments.some(isDots)).toBe(false);
      if (!urls[index]!.includes("urlquery")) expect(decodeURIComponent(segments[2]!)).toBe(a);
      expect([...new URLSearchParams(after)]).toEqual([
        ["q", q],
        ["x", b],
      ]);
      const body = JSON.parse(request.text);
      expect([body.a, body.b, body.c[0], body.c.length]).toEqual([a, b, `${a} ${b}`, 2]);
      expect(request.headers.map(([name]) => name)).not.toContain("x-evil");
      return true;
    }),
    { numRuns: process.env.LONG === "1" ? 20_000 : 600 },
  );
});

describe("a host that arguments would choose", () => {
  const hosts: [string, string, object][] = [
    ["by a template", "https://{{.args.h}}/x", {}],
    ["by a part of it", "https://api.{{.args.h}}/x", {}],
    ["by its place in the path", "https://{h}/x", { position: "path" }],
    ["by a whole URL", "{{.args.h}}", {}],
    ["by a variable", "{{$h := .args.h}}https://{{$h}}/x", {}],
  ];
  test.each(hosts)("%s fails the call", (_, url, more) => {
    const { upstream, result } = call(get(url, [{ name: "h", ...more }]), { h: "evil.example" });
    expect([upstream, result.isError]).toEqual([undefined, true]);
  });

  test("may come from the configuration", () => {
    const { upstream } = call(
      get("https://{{.config.host}}/x"),
      {},
      { server: { config: { host: "h.example" } } },
    );
    expect(upstream?.header(":authority")).toBe("h.example");
  });
});

test.each(["..", ".", "%2e%2E"])("a dot segment %s is refused where it is not encoded", (a) => {
  const { upstream, result } = call(get("/v1/{a}", [{ name: "a", ...inPath }]), { a });
  if (a.includes("%")) expect(upstream?.header(":path")).toBe("/v1/%252e%252E");
  else expect([upstream, result.isError]).toEqual([undefined, true]);
});

test("encodePathArgs: false passes arguments as Higress's plugin does", () => {
  const { upstream } = call(
    get("/v1/{a}", [{ name: "a", ...inPath }]),
    { a: "x/y?z=1" },
    { more: { encodePathArgs: false } },
  );
  expect(upstream?.header(":path")).toBe("/v1/x/y?z=1");
});
