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

/** The provider that sends recordings of a kind. */
const types: Record<string, string> = { chat: "openai", messages: "claude", gemini: "gemini" };

const folder = recordingsFolder();
if (folder === undefined) test.skip("no recordings beside this checkout", () => {});
const recordings =
  folder === undefined
    ? []
    : loadRecordings(folder)
        .filter(isStream)
        .filter(({ kind, expected }) => expected !== undefined && kind in types);

/** Positions of single cuts: all of them, or as many as the slice has room for, evenly spread. */
function* cutPositions(size: number, bytes: number): Generator<number> {
  const stride = Math.max(1, Math.ceil((size * size) / bytes));
  for (let position = 1; position < size; position += stride) yield position;
}

const counts = { exchanges: 0, cuts: 0, partitions: 0 };

/** A provider that sends this recording in the pieces it is given, and a client of a dialect. */
function exchangeOf({ kind }: StreamRecording, dialect: "openai" | "anthropic", more: object) {
  const entry = { type: types[kind], apiTokens: ["sk-provider"], ...more };
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

/** Client, configuration, and how much of the cuts is taken. Promotion is a stage of its own between the dialects. */
const promotion = { promoteThinkingOnEmpty: true };
const ways = [
  { dialect: "openai", entry: {}, bytes: sliceBytes, parts: partitionCount },
  { dialect: "anthropic", entry: {}, bytes: sliceBytes, parts: partitionCount },
  { dialect: "openai", entry: promotion, bytes: 300_000, parts: 3 },
  { dialect: "anthropic", entry: promotion, bytes: 300_000, parts: 3 },
] as const;

describe.each(recordings)("$name", (recording) => {
  const { streamBytes } = recording;
  const title = "reaches a client of $dialect the same at every cut, configured with $entry";

  test.each(ways)(title, { timeout: 7_200_000 }, ({ dialect, entry, bytes, parts }) => {
    const { chain, answer } = exchangeOf(recording, dialect, entry);
    const whole = answer([streamBytes]);
    expect(whole.length).toBeGreaterThan(0);
    const differing: string[] = [];
    for (const position of cutPositions(streamBytes.length, bytes)) {
      counts.cuts++;
      const cut = answer([streamBytes.subarray(0, position), streamBytes.subarray(position)]);
      if (!cut.equals(whole)) differing.push(`cut at ${position}`);
    }
    if (!answer(drip(streamBytes)).equals(whole)) differing.push("byte by byte");
    let number = 0;
    for (const pieces of partitions(streamBytes, parts, 20261123)) {
      counts.partitions++;
      if (!answer(pieces).equals(whole)) differing.push(`partition ${number}`);
      number++;
    }
    expect(differing).toEqual([]);
    expect(chain.problems()).toEqual([]);
    chain.close();
  });
});

afterAll(() => {
  const { exchanges, cuts, partitions: parts } = counts;
  if (exchanges > 0) console.log(`${exchanges} exchanges: ${cuts} single cuts, ${parts} partitions`);
});
