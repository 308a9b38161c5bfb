// Every cut: however a provider's stream is cut into pieces, the client gets the same bytes. Each recorded stream
// for a client of each dialect; a trap, or any byte that differs from the uncut answer, fails.
//
// Each run takes a slice of it; LONG=1 takes every single cut and 200 random partitions of every recording.

import { afterAll, describe, expect, test } from "vitest";
import {
  drip,
  isStream,
  loadRecordings,
  partitions,
  recordingsFolder,
  type StreamRecording,
} from "../../../host-test/testing/recordings.ts";
import { chat, eventStream, message, provider } from "./proxy.ts";

const isLong = Boolean(process.env.LONG);
/** Bytes of answers that a slice may send per recording and dialect; a small recording is cut at every byte within. */
const sliceBytes = isLong ? Infinity : 4_000_000;
const partitionCount = isLong ? 200 : 5;

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings =
  folder === undefined
    ? []
    : loadRecordings(folder)
        .filter(isStream)
        .filter(({ kind, expected }) => expected !== undefined && (kind === "chat" || kind === "messages"));

/** Positions of single cuts: all of them, or as many as the slice has room for, evenly spread. */
function* cutPositions(size: number): Generator<number> {
  const stride = Math.max(1, Math.ceil((size * size) / sliceBytes));
  for (let position = 1; position < size; position += stride) yield position;
}

const counts = { exchanges: 0, cuts: 0, partitions: 0 };

/** A provider that sends this recording in the pieces it is given, and a client of a dialect. */
function exchangeOf({ kind }: StreamRecording, dialect: "openai" | "anthropic") {
  const entry = { type: kind === "messages" ? "claude" : "openai", apiTokens: ["sk-provider"] };
  let pieces: Uint8Array[] = [];
  const chain = provider(entry, { upstream: () => eventStream(pieces), logLevel: "error" });
  const options = { model: "any", stream: true, stream_options: { include_usage: true } };
  const request = dialect === "openai" ? chat(options) : message(options);
  return {
    chain,
    answer(given: Uint8Array[]): Buffer {
      pieces = given;
      counts.exchanges++;
      const { client } = chain.exchange(request);
      if (client.status !== 200 || !client.complete) throw new Error(`status ${client.status}`);
      return client.body;
    },
  };
}

describe.each(recordings)("$name", (recording) => {
  const bytes = recording.streamBytes;

  test.each(["openai", "anthropic"] as const)(
    "reaches a client of %s the same at every cut",
    (dialect) => {
      const { chain, answer } = exchangeOf(recording, dialect);
      const whole = answer([bytes]);
      expect(whole.length).toBeGreaterThan(0);
      const differing: string[] = [];
      for (const position of cutPositions(bytes.length)) {
        counts.cuts++;
        const cut = answer([bytes.subarray(0, position), bytes.subarray(position)]);
        if (!cut.equals(whole)) differing.push(`cut at ${position}`);
      }
      if (!answer(drip(bytes)).equals(whole)) differing.push("byte by byte");
      let number = 0;
      for (const pieces of partitions(bytes, partitionCount, 20261123)) {
        counts.partitions++;
        if (!answer(pieces).equals(whole)) differing.push(`partition ${number}`);
        number++;
      }
      expect(differing).toEqual([]);
      expect(chain.problems()).toEqual([]);
      chain.close();
    },
    3_600_000,
  );
});

afterAll(() => {
  const { exchanges, cuts, partitions: parts } = counts;
  if (exchanges > 0) console.log(`${exchanges} exchanges: ${cuts} single cuts, ${parts} partitions`);
});
