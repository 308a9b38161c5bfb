// Large bodies: read in windows, edited in place, and never whole in guest memory unless the plugin asks.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TestChainOptions } from "../../../host-test/testing/chain.ts";
import { said, scripted, times } from "./probe-chain.ts";

const window = 64 * 1024;

/** Bytes that tell their place. */
function filler(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = 0x61 + ((i * 7 + (i >> 8)) % 26);
  return bytes;
}

function chunked(bytes: Buffer, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length]!);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

type Splice = [start: number, end: number, count: number];

/** What BodyEdit promises, in a few lines: later edits that touch earlier ones are refused, insertions keep their order. */
function reference(body: Buffer, splices: Splice[]): { text: Buffer; refused: number[] } {
  const kept: { start: number; end: number; bytes: Buffer }[] = [];
  const refused: number[] = [];
  for (const [index, [start, end, count]] of splices.entries()) {
    const clashes =
      kept.some((other) => start < other.end && other.start < end) ||
      kept.some((other) => start === end && other.start < start && start < other.end) ||
      kept.some((other) => other.start === other.end && start < other.start && other.start < end);
    if (start < 0 || end < start || end > body.length || clashes) refused.push(index);
    else kept.push({ start, end, bytes: Buffer.alloc(count, 0x41 + (index % 26)) });
  }
  // Stable: of edits at one place the insertions come first, in the order in which they were made.
  kept.sort((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start));
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, bytes } of kept) {
    parts.push(body.subarray(at, start), bytes);
    at = end;
  }
  return { text: Buffer.concat([...parts, body.subarray(at)]), refused };
}

function edited(body: Buffer, chunks: Buffer[], splices: Splice[], options: Partial<TestChainOptions> = {}) {
  const steps = {
    requestHead: ["remove content-length", "hold"],
    requestBody: [...chunks.map(() => ["hold"]), ["edit", "next"]],
  };
  const chain = scripted(steps, { bufferLimit: 256 << 20, ...options });
  const { upstream } = chain.exchange({
    chunks,
    headers: { "x-splices": splices.map((splice) => splice.join(",")).join(";") },
  });
  const refused = said(chain).flatMap(
    (line) => /^edit (\d+) refused$/.exec(line)?.slice(1).map(Number) ?? [],
  );
  return { text: upstream!.body, refused, lines: said(chain) };
}

describe("edits", () => {
  const splice = (size: number) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: size }),
        fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200_000 })),
        fc.integer({ min: 0, max: 3000 }),
      )
      .map(([start, length, count]): Splice => [start, Math.min(size, start + length), count]);
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 5000, max: 1 << 20 })),
    { minLength: 1, maxLength: 5 },
  );

  test("of any body, in any pieces, at any places give the bytes that splicing gives", () => {
    fc.assert(
      fc.property(
        fc
          .oneof(
            fc.integer({ min: 1, max: 1000 }),
            fc.integer({ min: 1, max: 6 * window }),
            fc.integer({ min: 1, max: 3 << 20 }),
          )
          .chain((size) => fc.tuple(fc.constant(size), sizes, fc.array(splice(size), { maxLength: 12 }))),
        ([size, pieces, splices]) => {
          const body = filler(size);
          const result = edited(
            body,
            chunked(body, size > 100_000 ? pieces.map((piece) => piece + 4096) : pieces),
            splices,
          );
          const expected = reference(body, splices);
          expect(result.refused).toEqual(expected.refused);
          expect(result.lines).toContain(`edited ${size}: true`);
          expect(result.text.equals(expected.text)).toBe(true);
        },
      ),
      { numRuns: times(120) },
    );
  });

  const around = [
    0,
    1,
    window - 1,
    window,
    window + 1,
    4 * window - 1,
    4 * window,
    4 * window + 1,
    5 * window,
    5 * window + 77,
  ];
  test.each([
    ["an insertion at every border", around.map((at): Splice => [at, at, 3])],
    ["a removal at every border", around.map((at): Splice => [at, Math.min(at + 1, 5 * window + 77), 0])],
    [
      "a replacement over every border",
      [window, 2 * window, 4 * window, 5 * window].map((at): Splice => [at - 5, at + 5, 2]),
    ],
    ["one replacement over several windows", [[10, 5 * window + 70, 4] as Splice]],
    ["everything removed", [[0, 5 * window + 77, 0] as Splice]],
    ["everything replaced by more", [[0, 5 * window + 77, 1_000_000] as Splice]],
    ["an insertion larger than a window, far behind", [[5 * window, 5 * window, 200_000] as Splice]],
    [
      "two insertions at one place",
      [
        [9, 9, 1],
        [9, 9, 2],
      ] as Splice[],
    ],
    [
      "edits given backwards",
      [
        [300_000, 300_001, 5],
        [200, 300, 1],
        [0, 0, 2],
      ] as Splice[],
    ],
    [
      "edits that touch",
      [
        [10, 20, 1],
        [20, 30, 1],
        [20, 20, 1],
        [0, 10, 1],
      ] as Splice[],
    ],
    [
      "edits that overlap, and ranges outside",
      [
        [10, 20, 1],
        [15, 25, 1],
        [5, 11, 1],
        [15, 15, 1],
        [5, 25, 0],
        [30, 29, 0],
        [0, 999_999_999, 0],
      ] as Splice[],
    ],
  ])("%s", (_name, splices) => {
    const body = filler(5 * window + 77);
    const result = edited(body, chunked(body, [16_384]), splices);
    const expected = reference(body, splices);
    expect(result.refused).toEqual(expected.refused);
    expect(result.text.equals(expected.text)).toBe(true);
  });

  test("no edit leaves the body as it is", () => {
    const body = filler(300_000);
    expect(edited(body, [body], []).text.equals(body)).toBe(true);
  });

  test.each(["higress", "envoy"] as const)(
    "of a 100 MB body take no more guest memory than those of 1 MB, %s",
    (flavour) => {
      const pages: number[] = [];
      const observer = { callback: ({ memoryPages }: { memoryPages: number }) => pages.push(memoryPages) };
      const steps = {
        requestHead: ["remove content-length", "hold"],
        requestBody: [...Array.from({ length: 100 }, () => ["hold"]), ["edit", "next"]],
      };
      const chain = scripted(steps, { bufferLimit: 256 << 20, observer, flavour });
      for (const mebibytes of [1, 100]) {
        const size = mebibytes << 20;
        const chunks = Array.from({ length: 100 }, () => filler(size / 100 + 1));
        const total = chunks.length * chunks[0]!.length;
        const { upstream } = chain.exchange({
          chunks,
          headers: { "x-splices": `5,6,1;${total - 9},${total - 9},9` },
        });
        expect(upstream!.body.length).toBe(total + 9);
      }
      const [small, large] = [pages.slice(0, pages.length / 2), pages.slice(pages.length / 2)].map((half) =>
        Math.max(...half),
      );
      console.log(`pages after 1 MB: ${small}, after 100 MB: ${large}`);
      expect(large).toBe(small);
      expect(large).toBeLessThanOrEqual(8);
    },
  );
});

describe("windows", () => {
  test("show at most 64 KiB from anywhere, less at the end, nothing behind it", () => {
    const steps = ["window 0", "window 65535", "window 70000", "window 70010", "window 2000000000"];
    const chain = scripted({ requestHead: ["hold"], requestBody: [steps] });
    const text = filler(70_010).toString();
    chain.exchange({ chunks: [text] });
    const parts = [text.slice(0, window), text.slice(65_535), text.slice(70_000), "", ""];
    expect(said(chain).slice(0, 5)).toEqual(
      parts.map((part) => `${part.length} ${part.slice(0, 8)} ${part.slice(-8)}`),
    );
  });
});

describe("changes", () => {
  test.each([
    ["replace new", "new"],
    ["replace ", ""],
    ["clear", ""],
    ["prefix 2 XYZ", "XYZcdef"],
    ["prefix 0 XYZ", "XYZabcdef"],
    ["prefix 6 X", "X"],
    ["prefix 99 X", "X"],
    ["append gh", "abcdefgh"],
  ])("%s of a chunk", (step, expected) => {
    const chain = scripted({ requestHead: ["remove content-length"], requestBody: [[step], ["next"]] });
    expect(chain.exchange({ chunks: ["abcdef"] }).upstream!.text).toBe(expected);
  });

  test("a chunk is only this chunk when nothing is held", () => {
    const chain = scripted(
      { responseBody: ["read", "append !"] },
      { upstream: () => ({ chunks: ["a", "b"], protocol: "HTTP/2" }) },
    );
    const { client } = chain.exchange();
    expect(said(chain)).toEqual(["body a", "appended true", "body b", "appended true"]);
    expect(client.text).toBe("a!b!");
  });

  test("the end of a chunked body can be added to", () => {
    const chain = scripted(
      { responseBody: [["next"], ["append !"]] },
      { upstream: () => ({ chunks: ["a"] }) },
    );
    expect(chain.exchange().client.text).toBe("a!");
  });

  test("where there is no body the answer is false", () => {
    const chain = scripted(
      { requestHead: ["call check.dns", "wait"], reply: ["replace x", "append y", "resume"] },
      { calls: { "check.dns": () => ({ body: "fixed" }) } },
    );
    chain.exchange();
    expect(said(chain)).toEqual(["replaced false", "appended false"]);
  });
});

test.each([
  ["request", { requestHead: ["hold"], requestBody: ["hold"] }, 413],
  ["response", { responseHead: ["hold"], responseBody: ["hold"] }, 500],
])(
  "a held %s beyond the limit is answered by the host, and the plugin hears of the end of the exchange",
  (_name, steps, status) => {
    const chain = scripted(steps, { bufferLimit: 1000, upstream: () => ({ chunks: ["x".repeat(2000)] }) });
    const { client, record } = chain.exchange({ chunks: status === 413 ? ["x".repeat(2000)] : ["x"] });
    expect(client.status).toBe(status);
    expect(record).toBeDefined();
    expect(chain.problems("warn")).toEqual([]);
  },
);
