// The script in a real Redis and the compiled arithmetic of the guest: the same decisions, the same replies and the same
// state for the same random requests, settlements and clocks, over several counters at once.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encode, RedisConnection } from "../../../host-test/services/redis/connection.ts";
import { hasRedis, openRedis, type RedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { NATIVE, NATIVE_SHA1 } from "../native-script.ts";
import { ALGORITHMS, numbersOf, Tallies, type Measure, type Step, type Verdict } from "./tallies.ts";

// Redis drops a key by its own clock: windows and reservations are longer than the test takes.
const measures = fc
  .record({
    algorithm: fc.constantFrom(...ALGORITHMS),
    amount: fc.integer({ min: 1, max: 40 }),
    burst: fc.integer({ min: 1, max: 40 }),
    windowMs: fc.constantFrom(600_000, 3_600_000, 86_400_000),
    lifeMs: fc.constantFrom(600_000, 7_000_000),
  })
  .map(({ burst, ...rest }): Measure => ({
    ...rest,
    capacity: rest.algorithm === "bucket" ? burst : rest.amount,
  }));

const actions = fc.array(
  fc.record({
    pauseMs: fc.oneof(
      fc.constant(0),
      fc.nat(200_000),
      fc.nat(90_000_000),
      fc.constantFrom(600_000, 3_599_999, -1, -700_000, -90_000_000),
    ),
    settles: fc.boolean(),
    which: fc.nat(),
    estimate: fc.integer({ min: 0, max: 9 }),
    used: fc.integer({ min: 0, max: 48 }).map((quarters) => quarters / 4),
    isCounted: fc.boolean(),
  }),
  { maxLength: 40 },
);

describe.skipIf(!(await hasRedis()))("the script of Redis", () => {
  let server: RedisServer;
  let connection: RedisConnection;

  const send = (...words: (string | number)[]): Promise<string> =>
    new Promise((settle) =>
      connection.send(encode(words.map(String)), (reply) =>
        settle(Buffer.from(reply ?? "lost").toString("latin1")),
      ),
    );

  beforeAll(async () => {
    server = await openRedis();
    const target = { host: "127.0.0.1", database: 0, username: "", password: "", timeoutMs: 60_000 };
    connection = new RedisConnection({ ...target, port: server.port }, () => undefined);
    expect(await send("script", "load", NATIVE)).toContain(NATIVE_SHA1);
  });
  afterAll(async () => {
    connection.close();
    await server.stop();
  });

  const keysOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `{a}${i}`);

  async function decide(now: number, measures: Measure[], steps: Step[], settles: boolean): Promise<Verdict> {
    const words = steps.flatMap((step, i) => numbersOf(measures[i]!, step));
    const keys = keysOf(measures.length);
    const reply = await send(
      ...["evalsha", NATIVE_SHA1, keys.length, ...keys],
      ...[now, keys.length, settles ? 1 : 0, ...words],
    );
    const [refused = NaN, ...rest] = reply
      .split("\r\n")
      .filter((line) => line.startsWith(":"))
      .map((line) => Number(line.slice(1)));
    const counters = measures.map((_, i) => {
      const [remaining, resetMs, waitMs, cell, expired] = rest.slice(i * 5, i * 5 + 5) as number[];
      return { remaining, resetMs, waitMs, cell, expired } as Verdict["counters"][number];
    });
    return { refused, counters };
  }

  async function kept(count: number): Promise<number[][]> {
    const values = await Promise.all(keysOf(count).map((key) => send("get", key)));
    return values.map((value) => (value === "$-1\r\n" ? [] : value.split("\r\n")[1]!.split(" ").map(Number)));
  }

  test("and the guest decide, tell and keep the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(measures, { minLength: 1, maxLength: 3 }), actions, async (list, steps) => {
        await send("flushdb");
        const guest = new Tallies(list);
        const open: Step[][] = [];
        let now = 1_700_000_000_000;
        for (const { pauseMs, settles, which, estimate, used, isCounted } of steps) {
          now += pauseMs;
          const [given] = settles && open.length > 0 ? open.splice(which % open.length, 1) : [];
          const asked = isCounted ? { test: 1, take: 1 } : { test: Math.max(1, estimate), hold: estimate };
          const step = given?.map((one) => ({ ...one, take: used })) ?? list.map(() => asked);
          const [one, other] = [guest.decide(now, step, !!given), await decide(now, list, step, !!given)];
          for (const { counters } of [one, other])
            for (const each of counters) each.expired = Math.ceil(each.expired);
          expect(other).toEqual(one);
          const state = await kept(list.length);
          // Redis drops by its own clock what is over within two seconds: now, before the next step, or never.
          const isOver = other.counters.map(({ resetMs }) => resetMs < 2000);
          guest.words = guest.words.map((words, i) => (state[i]!.length === 0 && isOver[i] ? [] : words));
          expect(state).toEqual(guest.words);
          for (const [i, key] of keysOf(list.length).entries()) {
            if (!isOver[i]) continue;
            await send("del", key);
            guest.words[i] = [];
          }
          if (!given && one.refused === 0 && !isCounted)
            open.push(one.counters.map(({ cell }) => ({ release: estimate, cell })));
        }
      }),
      { numRuns: process.env.LONG ? 2000 : 150 },
    );
  });
});
