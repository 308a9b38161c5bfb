// A stream says the same wherever it is cut.
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  drip,
  everySingleCut,
  isStream,
  loadRecordings,
  partitions,
  recordingsFolder,
} from "../../../host-test/testing/recordings.ts";
import type { Dialect } from "./conversion.ts";
import { loadConversion, other } from "./conversion.ts";

const conversion = await loadConversion();
const isLong = process.env.LONG === "1";
const seed = Number(process.env.FUZZ_SEED ?? 20250711);

const fixtures = (["openai", "anthropic"] as Dialect[]).flatMap((dialect) => {
  const folder = new URL(`fixtures/${dialect}/`, import.meta.url);
  const files = readdirSync(folder).filter((file) => /^[^.]+\.sse$/.test(file));
  return files.map((file) => ({
    name: `${dialect}/${file}`,
    dialect,
    bytes: readFileSync(new URL(file, folder)),
  }));
});

describe("the project's own streams", () => {
  test.each(fixtures)(
    "$name cut at every byte, dripped, and in 200 random partitions",
    ({ dialect, bytes }) => {
      const to = other(dialect);
      const whole = conversion.stream(dialect, to, [bytes]).text;
      for (const chunks of everySingleCut(bytes)) {
        if (conversion.stream(dialect, to, chunks).text !== whole)
          expect.fail(`cut at byte ${chunks[0]!.length}`);
      }
      expect(conversion.stream(dialect, to, drip(bytes)).text).toBe(whole);
      for (const chunks of partitions(bytes, 200, seed)) {
        if (conversion.stream(dialect, to, chunks).text !== whole)
          expect.fail(`seed ${seed}, ${chunks.length} chunks`);
      }
    },
  );
});

const sample = [
  "anthropic/anthropic-tool-no-args.chunks.txt",
  "anthropic/anthropic-fallback.chunks.txt",
  "mistral/mistral-incremental-tool-call.chunks.txt",
  "groq/groq-tool-call.chunks.txt",
  "deepseek/chat/deepseek-tool-call.chunks.txt",
];

const recordings = recordingsFolder();
describe.skipIf(!recordings)("recorded streams (skipped without ../shared/data/recordings)", () => {
  const streams = (recordings ? loadRecordings(recordings) : [])
    .filter(isStream)
    .filter((recording) => recording.kind === "chat" || recording.kind === "messages");
  const chosen = isLong ? streams : streams.filter((recording) => sample.includes(recording.name));

  test.each(chosen)("$name dripped and in random partitions", (recording) => {
    const dialect = recording.kind === "chat" ? "openai" : "anthropic";
    const to = other(dialect);
    const bytes = recording.streamBytes;
    const whole = conversion.stream(dialect, to, [bytes]).text;
    expect(conversion.stream(dialect, to, drip(bytes)).text).toBe(whole);
    for (const chunks of partitions(bytes, isLong ? 200 : 20, seed)) {
      if (conversion.stream(dialect, to, chunks).text !== whole)
        expect.fail(`seed ${seed}, ${chunks.length} chunks`);
    }
  });

  test.runIf(isLong).each(chosen)("$name cut at every byte of its first 16 KB", (recording) => {
    const dialect = recording.kind === "chat" ? "openai" : "anthropic";
    const bytes = recording.streamBytes.subarray(0, 16_000);
    const whole = conversion.stream(dialect, other(dialect), [bytes]).text;
    for (const chunks of everySingleCut(bytes)) {
      if (conversion.stream(dialect, other(dialect), chunks).text !== whole) {
        expect.fail(`cut at byte ${chunks[0]!.length}`);
      }
    }
  });
});
