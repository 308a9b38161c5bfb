// What a request's `x-higress-mcpserver-config` may say: by default, what the configuration leaves to it.

import { describe, expect, test } from "vitest";
import { call, get, refusalOf, type Call } from "./rest.ts";

const tool = get("{{.config.base}}/v1/{{.config.tenant}}?key={{.config.key}}", [], {
  headers: [{ key: "X-Key", value: "{{.config.key}}" }],
});

function sent(config: object | undefined, header: unknown, configHeader?: string): Call {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  return call(
    tool,
    {},
    {
      server: { ...(config && { config }), ...(configHeader && { configHeader }) },
      headers: { "x-higress-mcpserver-config": Buffer.from(text).toString("base64") },
    },
  );
}

const where = ({ upstream }: Call) =>
  upstream && [upstream.header(":authority"), upstream.header(":path"), upstream.header("x-key")];
const own = { base: "https://h.example", tenant: "acme", key: "" };

describe("by default", () => {
  test("it fills what is empty, and what is configured stands", () => {
    const header = { base: "https://evil.example", tenant: "other", key: "u 1", more: 1 };
    expect(where(sent(own, header))).toEqual(["h.example", "/v1/acme?key=u+1", "u 1"]);
    expect(where(sent({ ...own, key: null }, header))).toEqual(["h.example", "/v1/acme?key=u+1", "u 1"]);
  });

  test("what it fills is a stranger's: one value in its place, and never the host", () => {
    expect(where(sent({ ...own, tenant: "" }, { tenant: "../x?a=b" }))).toEqual([
      "h.example",
      "/v1/..%2Fx%3Fa%3Db?key=",
      "",
    ]);
    for (const base of ["", null])
      expect(sent({ ...own, base }, { base: "https://evil.example" })).toMatchObject({
        upstream: undefined,
        result: { isError: true },
      });
  });

  test("without a configuration it is all there is, and a stranger's", () => {
    expect(sent(undefined, { base: "https://evil.example", tenant: "t" }).upstream).toBeUndefined();
    const plain = get("/v1/{{.config.tenant}}");
    const header = Buffer.from(JSON.stringify({ tenant: "a/b" })).toString("base64");
    const { upstream } = call(plain, {}, { headers: { "x-higress-mcpserver-config": header } });
    expect(upstream!.header(":path")).toBe("/v1/a%2Fb");
  });

  test.each(["", "{", "7", "[1]", '"x"', "null"])("%j fills nothing", (header) => {
    expect(where(sent(own, header))).toEqual(["h.example", "/v1/acme?key=", ""]);
  });
});

test("replace: it takes the place of the configuration and is believed, as Higress's plugin does", () => {
  expect(where(sent(own, { base: "https://b.example", tenant: "t" }, "replace"))).toEqual([
    "b.example",
    "/v1/t?key=",
    "",
  ]);
});

test("ignore: it says nothing", () => {
  expect(where(sent(own, { key: "u" }, "ignore"))).toEqual(["h.example", "/v1/acme?key=", ""]);
});

test.each(["fill", "replace", "ignore"])("%s: the upstream never sees the header", (mode) => {
  expect(sent(own, {}, mode).upstream!.header("x-higress-mcpserver-config")).toBeUndefined();
});

test("another word is refused by path", async () => {
  expect(await refusalOf([{ name: "t", ...tool }], { configHeader: "trust" })).toContain(
    'server.configHeader: expected one of fill, replace and ignore, found "trust"',
  );
});
