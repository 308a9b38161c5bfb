// Whatever clients and providers send, the VM lives, the exchange ends, and the client gets an answer of its dialect
// or a documented error: every provider type, a client of every dialect, golden and recorded bodies with their JSON and
// their bytes changed at random, cut at random. A trap fails every stream of a worker, so after each exchange another
// client's must be served.
//
// Each run takes a slice; LONG=1 makes a million exchanges. FUZZ_SEED=n repeats a run, FUZZ_RUNS=n sets its length.

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { figure } from "../../../host-test/testing/figure.ts";
import { configuredProviders } from "./configured-providers.ts";
import { HostileChain } from "./hostile-chain.ts";
import { hostile } from "./hostile-exchanges.ts";
import { tableTypes } from "./provider-fixtures.ts";

const runs = Number(process.env.FUZZ_RUNS ?? (process.env.LONG ? 1_000_000 : 6_000));
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const numRuns = Math.ceil(runs / configuredProviders.length);

const totals = { exchanges: 0, refused: 0, translated: 0, streams: 0, errors: 0 };

describe.each(configuredProviders)("$title", (configured) => {
  test("whatever comes, clients of all dialects get what they can read", { timeout: 14_400_000 }, () => {
    const chain = new HostileChain(configured);
    fc.assert(
      fc.property(hostile, (given) => chain.check(given)),
      { numRuns, seed },
    );
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += chain.counts[name];
    chain.close();
  });
});

test("every provider type is among them", () => {
  expect(new Set(configuredProviders.map(({ type }) => type))).toEqual(new Set(tableTypes()));
});

afterAll(() => {
  const [exchanges, refused, translated, streams] = [
    totals.exchanges,
    totals.refused,
    totals.translated,
    totals.streams,
  ].map((count) => count.toLocaleString("en"));
  figure(
    "fuzz ai-proxy",
    `${exchanges} exchanges (${refused} requests refused, ${translated} answers translated, ${streams} of them streams), ` +
      `0 traps, 0 hangs; seed ${seed}`,
    totals.exchanges,
  );
});
