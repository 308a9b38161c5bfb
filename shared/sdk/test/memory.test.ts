// Memory of a VM under traffic: it reaches its size early and stays there. Figures are printed.
// LONG=1 runs as many exchanges as a worker sees in an hour.

import { describe, expect, test } from "vitest";
import { createChain } from "../../../host-test/host/chain.ts";
import type { Headers, StreamEvents } from "../../../host-test/host/types.ts";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { specOf } from "../../../host-test/testing/chain.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { probe, type Steps } from "./probe-chain.ts";

const isLong = process.env.LONG === "1";
const nobody = new Proxy({}, { get: () => () => {} }) as StreamEvents;
const filler = Buffer.alloc(1 << 20, "abcdefghij");

const question = (): Headers => [
  [":method", "POST"],
  [":path", "/v1/chat/completions"],
  [":authority", "api.test:8080"],
  [":scheme", "http"],
  ["content-type", "application/json"],
  ["x-request-id", "0f0e0d0c-0b0a-0908-0706-050403020100"],
];
const answer = (): Headers => [
  [":status", "200"],
  ["content-type", "application/json"],
];

/** A worker with the probe, and how many pages of 64 KiB its VM had after the last callback. */
class Worker {
  pages = 0;
  readonly chain;

  constructor(steps: Steps) {
    this.chain = createChain({
      plugins: [specOf({ module: probe.higress, configuration: { quiet: true, steps } })],
      flavour: "higress",
      upstreams: { has: () => false, hosts: () => [], call: () => null },
      sharedData: new LocalData(),
      clock: new VirtualClock(),
      log: { level: "error", write: (_level, _plugin, message) => expect.unreachable(message) },
      canary: false,
      bufferLimit: 8 << 20,
      route: () => ({ name: "r", cluster: "outbound|80||s.static" }),
      observer: { callback: ({ memoryPages }) => (this.pages = memoryPages) },
    });
  }

  open() {
    return this.chain.newStream(nobody, {
      source: "192.0.2.1:1",
      destination: "192.0.2.2:2",
      protocol: "HTTP/2",
    });
  }

  exchange(requestBytes: number, responseBytes: number): void {
    const stream = this.open();
    stream.requestHeaders(question(), false);
    stream.requestData(filler.subarray(0, requestBytes), true);
    stream.responseHeaders(answer(), false);
    stream.responseData(filler.subarray(0, responseBytes), true);
  }
}

/** Pages after a tenth of the exchanges and after all; every length of body comes again in each tenth. */
function run(
  title: string,
  worker: Worker,
  count: number,
  exchange: (index: number) => void,
): { early: number; late: number } {
  let early = 0;
  for (let i = 0; i < count; i++) {
    exchange(i);
    if (i === count / 10 - 1) early = worker.pages;
  }
  const [part, all] = [count / 10, count].map((number) => number.toLocaleString("en"));
  figure("memory sdk", `${title}: ${early} pages after ${part}, ${worker.pages} after ${all}`, count);
  return { early, late: worker.pages };
}

// Every allocation collects in the stressed build: memory is never full there, and nothing is to be seen.
describe.skipIf(guestBuild === "stress")(
  "pages",
  { timeout: isLong || guestBuild === "collect" ? 1_800_000 : 120_000 },
  () => {
    test("short exchanges leave no context and less than 512 KiB", () => {
      const worker = new Worker({
        requestHead: ["set x-a 1", "hold"],
        requestBody: ["size"],
        responseBody: ["size"],
      });
      const { early, late } = run("1.5 KB both ways", worker, isLong ? 1_000_000 : 100_000, () =>
        worker.exchange(1500, 1500),
      );
      expect(worker.chain.liveStreams()).toBe(0);
      expect(late).toBe(early);
      expect(late).toBeLessThanOrEqual(8);
    });

    test("bodies of 0.1 to 100 KB that a conversion doubles stay within 2 MiB", () => {
      const worker = new Worker({ requestHead: ["hold"], requestBody: ["double"], responseBody: ["double"] });
      const bytes = (index: number) => Math.floor(100 * 1000 ** ((index % 499) / 498));
      const { early, late } = run("0.1-100 KB doubled", worker, isLong ? 100_000 : 10_000, (index) =>
        worker.exchange(bytes(index), bytes(index * 7)),
      );
      expect(late).toBe(early);
      expect(late).toBeLessThanOrEqual(32);
    });

    test("bodies of 1 MB that are read whole take three of them", () => {
      const worker = new Worker({ requestHead: ["hold"], requestBody: ["size"], responseBody: ["size"] });
      const { early, late } = run("1 MB read", worker, isLong ? 10_000 : 500, () =>
        worker.exchange(1 << 20, 1 << 20),
      );
      expect(late).toBe(early);
      expect(late).toBeLessThanOrEqual(48);
    });

    test.each([16, 128, 1024])("%i streams alive at a time take a page for 64 of them", (live) => {
      const worker = new Worker({
        requestHead: ["set x-a 1", "hold"],
        requestBody: ["size"],
        responseBody: ["size"],
      });
      const open: ReturnType<Worker["open"]>[] = [];
      const { early, late } = run(`${live} alive`, worker, isLong ? 200_000 : 20_000, () => {
        const stream = worker.open();
        stream.requestHeaders(question(), false);
        stream.requestData(filler.subarray(0, 1500), false);
        open.push(stream);
        if (open.length <= live) return;
        const oldest = open.shift()!;
        oldest.requestData(filler.subarray(0, 100), true);
        oldest.responseHeaders(answer(), false);
        oldest.responseData(filler.subarray(0, 1500), true);
      });
      expect(late).toBe(early);
      expect(late).toBeLessThanOrEqual(Math.max(4, live / 64));
    });

    test("short exchanges beside 1,024 streams that wait at most double memory", () => {
      const worker = new Worker({ requestHead: ["hold"], requestBody: ["hold"] });
      for (let i = 0; i < 1024; i++) worker.open().requestHeaders(question(), false);
      const before = worker.pages;
      for (let i = 0; i < 20_000; i++) worker.exchange(200, 200);
      expect(worker.pages).toBeLessThanOrEqual(before * 2);
    });
  },
);
