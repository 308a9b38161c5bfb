// Wherever an exchange is broken off, and by whom: what is reserved comes back, and the native form and Higress's forms
// count the same for it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { specOf, type TestChain } from "../../../host-test/testing/chain.ts";
import { chat, chatPath, fill, higress, left, quota, ratelimit } from "./ratelimit.ts";

const FULL = 1_000_000;
const native = { rules: [{ name: "tokens", limit: FULL, window_seconds: 86_400 }] };
const reserved = { ...quota, accounting: "reserve" };

const event = (data: object) => Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
const words = event({ choices: [{ index: 0, delta: { content: "some words of an answer that goes on" } }] });
const usage = event({ choices: [], usage: { prompt_tokens: 40, completion_tokens: 60, total_tokens: 100 } });
const request = Buffer.from(
  JSON.stringify({ model: "m", max_tokens: 500, stream: true, messages: [{ role: "user", content: "Hi" }] }),
);

type Http = ReturnType<TestChain["open"]>["http"];
const steps: ((http: Http, status: string) => void)[] = [
  (http) =>
    http.requestHeaders(
      [
        [":method", "POST"],
        [":path", chatPath],
        [":authority", "test.local"],
        [":scheme", "http"],
        ["x-mse-consumer", "ann"],
      ],
      false,
    ),
  (http) => http.requestData(request.subarray(0, 30), false),
  (http) => http.requestData(request.subarray(30), true),
  (http) => http.upstreamSelected("10.0.0.1:80", "10.0.0.2:40000"),
  (http, status) =>
    http.responseHeaders(
      [
        [":status", status],
        ["content-type", "text/event-stream"],
      ],
      false,
    ),
  (http) => http.responseData(words, false),
  (http) => http.responseData(words.subarray(0, 20), false),
  (http) => http.responseData(Buffer.concat([words.subarray(20), usage.subarray(0, 9)]), false),
  (http) => http.responseData(usage.subarray(9), false),
  (http) => http.responseData(Buffer.from("data: [DONE]\n\n"), true),
];
/** Before it nothing has gone to the upstream. */
const SELECTED = 4;

const ends = ["nobody", "client", "upstream"] as const;
const exchanges = fc.array(
  fc.record({
    end: fc.constantFrom(...ends),
    at: fc.integer({ min: 1, max: steps.length - 1 }),
    reloadsAt: fc.integer({ min: 1, max: 2 * steps.length }),
    status: fc.constantFrom("200", "200", "500"),
  }),
  { minLength: 1, maxLength: 4 },
);
type Plan = typeof exchanges extends fc.Arbitrary<(infer One)[]> ? One : never;

async function play(chain: TestChain, configuration: object, plan: Plan): Promise<void> {
  const stream = chain.open("HTTP/2", true);
  for (const [at, step] of steps.entries()) {
    if (at === plan.reloadsAt)
      await chain.chain.reconfigure([
        specOf({
          name: "model-ratelimit",
          module: higress,
          configuration: { ...configuration, default_output_tokens: 999 },
        }),
      ]);
    if (at === plan.at && plan.end === "client") {
      stream.http.requestReset();
      break;
    }
    if (at === Math.max(plan.at, SELECTED) && plan.end === "upstream") {
      stream.http.responseReset("reset");
      break;
    }
    step(stream.http, plan.status);
    chain.settle();
  }
  chain.settle();
}

function counterOf(chain: TestChain, name: string): number {
  return Number(chain.stats.get(chain.stats.define("counter", `model_ratelimit_${name}`)));
}

/** Tokens of which a request knows that costs nothing. */
function remaining(chain: TestChain): number {
  const { client } = chain.exchange(chat({ body: '{"max_tokens":1}' }));
  return Number(/"tokens";r=(\d+);/.exec(client.header("ratelimit")!)![1]);
}

test("a client that leaves, an upstream that breaks off and a reload at any point of an exchange", async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(exchanges, async (plans) => {
      const options = { logLevel: "error" as const, upstream: () => ({ status: 500, body: "{}" }) };
      const [one, other] = [ratelimit(native, options), ratelimit(reserved, options)];
      try {
        fill(other, FULL);
        for (const plan of plans) {
          const before = [remaining(one), left(other)];
          await play(one, native, plan);
          await play(other, reserved, plan);
          const costs = [before[0]! - remaining(one), before[1]! - left(other)];
          expect(costs[0]).toBe(costs[1]);
          seen.add(costs[0]!);
        }
        for (const chain of [one, other]) {
          expect(counterOf(chain, "settled")).toBe(counterOf(chain, "reserved"));
          expect([counterOf(chain, "expired"), counterOf(chain, "uncounted")]).toEqual([0, 0]);
        }
      } finally {
        one.close();
        other.close();
      }
    }),
    { numRuns: process.env.LONG ? 1000 : 150 },
  );
  // Nothing, the usage that was stated, and estimates of what had come.
  expect(seen).toContain(0);
  expect(seen).toContain(100);
  expect(seen.size).toBeGreaterThan(3);
});
