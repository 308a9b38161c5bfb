// gjson's conversions, which configuration written for Higress's Go plugins relies on:
// https://github.com/tidwall/gjson, methods String, Int, Float, Bool and Array.

import { describe, expect, test } from "vitest";
import { JsonProbe, builds } from "./harness.ts";

describe.each(builds)("lenient readers, %s build", async (_name, flags) => {
  const json = await JsonProbe.load(flags);

  function all(document: string): unknown[] {
    json.open(`{"v":${document}}`, "v");
    const integer = json.call("lenientInteger") as bigint;
    return [
      json.text("lenientText"),
      integer,
      json.call("lenientNumber"),
      json.call("lenientBool") !== 0,
      json.text("lenientArray"),
    ];
  }

  test.each<[string, string, bigint, number, boolean, string]>([
    ["8080", "8080", 8080n, 8080, true, "[8080]"],
    ["0", "0", 0n, 0, false, "[0]"],
    ["1.50", "1.5", 1n, 1.5, true, "[1.50]"],
    ["-1.99", "-1.99", -1n, -1.99, true, "[-1.99]"],
    ["1e3", "1000", 1000n, 1000, true, "[1e3]"],
    ["25e-4", "0.0025", 0n, 0.0025, true, "[25e-4]"],
    [
      "12345678901234567890",
      "12345678901234567890",
      9223372036854775807n,
      12345678901234567890,
      true,
      "[12345678901234567890]",
    ],
    [
      "-12345678901234567890",
      "-12345678901234567890",
      -9223372036854775808n,
      -12345678901234567890,
      true,
      "[-12345678901234567890]",
    ],
    ['"8080"', "8080", 8080n, 8080, false, '["8080"]'],
    ['"007"', "007", 7n, 0, false, '["007"]'],
    ['"-5"', "-5", -5n, -5, false, '["-5"]'],
    ['"1.5"', "1.5", 0n, 1.5, false, '["1.5"]'],
    ['"80a"', "80a", 0n, 0, false, '["80a"]'],
    ['""', "", 0n, 0, false, '[""]'],
    ['"TRUE"', "TRUE", 0n, 0, true, '["TRUE"]'],
    ['"t"', "t", 0n, 0, true, '["t"]'],
    ['"1"', "1", 1n, 1, true, '["1"]'],
    ['"yes"', "yes", 0n, 0, false, '["yes"]'],
    ["true", "true", 1n, 1, true, "[true]"],
    ["false", "false", 0n, 0, false, "[false]"],
    ["null", "", 0n, 0, false, "[]"],
    ['{"a": 1}', '{"a": 1}', 0n, 0, false, '[{"a": 1}]'],
    ["[1, 2]", "[1, 2]", 0n, 0, false, "[1,2]"],
    ["[]", "[]", 0n, 0, false, "[]"],
  ])("%s", (document, ...expected) => {
    expect(all(document)).toEqual(expected);
  });

  test("what is absent reads as null does", () => {
    json.open("{}", "v");
    expect(json.text("lenientText")).toBe("");
    expect(json.call("lenientInteger")).toBe(0n);
    expect(json.call("lenientBool")).toBe(0);
    expect(json.text("lenientArray")).toBe("[]");
  });
});
