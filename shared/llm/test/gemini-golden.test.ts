// One input and one expected output per case: `fixtures/gemini/<case>.json` or `.sse` with `<case>.openai.json` and
// `<case>.anthropic.json` beside it, and the cases of those dialects with `<case>.gemini.json` beside theirs. JSON is
// compared with its order of members, streams byte for byte.
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import type { Dialect } from "./gemini-conversion.ts";
import { loadConversion } from "./gemini-conversion.ts";

const folder = new URL("fixtures/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), "utf8");
const dropped: Record<string, string[]> = JSON.parse(read("gemini/dropped.json"));
const conversion = await loadConversion();

/** The model that requests of Gemini's clients are for: their bodies name none. */
const models: Record<Dialect, string> = {
  openai: "gpt-5",
  anthropic: "claude-sonnet-5",
  gemini: "gemini-3-flash",
};

const reordered = (text: string) => JSON.stringify(JSON.parse(text), null, 2) + "\n";

const ways: [Dialect, Dialect][] = [
  ["gemini", "openai"],
  ["gemini", "anthropic"],
  ["gemini", "gemini"],
  ["openai", "gemini"],
  ["anthropic", "gemini"],
];

describe.each(ways)("%s to %s", (from, to) => {
  const cases = (kind: string) =>
    readdirSync(new URL(`${from}/`, folder))
      .filter((file) => file.startsWith(`${kind}-`) && file.split(".").length === 2)
      .map((file) => file.split("."));
  const expectedAt = (name: string, extension: string) => read(`${from}/${name}.${to}.${extension}`);
  const droppedAt = (name: string) => dropped[`${from}/${name} ${to}`] ?? [];

  test.each(cases("request"))("%s", (name, extension) => {
    const result = conversion.request(from, to, read(`${from}/${name}.${extension}`), models[to]);
    expect(result.error).toBe(0);
    expect(reordered(result.text)).toBe(reordered(expectedAt(name, "json")));
    expect(result.dropped).toEqual(droppedAt(name));
  });

  test.each(cases("answer"))("%s", (name, extension) => {
    const result = conversion.answer(from, to, read(`${from}/${name}.${extension}`));
    expect(result.isRead).toBe(true);
    expect(reordered(result.text)).toBe(reordered(expectedAt(name, "json")));
    expect(result.dropped).toEqual(droppedAt(name));
  });

  test.each(cases("stream"))("%s", (name, extension) => {
    const result = conversion.stream(from, to, [read(`${from}/${name}.${extension}`)]);
    expect(result.text).toBe(expectedAt(name, "sse"));
    expect(result.dropped).toEqual(droppedAt(name));
  });
});

describe.each(ways.filter(([, to]) => to === "gemini"))("streams of %s", (from, to) => {
  const files = readdirSync(new URL(`${from}/`, folder)).filter((file) => /^stream-[^.]*\.sse$/.test(file));

  test.each(files)("%s says the same when it is read again", (file) => {
    const once = conversion.stream(from, to, [read(`${from}/${file}`)]).text;
    expect(conversion.stream("gemini", "gemini", drip(Buffer.from(once))).text).toBe(once);
  });
});
