// Paths as gjson reads them, against the compiled library in three builds.

import { beforeAll, describe, expect, test } from "vitest";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";
import { builds } from "../../bytes/test/builds.ts";
import { randomOf, type Random } from "./random.ts";

const friends = {
  name: { first: "Tom", last: "Anderson" },
  age: 37,
  "fav.movie": "Deer Hunter",
  children: ["Sara", "Alex", "Jack"],
  friends: [
    { first: "Dale", last: "Murphy", age: 44, nets: ["ig", "fb", "tw"], on: true },
    { first: "Roger", last: "Craig", age: 68, nets: ["fb", "tw"], on: false },
    { first: "Jane", last: "Murphy", age: 47, nets: ["ig", "tw"], on: null },
  ],
  odd: { "0": "zero", "*": "star", 'q"': "quote", "@this": "at", é: "accent" },
  mixed: [1, 1.5, "1", true, false, null, "true", "false", "", { a: 1 }, [2]],
  numbers: [1, 10, 2.5, -3],
  nested: [[1, [2, [3]]], [], [4]],
  parts: { a: [1, 2], b: ["x"] },
};
const document = JSON.stringify(friends);

class Paths {
  readonly probe: Probe;
  private calls = 0;
  constructor(probe: Probe) {
    this.probe = probe;
  }

  private result(): string {
    return this.probe.take(this.probe.exports.resultStart!(), this.probe.exports.resultSize!()).toString();
  }

  compile(path: string): { error: string; at: number } {
    if (++this.calls % 64 === 0) this.probe.exports.collect!();
    this.probe.put(Buffer.from(path));
    const at = this.probe.exports.compile!();
    return { error: this.result(), at };
  }

  select(path: string, json: string = document, maxSteps = 1n << 30n, maxBytes = 1 << 26): string {
    this.compile(path);
    this.probe.put(Buffer.from(json));
    this.probe.exports.select!(maxSteps, maxBytes);
    return this.result();
  }

  get spent(): number {
    return Number(this.probe.exports.spent!());
  }
}

/** Path and what it selects of the document, as JSON text; "" where there is nothing. */
const cases: [name: string, rows: [path: string, found: string][]][] = [
  [
    "keys, indexes and pipes",
    [
      ["name.last", '"Anderson"'],
      ["name|last", '"Anderson"'],
      ["age", "37"],
      ["children", '["Sara","Alex","Jack"]'],
      ["children.1", '"Alex"'],
      ["children|1", '"Alex"'],
      ["children.9", ""],
      ["children.-1", ""],
      ["children.x", ""],
      ["odd.0", '"zero"'],
      ["odd.é", '"accent"'],
      ['odd.q"', '"quote"'],
      ["nosuch", ""],
      ["name.first.x", ""],
      ["", ""],
    ],
  ],
  [
    "escapes",
    [
      ["fav\\.movie", '"Deer Hunter"'],
      ["fav.movie", ""],
      ["odd.\\*", '"star"'],
      ["odd.\\@this", '"at"'],
    ],
  ],
  [
    "wildcards take the first match",
    [
      ["chi*", '["Sara","Alex","Jack"]'],
      ["child*.2", '"Jack"'],
      ["c?ildren.0", '"Sara"'],
      ["*.first", '"Tom"'],
      ["?ge", "37"],
      ["z*", ""],
    ],
  ],
  [
    "lengths and maps",
    [
      ["children.#", "3"],
      ["friends.#.age", "[44,68,47]"],
      ["friends.#.nosuch", "[]"],
      ["friends.#.nets.#", "[3,2,2]"],
      ["friends.#.nets.0", '["ig","fb","ig"]'],
      ["friends.#.nets.#.x", "[[],[],[]]"],
      ["friends.#.first|0", '"Dale"'],
      ["friends.#.first.0", "[]"],
      ["age.#", ""],
    ],
  ],
  [
    "queries",
    [
      ['friends.#(last=="Murphy").first', '"Dale"'],
      ['friends.#(last=="Murphy")#.first', '["Dale","Jane"]'],
      ['friends.#[last="Murphy"]#.age', "[44,47]"],
      ["friends.#(last==Craig).age", "68"],
      ["friends.#(age>45)#.last", '["Craig","Murphy"]'],
      ["friends.#(age>=68)#.last", '["Craig"]'],
      ["friends.#(age<45).first", '"Dale"'],
      ["friends.#(age<=47)#.first", '["Dale","Jane"]'],
      ["friends.#(age!=44)#.first", '["Roger","Jane"]'],
      ['friends.#(first%"D*").last', '"Murphy"'],
      ['friends.#(first!%"D*").last', '"Craig"'],
      ['friends.#(nets.#(=="fb"))#.first', '["Dale","Roger"]'],
      ["friends.#(on==true).first", '"Dale"'],
      ["friends.#(on==false).first", '"Roger"'],
      ["friends.#(on!=true)#.first", '["Roger"]'],
      ["friends.#(on)#.first", '["Dale","Roger","Jane"]'],
      ["friends.#(nosuch)#", "[]"],
      ["friends.#(nosuch)", ""],
      ["friends.#(age>100)#.first", "[]"],
      ["numbers.#(>2)#", "[10,2.5]"],
      ["numbers.#(<0)", "-3"],
      ['children.#(!%"*a*")', '"Alex"'],
      ['children.#(>"K")', '"Sara"'],
      ["mixed.#(==1)#", '[1,"1"]'],
      ["mixed.#(>abc)#", '[1,1.5,"true","false"]'],
      ["mixed.#(>false)#", '[1,1.5,true,"true"]'],
      ["mixed.#(==null)#", "[]"],
      ['friends.#(last=="Craig" && age>40)#', "[]"],
      ["friends.#(last=Murphy)#|0.first", '"Dale"'],
      ["friends.#(last=Murphy)#|#", "2"],
      ["friends.#(last=Murphy)#.#", "[]"],
    ],
  ],
  [
    "truthiness",
    [
      ["mixed.#(==~true)#", '[1,1.5,"1",true,"true"]'],
      ["mixed.#(==~false)#", '[false,null,"false",{"a":1},[2]]'],
      ["mixed.#(==~null)#", '[null,{"a":1},[2]]'],
      ["mixed.#(==~*)#|#", "9"],
      ["friends.#(on==~false)#.first", '["Roger","Jane"]'],
      ["friends.#(nosuch==~null)#.first", '["Dale","Roger","Jane"]'],
      ["friends.#(nosuch==~false)#.first", '["Dale","Roger","Jane"]'],
      ["friends.#(age!=~true)#", "[]"],
      ["friends.#(age==~other)#", "[]"],
    ],
  ],
  [
    "modifiers",
    [
      ["children.@reverse", '["Jack","Alex","Sara"]'],
      ["name|@reverse", '{"last":"Anderson","first":"Tom"}'],
      ["children|@reverse|0", '"Jack"'],
      ["name.@this.first", '"Tom"'],
      ["@this.age", "37"],
      ["name.@keys", '["first","last"]'],
      ["name.@values", '["Tom","Anderson"]'],
      ["children.@keys", "[null,null,null]"],
      ["name.@valid", '{"first":"Tom","last":"Anderson"}'],
      ["age.@tostr", '"37"'],
      ["name.@tostr.@fromstr.last", '"Anderson"'],
      ["nested.@flatten", "[1,[2,[3]],4]"],
      ['nested.@flatten:{"deep":true}', "[1,2,3,4]"],
      ["parts.@group", '[{"a":1,"b":"x"},{"a":2}]'],
      ["@dig:last", '["Anderson","Murphy","Craig","Murphy"]'],
      ["[name,friends.0].@join.@keys", '["first","last","age","nets","on"]'],
      ["[name,friends.0].@join.first", '"Dale"'],
      ['[name,friends.0]|@join:{"preserve":true}|@keys|#', "7"],
      ["name.@pretty", '{\n  "first": "Tom",\n  "last": "Anderson"\n}\n'],
      [
        'name.@pretty:{"indent":"\\t","prefix":" ","sortKeys":true}',
        ' {\n \t"first": "Tom",\n \t"last": "Anderson"\n }\n'.slice(1),
      ],
      ["name.@pretty.@ugly", '{"first":"Tom","last":"Anderson"}'],
      ["name.@nosuch", ""],
      ["odd.@nosuch:x|0", ""],
    ],
  ],
  [
    "multipaths and literals",
    [
      ["[age,name.first]", '[37,"Tom"]'],
      ["{age,name.first}", '{"age":37,"first":"Tom"}'],
      ['{"years":age,n:name.last}', '{"years":37,"n":"Anderson"}'],
      ["[nosuch,age]", "[37]"],
      ["{friends.#.age}", '{"age":[44,68,47]}'],
      ["{friends.#}", '{"_":3}'],
      ["friends.#.{first,age}|1", '{"first":"Roger","age":68}'],
      ["friends.#.[age,on]", "[[44,true],[68,false],[47,null]]"],
      ["[age].0", "37"],
      ['{"x":{"y":age}}', '{"x":{"y":37}}'],
      ['[!"x",!1,!true,age]', '["x",1,true,37]'],
      ['{"a":!{"b":[1]},age}.a.b', "[1]"],
      ['name.{last,"kind":!"person"}', '{"last":"Anderson","kind":"person"}'],
    ],
  ],
];

describe.each(builds)("gjson, %s", (name, flags) => {
  /** The build that collects at every allocation takes long. */
  const isSlow = name.includes("collects");

  let paths: Paths;
  beforeAll(async () => {
    paths = new Paths(await loadProbe("shared/gjson/test/probe.ts", { flags }));
  });

  describe.each(cases)("%s", (_group, rows) => {
    test.each(rows)("%s selects %j", (path, found) => {
      expect(paths.compile(path)).toEqual({ error: "", at: -1 });
      expect(paths.select(path)).toBe(found);
    });
  });

  test("a number keeps its text, and white space inside a value stays", () => {
    expect(paths.select("a", '{"a":1.50}')).toBe("1.50");
    expect(paths.select("a.b", '{"a":{"b": [ 1e2 , 2 ]}}')).toBe("[ 1e2 , 2 ]");
    expect(paths.select("a.#.b", '{"a":[{"b": 1.0}, {"b":100000000000000000001}]}')).toBe(
      "[1.0,100000000000000000001]",
    );
  });

  test("of two members with one name the first counts, and the next where the first leads nowhere", () => {
    expect(paths.select("a", '{"a":1,"a":2}')).toBe("1");
    expect(paths.select("a.b", '{"a":{},"a":{"b":2}}')).toBe("2");
  });

  test("names are compared unescaped", () => {
    expect(paths.select("ab", '{"\\u0061b":1}')).toBe("1");
    expect(paths.select("a*", '{"\\u0061b":1}')).toBe("1");
  });

  test("JSON lines are one array", () => {
    const lines = '{"n":1}\n{"n":2}\n[3]\n4';
    expect(paths.select("..#", lines)).toBe("4");
    expect(paths.select("..1.n", lines)).toBe("2");
    expect(paths.select("..#.n", lines)).toBe("[1,2]");
    expect(paths.select("..#(n>1).n", lines)).toBe("2");
  });

  test("text before the first bracket is passed over", () => {
    expect(paths.select("a", 'data: {"a":1}')).toBe("1");
    expect(paths.select("a", "no json")).toBe("");
  });

  test("pretty keeps short arrays without objects on one line", () => {
    const long = Array.from({ length: 30 }, (_, i) => 1000 + i);
    expect(paths.select("@pretty", '{"a":[1,2,[3]],"b":[{"c":1}],"d":[],"e":{}}')).toBe(
      '{\n  "a": [1, 2, [3]],\n  "b": [\n    {\n      "c": 1\n    }\n  ],\n  "d": [],\n  "e": {}\n}\n',
    );
    expect(paths.select("@pretty", JSON.stringify(long))).toBe(
      JSON.stringify(long).replaceAll("[", "[\n  ").replaceAll(",", ",\n  ").replaceAll("]", "\n]\n"),
    );
  });

  test.each([
    ["a.#(b==1", "a query is not closed", 2],
    ["a.#(b!1)", "a query has no comparison that exists", 5],
    ["a.#(b==1)x", "a query ends with text that is no path", 9],
    ["[a,b.#(c", "a query is not closed", -1],
    ["a.[b.#(c==1]", "", -1],
    ["[".repeat(40) + "a" + "]".repeat(40), "the path is nested too deeply", 25],
    ["x".repeat(70000), "the path is too long", 0],
  ])("a path that is broken says where: %s", (path, error, at) => {
    const compiled = paths.compile(path);
    if (at >= 0) expect(compiled).toEqual({ error, at });
    else expect(paths.select(path)).toBe("");
  });

  test("what is broken ends the search and never traps", () => {
    for (let cut = 0; cut < document.length; cut += isSlow ? 97 : 7) {
      for (const path of ["friends.#.nets", "parts.@group", "@pretty", "@dig:a", "*.*", "..#"]) {
        paths.select(path, document.slice(0, cut));
      }
    }
    expect(paths.select("a.b", '{"a":{"b":1}')).toBe("1");
    expect(paths.select("z", "[".repeat(100000))).toBe("");
    expect(paths.select("#", "[".repeat(100) + "]".repeat(100))).toBe("1");
  });

  test("the steps grow as the document does", () => {
    const spent = (path: string, count: number) => {
      const json = JSON.stringify({
        l: Array.from({ length: count }, (_, i) => ({ k: i, v: "value", w: [i] })),
      });
      paths.select(path, json);
      return paths.spent;
    };
    for (const path of [
      "l.#.k",
      "l.#(k>5)#.w",
      "l.@reverse",
      "@pretty",
      "@dig:k",
      "*.#(v%*x*).k",
      "[l,l.#.w.#]",
    ]) {
      expect(spent(path, 2000) / spent(path, 200), path).toBeLessThan(12);
    }
  });

  test("a budget ends the search: nothing is found", () => {
    const json = JSON.stringify({ l: Array.from({ length: 1000 }, (_, i) => i) });
    expect(paths.select("l.#(>500)#|#", json)).toBe("499");
    expect(paths.select("l.#(>500)#|#", json, 1000n)).toBe("");
    if (isSlow) return;
    const doubling = Array.from({ length: 40 }, () => "[@this,@this]").join("|");
    expect(paths.select(doubling, json, 1n << 24n, 1 << 16)).toBe("");
    expect(paths.select(doubling, json, 1n << 20n)).toBe("");
  });

  test("no path and no document makes it trap", () => {
    const random = randomOf(42);
    const runs = isSlow ? 100 : process.env.LONG === "1" ? 100_000 : 4000;
    for (let i = 0; i < runs; i++) {
      const path = randomPath(random);
      const json = random.chance(4) ? mutated(random, document) : document;
      paths.select(path, json, 1n << 22n, 1 << 20);
      expect(paths.spent).toBeLessThan(2 ** 23);
    }
  }, 600_000);
});

function randomPath(random: Random): string {
  const pieces = [
    ...[
      "a",
      "name",
      "friends",
      "children",
      "0",
      "#",
      "#.",
      ".",
      ".",
      ".",
      "|",
      "*",
      "?",
      "\\",
      "#(",
      "#[",
      ")",
      "]",
    ],
    ...[
      "[",
      "{",
      "}",
      ")#",
      "==",
      "!=",
      ">",
      "<=",
      "%",
      "!%",
      "~true",
      "~null",
      '"',
      ":",
      ",",
      "!",
      '!"x"',
      "@",
    ],
    ...[
      "@this",
      "@reverse",
      "@flatten",
      '@flatten:{"deep":true}',
      "@join",
      "@keys",
      "@values",
      "@tostr",
      "@fromstr",
    ],
    ...[
      "@group",
      "@dig:",
      "@pretty",
      '@pretty:{"width":20}',
      "@ugly",
      "@valid",
      "..",
      "é",
      "age",
      "first",
      "nets",
    ],
  ];
  return Array.from({ length: 1 + random.below(12) }, () => random.pick(pieces)).join("");
}

function mutated(random: Random, text: string): string {
  const at = random.below(text.length);
  return (
    text.slice(0, at) +
    random.pick(['"', "{", "]", "", ",", "\\", "\u0000"]) +
    text.slice(at + random.below(9))
  );
}
