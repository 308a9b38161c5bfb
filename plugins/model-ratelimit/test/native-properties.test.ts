// The native form as the compiled plugin, several workers, a virtual clock: whatever order requests, answers, faults and
// pauses come in, what answers spend stays within the limit, and nothing stays reserved.

import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import type { TestChain, TestStream } from "../../../host-test/testing/chain.ts";
import { excess, type Use } from "./excess.ts";
import { MeasuredData, ratelimit } from "./ratelimit.ts";

const WINDOW_MS = 10_000;
const head: [string, string][] = [
  [":method", "POST"],
  [":path", "/v1/chat/completions"],
  [":authority", "test.local"],
  [":scheme", "http"],
  ["content-type", "application/json"],
];

function ask(chain: TestChain, mostOutput: number): TestStream {
  const stream = chain.open("HTTP/1.1", true);
  stream.http.requestHeaders(head.slice(), false);
  const body = { model: "gpt-4o", max_tokens: mostOutput, messages: [] };
  stream.http.requestData(Buffer.from(JSON.stringify(body)), true);
  return stream;
}

function reply(stream: TestStream, output: number): void {
  stream.http.responseHeaders(
    [
      [":status", "200"],
      ["content-type", "application/json"],
    ],
    false,
  );
  const usage = { prompt_tokens: 1, completion_tokens: output, total_tokens: output + 1 };
  stream.http.responseData(Buffer.from(JSON.stringify({ usage })), true);
}

const actions = fc.array(
  fc.record({
    kind: fc.constantFrom("ask", "ask", "ask", "answer", "answer", "leave", "break"),
    worker: fc.nat(2),
    which: fc.nat(),
    most: fc.integer({ min: 1, max: 12 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    pauseMs: fc.oneof(fc.constant(0), fc.nat(300), fc.constantFrom(624, 625, 9_999, 10_000)),
  }),
  { maxLength: 60 },
);

interface Open {
  stream: TestStream;
  most: number;
}

test.each([
  ["fixed_window", "fixed"],
  ["sliding_window", "sliding"],
  ["token_bucket", "bucket"],
] as const)(
  "%s: what answers spend in any window stays within the limit, for three workers and any order",
  (name, algorithm) => {
    fc.assert(
      fc.property(actions, fc.integer({ min: 12, max: 40 }), (list, limit) => {
        const rules = [
          { name: "out", unit: "output_tokens", algorithm: name, limit, window_seconds: WINDOW_MS / 1000 },
          { name: "parallel", unit: "concurrent_requests", limit: 4 },
        ];
        const clock = new VirtualClock();
        const shared = { sharedData: new LocalData(), clock, logLevel: "error" as const };
        const chains = [0, 1, 2].map(() => ratelimit({ rules }, shared));
        const open: Open[] = [];
        const uses: Use[] = [];
        const now = () => Number(clock.now() / 1_000_000n);
        for (const { kind, worker, which, most, share, pauseMs } of list) {
          clock.advance(pauseMs);
          if (kind === "ask") {
            const chain = chains[worker]!;
            const stream = ask(chain, most);
            if (stream.client.status !== 429) open.push({ stream, most });
            expect(open.length).toBeLessThanOrEqual(4);
            continue;
          }
          const [one] = open.length > 0 ? open.splice(which % open.length, 1) : [];
          if (one === undefined) continue;
          const amount = Math.floor(one.most * share);
          if (kind === "answer") reply(one.stream, amount);
          else if (kind === "leave") one.stream.http.requestReset();
          else one.stream.http.responseReset("reset");
          if (kind === "answer") uses.push({ at: now(), amount });
        }
        const measure = { algorithm, capacity: limit, amount: limit, windowMs: WINDOW_MS, lifeMs: 600_000 };
        expect(excess(measure, uses)).toBeLessThanOrEqual(1e-6);
        for (const { stream } of open) stream.http.requestReset();
        clock.advance(20 * WINDOW_MS);
        const last = ask(chains[0]!, 1);
        reply(last, 0);
        expect(last.client.header("ratelimit")).toContain(`"parallel";r=3;`);
        expect(chains.flatMap((chain) => chain.problems())).toEqual([]);
        for (const chain of chains) chain.close();
      }),
      { numRuns: process.env.LONG ? 500 : 40 },
    );
  },
);

test("a clock that is set back an hour does not keep a full limit full for an hour", () => {
  let offset = 0n;
  const clock = new VirtualClock();
  const now = clock.now.bind(clock);
  clock.now = () => now() - offset;
  for (const algorithm of ["fixed_window", "sliding_window", "token_bucket"]) {
    offset = 0n;
    const rules = [
      { name: "one", unit: "requests", algorithm, limit: 2, window_seconds: 10 },
      { name: "many", unit: "requests", limit: 1000 },
    ];
    const chain = ratelimit({ rules }, { clock });
    const status = () => chain.exchange().client.status;
    expect([status(), status(), status()]).toEqual([200, 200, 429]);
    offset = 3_600_000_000_000n;
    expect(status()).toBe(429);
    chain.advance(10_625);
    expect(status()).toBe(200);
    chain.close();
  }
});

test("100,000 consumers stay within fixed memory, and none is let through early", () => {
  const sharedData = new MeasuredData();
  const rules = [{ by: ["consumer"], unit: "requests", limit: 1, window_seconds: 3600 }];
  const chain = ratelimit({ rules, show_limit_headers: false }, { sharedData, logLevel: "error" });
  const status = (i: number) =>
    chain.exchange({ headers: { "x-mse-consumer": `consumer-${i}` } }).client.status;
  for (let i = 0; i < 100_000; i++) if (status(i) !== 200) expect.unreachable(`consumer ${i} was refused`);
  for (let i = 0; i < 100_000; i += 97)
    if (status(i) !== 429) expect.unreachable(`consumer ${i} passed twice`);
  expect(sharedData.keys).toBeLessThanOrEqual(16_385);
  expect(sharedData.bytes).toBeLessThanOrEqual(16 << 20);
  expect(chain.chain.memoryPages()).toBeLessThanOrEqual(8);
  chain.close();
}, 120_000);
