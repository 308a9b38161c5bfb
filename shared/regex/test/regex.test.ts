import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";

let probe: Probe;
beforeAll(async () => {
  probe = await loadProbe("shared/regex/test/probe.ts");
});

/** The error of a pattern, "" when it compiles. */
function compile(pattern: string): string {
  probe.exports.collect!();
  probe.put(Buffer.from(pattern));
  const size = probe.exports.compile!();
  return probe.take(probe.exports.resultAt!(), size).toString();
}

/** The texts of the whole match and the groups, or undefined. */
function find(text: string | Buffer): (string | undefined)[] | undefined {
  const bytes = Buffer.from(text);
  probe.put(bytes);
  const slots = probe.exports.find!(0);
  if (slots === 0) return undefined;
  return Array.from({ length: slots / 2 }, (_, group) => {
    const start = probe.exports.slot!(group * 2);
    return start < 0 ? undefined : bytes.subarray(start, probe.exports.slot!(group * 2 + 1)).toString();
  });
}

function replace(text: string, template: string): string {
  const bytes = Buffer.from(text);
  probe.put(Buffer.concat([bytes, Buffer.from(template)]));
  const size = probe.exports.replace!(bytes.length);
  return probe.take(probe.exports.resultAt!(), size).toString();
}

describe("patterns match as in JavaScript where the two agree", () => {
  const patterns = [
    "abc",
    "^abc$",
    "a|ab|abc",
    "(a|ab)(c|bcd)(d*)",
    "a*",
    "a*?",
    "a+?b",
    "(a+)(b?)",
    "[a-c]+",
    "[^a-c]+",
    "[]a]",
    "x{2,3}",
    "x{2,3}?",
    "x{0}",
    "x{2}",
    "x{2,}",
    "a{,2}",
    "a{b",
    "\\d+",
    "\\D+",
    "\\w+\\W\\w+",
    "\\s",
    "[\\d.]+",
    "[\\w-]+",
    "[^\\s]+",
    "\\bfoo\\b",
    "\\Boo",
    "^gpt-(\\d)(.*)$",
    "(gpt|claude)-[0-9.]+",
    "(?:a|b)+c",
    "((a)|(b))+",
    "(a*)*",
    "(a|b)*?c",
    ".",
    "..",
    "é+",
    "[é-ü]",
    "\\x41\\x{e9}?",
    "\\.",
    "4.*",
    "5.*",
    "^$",
    "$",
    "(?<year>\\d{4})",
    "(|a)+",
    "(a|b|)c",
    "a.c",
    "-",
    "[a-]",
    "[-a]",
    "\\/",
    "(a)(b)?(c)?",
  ];
  const texts = [
    "",
    "abc",
    "xabcx",
    "ab",
    "abcd",
    "aaa",
    "aab",
    "xx",
    "xxx",
    "xxxx",
    "foo",
    "a foo b",
    "food",
    "gpt-4o",
    "gpt-3.5-turbo",
    "claude-3.7",
    "é",
    "naïve été",
    "a\nc",
    "aXc",
    "]",
    "-",
    "429",
    "504",
    "200",
    "2026",
    "b c",
    "A",
    "a{b",
    "a{,2}",
    "aab aac",
    "/",
    "abab",
    "ac",
  ];
  // RE2 gives a group of an empty last turn differently, `.` and classes are code points, `\x{…}` needs the flag.
  const native = (pattern: string) =>
    new RegExp(
      pattern
        .replace("\\x{e9}", "\\u{e9}")
        .replace("[]a]", "[\\]a]")
        .replace("a{b", "a\\{b")
        .replace("a{,2}", "a\\{,2\\}"),
      "u",
    );
  const differing = new Set(["(a*)*", "((a)|(b))+", "(|a)+"]);

  test.each(patterns)("%s", (pattern) => {
    expect(compile(pattern)).toBe("");
    for (const text of texts) {
      const expected = native(pattern).exec(text);
      const found = find(text);
      expect({ text, match: found?.[0] }).toEqual({ text, match: expected?.[0] });
      if (!differing.has(pattern))
        expect({ text, groups: found?.slice(1) }).toEqual({
          text,
          groups: expected ? [...expected].slice(1) : undefined,
        });
    }
  });

  test("generated patterns over generated texts", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      "c",
      ".",
      "[ab]",
      "[^a]",
      "(a)",
      "(b|c)",
      "(?:ab|a)",
      "\\b",
      "^",
      "$",
      "(a|bc)",
    );
    const piece = fc
      .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "??", "+?", "{2}", "{1,2}"))
      .map(([part, count]) => (/^(\\b|\^|\$)$/.test(part) ? part : part + count));
    const pattern = fc
      .array(piece, { minLength: 1, maxLength: 5 })
      .chain((pieces) => fc.constantFrom(pieces.join(""), pieces.join("|")));
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom("a", "b", "c", "\n"), maxLength: 12 }),
        (source, text) => {
          expect(compile(source)).toBe("");
          const expected = new RegExp(source, "u").exec(text);
          expect(find(text)?.[0]).toBe(expected?.[0]);
          if (expected) expect(probe.exports.slot!(0)).toBe(expected.index);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("RE2's own syntax", () => {
  test.each([
    ["(?i)GPT-4", "gpt-4", "gpt-4"],
    ["(?i:g)pt", "Gpt", "Gpt"],
    ["(?i:g)pt", "GPT", undefined],
    ["(?i)[a-c]+", "xABCx", "ABC"],
    ["(?s)a.c", "a\nc", "a\nc"],
    ["(?m)^b$", "a\nb\nc", "b"],
    ["^b$", "a\nb\nc", undefined],
    ["\\Aa\\z", "a", "a"],
    ["a$", "a\n", undefined],
    ["(?-i)A", "a", undefined],
    ["(?P<name>x+)", "axxb", "xx"],
    ["[\\D]", "1a", "a"],
    ["\\t", "\t", "\t"],
    ["a\\_b", "a_b", "a_b"],
  ])("%s on %j finds %j", (pattern, text, match) => {
    expect(compile(pattern)).toBe("");
    expect(find(text)?.[0]).toBe(match);
  });

  test("an invalid byte counts as one character", () => {
    expect(compile("^a.b$")).toBe("");
    expect(find(Buffer.from([0x61, 0xff, 0x62]))).toBeDefined();
    expect(find(Buffer.from([0x61, 0xc3, 0x62]))).toBeDefined();
  });
});

describe("replacing all matches", () => {
  test.each([
    ["gpt-(.*)", "gpt-4o", "qwen-$1", "qwen-4o"],
    ["gpt-(.*)", "gpt-4o", "${1}x", "4ox"],
    ["gpt-(.*)", "gpt-4o", "$1x", ""],
    ["(?<rest>4.*)", "gpt-4o", "<${rest}>", "gpt-<4o>"],
    ["o", "foo", "0", "f00"],
    ["", "ab", "-", "-a-b-"],
    ["b*", "abc", "-", "-a-c-"],
    ["a*", "baaac", "x", "xbxcx"],
    ["x", "abc", "y", "abc"],
    ["(a)|(b)", "ab", "[$1$2]", "[a][b]"],
    ["a", "a", "$$1", "$1"],
    ["a", "a", "$", "$"],
    ["a", "a", "${", "${"],
    ["a", "a", "$9", ""],
    ["é", "né", "e", "ne"],
  ])("%s in %j by %j gives %j", (pattern, text, template, result) => {
    expect(compile(pattern)).toBe("");
    expect(replace(text, template)).toBe(result);
  });
});

describe("classes of ASCII by name are those of RE2", () => {
  // https://github.com/google/re2/wiki/Syntax
  const classes: Record<string, RegExp> = {
    alnum: /[0-9A-Za-z]/,
    alpha: /[A-Za-z]/,
    ascii: /[\x00-\x7f]/,
    blank: /[\t ]/,
    cntrl: /[\x00-\x1f\x7f]/,
    digit: /[0-9]/,
    graph: /[!-~]/,
    lower: /[a-z]/,
    print: /[ -~]/,
    punct: /[!-/:-@[-`{-~]/,
    space: /[\t\n\v\f\r ]/,
    upper: /[A-Z]/,
    word: /[0-9A-Za-z_]/,
    xdigit: /[0-9A-Fa-f]/,
  };
  const characters = [...Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code)), "é", "漢"];

  test.each(Object.entries(classes))("[:%s:]", (name, expected) => {
    for (const [pattern, wanted] of [
      [`[[:${name}:]]`, true],
      [`[^[:${name}:]]`, false],
      [`[[:^${name}:]]`, false],
      [`[^[:^${name}:]]`, true],
    ] as const) {
      expect(compile(pattern)).toBe("");
      for (const character of characters)
        expect(find(character) !== undefined, `${pattern} ${JSON.stringify(character)}`).toBe(
          expected.test(character) === wanted,
        );
    }
  });

  test.each([
    ["[[:alpha:]0-3_-]+", "ab_2-9", "ab_2-"],
    ["(?i)[[:lower:]]+", "aBc1", "aBc"],
    ["[[:alpha]+", "x[:alph", "[:alph"],
    ["[:alpha:]+", "x:ah", ":ah"],
  ])("%s in %j", (pattern, text, found) => {
    expect(compile(pattern)).toBe("");
    expect(find(text)![0]).toBe(found);
  });
});

describe("what is quoted stands for itself", () => {
  test.each([
    ["\\Qa.b*\\E+", "xa.b***", "a.b***"],
    ["^\\Qgpt-4(o)\\E$", "gpt-4(o)", "gpt-4(o)"],
    ["\\Q[é]", "[é]", "[é]"],
    ["a\\Q\\Eb", "ab", "ab"],
    ["(?i:\\QA|b\\E)", "xa|B", "a|B"],
    ["\\Q\\n\\E", "\\n", "\\n"],
    ["\\Qab\\E{2}", "abb", "abb"],
  ])("%s in %j", (pattern, text, found) => {
    expect(compile(pattern)).toBe("");
    expect(find(text)![0]).toBe(found);
  });
});

describe("patterns that are refused say why", () => {
  test.each([
    ["(", "missing )"],
    [")", "unexpected )"],
    ["[a", "missing ]"],
    ["*a", "nothing to repeat"],
    ["a**", "repetition of a repetition"],
    ["a{2}{3}", "repetition of a repetition"],
    ["a{1001}", "bad repeat count"],
    ["a{3,2}", "bad repeat count"],
    ["[b-a]", "bad range"],
    ["(?=a)", "unsupported group"],
    ["(?!a)", "unsupported group"],
    ["(?P<a>x)(?P<a>y)", "bad group name"],
    ["\\1", "unknown escape"],
    ["\\y", "unknown escape"],
    ["\\pL", "Unicode classes are not supported"],
    ["\\p{Han}+", "Unicode classes are not supported"],
    ["[\\P{Greek}]", "Unicode classes are not supported"],
    ["a\\E", "unknown escape"],
    ["\\", "unknown escape"],
    ["\\xg", "bad \\x escape"],
    ["[[:alfa:]]", "unknown class"],
    ["[[:^:]]", "unknown class"],
    ["((((a{100}){100}){100}){100}){100}", "too large"],
    ["(".repeat(60) + ")".repeat(60), "groups too deep"],
  ])("%s", (pattern, reason) => {
    expect(compile(pattern)).toContain(reason);
    expect(find("aaa")).toBeUndefined();
  });

  test("no text makes the parser trap", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."ab()[]{}^$.|*+?\\-,012:<>P=!ixsQE😀"), maxLength: 20 }),
        (pattern) => {
          compile(pattern);
          find("ab(1)");
        },
      ),
      { numRuns: 3000 },
    );
  });
});

test.each([
  "(a+)+$",
  "(a|a)*$",
  "(a*)*b",
  "(a|aa)+$",
  "(.*)(.*)(.*)(.*)x",
  "a?a?a?a?a?a?a?a?a?a?aaaaaaaaaa$",
])("%s reads each character of a hostile text a bounded number of times", (pattern) => {
  expect(compile(pattern)).toBe("");
  const text = "a".repeat(20_000) + "!";
  expect(() => find(text)).not.toThrow();
});
