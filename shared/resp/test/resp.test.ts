// Redis's wire format: commands as Redis reads them, replies as Redis writes them, and no reply that harms.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";

let probe: Probe;
beforeAll(async () => {
  probe = await loadProbe("shared/resp/test/probe.ts");
});

function run(name: "read" | "coerce" | "write", input: string | Uint8Array): Buffer {
  probe.put(typeof input === "string" ? Buffer.from(input, "latin1") : input);
  probe.exports[name]!();
  return probe.take(probe.exports.outputStart!(), probe.exports.outputSize!());
}

const read = (input: string | Uint8Array) => run("read", input).toString();

type Reply =
  { text: string } | { error: string } | { integer: bigint } | { bulk: Uint8Array } | null | Reply[];

function encode(reply: Reply): Buffer {
  if (reply === null) return Buffer.from("$-1\r\n");
  if (Array.isArray(reply)) return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encode)]);
  if ("text" in reply) return Buffer.from(`+${reply.text}\r\n`);
  if ("error" in reply) return Buffer.from(`-${reply.error}\r\n`);
  if ("integer" in reply) return Buffer.from(`:${reply.integer}\r\n`);
  return Buffer.concat([Buffer.from(`$${reply.bulk.length}\r\n`), reply.bulk, Buffer.from("\r\n")]);
}

function describeReply(reply: Reply): string {
  if (reply === null) return "null";
  if (Array.isArray(reply)) return `list(${reply.map(describeReply).join(",")})`;
  if ("text" in reply) return `text(${reply.text})`;
  if ("error" in reply) return `error(${reply.error})`;
  if ("integer" in reply) return `integer(${reply.integer})`;
  return `bulk(${Buffer.from(reply.bulk).toString("hex")})`;
}

const line = fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz ABC019-_:é漢😀") });
const leaf: fc.Arbitrary<Reply> = fc.oneof(
  line.map((text) => ({ text })),
  line.map((error) => ({ error })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((integer) => ({ integer })),
  fc.uint8Array({ maxLength: 200 }).map((bulk) => ({ bulk })),
  fc.constant(null),
);
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof({ maxDepth: 6 }, leaf, fc.array(tie("reply"), { maxLength: 5 }) as fc.Arbitrary<Reply>),
}));

describe("replies", () => {
  test("of every kind and depth are read as they were written", () => {
    fc.assert(
      fc.property(reply, (value) => {
        expect(read(encode(value))).toBe(describeReply(value));
      }),
      { numRuns: 2000 },
    );
  });

  test("that are cut off anywhere are broken", () => {
    fc.assert(
      fc.property(reply, (value) => {
        const bytes = encode(value);
        for (let cut = 0; cut < Math.min(bytes.length, 400); cut++)
          expect(read(bytes.subarray(0, cut))).toBe("broken");
      }),
      { numRuns: 200 },
    );
  });

  test("that are any bytes at all are read or broken, and never trap", () => {
    const token = fc.constantFrom(
      "*",
      "$",
      ":",
      "+",
      "-",
      "_",
      "\r\n",
      "\r",
      "\n",
      "1",
      "2",
      "-1",
      "99999999999",
      "x",
      "\0",
      "\xff",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        expect(read(tokens.join(""))).not.toBe("");
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ["*-1\r\n", "null"],
    ["_\r\n", "null"],
    ["_x\r\n", "broken"],
    ["*0\r\n", "list()"],
    ["$0\r\n\r\n", "bulk()"],
    ["+\r\n", "text()"],
    ["+OK\r\nrest", "text(OK)"],
    ["$-2\r\n", "broken"],
    ["*-2\r\n", "broken"],
    ["$3\r\nabcd\r\n", "broken"],
    ["$3\r\nabc\n\n", "broken"],
    ["$3\r\nab", "broken"],
    ["$9223372036854775807\r\nabc\r\n", "broken"],
    ["$9999999999999999999\r\nabc\r\n", "broken"],
    ["$2147483647\r\nabc\r\n", "broken"],
    ["$\r\n\r\n", "broken"],
    ["$+1\r\na\r\n", "broken"],
    [":\r\n", "broken"],
    [": 1\r\n", "broken"],
    [":9223372036854775808\r\n", "broken"],
    [":-9223372036854775808\r\n", "integer(-9223372036854775808)"],
    ["*1048577\r\n", "broken"],
    ["*2147483647\r\n:1\r\n", "broken"],
    ["*2\r\n:1\r\n", "broken"],
    ["", "broken"],
    ["\r\n", "broken"],
    ["+OK\n", "broken"],
    ["#t\r\n", "broken"],
    [`${"*1\r\n".repeat(8)}:1\r\n`, `${"list(".repeat(8)}integer(1)${")".repeat(8)}`],
    [`${"*1\r\n".repeat(9)}:1\r\n`, "broken"],
    [`${"*1\r\n".repeat(100_000)}`, "broken"],
  ])("%j is %s", (input, expected) => {
    expect(read(input)).toBe(expected);
  });

  test("of very many items are read", () => {
    // Reading costs the stressed build the square of it.
    const count = guestBuild === "stress" ? 1000 : 100_000;
    expect(read(`*${count}\r\n${":7\r\n".repeat(count)}`)).toHaveLength(
      "list()".length + count * "integer(7),".length - 1,
    );
  });
});

describe("values", () => {
  test.each([
    [":42\r\n", "42 42"],
    ["$2\r\n42\r\n", "42 42"],
    ["$3\r\n-42\r\n", "-42 -42"],
    ["$2\r\n4x\r\n", "0 4x"],
    ["$-1\r\n", "0 "],
    ["-ERR no\r\n", "0 ERR no"],
    ["*2\r\n$1\r\na\r\n*1\r\n:7\r\n", "0 [a [7]]"],
  ])("%j as a number and as text: %s", (input, expected) => {
    expect(run("coerce", input).toString().split(" ").slice(0, -2).join(" ")).toBe(expected);
  });

  test("an item outside of a list is broken", () => {
    expect(run("coerce", ":1\r\n").toString()).toBe("1 1 0 true");
  });
});

test("a command is an array of bulk strings, byte for byte", () => {
  const word = fc.uint8Array({ maxLength: 50 }).map((bytes) => bytes.filter((byte) => byte !== 0));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      const input = Buffer.concat([
        Buffer.from("set"),
        ...words.flatMap((bytes) => [Buffer.from([0]), bytes]),
      ]);
      const all = [Buffer.from("set"), ...words, Buffer.from("-9223372036854775808"), Buffer.from("é")];
      const expected = Buffer.concat([
        Buffer.from(`*${all.length}\r\n`),
        ...all.flatMap((bytes) => [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]),
      ]);
      expect(run("write", input).equals(expected)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
