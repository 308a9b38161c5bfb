import { describe, expect, test } from "vitest";
import { checkSource, guestSources } from "../check-guest.mjs";
import { codeOf } from "../check-guest/source.mjs";

const library = "shared/json/sample.ts";
const plugin = "plugins/sample/parts/sample.ts";

/** The rules that a source breaks, each as `line rule`. */
function broken(path: string, text: string): string[] {
  return checkSource(path, text).map(({ line, rule }) => `${line} ${rule}`);
}

const bad: [rule: string, path: string, line: string][] = [
  ["throw", library, 'throw new Error("no");'],
  ["throw", plugin, "if (x) throw x;"],
  ["assert", library, "assert(x > 0);"],
  ["assert", library, "const y = assert<Span>(x);"],
  ["unreachable", library, "unreachable();"],
  ["non-null", plugin, "const y = x!.size;"],
  ["non-null", plugin, "use(list[0]!);"],
  ["non-null", plugin, "use(find(x)!);"],
  ["non-null", plugin, "class C { value!: Span; }"],
  ["unchecked", library, "const y = unchecked(list[9]);"],
  ["missing import", library, "const y = Math.random();"],
  ["missing import", plugin, 'console.log("x");'],
  ["missing import", plugin, 'trace("x");'],
  ["clock", plugin, "const now = Date.now();"],
  ["clock", library, "const now = new Date(0);"],
  ["decode", "shared/sdk/sample.ts", "const text = String.UTF8.decode(bytes);"],
  ["decode", plugin, "const text = String.UTF8.decodeUnsafe(start, size);"],
  ["raw memory", plugin, "const y = load<u8>(start);"],
  ["raw memory", plugin, "store<u8>(start, 1);"],
  ["raw memory", plugin, "const y = changetype<Span>(start);"],
  ["raw memory", plugin, "memory.copy(a, b, 1);"],
  ["raw memory", plugin, "__collect();"],
  ["temporary pointer", library, "send(changetype<usize>(String.UTF8.encode(text)));"],
  ["temporary pointer", library, "send(changetype<usize>(new ArrayBuffer(4)));"],
  ["function decorator", library, "@inline\nfunction size(): i32 { return 1; }"],
  ["function decorator", library, '@external("env", "f")\nexport declare function f(): void;'],
  ["function decorator", library, "@inline export function size(): i32 { return 1; }"],
  ["unguarded get", plugin, "const m = new Map<string, i32>();\nuse(m.get(key));"],
  ["unguarded get", plugin, "class C { m: Map<u32, i32>; f(): i32 { return this.m.get(1); } }"],
  ["unguarded get", plugin, "function f(m: Map<u32, i32>): i32 { return m.has(2) ? m.get(1) : 0; }"],
  ["unguarded pop", plugin, "const last = list.pop();"],
  ["import", library, 'import { Plugin } from "../sdk/plugin";'],
  ["import", library, 'import { log } from "../abi/host";'],
  ["import", "shared/bytes/sample.ts", 'import { Json } from "../json";'],
  ["import", "shared/json/sample.ts", 'import { SseParser } from "../sse";'],
  ["import", "shared/sse/sample.ts", 'export { Chat } from "../llm/chat";'],
  ["import", "shared/llm/openai/sample.ts", 'import { log } from "../../sdk/log";'],
  ["import", "shared/llm/openai/sample.ts", 'import { log } from "as-proxy-wasm-sdk/sdk";'],
  ["import", "shared/abi/sample.ts", 'import "../sdk/plugin";'],
  ["import", "shared/elsewhere/sample.ts", 'import { Span } from "../bytes/span";'],
  ["import", library, 'import { parse } from "left-pad";'],
  ["import", plugin, 'import { Span } from "../../../shared/bytes/span";'],
  ["import", plugin, 'import { Config } from "../../other/config";'],
  ["import", plugin, 'import { log } from "as-proxy-wasm-sdk/abi/host";'],
];

const good: [path: string, text: string][] = [
  [library, "// throw assert(x) x! Math.random() changetype<usize>(f())"],
  [library, "/* throw\n * unreachable() */"],
  [library, "log(\"throw x!\" + 'console.log' + `trace( ${size} x! `);"],
  [library, "if (a != b && a !== c && !d) return !e;"],
  [library, "const start = changetype<usize>(bytes) + load<u8>(at);"],
  [library, "const start = changetype<usize>(this.bytes);"],
  [library, "class C {\n  @inline get size(): i32 { return 1; }\n}\nfunction f(): void {}"],
  [library, "@final class C {}\n\nexport function f(): void {}"],
  [library, 'import { Span } from "../bytes/span";\nimport { Scan } from "./scan";'],
  ["shared/sse/sample.ts", 'import { Json } from "../json";'],
  ["shared/sdk/clock.ts", "return Date.now();"],
  ["shared/abi/abort.ts", "unreachable();"],
  [plugin, 'import { Plugin } from "as-proxy-wasm-sdk/sdk";\nimport { Config } from "../config";'],
  [plugin, "const m = new Map<string, i32>();\nif (!m.has(key)) return 0;\nuse(m.get(key));"],
  [plugin, "while (list.length > 0) use(list.pop());"],
  [plugin, "head.get(name);\nstore.load(key);"],
  [plugin, "model.asserts(x); this.assert(x); span.trace(y);"],
];

describe("rules for guest code", () => {
  test.each(bad)("%s is found in %s: %s", (rule, path, text) => {
    const found = checkSource(path, `\n${text}\n`);
    expect(found.map((breach) => breach.rule)).toEqual([rule]);
    expect(found[0]!.line).toBe(1 + (rule === "unguarded get" ? text.split("\n").length : 1));
  });

  test.each(good)("nothing is found in %s: %s", (path, text) => {
    expect(broken(path, text)).toEqual([]);
  });

  test("a file may have 450 lines and no more", () => {
    const lines = (count: number) => "const x = 1;\n".repeat(count);
    expect(broken(library, lines(450))).toEqual([]);
    expect(broken(library, lines(451))).toEqual(["1 length"]);
  });

  test("every breach of a file is told with its line", () => {
    const text = 'import { log } from "../abi/host";\n\nlet x = y!;\n// x!\nthrow z!;\n';
    expect(broken(library, text)).toEqual(["1 import", "3 non-null", "5 throw", "5 non-null"]);
  });

  test("an allowance with a reason excepts its line and the next, for its rule only", () => {
    expect(broken(library, "// check-guest allows throw: the host asked for it\nthrow x;")).toEqual([]);
    expect(broken(library, "throw x; // check-guest allows throw: the host asked for it")).toEqual([]);
    expect(broken(library, "// check-guest allows throw: reason\n\nthrow x;")).toEqual([
      "1 allowance",
      "3 throw",
    ]);
    expect(broken(library, "// check-guest allows throw:\nthrow x;")).toEqual(["2 throw"]);
    expect(broken(library, "// check-guest allows assert: reason\nthrow x;")).toEqual([
      "1 allowance",
      "2 throw",
    ]);
  });

  test("sources are found in both folders, tests and declarations are not", async () => {
    const paths = await guestSources();
    expect(paths).toContain("shared/bytes/span.ts");
    expect(paths.some((path) => path.startsWith("plugins/"))).toBe(true);
    expect(paths.filter((path) => path.includes("/test/") || path.endsWith(".d.ts"))).toEqual([]);
  });
});

describe("code without comments and strings", () => {
  test.each([
    ["a // b\nc", "a     \nc"],
    ["a /* b\nc */ d", "a     \n     d"],
    ["a /* b", "a     "],
    ['f("a // b", \'c"d\')', "f(\"      \", '   ')"],
    ['f("a\\"b", c)', 'f("    ", c)'],
    ["`a ${b + `c ${d}` } e` + f", "`  ${b + `  ${d}` }  ` + f"],
    ["`a ${ { b: 1 } } c`", "`  ${ { b: 1 } }  `"],
    ["`a\\`b` + c", "`    ` + c"],
    ["a / b / c", "a / b / c"],
    ["", ""],
  ])("of %j is %j", (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});
