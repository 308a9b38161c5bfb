// What parallel requests may spend together: the limit, and what the estimate of one of them was short.

import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import type { TestChain, TestStream } from "../../../host-test/testing/chain.ts";
import { ratelimit } from "./ratelimit.ts";

interface Request {
  worker: number;
  model: string;
  /** Characters of the prompt. */
  size: number;
  /** Of the answer; -1 for none. */
  bound: number;
}

/** Requests of one limit over workers that share their data; answers come when the test says. */
class Gateway {
  readonly #chains: TestChain[];
  readonly #open: { stream: TestStream; request: Request; bytes: number }[] = [];
  spent = 0;
  /** The most by which an admitted request went beyond what its bound alone reserved. */
  error = 0;
  admitted = 0;

  constructor(limit: number, workers = 3) {
    const shared = { sharedData: new LocalData(), clock: new VirtualClock(), logLevel: "error" as const };
    const rules = [{ limit, window_seconds: 86_400 }];
    this.#chains = Array.from({ length: workers }, () =>
      ratelimit({ rules, default_output_tokens: 20 }, shared),
    );
  }

  get underWay(): number {
    return this.#open.length;
  }

  send(request: Request): boolean {
    const bound = request.bound < 0 ? {} : { max_tokens: request.bound };
    const messages = [{ role: "user", content: "a word and ".repeat(20).slice(0, request.size) }];
    const body = Buffer.from(JSON.stringify({ model: request.model, ...bound, messages }));
    const chain = this.#chains[request.worker]!;
    const stream = chain.open("HTTP/2", true);
    stream.http.requestHeaders(
      [
        [":method", "POST"],
        [":path", "/v1/chat/completions"],
        [":authority", "test.local"],
        [":scheme", "http"],
      ],
      false,
    );
    stream.http.requestData(body, true);
    chain.settle();
    if (stream.client.status === 429) return false;
    this.#open.push({ stream, request, bytes: body.length });
    this.admitted++;
    return true;
  }

  /** The answer of one that is under way. */
  answer(index: number, usage: (request: Request, bytes: number) => [prompt: number, output: number]): void {
    const [exchange] = this.#open.splice(index % this.#open.length, 1);
    const { stream, request, bytes } = exchange!;
    const [prompt, output] = usage(request, bytes);
    const stated = { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output };
    stream.http.upstreamSelected("10.0.0.1:80", "10.0.0.2:40000");
    stream.http.responseHeaders(
      [
        [":status", "200"],
        ["content-type", "application/json"],
      ],
      false,
    );
    stream.http.responseData(Buffer.from(JSON.stringify({ usage: stated })), true);
    this.#chains[request.worker]!.settle();
    this.spent += prompt + output;
    this.error = Math.max(this.error, prompt + output - Math.max(request.bound, 0));
  }

  close(): void {
    for (const chain of this.#chains) chain.close();
  }
}

const steps = fc.array(
  fc.record({
    worker: fc.nat(2),
    size: fc.nat(200),
    bound: fc.integer({ min: 1, max: 60 }),
    /** Answers before the next request, and which. */
    answers: fc.array(fc.nat(50), { maxLength: 2 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 20, maxLength: 120 },
);

test("any interleaving over three workers, of models nobody knows: at most a token for each byte, and the bound", () => {
  let mostAdmitted = 0;
  fc.assert(
    fc.property(steps, fc.integer({ min: 150, max: 3000 }), (list, limit) => {
      const gateway = new Gateway(limit);
      const share = list[0]!.share;
      const use = (request: Request, bytes: number): [number, number] => [
        Math.floor(Math.min(bytes, 256) * share),
        request.bound,
      ];
      for (const [i, step] of list.entries()) {
        gateway.send({ ...step, model: `model-${i}` });
        for (const index of step.answers) if (gateway.underWay > 0) gateway.answer(index, use);
      }
      while (gateway.underWay > 0) gateway.answer(0, use);
      mostAdmitted = Math.max(mostAdmitted, gateway.admitted);
      gateway.close();
      expect(gateway.spent).toBeLessThanOrEqual(limit + gateway.error);
    }),
    { numRuns: 60 },
  );
  expect(mostAdmitted).toBeGreaterThan(20);
});

test("any interleaving over three workers, of a model that uses a steady multiple of the estimate, with and without bounds", () => {
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 150, max: 3000 }),
      fc.double({ min: 0.1, max: 0.5, noNaN: true }),
      fc.boolean(),
      (list, limit, perCharacter, isBound) => {
        const gateway = new Gateway(limit);
        const use = (request: Request): [number, number] => [
          Math.ceil(8 + request.size * perCharacter),
          isBound ? request.bound : 25,
        ];
        for (const step of list) {
          gateway.send({ ...step, bound: isBound ? step.bound : -1, model: "one" });
          for (const index of step.answers) if (gateway.underWay > 0) gateway.answer(index, use);
        }
        while (gateway.underWay > 0) gateway.answer(0, use);
        gateway.close();
        expect(gateway.spent).toBeLessThanOrEqual(limit + gateway.error);
      },
    ),
    { numRuns: 60 },
  );
});

test("a provider that states more than was estimated does not let the errors of parallel requests add up", () => {
  const limit = 1000;
  const gateway = new Gateway(limit, 8);
  for (let i = 0; i < 800; i++) gateway.send({ worker: i % 8, model: "m", size: 0, bound: 10 });
  // Seven tokens are estimated for the empty prompt, and thirty stated.
  while (gateway.underWay > 0) gateway.answer(0, () => [30, 10]);
  expect(gateway.admitted).toBeGreaterThan(10);
  expect(gateway.spent).toBeLessThanOrEqual(limit + 23);
  // What was learned leaves less room unused.
  for (let i = 0; i < 800; i++) gateway.send({ worker: i % 8, model: "m", size: 0, bound: 10 });
  while (gateway.underWay > 0) gateway.answer(0, () => [30, 10]);
  gateway.close();
  expect(gateway.spent).toBeLessThanOrEqual(limit + 23);
  expect(gateway.spent).toBeGreaterThanOrEqual(limit - 3 * 40);
});

test("a provider that ignores the bound of an answer is believed to do so again", () => {
  const limit = 10_000;
  const gateway = new Gateway(limit, 8);
  gateway.send({ worker: 0, model: "m", size: 0, bound: 10 });
  gateway.answer(0, () => [20, 400]);
  for (let i = 0; i < 800; i++) gateway.send({ worker: i % 8, model: "m", size: 0, bound: 10 });
  while (gateway.underWay > 0) gateway.answer(0, () => [20, 400]);
  gateway.close();
  expect(gateway.spent).toBeGreaterThan(limit / 2);
  expect(gateway.spent).toBeLessThanOrEqual(limit + 420);
});
