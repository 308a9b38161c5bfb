// Exchanges in which anything may be wrong: the client's body, the provider's answer, how both are cut.

import fc from "fast-check";
import { gzipSync } from "node:zlib";
import type { TestReply, TestRequest } from "../../../host-test/testing/chain.ts";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { change, changed, type Change } from "../../../host-test/testing/changed-bytes.ts";
import { changedJson, jsonChange, type JsonChange } from "../../../host-test/testing/changed-json.ts";
import { bodyOf, goldenRequests, pathOf, type GoldenRequest, type Way } from "./client-requests.ts";
import { providerAnswers, type Format } from "./provider-answers.ts";
import { chat } from "./proxy.ts";

/** Answers that no provider means to give. */
const otherBodies: { contentType: string; bytes: Buffer; encoding?: string }[] = [
  { contentType: "application/json", bytes: Buffer.alloc(0) },
  { contentType: "text/event-stream", bytes: Buffer.alloc(0) },
  { contentType: "text/html", bytes: Buffer.from("<html><body>502</body></html>") },
  { contentType: "application/json", bytes: Buffer.from("<!doctype html>") },
  { contentType: "text/event-stream", bytes: Buffer.from("<html>\n\n") },
  { contentType: "application/json", bytes: gzipSync('{"choices":[]}') },
  { contentType: "application/json", bytes: gzipSync('{"choices":[]}'), encoding: "gzip" },
  { contentType: "application/json", bytes: Buffer.from('{"error":{"message":"no"}}') },
  { contentType: "application/json", bytes: Buffer.from('{"error":"no"}') },
  { contentType: "text/plain", bytes: Buffer.from("upstream \xff timeout", "latin1") },
  { contentType: "application/vnd.amazon.eventstream", bytes: Buffer.alloc(40, 1) },
];

const statuses = [201, 400, 401, 404, 429, 500, 503, 529];

/** Where in a list, scaled to its length. */
type Place = number;
// Of doubles fast-check likes the smallest.
const place: fc.Arbitrary<Place> = fc.nat({ max: 9_999 }).map((part) => part / 10_000);
const at = <T>(list: readonly T[], where: Place): T => list[Math.floor(where * list.length)]!;

interface HostileRequest {
  golden: GoldenRequest;
  way: Way;
  changes: JsonChange[];
  bytes: Change[];
  cuts: number;
}

interface HostileAnswer {
  /** `own`: of the provider's format; `other`: of `otherBodies`. */
  source: "own" | "any" | "other";
  where: Place;
  changes: { document: Place; change: JsonChange }[];
  /** Events that come elsewhere, twice, or not at all. */
  moves: { from: Place; to: Place; copies: number }[];
  bytes: Change[];
  /** How much of it comes. */
  length: number;
  /** The connection breaks behind it. */
  breaks: boolean;
  status: number;
  cuts: number;
}

export interface Hostile {
  variant: "plain" | "everything" | "original";
  request: HostileRequest;
  answer: HostileAnswer;
}

/** Mostly none, so that what comes later in the pipeline is reached. */
const some = <T>(changes: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> =>
  fc.oneof(fc.constant<T[]>([]), fc.array(changes, { maxLength }));

export const hostile: fc.Arbitrary<Hostile> = fc.record({
  variant: fc.constantFrom("plain", "plain", "everything", "original"),
  request: fc.record({
    golden: fc.constantFrom(...goldenRequests),
    way: fc.constantFrom<Way>("whole", "stream", "stream", "list"),
    changes: some(jsonChange, 2),
    bytes: fc.oneof({ weight: 3, arbitrary: fc.constant<Change[]>([]) }, fc.array(change, { maxLength: 2 })),
    cuts: fc.nat(),
  }),
  answer: fc.record({
    source: fc.constantFrom("own", "own", "own", "own", "any", "other"),
    where: place,
    changes: some(fc.record({ document: place, change: jsonChange }), 3),
    moves: some(fc.record({ from: place, to: place, copies: fc.nat({ max: 2 }) }), 2),
    bytes: some(change, 3),
    length: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, place),
    breaks: fc.constantFrom(false, false, false, false, true),
    status: fc.oneof({ weight: 5, arbitrary: fc.constant(200) }, fc.constantFrom(...statuses)),
    cuts: fc.nat(),
  }),
});

function cut(bytes: Buffer, seed: number): Uint8Array[] {
  return bytes.length === 0 ? [] : [...partitions(bytes, 1, seed)][0]!;
}

export function requestOf({ variant, request }: Hostile): TestRequest {
  const { golden, way, changes, bytes, cuts } = request;
  let text = bodyOf(golden.dialect, way, golden.body);
  for (const made of changes) text = changedJson(text, made);
  return chat("", {
    body: undefined,
    chunks: cut(changed(Buffer.from(text), bytes), cuts),
    path: pathOf(golden.dialect, way),
    authority: `${variant}.test`,
  });
}

export interface HostileReply {
  reply: TestReply;
  /** All bytes of it. */
  body: Buffer;
  /** Said to be compressed: nobody looks into it. */
  isEncoded: boolean;
}

/** What a provider of this format answers. */
export function replyOf(format: Format, { answer }: Hostile): HostileReply {
  const { source, where, bytes, length, breaks, status, cuts } = answer;
  const headers: Record<string, string> = {};
  let body: Buffer;
  if (source === "other") {
    const other = at(otherBodies, where);
    body = other.bytes;
    headers["content-type"] = other.contentType;
    if (other.encoding !== undefined) headers["content-encoding"] = other.encoding;
  } else {
    const own = providerAnswers.filter((candidate) => source === "any" || candidate.format === format);
    const { documents, framed, contentType } = at(own, where);
    body = framed(documentsOf(documents, answer));
    headers["content-type"] = contentType;
  }
  body = changed(body, bytes);
  body = body.subarray(0, Math.ceil(length * body.length));
  const chunks = cut(body, cuts);
  const reply: TestReply = { status, headers, chunks };
  if (breaks) reply.reset = { afterChunks: Math.floor(where * (chunks.length + 1)) };
  return { reply, body, isEncoded: "content-encoding" in headers };
}

function documentsOf(documents: string[], { changes, moves }: HostileAnswer): string[] {
  const events = documents.slice();
  for (const { document, change: made } of changes) {
    const position = Math.floor(document * events.length);
    events[position] = changedJson(events[position] ?? "", made);
  }
  for (const { from, to, copies } of moves) {
    if (events.length < 2) break;
    const [moved] = events.splice(Math.floor(from * events.length), 1);
    events.splice(Math.floor(to * events.length), 0, ...Array<string>(copies).fill(moved!));
  }
  return events;
}
