// Every cut: however a provider's stream is cut into pieces, the client gets the same bytes. Each recorded stream,
// from the provider that sends such, for a client of each dialect; any byte that differs from the uncut answer fails.
//
// Each run takes a slice of it; LONG=1 takes every single cut and 200 random partitions of every recording. Of a long stream
// the cuts that lie SPACING bytes apart go into one exchange: there are more of them than hours. The bytes before and
// behind each are what they are when it is alone, up to the next; a difference is then traced to a cut alone.

import { afterAll, describe, expect, test } from "vitest";
import type { TestChain } from "../../../host-test/testing/chain.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import {
  drip,
  isStream,
  loadRecordings,
  partitions,
  recordingsFolder,
  type StreamRecording,
} from "../../../host-test/testing/recordings.ts";
import { clientDialects, question, type ClientDialect } from "./client-requests.ts";
import { calls } from "./configured-providers.ts";
import { provider } from "./proxy.ts";
import { entriesOf, recordedEntries } from "./recorded-providers.ts";

const isLong = Boolean(process.env.LONG);
/** In streams up to this size every cut is alone in its exchange. */
const ALONE_BYTES = 8_000;
const SPACING = 1_024;
const seed = Number(process.env.FUZZ_SEED ?? 20261123);

const folder = recordingsFolder();
if (folder === undefined) test.skip("no recordings beside this checkout", () => {});
const recordings =
  folder === undefined
    ? []
    : loadRecordings(folder)
        .filter(isStream)
        .filter((recording) => entriesOf(recording, "openai").length > 0);

/** Positions of the cuts of each exchange: all there are, or single ones that are as many as the slice has room for. */
function* cutPositions(size: number, bytes: number): Generator<number[]> {
  const isSpaced = bytes === Infinity && size > ALONE_BYTES;
  const stride = Math.max(1, Math.ceil((size * size) / bytes));
  for (let position = 1; position < (isSpaced ? SPACING + 1 : size); position += stride) {
    const count = isSpaced ? Math.ceil((size - position) / SPACING) : 1;
    yield Array.from({ length: count }, (_, index) => position + index * SPACING);
  }
}

function cutAt(bytes: Uint8Array, positions: number[]): Uint8Array[] {
  const ends = [...positions, bytes.length];
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

const counts = { exchanges: 0, cuts: 0, partitions: 0 };

/** A provider that sends this recording in the pieces it is given, and a client of a dialect. */
class CutStream {
  readonly chain: TestChain;
  readonly #client: ClientDialect;
  #pieces: Uint8Array[] = [];

  constructor({ contentType, ...recording }: StreamRecording, client: ClientDialect, more: object) {
    this.#client = client;
    const entry = recordedEntries[entriesOf({ contentType, ...recording }, client)[0]!]!;
    const mapping = { "*": "their-model" };
    this.chain = provider(
      { apiTokens: ["sk-provider"], modelMapping: mapping, ...entry, ...more },
      {
        ...calls,
        upstream: () => ({ headers: { "content-type": contentType }, chunks: this.#pieces }),
        logLevel: "error",
      },
    );
  }

  answer(pieces: Uint8Array[]): Buffer {
    this.#pieces = pieces;
    counts.exchanges++;
    const { client } = this.chain.exchange(question(this.#client, "stream"));
    if (client.status !== 200 || !client.complete) throw new Error(`status ${client.status}`);
    return client.body;
  }
}

/** Promotion is a stage of its own between the dialects. `bytes` and `parts`: how much of the cuts a slice takes. */
const ways = clientDialects.flatMap((client) => [
  { client, entry: {}, bytes: 150_000, parts: 2 },
  { client, entry: { promoteThinkingOnEmpty: true }, bytes: 20_000, parts: 1 },
]);

describe.each(recordings)("$name", (recording) => {
  const { streamBytes } = recording;

  test.each(ways)(
    "reaches a client of $client the same at every cut, configured with $entry",
    { timeout: 14_400_000 },
    ({ client, entry, bytes, parts }) => {
      const stream = new CutStream(recording, client, entry);
      const whole = stream.answer([streamBytes]);
      expect(whole.length).toBeGreaterThan(0);
      const differing: string[] = [];
      const compare = (pieces: Uint8Array[], name: string) => {
        if (!stream.answer(pieces).equals(whole)) differing.push(name);
      };
      for (const positions of cutPositions(streamBytes.length, isLong ? Infinity : bytes)) {
        counts.cuts += positions.length;
        const known = differing.length;
        compare(cutAt(streamBytes, positions), `cut at ${positions.join()}`);
        if (differing.length === known || positions.length === 1) continue;
        for (const position of positions) compare(cutAt(streamBytes, [position]), `cut at ${position}`);
      }
      if (isLong || streamBytes.length < 8_000) compare(drip(streamBytes), "byte by byte");
      let number = 0;
      for (const pieces of partitions(streamBytes, isLong ? 200 : parts, seed)) {
        counts.partitions++;
        compare(pieces, `partition ${number++} of seed ${seed}`);
      }
      expect(differing).toEqual([]);
      expect(stream.chain.problems()).toEqual([]);
      stream.chain.close();
    },
  );
});

afterAll(() => {
  const { exchanges, cuts, partitions: parts } = counts;
  if (exchanges === 0) return;
  figure(
    "chunks ai-proxy",
    `${cuts.toLocaleString("en")} single cuts and ${parts.toLocaleString("en")} random partitions of ${recordings.length} recorded streams: equal output`,
    cuts,
  );
});
