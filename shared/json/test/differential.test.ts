import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { figure } from "../../../host-test/testing/figure.ts";
import { Documents } from "./documents.ts";
import { JsonProbe, builds } from "./harness.ts";

const seed = Number(process.env.JSON_SEED ?? 20240229);
const documents = 100_000;

/** What Node reads, in the form that UTF-8 can say; undefined where Node refuses. */
function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString(), (_key, value) =>
      typeof value === "string" ? value.toWellFormed() : value,
    );
  } catch {
    return undefined;
  }
}

describe(`generated documents, seed ${seed} (JSON_SEED sets another)`, async () => {
  const [simd, scalar] = await Promise.all(builds.map(([, flags]) => JsonProbe.load(flags)));

  test("100,000 documents, half of them damaged, give the same answers with SIMD and without", () => {
    const generator = new Documents(seed);
    let valid = 0;
    for (let i = 0; i < documents; i++) {
      let { bytes } = generator.next(true);
      if (i % 2 === 1) bytes = generator.damage(bytes);
      const fast = simd!.bytes("survey", bytes);
      const plain = scalar!.bytes("survey", bytes);
      if (!fast.equals(plain))
        expect(fast.toString(), JSON.stringify(bytes.toString())).toBe(plain.toString());
      // The first answer is the check's, the fifth the document read and written again.
      const survey = JSON.parse(fast.toString()) as [number, number, number, number, string];
      const expected = parse(bytes);
      if (survey[0] === 0) {
        valid++;
        const read = parse(Buffer.from(survey[4]));
        if (!isDeepStrictEqual(read, expected)) expect(read, bytes.toString()).toEqual(expected);
      } else if (expected !== undefined && survey[0] !== 7 && survey[0] !== 8) {
        // Node reads invalid UTF-8 (7) as U+FFFD and accepts lone surrogates in names (8).
        expect.fail(`refused with ${survey[0]}: ${bytes}`);
      }
    }
    expect(valid).toBeGreaterThan(documents / 2 - 1);
    expect(simd!.probe.logs).toEqual([]);
    figure(
      "json edits",
      `${documents.toLocaleString("en")} documents, ${valid.toLocaleString("en")} of them valid, read and written as Node does; seed ${seed}`,
    );
  });
});
