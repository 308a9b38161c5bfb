// What the metrics say after exchanges that are known: each of them, in every form.

import { expect, onTestFinished, test } from "vitest";
import { chat, fill, quota, ratelimit, used } from "./ratelimit.ts";

type Words = Partial<
  Record<"admitted" | "refused" | "reserved" | "settled" | "expired" | "unchecked" | "uncounted", number>
>;

const names = ["admitted", "refused", "reserved", "settled", "expired", "unchecked", "uncounted"] as const;

const stated = { rule_name: "r", rules: [{ name: "day", limit: 1000, window_seconds: 86_400 }] };
const tokens = { rule_name: "r", global_threshold: { token_per_day: 1000 } };
const forms: [title: string, configuration: object, reserves: boolean, refusal: number][] = [
  ["native", { ...stated, reservation_seconds: 40 }, true, 429],
  ["native, after", { ...stated, accounting: "after" }, false, 429],
  ["tokens", tokens, false, 429],
  ["tokens that are reserved", { ...tokens, accounting: "reserve", reservation_seconds: 40 }, true, 429],
  ["a quota", quota, false, 403],
  ["a quota that is reserved", { ...quota, accounting: "reserve", reservation_seconds: 40 }, true, 403],
];

test.each(forms)("%s: each counter has its exact value", (title, configuration, reserves, refusal) => {
  let reply = used(20, 80);
  const chain = ratelimit(configuration, { logLevel: "error", upstream: () => reply });
  onTestFinished(() => chain.close());
  const isQuota = title.includes("quota");
  if (isQuota) fill(chain, 1000);
  const counted = (): Words => {
    const words: Words = {};
    for (const name of names) {
      const value = Number(chain.stats.get(chain.stats.define("counter", `model_ratelimit_${name}`)));
      if (value > 0) words[name] = value;
    }
    return words;
  };
  const held = (count: number) => (reserves ? { reserved: count, settled: count } : {});
  const ask = (most: number) =>
    chain.exchange(chat({ body: JSON.stringify({ model: "gpt-4o", max_tokens: most, messages: [] }) })).client
      .status;

  // Two answers of a hundred tokens, and one that states nothing.
  expect([ask(80), ask(80)]).toEqual([200, 200]);
  expect(counted()).toEqual({ admitted: 2, ...held(2) });
  reply = { headers: { "content-type": "application/json" }, body: "{}" };
  expect(ask(80)).toBe(200);
  expect(counted()).toEqual({ admitted: 3, ...held(3) });

  // One that uses up the rest, and one that is refused.
  reply = used(20, 980);
  expect(ask(80)).toBe(200);
  expect(ask(80)).toBe(refusal);
  expect(counted()).toEqual({ admitted: 4, refused: 1, ...held(4) });

  if (!reserves) return;
  // A request that nobody answers. It holds what it may use until its time is over, however long nobody asks then.
  chain.advance(86_400_000);
  if (isQuota) fill(chain, 1000);
  reply = used(20, 80);
  const stream = chain.open("HTTP/2", true);
  stream.http.requestHeaders(
    [
      [":method", "POST"],
      [":path", "/v1/chat/completions"],
      [":authority", "test.local"],
      ["x-mse-consumer", "ann"],
    ],
    false,
  );
  stream.http.requestData(Buffer.from(JSON.stringify({ model: "gpt-4o", max_tokens: 80 })), true);
  chain.settle();
  expect(counted()).toEqual({ admitted: 5, refused: 1, reserved: 5, settled: 4 });
  chain.advance(80_000);
  expect(ask(80)).toBe(200);
  expect(counted()).toEqual({ admitted: 6, refused: 1, reserved: 6, settled: 5, expired: 1 });
  // It is told once, also where the one that was given up ends at last.
  stream.http.requestReset();
  chain.settle();
  expect(ask(80)).toBe(200);
  expect(counted()).toEqual({ admitted: 7, refused: 1, reserved: 7, settled: 7, expired: 1 });
});

test("the estimation error is that of the tokens that were expected, in percent of those that were used", () => {
  const forms = [stated, { ...tokens, accounting: "reserve" }];
  for (const form of forms) {
    const usages = [
      [7, 80],
      [107, 80],
      [7, 30],
    ] as const;
    const seen: number[] = [];
    for (const [prompt, output] of usages) {
      const chain = ratelimit(form, { logLevel: "error", upstream: () => used(prompt, output) });
      // Seven tokens are expected of the empty prompt, and eighty of the answer.
      chain.exchange(chat({ body: JSON.stringify({ model: "gpt-4o", max_tokens: 80, messages: [] }) }));
      const sum = /model_ratelimit_estimation_error\S*_sum\S* (\d+)/.exec(chain.stats.prometheus())?.[1];
      const count = /model_ratelimit_estimation_error\S*_count\S* (\d+)/.exec(chain.stats.prometheus())?.[1];
      expect(count).toBe("1");
      seen.push(Number(sum));
      chain.close();
    }
    expect(seen).toEqual([0, Math.floor(10_000 / 187), Math.floor(5000 / 37)]);
  }
});
