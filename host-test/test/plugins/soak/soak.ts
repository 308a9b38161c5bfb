// Hours of a worker: mixed exchanges through a chain, with 1,024 streams alive at a time. Streams end in every way there
// is; afterwards nothing is left, and memory has not grown since the first tenth. Each run takes a slice; LONG=1 makes a
// million exchanges, half of them with each chain. A chain is a file of its own, so that two cores share them. SOAK_SEED=n
// repeats a run, SOAK_RUNS=n sets its length.

import { expect } from "vitest";
import { guestBuild } from "../../../../scripts/guest-build.mjs";
import { percentile } from "../../../bench/measure.ts";
import type { TestChain, TestStream } from "../../../testing/chain.ts";
import { figure } from "../../../testing/figure.ts";
import { chainOf } from "../built.ts";

const isLong = Boolean(process.env.LONG);
const total = Number(process.env.SOAK_RUNS ?? (isLong ? 500_000 : guestBuild === "release" ? 6_000 : 300));
const seed = Number(process.env.SOAK_SEED ?? 20261123);
const alive = 1_024;
/** From here on memory is flat. A shorter run cannot show that: in it, memory may take its last step, which doubles it. */
const settled = Math.max(total / 10, 8 * alive);
const isSettled = total >= 2 * settled;
/** So many different messages are sent, in changing order and cut at changing places. */
const variety = 2_000;
/** A sample of the callbacks' times has a bounded size. */
const sampleSize = 200_000;

/** A whole number below the one that is given. */
export type Random = (below: number) => number;

/** What a client sends, and what it is answered. */
export interface Message {
  headers: [string, string][];
  body: Buffer;
  answer: Uint8Array[];
  type: string;
}

/** The same numbers on every run of a seed. */
function generator(start: number): Random {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const words = 'Grüße an alle, und \\"noch\\" etwas. '.repeat(400);

/** From ten bytes to ten kilobytes, short ones as often as long ones. */
export function someText(random: Random): string {
  return words.slice(0, Math.round(10 ** (1 + random(300) / 100)));
}

/** A stream, and what is still to happen to it. */
function steps(chain: TestChain, message: Message, random: Random): (() => void)[] {
  const { headers, body, answer, type } = message;
  let stream: TestStream;
  const half = random(body.length);
  const way = random(20);
  const list = [
    () => {
      stream = chain.open("HTTP/2", true);
      stream.http.requestHeaders(
        [[":method", "POST"], [":scheme", "http"], ["content-type", "application/json"], ...headers],
        false,
      );
    },
    () => stream.http.requestData(body.subarray(0, half), false),
    // Clients that leave, connections that break, errors, ends by trailers.
    () => (way === 0 ? stream.http.requestReset() : stream.http.requestData(body.subarray(half), true)),
  ];
  if (way === 0) return list;
  list.push(() => {
    if (stream.upstream === undefined) return;
    if (way === 1) stream.http.responseReset("reset");
    else
      stream.http.responseHeaders(
        [
          [":status", way === 2 ? "429" : "200"],
          ["content-type", type],
        ],
        false,
      );
  });
  if (way === 1) return list;
  for (const [at, piece] of answer.entries()) {
    const isLast = at === answer.length - 1;
    if (way === 3 && at > 0) {
      list.push(() => stream.http.responseReset("reset"));
      return list;
    }
    if (way === 4 && at > 0) {
      list.push(() => stream.http.requestReset());
      return list;
    }
    list.push(() => {
      if (stream.upstream !== undefined) stream.http.responseData(piece, isLast && way !== 5);
    });
  }
  if (way === 5)
    list.push(() => stream.upstream !== undefined && stream.http.responseTrailers([["x-end", "1"]]));
  return list;
}

/** Sends messages through these plugins until all ended, and says what it took. */
export function soak(name: string, plugins: [string, object][], message: (random: Random) => Message): void {
  const random = generator(seed);
  const messages = Array.from({ length: Math.min(variety, total) }, () => message(random));
  const times: number[] = [];
  const observer = {
    callback: ({ micros }: { micros: number }) => {
      if (times.length < sampleSize) times.push(micros);
      else times[random(sampleSize)] = micros;
    },
  };
  const chain = chainOf(plugins, { logLevel: "critical", observer });
  const running: (() => void)[][] = [];
  let [opened, early] = [0, 0];
  while (opened < total || running.length > 0) {
    while (opened < total && running.length < alive) {
      running.push(steps(chain, messages[random(messages.length)]!, random));
      opened++;
      if (opened === (isSettled ? settled : 2 * alive)) early = chain.chain.memoryPages();
    }
    const at = random(running.length);
    const left = running[at]!;
    left.shift()!();
    if (left.length === 0) {
      running[at] = running.at(-1)!;
      running.pop();
    }
    if (random(512) === 0) chain.advance(10);
  }
  chain.advance(100_000);
  const late = chain.chain.memoryPages();
  const p999 = percentile(times, 0.999);
  expect(chain.chain.liveStreams()).toBe(0);
  expect(chain.problems()).toEqual([]);
  if (guestBuild === "release" && isSettled) expect(late).toBe(early);
  else if (guestBuild === "release") expect(late).toBeLessThanOrEqual(2 * early);
  figure(
    "soak",
    `${name}: ${total.toLocaleString("en")} exchanges, ${Math.min(alive, total)} at a time, ${early} pages early on, ` +
      `${late} at the end, p99.9 of a callback ${p999.toFixed(0)} µs`,
    total,
  );
  chain.close();
}
