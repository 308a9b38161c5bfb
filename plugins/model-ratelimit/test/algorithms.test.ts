// The algorithms in the compiled arithmetic, for any order of requests, settlements, pauses and set-back clocks: what is
// admitted is checked against a record of what really passed, not against the counters themselves.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { excess, type Use } from "./excess.ts";
import { ALGORITHMS, Tallies, type Algorithm, type Measure } from "./tallies.ts";

const START = 1_700_000_000_000;

function measureOf(algorithm: Algorithm, amount: number, burst: number, windowMs: number): Measure {
  return { algorithm, capacity: algorithm === "bucket" ? burst : amount, amount, windowMs, lifeMs: 4000 };
}

const measures = (algorithm: Algorithm) =>
  fc
    .record({
      amount: fc.integer({ min: 1, max: 30 }),
      burst: fc.integer({ min: 1, max: 40 }),
      windowMs: fc.constantFrom(1000, 1600, 7001),
    })
    .map(({ amount, burst, windowMs }) => measureOf(algorithm, amount, burst, windowMs));

const pauses = fc.oneof(
  fc.constant(0),
  fc.nat(40),
  fc.nat(1700),
  fc.constantFrom(62, 63, 999, 1000, 1001, 7001),
);

interface Open {
  at: number;
  estimate: number;
  cell: number;
}

describe.each(ALGORITHMS)("%s", (algorithm) => {
  test("reserved and settled in any order: never more than the limit, whatever the answers use of their estimate", () => {
    const actions = fc.array(
      fc.record({
        pauseMs: pauses,
        settles: fc.boolean(),
        which: fc.nat(),
        estimate: fc.integer({ min: 1, max: 12 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(measures(algorithm), actions, (measure, list) => {
        const counter = new Tallies([measure]);
        const uses: Use[] = [];
        let open: Open[] = [];
        let now = START;
        for (const { pauseMs, settles, which, estimate, share } of list) {
          now += pauseMs;
          // What is older may have been given back: it is nobody's promise any more.
          open = open.filter(({ at }) => now - at < measure.lifeMs);
          const held = open.reduce((sum, one) => sum + one.estimate, 0);
          if (algorithm === "concurrent") expect(held).toBeLessThanOrEqual(measure.capacity);
          if (settles && open.length > 0) {
            const [{ estimate, cell }] = open.splice(which % open.length, 1) as [Open];
            const take = Math.floor(estimate * share);
            counter.decide(now, [{ take, release: estimate, cell }], true);
            uses.push({ at: now, amount: take });
          } else {
            const { refused, counters } = counter.decide(now, [{ test: estimate, hold: estimate }]);
            if (refused === 0) open.push({ at: now, estimate, cell: counters[0]!.cell });
          }
        }
        if (algorithm !== "concurrent") expect(excess(measure, uses)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 200 },
    );
  });

  test("a clock that is set back, often and far: never more than the limit, and no reservation stays for ever", () => {
    const actions = fc.array(
      fc.record({
        pauseMs: pauses,
        backMs: fc.oneof(
          { weight: 4, arbitrary: fc.constant(0) },
          fc.constantFrom(1, 900, 5000, 3_600_000, 1e10),
        ),
        amount: fc.integer({ min: 1, max: 6 }),
        isHeld: fc.boolean(),
      }),
      { maxLength: 50 },
    );
    fc.assert(
      fc.property(measures(algorithm), actions, (measure, list) => {
        const counter = new Tallies([measure]);
        const uses: Use[] = [];
        let [now, offset] = [START, 0];
        for (const { pauseMs, backMs, amount, isHeld } of list) {
          now += pauseMs;
          offset -= backMs;
          const step = isHeld ? { test: amount, hold: amount } : { test: amount, take: amount };
          const { refused } = counter.decide(now + offset, [step]);
          if (refused === 0 && !isHeld) uses.push({ at: now, amount });
        }
        // A window that was begun anew by the clock may overlap the one that real time knows.
        const allowed = algorithm === "fixed" ? measure.amount : 1e-6;
        if (algorithm !== "concurrent") expect(excess(measure, uses)).toBeLessThanOrEqual(allowed);
        now += Math.max(measure.windowMs * 1.0625, measure.lifeMs * 1.25) + 1;
        now += algorithm === "bucket" ? (measure.capacity * measure.windowMs) / measure.amount : 0;
        const { counters } = counter.decide(now + offset, [{}]);
        expect(counters[0]!.remaining).toBe(measure.capacity);
        expect(counter.words).toEqual([[]]);
      }),
      { numRuns: 200 },
    );
  });
});

test("what fits is admitted: none of the algorithms refuses below its limit", () => {
  const actions = fc.array(fc.record({ pauseMs: pauses, amount: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 60,
  });
  const algorithms = fc.constantFrom<Algorithm>("fixed", "sliding", "bucket").chain(measures);
  fc.assert(
    fc.property(algorithms, actions, (measure, list) => {
      const counter = new Tallies([measure]);
      const uses: Use[] = [];
      let now = START;
      for (const { pauseMs, amount } of list) {
        now += pauseMs;
        // A sliding window remembers up to a sixteenth longer.
        const known =
          measure.algorithm === "sliding"
            ? uses.filter(({ at }) => now - at < measure.windowMs * 1.0626)
            : uses;
        const most =
          measure.algorithm === "sliding"
            ? sumOf(known) + amount - measure.capacity
            : excess(measure, [...uses, { at: now, amount }]);
        const { refused } = counter.decide(now, [{ test: amount, take: amount }]);
        if (most < -1e-6 || (most <= 0 && measure.algorithm !== "bucket")) expect(refused).toBe(0);
        if (refused === 0) uses.push({ at: now, amount });
      }
    }),
    { numRuns: 300 },
  );
});

function sumOf(uses: Use[]): number {
  return uses.reduce((sum, { amount }) => sum + amount, 0);
}

describe("edges", () => {
  const one = { test: 1, take: 1 };
  const admits = (counter: Tallies, now: number) => counter.decide(now, [one]).refused === 0;

  test("a fixed window ends with its last millisecond", () => {
    const counter = new Tallies([measureOf("fixed", 1, 1, 1000)]);
    const times = [0, 1, 999, 1000, 1001, 1999, 2000];
    expect(times.map((time) => admits(counter, START + time))).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  test("a sliding window gives back what came more than a window ago, at most a sixteenth late", () => {
    const counter = new Tallies([measureOf("sliding", 1, 1, 1600)]);
    const times = [50, 1599, 1649, 1650, 1699, 1700];
    expect(times.map((time) => admits(counter, START + time))).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  test("a bucket gives back one when the time for one has passed", () => {
    const counter = new Tallies([measureOf("bucket", 10, 2, 1000)]);
    const times = [0, 0, 99, 100, 199, 200, 201];
    expect(times.map((time) => admits(counter, START + time))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  test("more than the limit at once is refused, and counts nothing", () => {
    for (const algorithm of ALGORITHMS) {
      const counter = new Tallies([measureOf(algorithm, 5, 5, 1000)]);
      expect(counter.decide(START, [{ test: 6, take: 6, hold: 6 }]).refused).toBe(1);
      expect(counter.words).toEqual([[]]);
    }
  });
});
