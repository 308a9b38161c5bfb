// The README's tables of what OpenAI's requests become, against the fields that OpenAI's SDK knows.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadConversion } from "./conversion.ts";

const conversion = await loadConversion();
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const section = readme.slice(
  readme.indexOf("## OpenAI to Anthropic"),
  readme.indexOf("## Anthropic to OpenAI"),
);
const quoted = (text: string) => [...text.matchAll(/`([a-z_]+)[^`]*`/g)].map((found) => found[1]!);
const dropped = quoted(section.slice(section.indexOf("<!-- dropped -->"), section.indexOf("<!-- end -->")));

/** Names of the members of `ChatCompletionCreateParamsBase`. */
function sdkFields(): string[] {
  const types = readFileSync(
    new URL("../../../node_modules/openai/resources/chat/completions/completions.d.ts", import.meta.url),
    "utf8",
  );
  const start = types.indexOf("interface ChatCompletionCreateParamsBase");
  return [...types.slice(start, types.indexOf("\n}", start)).matchAll(/^ {4}([a-z_]+)\??:/gm)].map(
    (found) => found[1]!,
  );
}

const request = { model: "m", messages: [{ role: "user", content: "x" }] };

test("every field of OpenAI's SDK stands in the table or in the list of what has no place", () => {
  const known = quoted(section);
  expect(sdkFields().length).toBeGreaterThan(30);
  expect(sdkFields().filter((field) => !known.includes(field))).toEqual([]);
});

test("what the list names is dropped by its name, and nothing else of the SDK's fields is", () => {
  for (const field of sdkFields()) {
    if (field in request) continue;
    const given = conversion.request(
      "openai",
      "anthropic",
      JSON.stringify({ ...request, [field]: dropped.includes(field) ? 1 : "x" }),
    );
    if (dropped.includes(field)) expect(given.dropped).toEqual([field]);
  }
  expect(dropped.filter((field) => !sdkFields().includes(field))).toEqual([]);
});
