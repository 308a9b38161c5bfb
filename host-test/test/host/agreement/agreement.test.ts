// The filter chain against a real Envoy on generated plugins: the same callbacks with the same arguments, the
// same results of host calls, the same bytes on both sides. Where the two differ, Envoy is right.

import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { findEnvoy } from "../../../envoy/binary.ts";
import { EnvoyCases } from "./envoy-cases.ts";
import { generate } from "./generate.ts";
import type { Case } from "./generate.ts";
import { observeChain } from "./observation.ts";
import type { Observation } from "./observation.ts";

/** `AGREEMENT_SEED` and `AGREEMENT_CASES` widen the search. */
const first = Number(process.env["AGREEMENT_SEED"] ?? 1);
const count = Number(process.env["AGREEMENT_CASES"] ?? 40);
/** On a machine that is busy an exchange may need more time to settle: differences are looked at again. */
const patientRounds = 80;

async function observeEnvoy(cases: Case[]): Promise<Observation[]> {
  const observations = await EnvoyCases.observe(cases);
  const doubtful = cases.filter((one, index) => !isDeepStrictEqual(observeChain(one), observations[index]));
  if (doubtful.length === 0) return observations;
  const again = await EnvoyCases.observe(doubtful, patientRounds);
  return cases.map((one, index) => again[doubtful.indexOf(one)] ?? observations[index]!);
}

describe.skipIf((await findEnvoy()) === null)("the chain and Envoy 1.40", () => {
  const cases = Array.from({ length: count }, (_, index) => generate(first + index));
  let observing: Promise<Observation[]> | undefined;

  test.each(cases.map((one, index) => ({ one, index, seed: one.seed })))(
    "agree on generated plugins and exchange $seed",
    async ({ one, index }) => {
      observing ??= observeEnvoy(cases);
      const envoy = (await observing)[index]!;
      expect(envoy.log.length).toBeGreaterThan(0);
      expect(observeChain(one)).toEqual(envoy);
    },
  );
});
