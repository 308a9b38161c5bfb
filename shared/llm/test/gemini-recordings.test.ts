// Recorded answers, converted, read by the official clients of the dialect they were converted to.
import { describe, expect, test } from "vitest";
import type { Expected, Recording } from "../../../host-test/testing/recordings.ts";
import { loadRecordings, recordingsFolder } from "../../../host-test/testing/recordings.ts";
import { seenBy } from "./official-clients.ts";
import type { Dialect } from "./gemini-conversion.ts";
import { loadConversion } from "./gemini-conversion.ts";

const conversion = await loadConversion();
const folder = recordingsFolder();
const recordings = folder ? loadRecordings(folder) : [];
const read = recordings.filter(({ expected }) => expected);

const stops: Record<Dialect, Record<string, string>> = {
  openai: { STOP: "stop", MAX_TOKENS: "length", SAFETY: "content_filter", tools: "tool_calls" },
  anthropic: { STOP: "end_turn", MAX_TOKENS: "max_tokens", SAFETY: "refusal", tools: "tool_use" },
  gemini: {
    ...{ stop: "STOP", length: "MAX_TOKENS", tool_calls: "STOP", content_filter: "SAFETY", STOP: "STOP" },
    ...{ end_turn: "STOP", max_tokens: "MAX_TOKENS", tool_use: "STOP", refusal: "SAFETY", tools: "STOP" },
  },
};

async function checkConversion(recording: Recording, from: Dialect, to: Dialect) {
  const expected = recording.expected!;
  const converted = recording.streamed
    ? conversion.stream(from, to, [recording.streamBytes]).text
    : conversion.answer(from, to, recording.answerBytes).text;
  const seen = await seenBy(to, converted, recording.streamed);
  expect(seen.text).toBe(expected.text);
  expect(seen.reasoning).toBe(expected.reasoning);
  expect(seen.calls).toEqual(
    expected.toolCalls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) })),
  );
  const word = from === "gemini" && expected.toolCalls.length > 0 ? "tools" : expected.stop;
  expect(seen.stop).toBe(stops[to][word] ?? (to === "gemini" ? "OTHER" : undefined));
  expect(seen.tokens.total).toBe(totalOf(expected, from));
}

function totalOf({ usage }: Expected, from: Dialect): number {
  if (!usage) return 0;
  if (from === "anthropic") return usage.input + usage.output + usage.cachedInput + usage.cacheWrite;
  return usage.total ?? usage.input + usage.output;
}

describe.skipIf(!folder)("recorded answers (skipped without ../shared/data/recordings)", () => {
  const google = read.filter(({ kind }) => kind === "gemini");

  test("there are whole answers, streams, calls in one piece and calls in many", () => {
    expect(google.length).toBeGreaterThanOrEqual(8);
    expect(google.filter(({ streamed }) => !streamed).length).toBeGreaterThanOrEqual(3);
    expect(google.filter(({ expected }) => expected!.toolCalls.length > 0).length).toBeGreaterThanOrEqual(3);
  });

  describe.each(["openai", "anthropic", "gemini"] as const)("Google's, read by the client of %s", (to) => {
    test.each(google)("$name", (recording) => checkConversion(recording, "gemini", to));
  });

  describe("read by Google's client", () => {
    test.each(read.filter(({ kind }) => kind === "chat"))("$name", (recording) =>
      checkConversion(recording, "openai", "gemini"),
    );
    test.each(read.filter(({ kind }) => kind === "messages"))("$name", (recording) =>
      checkConversion(recording, "anthropic", "gemini"),
    );
  });

  test("a refusal with details is an error in every client", async () => {
    const refused = recordings.find(({ name }) => name === "google/google-429-retry-info.json");
    if (!refused || refused.streamed) return expect.unreachable();
    for (const to of ["openai", "anthropic", "gemini"] as const) {
      const { isRead, text } = conversion.answer("gemini", to, refused.answerBytes);
      expect(isRead).toBe(true);
      await expect(seenBy(to, text, false, 429)).rejects.toThrow("You exceeded your current quota");
    }
  });
});
