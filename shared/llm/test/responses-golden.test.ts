// The Responses API to and from the other dialects: one input and one expected output per case, as in
// `golden.test.ts`: `fixtures/responses/<case>.<target>.*`, `fixtures/<source>/<case>.responses.*`, and
// `fixtures/dropped.<source>.<target>.json` with the names of what was dropped. When a reader or writer of another
// dialect has learnt more, `vitest run responses-golden -u` writes the outputs anew, and the difference is for you to judge.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { drip, everySingleCut, partitions } from "../../../host-test/testing/recordings.ts";
import type { Dialect } from "./conversion.ts";
import { loadConversion } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const folder = new URL("fixtures/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), "utf8");
const conversion = await loadConversion();
const pathOf = (path: string) => fileURLToPath(new URL(path, folder));
const pairs: [Dialect, Dialect][] = [
  ["responses", "openai"],
  ["responses", "anthropic"],
  ["openai", "responses"],
  ["anthropic", "responses"],
];

const reordered = (text: string) => JSON.stringify(JSON.parse(text), null, 2) + "\n";

for (const [from, to] of pairs) {
  const files = readdirSync(new URL(`${from}/`, folder)).filter((file) => file.split(".").length === 2);
  const cases = (kind: string) =>
    files
      .filter((file) => file.startsWith(`${kind}-`))
      .map((file) => ({ name: file.split(".")[0]!, file: `${from}/${file}` }));
  const dropped: Record<string, string[]> = {};

  describe(`${from} to ${to}`, () => {
    test.each(cases("request"))("$name", async ({ name, file }) => {
      const result = conversion.request(from, to, read(file));
      expect(result.error).toBe(0);
      dropped[name] = result.dropped;
      await expect(reordered(result.text)).toMatchFileSnapshot(pathOf(`${from}/${name}.${to}.json`));
    });

    test.each(cases("answer"))("$name", async ({ name, file }) => {
      const result = conversion.answer(from, to, read(file));
      expect(result.isRead).toBe(true);
      dropped[name] = result.dropped;
      await expect(reordered(result.text)).toMatchFileSnapshot(pathOf(`${from}/${name}.${to}.json`));
    });

    test.each(cases("stream"))("$name", async ({ name, file }) => {
      const result = conversion.stream(from, to, [read(file)]);
      checkStream(to, result.text);
      dropped[name] = result.dropped;
      await expect(result.text).toMatchFileSnapshot(pathOf(`${from}/${name}.${to}.sse`));
    });

    test("the names of what was dropped", async () => {
      const names = Object.entries(dropped).filter(([, list]) => list.length > 0);
      const text = JSON.stringify(Object.fromEntries(names), null, 2) + "\n";
      await expect(text).toMatchFileSnapshot(pathOf(`dropped.${from}.${to}.json`));
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
