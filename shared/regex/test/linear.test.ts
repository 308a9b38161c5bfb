// Work is counted in steps, one for each thread of the matcher at each byte: for hostile patterns it grows as the text
// does, and not with the length of what a backtracking matcher would try.

import { beforeAll, expect, test } from "vitest";
import { figure } from "../../../host-test/testing/figure.ts";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";

let probe: Probe;
beforeAll(async () => {
  probe = await loadProbe("shared/regex/test/probe.ts");
});

/** Patterns that are known to cost backtracking matchers time without end, and a text that each fails on. */
const hostile: [pattern: string, unit: string, end: string][] = [
  ["(a+)+$", "a", "!"],
  ["(a|a)*$", "a", "!"],
  ["(a*)*b", "a", ""],
  ["(a|aa)+$", "a", "!"],
  ["(.*)(.*)(.*)(.*)x", "a", ""],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a", ""],
  ["(x+x+)+y", "x", ""],
  ["([a-zA-Z]+)*[0-9]{20}", "z", "!"],
  [
    "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
    "a",
    "!",
  ],
  ["(?i)(\\bfoo|\\s+bar)*$", " ", "x"],
  ["a{0,100}a{0,100}b", "a", ""],
];

function stepsFor(pattern: string, text: string): number {
  probe.exports.collect!();
  probe.put(Buffer.from(pattern));
  expect(probe.exports.compile!(), pattern).toBe(0);
  probe.put(Buffer.from(text));
  probe.exports.find!(0);
  return Number(probe.exports.steps!());
}

const length = process.env.LONG ? 1 << 19 : 1 << 13;

test.each(hostile)("%s takes twice the steps for twice the text", (pattern, unit, end) => {
  const once = stepsFor(pattern, unit.repeat(length) + end);
  const twice = stepsFor(pattern, unit.repeat(2 * length) + end);
  expect(once).toBeGreaterThan(length);
  expect(twice / once).toBeLessThan(2.1);
  worst = Math.max(worst, twice / once);
});

let worst = 0;

test("and so do all together", () => {
  expect(worst).toBeGreaterThan(0);
  figure(
    "linear",
    `${hostile.length} hostile patterns: at most ${worst.toFixed(3)} times the steps for twice the text, up to ${2 * length} bytes`,
    2 * length,
  );
});
