// Frames as AWS sends them, built by the reference writer of the tests, cut everywhere and broken everywhere.

import fc from "fast-check";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { eventStreamMessage } from "../../../host-test/testing/recordings/framing.ts";
import { drip, everySingleCut, partitions } from "../../../host-test/testing/recordings.ts";
import { builds } from "../../bytes/test/builds.ts";
import { loadAws, streamError } from "./aws-probe.ts";

const event = (type: string, payload: string) =>
  eventStreamMessage({ ":event-type": type, ":message-type": "event" }, Buffer.from(payload));

const stream = Buffer.concat([
  event("first", '{"a":"é"}'),
  event("second", ""),
  eventStreamMessage(
    { ":message-type": "exception", ":exception-type": "throttlingException" },
    Buffer.from('{"message":"slow"}'),
  ),
  eventStreamMessage(
    { ":message-type": "error", ":error-code": "Internal", ":error-message": "x" },
    Buffer.alloc(0),
  ),
  event("last", "z".repeat(300)),
]);

const none = { messageType: "", eventType: "", exceptionType: "", errorMessage: "", payload: "" };
const expected = [
  { ...none, messageType: "event", eventType: "first", payload: '{"a":"é"}' },
  { ...none, messageType: "event", eventType: "second" },
  {
    ...none,
    messageType: "exception",
    exceptionType: "throttlingException",
    payload: '{"message":"slow"}',
  },
  { ...none, messageType: "error", exceptionType: "Internal", errorMessage: "x" },
  { ...none, messageType: "event", eventType: "last", payload: "z".repeat(300) },
];

/** A frame whose checksums are right, whatever it holds. */
function frame(headers: Uint8Array, payload: Uint8Array, sizes: { total?: number; headers?: number } = {}) {
  const bytes = Buffer.alloc(16 + headers.length + payload.length);
  bytes.writeUInt32BE(sizes.total ?? bytes.length, 0);
  bytes.writeUInt32BE(sizes.headers ?? headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  bytes.set(headers, 12);
  bytes.set(payload, 12 + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
  return bytes;
}

const header = (name: string, type: number, value: Uint8Array) =>
  Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([type]), value]);

const sized = (text: string) => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);

describe.each(builds)("AWS event stream, %s", (_name, flags) => {
  const loaded = loadAws(flags);

  test("is read the same in one chunk, cut at every place, byte by byte and at random", async () => {
    const aws = await loaded;
    const whole = { frames: expected, error: streamError.none, isCut: false };
    expect(aws.frames([stream])).toEqual(whole);
    for (const chunks of everySingleCut(stream)) expect(aws.frames(chunks)).toEqual(whole);
    expect(aws.frames(drip(stream))).toEqual(whole);
    for (const chunks of partitions(stream, 50, 7)) expect(aws.frames(chunks)).toEqual(whole);
  });

  test("has headers of every type, and those that are no strings are passed over", async () => {
    const values: Uint8Array[] = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16].map((size) =>
      size < 0 ? sized("value") : Buffer.alloc(size, 0xff),
    );
    const others = values.map((value, type) => header(`h${type}`, type, value));
    const headers = Buffer.concat([...others, header(":event-type", 7, sized("t")), ...others]);
    const { frames } = (await loaded).frames([frame(headers, Buffer.from("p"))]);
    expect(frames).toEqual([{ ...none, eventType: "t", payload: "p" }]);
  });

  test("with any byte changed ends with an error or within a frame, and nothing after it is read", async () => {
    const aws = await loaded;
    for (let at = 0; at < stream.length; at++) {
      const broken = Buffer.from(stream);
      broken[at]! ^= 1 << (at % 8);
      const { frames, error } = aws.frames([broken]);
      expect(error).toBe(streamError.checksum);
      expect(frames).toEqual(expected.slice(0, frames.length));
      expect(frames.length).toBeLessThan(expected.length);
    }
  });

  test("of random frames with right checksums never traps and never reads past a frame", async () => {
    const aws = await loaded;
    const random = fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(random, ([headers, payload]) => {
        const { frames, error } = aws.frames([frame(headers, payload)]);
        if (error === streamError.none) expect(frames.length).toBe(1);
        else expect([frames, error]).toEqual([[], streamError.malformed]);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["a header of an unknown type", frame(header("x", 10, Buffer.alloc(4)), Buffer.alloc(0))],
    ["a header's name that is longer than the headers", frame(Buffer.from([9, 65]), Buffer.alloc(0))],
    [
      "a header's value that is longer than the headers",
      frame(header("x", 9, Buffer.alloc(15)), Buffer.alloc(0)),
    ],
    ["a frame smaller than a frame can be", frame(Buffer.alloc(0), Buffer.alloc(0), { total: 15 })],
    ["headers larger than the frame", frame(Buffer.alloc(0), Buffer.alloc(0), { headers: 1 })],
    ["headers of 4 GiB", frame(Buffer.alloc(0), Buffer.alloc(0), { headers: 0xffffffff })],
  ])("ends with an error at %s", async (_what, bytes) => {
    expect((await loaded).frames([bytes, event("next", "{}")])).toMatchObject({
      frames: [],
      error: streamError.malformed,
    });
  });

  test("takes frames up to its bound, and refuses a longer one by its prelude, without waiting for it", async () => {
    const aws = await loaded;
    const bytes = event("e", "x".repeat(500));
    expect(aws.frames([bytes], bytes.length).frames.length).toBe(1);
    expect(aws.frames([bytes.subarray(0, 12)], bytes.length - 1)).toEqual({
      frames: [],
      error: streamError.tooLong,
      isCut: false,
    });
    expect(aws.frames([frame(Buffer.alloc(0), Buffer.alloc(0), { total: 0xffffffff })]).error).toBe(
      streamError.tooLong,
    );
  });

  test("that breaks off is told apart from one that ended", async () => {
    const aws = await loaded;
    expect(aws.frames([stream.subarray(0, stream.length - 1)]).isCut).toBe(true);
    expect(aws.frames([stream]).isCut).toBe(false);
  });

  test("of many frames keeps to the memory that one needs", async () => {
    const aws = await loaded;
    const chunk = Buffer.concat(Array.from({ length: 20 }, () => event("e", "y".repeat(1000))));
    aws.frames([chunk]);
    aws.collect();
    const before = aws.pages();
    const { frames } = aws.frames(Array.from({ length: 100 }, () => chunk));
    expect(frames.length).toBe(2000);
    expect(aws.pages()).toBeLessThanOrEqual(before + 2);
  });
});
