// For any order of requests, pauses and workers: never more than a fixed window allows, and never less.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { TestChain } from "../../../host-test/testing/chain.ts";
import { compileForTest } from "../../../scripts/compile.mjs";
import { byHeader, higress, ratelimit, used } from "./ratelimit.ts";

interface Step {
  worker: number;
  pauseMs: number;
  cost: number;
}

const steps = fc.array(
  fc.record({
    worker: fc.nat(2),
    pauseMs: fc.oneof(fc.constant(0), fc.nat(1500), fc.constantFrom(999, 1000, 1001)),
    cost: fc.nat(9),
  }),
  { maxLength: 40 },
);

/** What a fixed window does, which begins with its first count. */
class Window {
  #count = 0;
  #end = 0;

  admits(limit: number, now: number): boolean {
    if (now >= this.#end) this.#count = 0;
    return this.#count <= limit;
  }

  add(amount: number, limit: number, now: number): void {
    if (now >= this.#end) [this.#count, this.#end] = [0, now + 1000];
    if (this.#count <= limit) this.#count += amount;
  }
}

function play(configuration: object, list: Step[], expected: (step: Step, now: number) => number): void {
  const sharedData = new LocalData();
  const clock = new VirtualClock();
  let cost = 0;
  const upstream = () => used(cost, 0);
  const options = { sharedData, clock, upstream, logLevel: "error" as const };
  const chains = [0, 1, 2].map(() => ratelimit(configuration, options));
  let now = 0;
  for (const step of list) {
    clock.advance(step.pauseMs);
    now += step.pauseMs;
    cost = step.cost;
    expect(chains[step.worker]!.exchange().client.status).toBe(expected(step, now));
  }
  for (const chain of chains) chain.close();
}

test("requests: what passes is what a fixed window of one second allows", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (list, limit) => {
      const window = new Window();
      play({ rule_name: "r", global_threshold: { query_per_second: limit } }, list, (_, now) => {
        window.add(1, limit, now);
        return window.admits(limit, now) ? 200 : 429;
      });
    }),
    { numRuns: 60 },
  );
});

test("tokens: a request passes until more than the limit is counted", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (list, limit) => {
      const window = new Window();
      play({ rule_name: "r", global_threshold: { token_per_second: limit } }, list, ({ cost }, now) => {
        if (!window.admits(limit, now)) return 429;
        if (cost > 0) window.add(cost, limit, now);
        return 200;
      });
    }),
    { numRuns: 60 },
  );
});

test("no header, path, cookie or address stops the plugin", () => {
  const by = ["header", "param", "cookie", "per_header", "per_param", "per_cookie", "per_consumer"];
  const rules = by.map((one) => ({
    [`limit_by_${one}`]: "x-key",
    limit_keys: [{ key: one.startsWith("per") ? "regexp:^zz" : "zz", query_per_day: 1 }],
  }));
  const address = {
    limit_by_per_ip: "from-header-x-key",
    limit_keys: [{ key: "::/0", query_per_day: 1000000 }],
  };
  const chain = ratelimit({ rule_name: "r", rule_items: [...rules, address] }, { logLevel: "error" });
  const text = fc.string({ unit: fc.constantFrom(..."0123456789abcdf:.[]/%&=;+,? ~\u00ff") });
  fc.assert(
    fc.property(text, text, text, (key, query, cookie) => {
      const headers = { "x-key": key, cookie: `x-key${cookie}`, "x-mse-consumer": cookie };
      const path = `/?x-key${query.replaceAll(/[ \u00ff]/g, "")}`;
      expect(chain.exchange({ path, headers }).client.status).toBe(200);
    }),
    { numRuns: 2000 },
  );
  expect(chain.problems()).toEqual([]);
  chain.close();
});

describe("the shared log of an exchange", () => {
  const writes = async (value: string): Promise<string | undefined> => {
    const module = readFileSync(
      await compileForTest({
        entry: "shared/sdk/test/probe-plugin.ts",
        target: "higress",
        flags: ["--noUnsafe"],
      }),
    );
    const limits = byHeader({ a: 1 }, "token_per_minute");
    const steps = { requestHead: value === "" ? [] : [`property ai_log ${value}`] };
    const chain = new TestChain({
      plugins: [
        { name: "probe", module, configuration: { steps } },
        { name: "model-ratelimit", module: higress, configuration: limits },
      ],
      upstream: () => used(5, 5),
    });
    chain.exchange({ headers: { "x-key": "a" } });
    const { record } = chain.exchange({ headers: { "x-key": "a" } });
    chain.close();
    return record?.filterState.get("wasm.ai_log");
  };

  test("says that a request was limited, beside what others wrote", async () => {
    expect(await writes("")).toBe(String.raw`{\"token_ratelimit_status\":\"limited\"}`);
    expect(await writes(String.raw`{\"z\":1,\"a\":{\"b\":\"\\u003c\"}}`)).toBe(
      String.raw`{\"a\":{\"b\":\"\\u003c\"},\"token_ratelimit_status\":\"limited\",\"z\":1}`,
    );
    expect(await writes("no-json")).toBe("no-json");
  });
});
