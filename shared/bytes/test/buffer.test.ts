import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { builds } from "./builds.ts";
import { BytesProbe, latin1 } from "./bytes-probe.ts";

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const MAX_SIZE = 2 ** 29;

let probe: BytesProbe;

function content(): Buffer {
  probe.exports.bufferSpan!();
  return probe.result();
}

function taken(): Buffer {
  probe.exports.bufferTaken!();
  return probe.result();
}

type Step =
  | { kind: "push"; byte: number }
  | { kind: "append"; bytes: Uint8Array }
  | { kind: "itself"; from: number; to: number }
  | { kind: "drop"; count: number }
  | { kind: "take" }
  | { kind: "clear" }
  | { kind: "collect" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), byte: fc.nat({ max: 255 }) }),
  fc.record({ kind: fc.constant("append" as const), bytes: fc.uint8Array({ maxLength: 90 }) }),
  fc.record({ kind: fc.constant("itself" as const), from: fc.nat({ max: 90 }), to: fc.nat({ max: 90 }) }),
  fc.record({ kind: fc.constant("drop" as const), count: fc.integer({ min: -2, max: 120 }) }),
  fc.constantFrom<Step>({ kind: "take" }, { kind: "clear" }, { kind: "collect" }),
);

describe.each(builds)("buffer, %s", (_name, flags) => {
  beforeAll(async () => {
    probe = await BytesProbe.load(flags);
  });

  test("any sequence of operations leaves the bytes that an array would hold, and taken bytes never change", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 100 }), fc.array(step, { maxLength: 40 }), (capacity, steps) => {
        probe.exports.bufferNew!(capacity);
        let model = Buffer.alloc(0);
        let handedOver = taken();
        for (const step of steps) {
          if (step.kind === "push") {
            probe.exports.bufferPush!(step.byte);
            model = Buffer.concat([model, Buffer.from([step.byte])]);
          } else if (step.kind === "append") {
            probe.call("bufferAppend", [step.bytes]);
            model = Buffer.concat([model, step.bytes]);
          } else if (step.kind === "itself") {
            probe.exports.bufferAppendItself!(step.from, step.to);
            model = Buffer.concat([model, model.subarray(step.from, Math.max(step.to, step.from))]);
          } else if (step.kind === "drop") {
            probe.exports.bufferDrop!(step.count);
            model = model.subarray(Math.max(step.count, 0));
          } else if (step.kind === "take") {
            probe.exports.bufferTake!();
            handedOver = model;
            model = Buffer.alloc(0);
          } else if (step.kind === "clear") {
            probe.exports.bufferClear!();
            model = Buffer.alloc(0);
          } else {
            probe.collect();
          }
          expect(content()).toEqual(model);
          expect(taken()).toEqual(handedOver);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([INT_MAX, INT_MAX - 2, INT_MIN, -1, MAX_SIZE - 2])(
    "reserving %d bytes behind three is refused, and the content stays",
    (count) => {
      probe.exports.bufferNew!(16);
      probe.call("bufferAppend", [latin1("abc")]);
      expect(probe.exports.bufferReserve!(count)).toBe(0);
      expect(probe.exports.bufferOverflowed!()).toBe(1);
      expect(content().toString()).toBe("abc");
      probe.call("bufferAppend", [latin1("d")]);
      expect(content().toString()).toBe("abcd");
      probe.exports.bufferClear!();
      expect(probe.exports.bufferOverflowed!()).toBe(0);
    },
  );

  test("counting more bytes than were reserved never leaves the memory of the buffer", () => {
    probe.exports.bufferNew!(16);
    probe.exports.bufferWrote!(INT_MAX);
    expect(probe.exports.bufferSize!()).toBe(16);
    probe.exports.bufferWrote!(-5);
    expect(probe.exports.bufferSize!()).toBe(16);
  });

  test("a window that is appended to and dropped from keeps its memory small", () => {
    const line = "0123456789abcdef0123456789abcdef";
    probe.exports.bufferNew!(64);
    probe.collect();
    const before = probe.pages();
    for (let i = 0; i < 50_000; i++) {
      probe.call("bufferAppend", [latin1(line)]);
      if (i > 2) probe.exports.bufferDrop!(line.length);
      if (i % 1000 === 0) probe.collect();
    }
    expect(content().toString()).toBe(line.repeat(3));
    expect(probe.pages() - before).toBeLessThanOrEqual(2);
  });
});
