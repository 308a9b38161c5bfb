import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { builds } from "../../bytes/test/builds.ts";
import { cases } from "./cases.ts";
import { SseProbe, cutAt, drip, reference } from "./streams.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

// Pieces that make every state of the grammar likely.
const piece = fc.constantFrom(
  ...[
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ":",
    ": c",
    "data",
    "data:",
    "data: ",
    "data: a",
    "data:b\n\n",
    "event: e",
    "event:",
  ],
  ...["id: 1", "id", "id:\0", "retry: 5", "x", " ", "\xef\xbb\xbf", "\xef", "\0", "0123456789abcdef"],
);
const stream = fc.array(piece, { maxLength: 24 }).map((pieces) => latin1(pieces.join("")));
const cuts = fc.array(fc.nat({ max: 120 }), { maxLength: 12 });

describe.each(builds)("event stream, %s", (_name, flags) => {
  let probe: SseProbe;
  beforeAll(async () => {
    probe = await SseProbe.load(flags);
  });

  describe.each(cases)("$promise", ({ stream, events, retryMs }) => {
    const bytes = latin1(stream);

    function reads(chunks: Uint8Array[]): void {
      const reading = probe.read(chunks);
      expect(reading.events).toEqual(events);
      expect(reading.retryMs).toBe(retryMs ?? -1n);
      const every = probe.read(chunks, { everyBlock: true });
      expect(every.events).toEqual(events);
      expect(every.blocks.map((block) => block.raw).join("")).toBe(stream);
    }

    test("in one chunk", () => {
      reads([bytes]);
    });

    test("cut at every place, and in single bytes", () => {
      for (let cut = 1; cut < bytes.length; cut++) reads(cutAt(bytes, [cut]));
      reads(drip(bytes));
    });

    test("cut at random places", () => {
      fc.assert(
        fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => reads(cutAt(bytes, cuts))),
        { numRuns: 200 },
      );
    });
  });

  test("30,000 random streams, cut at random places, read as the standard's text says", () => {
    fc.assert(
      fc.property(stream, cuts, fc.boolean(), (stream, cuts, discardsIncomplete) => {
        const expected = reference(stream.toString("latin1"), !discardsIncomplete);
        expect(probe.read(cutAt(stream, cuts), { discardsIncomplete }).events).toEqual(expected);
      }),
      { numRuns: 30_000 },
    );
  });

  test("whatever the bound and the cuts: same events, and the raw blocks are the stream", () => {
    fc.assert(
      fc.property(stream, cuts, fc.nat({ max: 40 }), (stream, cuts, maxEventBytes) => {
        const options = { maxEventBytes, everyBlock: true };
        const whole = probe.read([stream], options);
        const parts = probe.read(cutAt(stream, cuts), options);
        expect(parts.events).toEqual(whole.events);
        expect(parts.overflowed).toBe(whole.overflowed);
        expect(parts.retryMs).toBe(whole.retryMs);
        expect(probe.read(cutAt(stream, cuts), { maxEventBytes }).events).toEqual(whole.events);
        for (const reading of [whole, parts]) {
          expect(reading.blocks.map((block) => block.raw).join("")).toBe(stream.toString("latin1"));
        }
        // The joined copy of several data lines comes on top of the event's own bytes.
        expect(parts.maxHeld).toBeLessThanOrEqual(2 * maxEventBytes);
      }),
      { numRuns: 20_000 },
    );
  });

  test("with a bound no event reaches, nothing overflows; one byte less, and only the longest is lost", () => {
    const bytes = latin1("data: a\n\nevent: e\r\ndata: bcd\r\n\r\ndata: e\n\n");
    const longest = "event: e\r\ndata: bcd\r\n".length;
    for (const chunks of [[bytes], drip(bytes)]) {
      const all = probe.read(chunks, { maxEventBytes: longest });
      expect(all.events.map((event) => event.data)).toEqual(["a", "bcd", "e"]);
      expect(all.overflowed).toBe(false);
      const fewer = probe.read(chunks, { maxEventBytes: longest - 1 });
      expect(fewer.events.map((event) => event.data)).toEqual(["a", "e"]);
      expect(fewer.overflowed).toBe(true);
    }
  });
});

describe("event stream", () => {
  let probe: SseProbe;
  beforeAll(async () => {
    probe = await SseProbe.load();
  });

  test("an event within one chunk and one data line is borrowed from the chunk", () => {
    probe.open();
    const stream = latin1("event: ping\ndata: payload\n\n");
    const start = probe.feed(stream);
    expect(probe.exports.next!()).toBe(1);
    for (const [name, offset] of [
      ["readRaw", 0],
      ["readEvent", 7],
      ["readData", 18],
    ] as const) {
      probe.exports[name]!();
      expect(probe.exports.resultStart!(), name).toBe(start + offset);
    }
    expect(probe.exports.held!()).toBe(0);
  });

  test("an event is answered with its blank line, before any byte that follows", () => {
    for (const end of ["\n\n", "\r\r", "\r\n\r"]) {
      probe.open();
      probe.feed(latin1(`data: a${end}`));
      expect(probe.ready().map((block) => block.data)).toEqual(["a"]);
    }
  });

  test("a keep-alive comment is passed on before the next event begins", () => {
    probe.open({ everyBlock: true });
    probe.feed(latin1(": keep-alive\n"));
    expect(probe.ready().map((block) => block.raw)).toEqual([": keep-alive\n"]);
    probe.feed(latin1("data: a\n: inside\n"));
    expect(probe.ready()).toEqual([]);
  });

  test("nothing is answered and nothing can be read between events", () => {
    probe.open();
    probe.feed(latin1("event: e\ndata: a"));
    expect(probe.exports.next!()).toBe(0);
    for (const name of ["readRaw", "readEvent", "readData"]) {
      probe.exports[name]!();
      expect(probe.exports.resultSize!()).toBe(0);
    }
    expect(probe.exports.held!()).toBe("event: e\ndata: a".length);
  });

  test("a last event without its blank line is marked incomplete, or discarded as browsers do", () => {
    const stream = latin1("data: a\n\ndata: b\n");
    const released = probe.read([stream]);
    expect(released.blocks.map((block) => [block.data, block.isComplete])).toEqual([
      ["a", true],
      ["b", false],
    ]);
    const discarded = probe.read([stream], { discardsIncomplete: true, everyBlock: true });
    expect(discarded.events.map((event) => event.data)).toEqual(["a"]);
    expect(discarded.blocks.at(-1)).toMatchObject({ raw: "data: b\n", isEvent: false, isComplete: false });
    expect(probe.read([stream], { finishes: false }).events.map((event) => event.data)).toEqual(["a"]);
  });

  test("an overlong first line leaves no place for a byte order mark", () => {
    const stream = latin1("data: 0123456789\n\n\xef\xbb\xbfdata: a\n\ndata: b\n\n");
    const { events } = probe.read([stream], { maxEventBytes: 12 });
    expect(events.map((event) => event.data)).toEqual(["b"]);
  });

  test("bytes after the end of the stream are ignored", () => {
    probe.open();
    probe.exports.finish!(0);
    probe.feed(latin1("data: a\n\n"));
    expect(probe.ready()).toEqual([]);
  });

  test("chunks fed before the earlier ones were read lose nothing", () => {
    fc.assert(
      fc.property(
        stream,
        cuts,
        fc.array(fc.nat({ max: 3 }), { minLength: 13, maxLength: 13 }),
        (stream, cuts, reads) => {
          probe.open({ everyBlock: true });
          const events: string[] = [];
          let raw = "";
          const readOne = () => {
            const answered = probe.exports.next!();
            if (!answered) return false;
            probe.exports.readRaw!();
            raw += probe.result().toString("latin1");
            probe.exports.readData!();
            if (probe.exports.isEvent!()) events.push(probe.result().toString("latin1"));
            return true;
          };
          cutAt(stream, cuts).forEach((chunk, i) => {
            probe.put(chunk);
            probe.exports.feedCopy!(chunk.length);
            for (let n = 0; n < reads[i]!; n++) readOne();
          });
          probe.exports.finish!(0);
          while (readOne());
          expect(raw).toBe(stream.toString("latin1"));
          expect(events).toEqual(reference(raw).map((event) => event.data));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("an event of 1 MiB in single bytes is read whole, in time that grows with its size only", () => {
    probe.open({ maxEventBytes: 2 << 20 });
    const size = 1 << 20;
    const byte = latin1("x");
    probe.feed(latin1("data: "));
    expect(probe.exports.next!()).toBe(0);
    for (let i = 0; i < size; i++) {
      probe.feed(byte);
      if (probe.exports.next!()) expect.fail("an event before its end");
      if ((i & 0xffff) === 0) probe.exports.collect!();
    }
    probe.feed(latin1("\n\n"));
    expect(probe.exports.next!()).toBe(1);
    probe.exports.readData!();
    expect(probe.exports.resultSize!()).toBe(size);
  });

  test.each([
    ["one data line without end", "x"],
    ["data lines without a blank line", "data: 0123456789\n"],
    ["one comment without end", ":"],
    ["event names without data", "event: e\r\n"],
  ])("64 MiB of %s hold no more than the bound, and the next event is read", (_name, line) => {
    const maxEventBytes = 64 << 10;
    const chunk = latin1(line.repeat(Math.ceil((32 << 10) / line.length)));
    probe.open({ maxEventBytes });
    probe.feed(latin1("data: a\n\n"));
    expect(probe.ready().length).toBe(1);
    probe.feed(latin1("data: "));
    let pages = 0;
    for (let sent = 0, turn = 0; sent < 64 << 20; sent += chunk.length, turn++) {
      probe.feed(chunk);
      if (probe.exports.next!()) expect.fail("an event without its end");
      if (probe.exports.held!() > 2 * maxEventBytes) expect.fail("more held than the bound");
      probe.exports.collect!();
      if (turn === 64) pages = probe.pages();
    }
    expect(probe.exports.overflowed!()).toBe(1);
    expect(probe.pages()).toBe(pages);
    probe.feed(latin1("\n\ndata: b\n\n"));
    expect(probe.ready().map((block) => block.data)).toEqual(["b"]);
    expect(probe.exports.held!()).toBe(0);
  });

  test("an event within a chunk has its line breaks in its raw bytes, CRLF whole", () => {
    const raw = ["data: a\r\n\r\n", "event: b\r\ndata: b\r\n\r\n", "data: c\n\n", "data: d\r\r"];
    const reading = probe.read([latin1(raw.join(""))]);
    expect(reading.blocks.map((block) => block.raw)).toEqual(raw);
    expect(reading.blocks.every((block) => block.isComplete)).toBe(true);
  });

  test("parsers that read an event of 256 KiB in pieces, of one line or of many, keep its memory no longer", () => {
    for (const line of ["x".repeat(256 << 10), "data: 0123456789\n".repeat(16 << 10)]) {
      const stream = latin1(`data: ${line}\n\n`);
      probe.put(stream);
      const keep = (count: number) => {
        for (let i = 0; i < count; i++) {
          probe.exports.keepReader!(stream.length);
          probe.exports.collect!();
        }
      };
      keep(2);
      const pages = probe.pages();
      keep(64);
      expect(probe.pages() - pages).toBeLessThan(32);
    }
  });

  test("many small events keep no memory", () => {
    probe.open();
    const chunk = latin1('data: {"a":1}\n\ndata: b\ndata: c\n\n: d\n\nid: 5\ndata:'.repeat(100));
    let pages = 0;
    for (let turn = 0; turn < 2_000; turn++) {
      probe.feed(chunk);
      while (probe.exports.next!()) probe.exports.readData!();
      if (turn % 10 === 0) probe.exports.collect!();
      if (turn === 100) pages = probe.pages();
    }
    expect(probe.pages()).toBe(pages);
  });
});
