// One input and one expected output per case: `fixtures/<dialect>/<case>.json` or `.sse`, and beside it
// `<case>.<other dialect>.json` or `.sse`. JSON is compared with its order of members, streams byte for byte.
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import type { Dialect } from "./conversion.ts";
import { loadConversion, other } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const folder = new URL("fixtures/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), "utf8");
const droppedNames: Record<string, string[]> = JSON.parse(read("dropped.json"));
const conversion = await loadConversion();

const reordered = (text: string) => JSON.stringify(JSON.parse(text), null, 2) + "\n";

for (const dialect of ["openai", "anthropic"] as Dialect[]) {
  const target = other(dialect);
  const files = readdirSync(new URL(`${dialect}/`, folder)).filter((file) => file.split(".").length === 2);
  const cases = (kind: string) =>
    files.filter((file) => file.startsWith(`${kind}-`)).map((file) => file.split("."));

  describe(`${dialect} to ${target}`, () => {
    test.each(cases("request"))("%s", (name, extension) => {
      const result = conversion.request(dialect, target, read(`${dialect}/${name}.${extension}`));
      expect(result.error).toBe(0);
      expect(reordered(result.text)).toBe(reordered(read(`${dialect}/${name}.${target}.json`)));
      expect(result.dropped).toEqual(droppedNames[`${dialect}/${name}`] ?? []);
    });

    test.each(cases("answer"))("%s", (name, extension) => {
      const result = conversion.answer(dialect, target, read(`${dialect}/${name}.${extension}`));
      expect(result.isRead).toBe(true);
      expect(reordered(result.text)).toBe(reordered(read(`${dialect}/${name}.${target}.json`)));
      expect(result.dropped).toEqual(droppedNames[`${dialect}/${name}`] ?? []);
    });

    test.each(cases("stream"))("%s", (name, extension) => {
      const result = conversion.stream(dialect, target, [read(`${dialect}/${name}.${extension}`)]);
      expect(result.text).toBe(read(`${dialect}/${name}.${target}.sse`));
      expect(result.dropped).toEqual(droppedNames[`${dialect}/${name}`] ?? []);
      checkStream(target, result.text);
    });

    test.each(cases("stream"))(
      "%s converted from its own dialect to itself says the same",
      (name, extension) => {
        const once = conversion.stream(dialect, dialect, [read(`${dialect}/${name}.${extension}`)]).text;
        const twice = conversion.stream(dialect, dialect, drip(Buffer.from(once))).text;
        checkStream(dialect, once);
        expect(twice).toBe(once);
      },
    );
  });
}
