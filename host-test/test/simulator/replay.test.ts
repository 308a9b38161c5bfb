// The tools around the recordings: cutting a body into chunks, framing it, and serving it chunk by chunk.
import { request as httpRequest } from "node:http";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnswerRecording, ReplayServer } from "../../testing/recordings.ts";
import {
  drip,
  eventStreamMessage,
  everySingleCut,
  frameStream,
  partitions,
  recordingHeader,
  replayServer,
} from "../../testing/recordings.ts";

const answer: AnswerRecording = {
  name: "provider/folder/answer 1.json",
  file: "provider/folder/answer 1.json",
  provider: "provider",
  kind: "chat",
  streamed: false,
  status: 200,
  contentType: "application/json",
  answerBytes: Buffer.from('{"choices":[]}'),
};

let server: ReplayServer;
beforeAll(async () => {
  server = await replayServer([answer]);
});
afterAll(() => server.close());

test("a single cut is made at every position inside the body and nowhere else", () => {
  const cuts = [...everySingleCut(Buffer.from("abcd"))].map((chunks) => chunks.map(String));
  expect(cuts).toEqual([
    ["a", "bcd"],
    ["ab", "cd"],
    ["abc", "d"],
  ]);
});

test("a drip is one chunk per byte", () => {
  expect(drip(Buffer.from("abc")).map(String)).toEqual(["a", "b", "c"]);
  expect(drip(Buffer.from("abcde"), 2).map(String)).toEqual(["ab", "cd", "e"]);
});

test("every partition of any body adds up to the body and holds no empty chunk", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer(), (bytes, seed) => {
      for (const chunks of partitions(bytes, 20, seed)) {
        expect(chunks.every((chunk) => chunk.length > 0)).toBe(true);
        expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
      }
    }),
  );
});

test("a seed fixes the partitions, and another seed gives others", () => {
  const lengths = (seed: number): number[][] =>
    [...partitions(Buffer.alloc(1000), 50, seed)].map((chunks) => chunks.map((chunk) => chunk.length));
  expect(lengths(7)).toEqual(lengths(7));
  expect(lengths(7)).not.toEqual(lengths(8));
});

test("partitions range from a few chunks to hundreds", () => {
  const counts = [...partitions(Buffer.alloc(2000), 200, 1)].map((chunks) => chunks.length);
  expect(Math.min(...counts)).toBeLessThan(5);
  expect(Math.max(...counts)).toBeGreaterThan(200);
});

test("an event-stream message carries its lengths and both checksums", () => {
  const message = Buffer.from(eventStreamMessage({ ":event-type": "messageStop" }, Buffer.from("{}")));
  const headersLength = 1 + ":event-type".length + 3 + "messageStop".length;
  expect(message.readUInt32BE(0)).toBe(message.length);
  expect(message.readUInt32BE(4)).toBe(headersLength);
  expect(message.readUInt32BE(8)).toBe(crc32(message.subarray(0, 8)));
  expect(message.subarray(12 + headersLength, -4).toString()).toBe("{}");
  expect(message.readUInt32BE(message.length - 4)).toBe(crc32(message.subarray(0, -4)));
});

test("the event-stream framing agrees with an AWS message worked out by hand", () => {
  // "content-type: application/json" and {'foo':'bar'}: the vector that AWS's own event-stream codecs are tested with.
  const vector =
    "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1";
  const message = eventStreamMessage({ "content-type": "application/json" }, Buffer.from("{'foo':'bar'}"));
  expect(Buffer.from(message).toString("hex")).toBe(vector);
});

test("each dialect's events are framed as its provider frames them", () => {
  const framed = (event: string, framing: Parameters<typeof frameStream>[1]): string =>
    Buffer.from(frameStream([event], framing)).toString();
  expect(framed("{}", "data")).toBe("data: {}\n\ndata: [DONE]\n\n");
  expect(framed("{}", "data-crlf")).toBe("data: {}\r\n\r\n");
  expect(framed('{"type":"ping"}', "event")).toBe('event: ping\ndata: {"type":"ping"}\n\n');
});

test("a recording is found by header and by path, and arrives byte for byte", async () => {
  for (const address of [server.urlOf(answer), `${server.url}/v1/chat/completions`]) {
    const response = await fetch(address, { method: "POST", headers: { [recordingHeader]: answer.name } });
    expect(response.headers.get("content-length")).toBe("14");
    expect(await response.text()).toBe('{"choices":[]}');
  }
  const byPath = await fetch(`${server.urlOf(answer)}/v1/chat/completions`, { method: "POST" });
  expect(await byPath.text()).toBe('{"choices":[]}');
});

test("queued answers go out in order, with their own status and headers", async () => {
  server.enqueue({ status: 429, headers: { "retry-after": "1" } });
  server.enqueue({ recording: answer });
  const first = await fetch(server.url);
  const second = await fetch(server.url);
  const third = await fetch(server.url);
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await second.json()).toEqual({ choices: [] });
  expect(third.status).toBe(501);
});

test("each chunk leaves as an HTTP chunk of its own", async () => {
  server.enqueue({ recording: answer, chunks: drip(answer.answerBytes, 5) });
  expect(await chunksOf(server.port)).toEqual(['{"cho', 'ices"', ":[]}"]);
});

test("a reset after the last chunk cuts the connection instead of ending the body", async () => {
  server.enqueue({ chunks: [Buffer.from("half")], end: "reset" });
  await expect(fetch(server.url).then((response) => response.text())).rejects.toThrow();
});

test("what was sent to the server can be read back", async () => {
  await fetch(`${server.url}/v1/embeddings?a=1`, { method: "POST", body: "ü", headers: { "x-test": "yes" } });
  const last = server.requests.at(-1);
  expect([last?.method, last?.path, last?.headers["x-test"]]).toEqual(["POST", "/v1/embeddings?a=1", "yes"]);
  expect(last?.body.toString()).toBe("ü");
});

function chunksOf(port: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    httpRequest({ port, host: "127.0.0.1" }, (response) => {
      const chunks: string[] = [];
      response.on("data", (chunk) => chunks.push(String(chunk)));
      response.on("end", () => resolve(chunks));
    })
      .on("error", reject)
      .end();
  });
}
