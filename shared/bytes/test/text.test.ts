import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { builds } from "./builds.ts";
import { BytesProbe, latin1 } from "./bytes-probe.ts";

const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** A-Z to a-z in a latin-1 text, and nothing else. */
const lowered = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

describe.each(builds)("text in bytes, %s", (_name, flags) => {
  let probe: BytesProbe;
  beforeAll(async () => {
    probe = await BytesProbe.load(flags);
  });

  test("lower-casing changes A-Z and no other byte", () => {
    expect(probe.bytes("lower", [every]).toString("latin1")).toBe(lowered(every.toString("latin1")));
    expect(probe.bytes("lower", [latin1("")])).toEqual(latin1(""));
  });

  test("text without capitals is borrowed, not copied", () => {
    const start = probe.exports.alloc!(3);
    probe.call("lower", [latin1("abc")]);
    expect(probe.exports.resultStart!()).toBe(start);
  });

  test("comparison without case takes A-Z as a-z and nothing else", () => {
    for (const left of every) {
      for (const right of every) {
        const expected = lowered(String.fromCharCode(left)) === lowered(String.fromCharCode(right));
        const same = probe.call("sameIgnoringCase", [Buffer.from([left]), Buffer.from([right])]);
        if (Boolean(same) !== expected) expect.fail(`${left} and ${right}`);
      }
    }
    expect(probe.call("sameIgnoringCase", [latin1("ab"), latin1("abc")])).toBe(0);
    expect(probe.call("sameTextIgnoringCase", [latin1("cONTENT-tYPE")])).toBe(1);
    expect(probe.call("sameTextIgnoringCase", [latin1("content_type")])).toBe(0);
    expect(probe.call("sameTextIgnoringCase", [latin1("content-typ")])).toBe(0);
  });

  test.each([
    ["  a b\t\r\n", "a b"],
    ["", ""],
    [" \t\r\n\f ", ""],
    ["\v a\xa0", "\v a\xa0"],
  ])("%j without white space at both ends is %j", (text, trimmed) => {
    expect(probe.bytes("trim", [latin1(text)]).toString("latin1")).toBe(trimmed);
  });

  const none = 0;
  const malformed = 1;
  const outOfRange = 2;

  test.each([
    ["0", MAX, none, 0n],
    ["007", MAX, none, 7n],
    ["9223372036854775807", MAX, none, MAX],
    ["9223372036854775808", MAX, outOfRange, MAX],
    ["9".repeat(1000), MAX, outOfRange, MAX],
    ["9".repeat(1000) + "x", MAX, malformed, 0n],
    ["0".repeat(1000) + "1", MAX, none, 1n],
    ["100", 100n, none, 100n],
    ["101", 100n, outOfRange, 100n],
    ["", MAX, malformed, 0n],
    ["-1", MAX, malformed, 0n],
    ["+1", MAX, malformed, 0n],
    [" 1", MAX, malformed, 0n],
    ["1 ", MAX, malformed, 0n],
    ["1.0", MAX, malformed, 0n],
    ["1e3", MAX, malformed, 0n],
    ["\xb2", MAX, malformed, 0n],
    ["/", MAX, malformed, 0n],
    [":", MAX, malformed, 0n],
  ])("unsigned %j up to %d", (text, maximum, error, value) => {
    expect(probe.call("unsignedError", [latin1(text)], maximum)).toBe(error);
    expect(probe.call("unsignedValue", [latin1(text)], maximum)).toBe(value);
  });

  test.each([
    ["-0", MIN, MAX, none, 0n],
    ["-9223372036854775808", MIN, MAX, none, MIN],
    ["-9223372036854775809", MIN, MAX, outOfRange, MIN],
    ["9223372036854775808", MIN, MAX, outOfRange, MAX],
    ["-5", -4n, 10n, outOfRange, -4n],
    ["-5", -20n, -10n, outOfRange, -10n],
    ["5", 6n, 10n, outOfRange, 6n],
    ["99999999999999999999", 6n, 10n, outOfRange, 10n],
    ["-99999999999999999999", -6n, 10n, outOfRange, -6n],
    ["-", MIN, MAX, malformed, 0n],
    ["--1", MIN, MAX, malformed, 0n],
    ["+1", MIN, MAX, malformed, 0n],
    ["", MIN, MAX, malformed, 0n],
  ])("signed %j from %d to %d", (text, minimum, maximum, error, value) => {
    expect(probe.call("integerError", [latin1(text)], minimum, maximum)).toBe(error);
    expect(probe.call("integerValue", [latin1(text)], minimum, maximum)).toBe(value);
  });

  test("every integer is written as its decimal digits and read back", () => {
    const value = fc.oneof(fc.bigInt(MIN, MAX), fc.constantFrom(0n, -1n, 9n, 10n, -10n, MIN, MAX));
    fc.assert(
      fc.property(value, (value) => {
        probe.exports.integerText!(value);
        const text = probe.result();
        expect(text.toString("latin1")).toBe(String(value));
        expect(probe.call("integerValue", [text], MIN, MAX)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test("percent-encoding keeps the unreserved characters and reads back", () => {
    const encoded = probe.bytes("percentEncoded", [every], 0).toString("latin1");
    const expected = Array.from(every, (byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    });
    expect(encoded).toBe(expected.join(""));
    expect(probe.bytes("percentDecoded", [latin1(encoded)])).toEqual(every);
    expect(probe.bytes("percentEncoded", [latin1("/v1/a b")], 1).toString()).toBe("/v1/a%20b");
    expect(probe.bytes("percentEncoded", [latin1("/v1/a b")], 0).toString()).toBe("%2Fv1%2Fa%20b");
  });

  test.each([
    ["a%2Fb", "a/b"],
    ["%41%4a%4A", "AJJ"],
    ["%", "%"],
    ["%4", "%4"],
    ["%zz%4g%g4", "%zz%4g%g4"],
    ["%%41", "%A"],
    ["%2541", "%41"],
    ["+", "+"],
    ["%00%0d%0A", "\0\r\n"],
    ["", ""],
  ])("percent-decoding %j gives %j", (text, decoded) => {
    expect(probe.bytes("percentDecoded", [latin1(text)]).toString("latin1")).toBe(decoded);
  });
});
