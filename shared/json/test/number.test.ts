import { describe, expect, test } from "vitest";
import { randomFrom } from "./documents.ts";
import { JsonProbe, builds } from "./harness.ts";

const fallback = -987654321;

describe.each(builds)("numbers, %s build", async (_name, flags) => {
  const json = await JsonProbe.load(flags);

  function integer(text: string): bigint | "fallback" {
    json.open(text);
    const value = json.call("integer", undefined, BigInt(fallback)) as bigint;
    return value === BigInt(fallback) ? "fallback" : value;
  }

  function number(text: string): number {
    json.open(text);
    return json.call("number", undefined, fallback);
  }

  test("an integer is read where the value is one and fits 64 bits, however it is written", () => {
    const integers: [string, bigint][] = [
      ["0", 0n],
      ["-0", 0n],
      ["0.0", 0n],
      ["0e99999999999", 0n],
      ["42", 42n],
      ["1e3", 1000n],
      ["1.0", 1n],
      ["1.50e1", 15n],
      ["1000e-3", 1n],
      ["100000000000000000000e-20", 1n],
      ["9223372036854775807", 2n ** 63n - 1n],
      ["-9223372036854775808", -(2n ** 63n)],
      ["9007199254740993", 9007199254740993n],
    ];
    for (const [text, value] of integers) expect(integer(text), text).toBe(value);
  });

  test("what is no integer of 64 bits gives the fallback", () => {
    const others = [
      "1.5",
      "1e-1",
      "9223372036854775808",
      "-9223372036854775809",
      "1e19",
      "1e400",
      "1e-400",
      "123456789012345678901234567890",
      "1.00000000000000000000000001",
    ];
    for (const text of [...others, '"1"', "true", "null", "[]"]) expect(integer(text), text).toBe("fallback");
  });

  test("a number outside the range of a double gives the fallback, and its text is kept", () => {
    for (const text of ["1e400", "-1e400", "1e99999999999999999999", '"1"', "null"])
      expect(number(text), text).toBe(fallback);
    json.open("[1e400]", "0");
    expect(json.text("raw")).toBe("1e400");
    expect(number("1e-400")).toBe(0);
    expect(number("123456789012345678901234567890")).toBe(123456789012345678901234567890);
  });

  test("doubles of up to 17 digits and exponents that occur are read exactly as Node reads them", () => {
    const random = randomFrom(11);
    for (let i = 0; i < 30_000; i++) {
      const shapes = [
        String(random()),
        (random() * 1000).toFixed(6),
        `${random()}e-${Math.floor(random() * 9)}`,
        `-${Math.floor(random() * 2 ** 53)}e${Math.floor(random() * 28)}`,
        `${Math.floor(random() * 2 ** 53)}${Math.floor(random() * 1000)}`,
        `${Math.floor(random() * 2 ** 53)}E-${Math.floor(random() * 28)}`,
        String(Math.fround(random() * 2 - 1)),
      ];
      const text = shapes[i % shapes.length]!;
      const read = number(text);
      if (!Object.is(read, Number(text))) expect(read, text).toBe(Number(text));
    }
  });

  test("doubles of any size are read within eight units in the last place", () => {
    const random = randomFrom(12);
    const bits = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 30_000; i++) {
      bits.setUint32(0, random() * 2 ** 32);
      bits.setUint32(4, random() * 2 ** 32);
      const value = bits.getFloat64(0);
      // The largest power of ten apart, where rounding may reach infinity.
      if (!Number.isFinite(value) || Math.abs(value) > 1e308 || Math.abs(value) < 1e-300) continue;
      const read = number(String(value));
      if (Math.abs(read - value) > Math.abs(value) * 8 * 2 ** -52) expect(read).toBe(value);
    }
  });

  test("text that only looks like a number is refused by code", () => {
    for (const text of [
      "-",
      "01",
      "-01",
      "1.",
      ".5",
      "1.e1",
      "1e",
      "1e+",
      "+1",
      "0x1",
      "1_000",
      "1a",
      "--1",
      "1..2",
      "1e1.5",
      "00",
    ]) {
      expect(json.open(`[${text}]`, "0"), text).toBe("Missing");
      expect(["Number", "Syntax"], text).toContain(json.error());
    }
  });
});
