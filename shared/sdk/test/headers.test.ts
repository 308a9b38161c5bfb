// Headers: one guard for everything a plugin writes, and bytes that pass through as they are.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Headers } from "../../../host-test/host/types.ts";
import { messages, said, scripted } from "./probe-chain.ts";

const bytes = Array.from({ length: 256 }, (_, byte) => byte);
const isToken = (byte: number) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(String.fromCharCode(byte));
const isValue = (byte: number) => byte === 9 || (byte >= 0x20 && byte !== 0x7f);
const digits = (admits: (byte: number) => boolean) =>
  bytes.map((byte) => (admits(byte) ? "1" : "0")).join("");
/** What could end a header, a line or a string on the way. */
const dangerous = /[\r\n\0]/;

const valuesOf = (headers: Headers, prefix: string) =>
  headers
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [Number(name.slice(prefix.length)), value] as const);

describe("a header asked for again in the same callback", () => {
  test("is as it was written last, whatever the case of its name", () => {
    const steps = ["get X-A", "set x-a 2", "get X-A", "remove X-a", "get x-a", "add x-A 3", "get x-a"];
    const chain = scripted({ requestHead: steps });
    const { upstream } = chain.exchange({ headers: [["x-a", "1"]] });
    const gotten = said(chain).filter((line) => / is /.test(line));
    expect(gotten).toEqual(["X-A is 1", "X-A is 2", "x-a is absent", "x-a is 3"]);
    expect(upstream!.headers.filter(([name]) => name === "x-a")).toEqual([["x-a", "3"]]);
  });

  test("the next exchange reads its own", () => {
    const chain = scripted({ requestHead: ["get x-a"] });
    chain.exchange({ headers: [["x-a", "1"]] });
    chain.exchange({ headers: [["x-a", "2"]] });
    chain.exchange();
    expect(said(chain)).toEqual(["x-a is 1", "x-a is 2", "x-a is absent"]);
  });
});

describe("any edits of a head, in any order", () => {
  /** The SDK keeps what was written in so few bits that the first two share one. */
  const names = ["x-a", "x-abu", "X-A", "x-b"];
  const received: Headers = [
    ["x-a", "1"],
    ["x-a", "2"],
    ["x-b", "3"],
  ];
  const edit = fc.tuple(fc.constantFrom("get", "set", "add", "remove", "pairs"), fc.constantFrom(...names));

  test("read as they were made, and reach the upstream so", () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), fc.array(edit, { maxLength: 6 }), (first, second) => {
        let count = 0;
        const written = (edits: [string, string][]) =>
          edits.map(([verb, name]) =>
            /set|add/.test(verb) ? `${verb} ${name} v${++count}` : `${verb} ${name}`,
          );
        const [head, body] = [written(first), written(second)];
        const chain = scripted({ requestHead: [...head, "hold"], requestBody: [body, ["next"]] });
        const values = new Map<string, string[]>();
        const told: string[] = [];
        const play = (steps: string[]) => {
          for (const [verb, name, value] of steps.map(
            (step) => step.split(" ") as [string, string, string],
          )) {
            const key = name.toLowerCase();
            const old = values.get(key) ?? [];
            if (verb === "get") told.push(`${name} is ${old[0] ?? "absent"}`);
            if (verb === "set") values.set(key, [value]);
            if (verb === "add") values.set(key, [...old, value]);
            if (verb === "remove") values.delete(key);
          }
        };
        // The second exchange finds nothing of the first.
        for (let exchange = 0; exchange < 2; exchange++) {
          values.clear();
          for (const [name, value] of received) values.set(name, [...(values.get(name) ?? []), value]);
          play(head);
          play(body);
          const { upstream } = chain.exchange({ headers: received, body: "{}" });
          for (const name of names) {
            const key = name.toLowerCase();
            const sent = upstream!.headers.filter(([other]) => other === key).map(([, value]) => value);
            expect(sent, key).toEqual(values.get(key) ?? []);
          }
        }
        expect(said(chain).filter((line) => / is (v\d+|absent|\d|\/)$/.test(line))).toEqual(told);
      }),
    );
  });
});

describe("every byte in a header", () => {
  test("set and add take what RFC 9110 allows in names and values, and nothing else", () => {
    const chain = scripted({ requestHead: ["guard-head"] });
    const { upstream } = chain.exchange();
    const lines = said(chain);
    expect(lines).toContain(`set ${digits(isValue)}`);
    expect(lines).toContain(`add ${digits(isValue)}`);
    expect(lines).toContain(`setName ${digits(isToken)}`);
    expect(lines).toContain(`addName ${digits(isToken)}`);
    for (const prefix of ["set-", "add-"]) {
      const expected = bytes.filter(isValue).map((byte) => [byte, `a${String.fromCharCode(byte)}b`]);
      expect(valuesOf(upstream!.headers, prefix)).toEqual(expected);
    }
    expect(upstream!.headers.filter((header) => dangerous.test(header.join("")))).toEqual([]);
  });

  test("the host is never given CR, LF or NUL in a response header, which Envoy would not check", () => {
    const chain = scripted({ responseHead: ["guard-head"] });
    const { client } = chain.exchange();
    expect(client.headers.filter((header) => dangerous.test(header.join("")))).toEqual([]);
    expect(valuesOf(client.headers, "set-")).toHaveLength(bytes.filter(isValue).length);
  });

  test("a local reply sends what is allowed, and drops a content type that is not", () => {
    const chain = scripted({ requestHead: ["guard-reply"] });
    const { client } = chain.exchange();
    expect(client.status).toBe(200);
    expect(valuesOf(client.headers, "value-").map(([byte]) => byte)).toEqual(bytes.filter(isValue));
    expect(client.headers.filter((header) => dangerous.test(header.join("")))).toEqual([]);
    expect(client.header("x-injected")).toBeUndefined();
  });

  test("a call sends what is allowed, and is refused when a pseudo header is not", () => {
    const chain = scripted({ requestHead: ["guard-call check.dns"] }, { calls: { "check.dns": () => ({}) } });
    chain.exchange();
    expect(said(chain)).toContain("sent true");
    expect(said(chain)).toContain("injected false");
    const { headers } = chain.calls[0]!;
    expect(valuesOf(headers, "value-").map(([byte]) => byte)).toEqual(bytes.filter(isValue));
    expect(headers.filter((header) => dangerous.test(header.join("")))).toEqual([]);
    expect(chain.calls).toHaveLength(1);
  });

  test("what is refused is told without the value", () => {
    const chain = scripted({ requestHead: ["set x-a one\ntwo"] });
    const { upstream } = chain.exchange();
    expect(upstream!.header("x-a")).toBeUndefined();
    expect(chain.problems("warn")).toEqual([
      "[probe] [nil] [nil] header x-a not set: control byte or invalid name",
    ]);
  });
});

describe("values", () => {
  const invalid = "\xff\xfe\xc0\xafok\x80";

  test("a value with invalid UTF-8 passes through unchanged", () => {
    const chain = scripted({ requestHead: ["copy x-raw x-copy"] });
    const { upstream } = chain.exchange({ headers: { "x-raw": invalid } });
    expect(upstream!.header("x-raw")).toBe(invalid);
    expect(upstream!.header("x-copy")).toBe(invalid);
  });

  test("a value with invalid UTF-8 goes out in a call unchanged", () => {
    const chain = scripted({ requestHead: ["call check.dns"] }, { calls: { "check.dns": () => ({}) } });
    chain.exchange({ headers: { "x-raw": invalid } });
    expect(chain.calls[0]!.headers).toContainEqual(["x-copied", invalid]);
  });

  test("a value with invalid UTF-8 shows as replacement characters, once per ill-formed part", () => {
    const chain = scripted({ requestHead: ["get x-raw"] });
    chain.exchange({ headers: { "x-raw": invalid } });
    const expected = new TextDecoder().decode(Buffer.from(invalid, "latin1"));
    expect(said(chain)).toContain(`x-raw is ${expected}`);
  });

  test("absent, empty and present are told apart", () => {
    const chain = scripted({ requestHead: ["get x-absent", "get x-empty", "get x-full"] });
    chain.exchange({ headers: { "x-empty": "", "x-full": "1" } });
    expect(said(chain)).toEqual(["x-absent is absent", "x-empty is empty", "x-full is 1"]);
  });

  test("of several values the first is read, set replaces all, add appends, remove takes all away", () => {
    const chain = scripted({ requestHead: ["get x-a", "add x-a 3", "set x-b 9", "remove x-c"] });
    const { upstream } = chain.exchange({
      headers: [
        ["x-a", "1"],
        ["x-b", "1"],
        ["x-a", "2"],
        ["x-b", "2"],
        ["x-c", "1"],
        ["x-c", "2"],
      ],
    });
    expect(said(chain)).toContain("x-a is 1");
    const sent = upstream!.headers
      .filter(([name]) => name.startsWith("x-"))
      .map(([name, value]) => `${name}=${value}`);
    expect(sent.filter((pair) => pair.startsWith("x-a"))).toEqual(["x-a=1", "x-a=2", "x-a=3"]);
    expect(sent.filter((pair) => pair.startsWith("x-b"))).toEqual(["x-b=9"]);
    expect(sent.filter((pair) => pair.startsWith("x-c"))).toEqual([]);
  });

  test("pairs come in order, duplicates and empty values included", () => {
    const chain = scripted({ requestHead: ["pairs"] });
    chain.exchange({
      path: "/p",
      headers: [
        ["x-b", "1"],
        ["x-a", ""],
        ["x-b", "2"],
      ],
    });
    expect(said(chain)[0]).toContain("x-b=1;x-a=;x-b=2;");
    expect(said(chain)[0]).toContain(":path=/p;");
  });

  test("a name or a value longer than any scratch space is read and written whole", () => {
    const name = `x-${"n".repeat(2000)}`;
    const value = "v".repeat(100_000);
    const chain = scripted({
      requestHead: [`set ${name} ${"w".repeat(5000)}`, `get ${name}`, "copy x-long x-copy"],
    });
    const { upstream } = chain.exchange({ headers: { "x-long": value } });
    expect(said(chain)).toContain(`${name} is ${"w".repeat(5000)}`);
    expect(upstream!.header("x-copy")).toBe(value);
  });

  test("setting a header to nothing leaves it empty", () => {
    const chain = scripted({ requestHead: ["set x-a "] });
    expect(chain.exchange().upstream!.header("x-a")).toBe("");
  });
});

describe("where headers can be read", () => {
  test("request headers go away when the head is let go, and stay while it is held", () => {
    const gone = scripted({ requestHead: ["next"], requestBody: ["readable", "get x-a", "set x-b 1"] });
    gone.exchange({ body: "text", headers: { "x-a": "1" } });
    expect(said(gone).slice(0, 3)).toEqual(["readable false", "x-a is absent", "set false"]);
    const held = scripted({ requestHead: ["hold"], requestBody: ["readable", "get x-a", "set x-b 1"] });
    const { upstream } = held.exchange({ body: "text", headers: { "x-a": "1" } });
    expect(said(held).slice(0, 3)).toEqual(["readable true", "x-a is 1", "set true"]);
    expect(upstream!.header("x-b")).toBe("1");
  });

  test("all headers can be read when the exchange is over, and not written", () => {
    const chain = scripted({ log: ["get x-a", "set x-a 2"] });
    chain.exchange({ headers: { "x-a": "1" } });
    expect(said(chain)).toEqual(["x-a is 1", "set false"]);
  });

  test("trailers can be read and written", () => {
    const chain = scripted(
      { requestTrailers: ["get x-end", "set x-more 1"], responseTrailers: ["get x-end", "add x-end 2"] },
      {
        upstream: () => ({ body: "text", trailers: { "x-end": "b" } }),
      },
    );
    const { client, upstream } = chain.exchange({ body: "text", trailers: { "x-end": "a" } });
    expect(said(chain)).toContain("x-end is a");
    expect(upstream!.trailers).toEqual([
      ["x-end", "a"],
      ["x-more", "1"],
    ]);
    expect(client.trailers).toEqual([
      ["x-end", "b"],
      ["x-end", "2"],
    ]);
  });

  test("the status of an answer is a number, and anything else is 0", () => {
    const chain = scripted(
      { requestHead: ["call check.dns"] },
      { calls: { "check.dns": () => ({ status: 429 }) } },
    );
    chain.exchange();
    expect(messages(chain)).toContain("> reply status=429 reset=false");
  });
});
