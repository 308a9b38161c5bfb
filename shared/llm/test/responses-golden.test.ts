// The Responses API to and from the other dialects: one input and one expected output per case, as in
// `golden.test.ts`: `fixtures/responses/<case>.<target>.*` and `fixtures/<source>/<case>.responses.*`.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drip, everySingleCut, partitions } from "../../../host-test/testing/recordings.ts";
import type { Dialect } from "./conversion.ts";
import { loadConversion } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const folder = new URL("fixtures/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), "utf8");
const conversion = await loadConversion();
const droppedNames: Record<string, string[]> = JSON.parse(read("dropped.json"));
const pairs: [Dialect, Dialect][] = [
  ["responses", "openai"],
  ["responses", "anthropic"],
  ["openai", "responses"],
  ["anthropic", "responses"],
];

const reordered = (text: string) => JSON.stringify(JSON.parse(text), null, 2) + "\n";

/** Compares with the file; `UPDATE_GOLDEN=1` writes files that are not there yet. */
function expectFile(path: string, text: string): void {
  const url = new URL(path, folder);
  if (process.env.UPDATE_GOLDEN === "1" && !existsSync(url)) writeFileSync(url, text);
  expect(text).toBe(read(path));
}

for (const [from, to] of pairs) {
  const files = readdirSync(new URL(`${from}/`, folder)).filter((file) => file.split(".").length === 2);
  const cases = (kind: string) =>
    files
      .filter((file) => file.startsWith(`${kind}-`))
      .map((file) => ({ name: file.split(".")[0]!, file: `${from}/${file}` }));
  const dropped = (name: string) => droppedNames[`${from}/${name}.${to}`] ?? [];

  describe(`${from} to ${to}`, () => {
    test.each(cases("request"))("$name", ({ name, file }) => {
      const result = conversion.request(from, to, read(file));
      expect(result.error).toBe(0);
      expectFile(`${from}/${name}.${to}.json`, reordered(result.text));
      expect(result.dropped).toEqual(dropped(name));
    });

    test.each(cases("answer"))("$name", ({ name, file }) => {
      const result = conversion.answer(from, to, read(file));
      expect(result.isRead).toBe(true);
      expectFile(`${from}/${name}.${to}.json`, reordered(result.text));
      expect(result.dropped).toEqual(dropped(name));
    });

    test.each(cases("stream"))("$name", ({ name, file }) => {
      const result = conversion.stream(from, to, [read(file)]);
      checkStream(to, result.text);
      expectFile(`${from}/${name}.${to}.sse`, result.text);
      expect(result.dropped).toEqual(dropped(name));
    });
  });

  describe(`${from} to ${to}, cut at every byte, dripped and in 50 random partitions`, () => {
    test.each(cases("stream"))("$name", ({ file }) => {
      const bytes = Buffer.from(read(file));
      const whole = conversion.stream(from, to, [bytes]).text;
      for (const chunks of [...everySingleCut(bytes), drip(bytes), ...partitions(bytes, 50, 20250711)]) {
        if (conversion.stream(from, to, chunks).text !== whole)
          expect.fail(`first chunk of ${chunks[0]!.length} bytes, ${chunks.length} chunks`);
      }
    });
  });
}

describe("responses to responses", () => {
  const files = readdirSync(new URL("responses/", folder)).filter((file) => /^stream-[^.]+\.sse$/.test(file));

  test.each(files)("%s written anew says the same, and once more changes nothing", (file) => {
    const once = conversion.stream("responses", "responses", [read(`responses/${file}`)]).text;
    checkStream("responses", once);
    expect(conversion.stream("responses", "responses", drip(Buffer.from(once))).text).toBe(once);
  });
});
