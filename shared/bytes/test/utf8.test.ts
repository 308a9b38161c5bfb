import fc from "fast-check";
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { builds } from "./builds.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import { BytesProbe, latin1 } from "./bytes-probe.ts";

const CASES = new URL("../../../../shared/data/utf8/utf8tests.txt", import.meta.url);
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The lines `number:valid|invalid[ hex]:bytes[:…]` of the public suite. */
function publicCases(): { number: string; isValid: boolean; bytes: Buffer }[] {
  const lines = readFileSync(CASES, "utf8").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [number, kind, text] = line.split(":") as [string, string, string];
      const bytes = kind.includes("hex") ? Buffer.from(text.replaceAll(" ", ""), "hex") : Buffer.from(text);
      return { number, isValid: !kind.includes("invalid"), bytes };
    });
}

function isValid(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

// Mostly ASCII runs around the SIMD width, whole sequences, and bytes at the edges of the lead and trail ranges.
const edges = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5,
  0xff,
];
const fragment = fc.oneof(
  fc.nat({ max: 40 }).map((size) => Buffer.alloc(size, "a")),
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => Buffer.from(text)),
  fc.array(fc.constantFrom(...edges), { maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
);
const anyBytes = fc.array(fragment, { maxLength: 5 }).map((parts) => Buffer.concat(parts));
const anyUnits = fc.array(
  fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe000 })),
);

describe.each(builds)("UTF-8, %s", (build, flags) => {
  let probe: BytesProbe;
  beforeAll(async () => {
    probe = await BytesProbe.load(flags);
  });

  const decode = (bytes: Uint8Array) => probe.bytes("utf8Decode", [bytes]).toString("utf16le");

  function agrees(bytes: Buffer): void {
    expect(Boolean(probe.call("utf8Valid", [bytes]))).toBe(isValid(bytes));
    expect(decode(bytes)).toBe(decoder.decode(bytes));
  }

  test.skipIf(!existsSync(CASES))("all 222 public cases are judged and decoded as TextDecoder does", () => {
    const cases = publicCases();
    expect(cases.length).toBe(222);
    for (const { number, isValid, bytes } of cases) {
      expect(Boolean(probe.call("utf8Valid", [bytes])), number).toBe(isValid);
      expect(decode(bytes), number).toBe(decoder.decode(bytes));
    }
    figure("utf-8", `${build}: ${cases.length} of ${cases.length} public cases as TextDecoder`);
  });

  test("all 65,536 pairs of bytes agree with TextDecoder, alone and behind ASCII", () => {
    for (let pair = 0; pair < 0x10000; pair++) {
      const bytes = Buffer.from([pair >> 8, pair & 0xff]);
      if (decode(bytes) !== decoder.decode(bytes)) agrees(bytes);
      const behind = Buffer.concat([latin1("0123456789abcdef"), bytes, latin1("z")]);
      if (Boolean(probe.call("utf8Valid", [behind])) !== isValid(behind)) agrees(behind);
      if ((pair & 0xfff) === 0) probe.collect();
    }
  });

  test("100,000 random byte strings agree with TextDecoder", () => {
    let runs = 0;
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        if (runs++ % 1000 === 0) probe.collect();
        agrees(bytes);
      }),
      { numRuns: 100_000 },
    );
    expect(runs).toBeGreaterThanOrEqual(100_000);
  });

  test("a sequence cut at the end is one replacement character and reads nothing beyond", () => {
    for (const whole of ["é", "€", "𝒜"].map((text) => Buffer.from(text))) {
      for (let size = 1; size < whole.length; size++) {
        // The rest of the sequence stands in memory right behind the input.
        probe.call("utf8Valid", [whole]);
        expect(probe.exports.utf8Valid!(size)).toBe(0);
        probe.exports.utf8Decode!(size);
        expect(probe.result().toString("utf16le")).toBe("\ufffd");
      }
    }
  });

  test("a byte order mark stays in the text", () => {
    expect(decode(Buffer.from("\ufeffa"))).toBe("\ufeffa");
  });

  test("a string is written as TextEncoder does, lone surrogates as U+FFFD", () => {
    fc.assert(
      fc.property(anyUnits, (units) => {
        const text = String.fromCharCode(...units);
        const expected = Buffer.from(new TextEncoder().encode(text));
        for (const name of ["utf8Encode", "bufferUtf8"]) {
          probe.call(name, [Buffer.from(text, "utf16le")]);
          probe.exports[name]!(text.length);
          expect(probe.result()).toEqual(expected);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
