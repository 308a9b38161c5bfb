// The configuration reader: Go's lenient coercions, complaints that name the field, secrets that stay hidden.

import { describe, expect, test } from "vitest";
import { messages, probeChain, refusal } from "./probe-chain.ts";

/** What the reader's methods answer over `values`, and the warnings. */
function read(values: object, ...methods: string[]): { answers: string[]; warnings: string[] } {
  const chain = probeChain({ read: methods, values });
  const lines = messages(chain);
  return {
    answers: methods.map((method) =>
      lines.find((line) => line.startsWith(`${method} = `))!.slice(method.length + 3),
    ),
    warnings: chain.problems("warn").map((line) => line.replace(/^(\[.*?\] ){3}/, "")),
  };
}

describe("coercions", () => {
  const values = {
    number: 42,
    fraction: 1.5,
    string: "text",
    digits: "-17",
    yes: true,
    no: false,
    nothing: null,
    object: { a: 1 },
    list: [1, "b"],
  };

  test.each([
    ["number", "42"],
    ["fraction", "1.5"],
    ["string", "text"],
    ["yes", "true"],
    ["no", "false"],
    ["nothing", "default"],
    ["absent", "default"],
    ["object", '{"a":1}'],
    ["list", '[1,"b"]'],
  ])("text of %s is %s", (key, expected) => {
    expect(read(values, `text ${key} default`).answers).toEqual([expected]);
  });

  test.each([
    ["number", "42"],
    ["fraction", "1"],
    ["digits", "-17"],
    ["yes", "1"],
    ["no", "7"],
    ["nothing", "7"],
    ["absent", "7"],
  ])("integer of %s is %s, without a warning", (key, expected) => {
    expect(read(values, `integer ${key} 7`)).toEqual({ answers: [expected], warnings: [] });
  });

  test.each([
    ["string", '"text"'],
    ["object", "an object"],
    ["list", "a list"],
  ])("integer of %s is the default, with a warning", (key, found) => {
    expect(read(values, `integer ${key} 7`)).toEqual({
      answers: ["7"],
      warnings: [`values.${key}: expected an integer, found ${found}: ignored`],
    });
  });

  test("integers keep what a double keeps, and stop at the bounds of 64 bits", () => {
    const big =
      '{"read":["integer a","integer b","integer c"],"values":{"a":9007199254740992,"b":"99999999999999999999","c":1e300}}';
    const lines = messages(probeChain(big));
    expect(lines).toContain("integer a = 9007199254740992");
    expect(lines).toContain("integer b = 9223372036854775807");
    expect(lines.find((line) => line.startsWith("integer c = "))).toMatch(/9223372036854775807|= 0$/);
  });

  test.each([
    ["number", "42.0"],
    ["fraction", "1.5"],
    ["digits", "-17.0"],
    ["yes", "1.0"],
    ["no", "0.0"],
    ["nothing", "0.5"],
    ["absent", "0.5"],
  ])("number of %s is %s, without a warning", (key, expected) => {
    expect(read(values, `number ${key}`)).toEqual({ answers: [expected], warnings: [] });
  });

  test.each(["string", "object", "list"])("number of %s is the default, with a warning", (key) => {
    const { answers, warnings } = read(values, `number ${key}`);
    expect(answers).toEqual(["0.5"]);
    expect(warnings).toHaveLength(1);
  });

  test.each([
    [true, "true"],
    [false, "false"],
    [1, "true"],
    [0.1, "true"],
    [0, "false"],
    ["1", "true"],
    ["t", "true"],
    ["T", "true"],
    ["TRUE", "true"],
    ["tRuE", "true"],
    ["0", "false"],
    ["f", "false"],
    ["False", "false"],
    ["", "false"],
    [null, "false"],
  ])("flag of %j is %s, without a warning", (flag, expected) => {
    expect(read({ flag }, "flag flag")).toEqual({ answers: [expected], warnings: [] });
  });

  test.each(["yes", "on", " true", "2"])("flag of the text %j is false, with a warning", (flag) => {
    expect(read({ flag }, "flag flag true")).toEqual({
      answers: ["false"],
      warnings: [`values.flag: expected true or false, found "${flag}": ignored`],
    });
  });

  test("an absent flag is its default, an explicit null is false", () => {
    expect(read({ present: null }, "flag absent true", "flag present true").answers).toEqual([
      "true",
      "false",
    ]);
  });

  test.each([
    [["a", 1, true, null, { b: 2 }], '[a|1|true||{"b":2}]'],
    ["a", "[a]"],
    [{ a: 1 }, '[{"a":1}]'],
    [null, "[]"],
    [undefined, "[]"],
  ])("texts of %j are %s", (list, expected) => {
    expect(read({ list }, "texts list").answers).toEqual([expected]);
  });

  test("has is true for null, isObjectAt for objects alone", () => {
    const answers = read(
      { a: null, b: {}, c: [] },
      "has a",
      "has z",
      "isObjectAt a",
      "isObjectAt b",
      "isObjectAt c",
    ).answers;
    expect(answers).toEqual(["true", "false", "false", "true", "false"]);
  });

  test("of duplicate keys the last counts", () => {
    expect(messages(probeChain('{"read":["text a"],"values":{"a":"first","a":"second"}}'))).toContain(
      "text a = second",
    );
  });

  test("escaped keys and values are read as what they mean", () => {
    expect(
      messages(probeChain('{"read":["text a"],"values":{"\\u0061":"\\u00e9\\n\\ud83d\\ude00"}}')),
    ).toContain("text a = é\\n😀");
  });
});

describe("nested values", () => {
  test("children and list items are read by their own keys", () => {
    const { answers } = read(
      { outer: { inner: { leaf: "x" } }, items: [{ id: 1 }, { id: 2 }], lone: { id: 3 } },
      "child outer child inner text leaf",
      "listed items text id",
      "listed lone text id",
    );
    expect(answers).toEqual(["x", "1|2", "3"]);
  });

  test("an absent child gives defaults", () => {
    expect(read({}, "child absent child deeper text leaf d").answers).toEqual(["d"]);
  });

  test("entries name the path of each member", () => {
    expect(read({ map: { a: 1, "b c": 2 } }, "entries map").answers).toEqual([
      "a@values.map.a;b c@values.map.b c;",
    ]);
    expect(read({ map: [1] }, "entries map").answers).toEqual([""]);
  });

  test("raw JSON stands as written", () => {
    expect(messages(probeChain('{"read":["raw a"],"values":{"a":{ "x" : [1, 2.50] }}}'))).toContain(
      'raw a = { "x" : [1, 2.50] }',
    );
  });
});

describe("complaints", () => {
  const failed = "parse rule config failed: parse config failed, no valid rules; global config parse error:";

  test.each([
    ["requiredText name", {}, "values.name: expected a non-empty string, found nothing"],
    ["requiredText name", { name: null }, "values.name: expected a non-empty string, found null"],
    ["requiredText name", { name: "" }, 'values.name: expected a non-empty string, found ""'],
    ["between limit 10 1 100", { limit: 101 }, "values.limit: expected an integer from 1 to 100, found 101"],
    [
      "between limit 10 1 100",
      { limit: "-5" },
      'values.limit: expected an integer from 1 to 100, found "-5"',
    ],
    ["between limit 0 1 100", {}, "values.limit: expected an integer from 1 to 100, found nothing"],
    [
      "listed items between n 1 1 5",
      { items: [{ n: 1 }, { n: 9 }] },
      "values.items[1].n: expected an integer from 1 to 5, found 9",
    ],
    ["child a child b requiredText c", { a: { b: { c: [] } } }, undefined],
    ["expected a something", { a: { x: 1 } }, "values.a: expected something, found an object"],
    ["expected a something", { a: [1] }, "values.a: expected something, found a list"],
    [
      "expected a something",
      { a: "x".repeat(60) },
      `values.a: expected something, found "${"x".repeat(39)}…`,
    ],
  ])("%s of %j", async (method, values, expected) => {
    if (expected === undefined) {
      expect(read(values, method).answers).toEqual(["[]"]);
      return;
    }
    expect((await refusal({ read: [method], values })).errors).toEqual([
      failed + expected,
      "plugin start failed",
    ]);
  });

  test("zero and absence mean the default of a bounded integer, as in the Go plugins", () => {
    expect(read({ zero: 0 }, "between zero 10 1 100", "between absent 10 1 100").answers).toEqual([
      "10",
      "10",
    ]);
  });

  test("all errors of a configuration are told at once", async () => {
    const { errors } = await refusal({ read: ["requiredText a", "requiredText b"], values: {} });
    expect(errors).toHaveLength(3);
  });

  test("in a rule the path begins with the rule", async () => {
    const rule = { _match_route_: ["r"], read: ["requiredText a"], values: {} };
    const { errors } = await refusal({ _rules_: [{ _match_route_: ["q"] }, rule] });
    expect(errors[0]).toBe(
      "parse rule config failed: _rules_[1].values.a: expected a non-empty string, found nothing",
    );
  });
});

describe("unknown keys", () => {
  test("are warned about by path, in rules too", () => {
    const chain = probeChain({ nmae: "x", _rules_: [{ _match_route_: ["r"], stpes: {} }] });
    expect(chain.problems("warn").map((line) => line.replace(/^(\[.*?\] ){3}/, ""))).toEqual([
      "nmae: unknown key, ignored",
      "_rules_[0].stpes: unknown key, ignored",
    ]);
  });

  test("are warned about in a child when the plugin asks for it", () => {
    expect(read({ a: 1 }, "text a").warnings).toEqual([]);
    const chain = probeChain({ read: ["text a"], strictValues: true, values: { a: 1, b: 2 } });
    expect(chain.problems("warn")).toEqual(["[probe] [nil] [nil] values.b: unknown key, ignored"]);
  });
});

describe("secrets", () => {
  const canary = "sk-canary-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789";

  test("never show in a line at any level", () => {
    const chain = probeChain(
      {
        read: ["secret key", "secrets keys", "text copy"],
        values: { key: canary, keys: ["second-canary", "third-canary"], copy: `Bearer ${canary}` },
        steps: {
          requestHead: [
            `say token ${canary} and ${canary}, second-canary`,
            "get authorization",
            "call none.dns",
          ],
        },
      },
      { logLevel: "trace" },
    );
    chain.exchange({ headers: { authorization: `Bearer ${canary}` } });
    const all = chain.logs.map(({ message }) => message).join("\n");
    expect(all).not.toContain("canary");
    expect(all).toContain("token *** and ***, ***");
    expect(all).toContain("authorization is Bearer ***");
  });

  test.each([
    ["no JSON", `{"values":{"key":"${canary}"},}`],
    ["cut off", `{"values":{"key":"${canary}`],
    ["of the wrong kind", { read: ["secret key", "expected key a-token"], values: { key: canary } }],
    ["complained about before it was read", { read: ["expected key a-token"], values: {}, unknown: canary }],
    [
      "a list of the wrong kind",
      { read: ["secrets key", "expected key a-token"], values: { key: [canary] } },
    ],
    ["a broken rule", { read: ["secret key"], values: { key: canary }, _rules_: [{ name: "x" }] }],
  ])("never show when the configuration is refused: %s", async (_name, configuration) => {
    const { errors, message } = await refusal(configuration);
    expect(errors.length).toBeGreaterThan(1);
    expect(`${errors.join("\n")}\n${message}`).not.toContain("canary");
  });

  test("a value complained about says that it is hidden", async () => {
    const { errors } = await refusal({
      read: ["secret key", "expected key a-token"],
      values: { key: "short" },
    });
    expect(errors[0]).toContain("values.key: expected a-token, found a secret that is not shown");
  });

  test("never show in part where a long line is cut", () => {
    const chain = probeChain({
      read: ["secret key"],
      values: { key: canary },
      steps: { requestHead: [`say ${"x".repeat(16_360)}${canary}`] },
    });
    chain.exchange();
    expect(chain.logs.map(({ message }) => message).join("\n")).not.toContain("sk-");
  });

  test("beyond 4,096 the newest are hidden", () => {
    const keys = Array.from({ length: 4100 }, (_, index) => `canary-number-${index}`);
    const chain = probeChain({
      read: ["secrets keys"],
      values: { keys },
      steps: { requestHead: ["say canary-number-4099 canary-number-5"] },
    });
    chain.exchange();
    expect(messages(chain)).toContain("*** ***");
  });
});
