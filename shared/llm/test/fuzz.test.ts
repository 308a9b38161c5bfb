// Whatever comes in, the module does not trap, and what goes out is whole. The seed is printed; `FUZZ_SEED` sets
// it, `LONG=1` runs ten times as many cases.
import { readFileSync, readdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { checkAnthropicRequest } from "./anthropic-rules.ts";
import type { Dialect } from "./conversion.ts";
import { edit, loadConversion, requestError } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const cases = process.env.LONG === "1" ? 100_000 : 10_000;
const conversion = await loadConversion();
const dialects = ["openai", "anthropic"] as const;
const targets = [...dialects, "responses"] as const;

beforeAll(() => console.log(`llm fuzz: FUZZ_SEED=${seed}, ${cases} cases`));

interface Sample {
  dialect: Dialect;
  kind: string;
  text: string;
}

const samples: Sample[] = dialects.flatMap((dialect) => {
  const folder = new URL(`fixtures/${dialect}/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.split(".").length === 2)
    .map((file) => ({
      dialect,
      kind: file.slice(0, file.indexOf("-")),
      text: readFileSync(new URL(file, folder), "utf8"),
    }));
});

let state = seed >>> 0;
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
const pick = <Item>(items: readonly Item[]) => items[random(items.length)]!;

const odd = [
  "null",
  "true",
  "0",
  "-1",
  "1e400",
  "9223372036854775808",
  '""',
  '"\\ud800"',
  '"\\u0000"',
  "[]",
  "{}",
  "[[]]",
  '{"type":"text"}',
  '[{"type":"tool_use","id":"a","name":"b","input":[]}]',
  '"x"',
  '[null,1,"a",{}]',
  '{"url":null}',
];

/** Replaces a value somewhere in a JSON text by an odd one; bytes outside stay. */
function swapValue(text: string): string {
  const starts = [
    ...text.matchAll(/(?<=[:[,]\s*)(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|\{|\[)/g),
  ];
  if (starts.length === 0) return text;
  const found = pick(starts);
  const token = found[0];
  let end = found.index + token.length;
  if (token === "{" || token === "[") {
    // To the matching bracket; brackets in strings make some cases broken JSON, which is as welcome.
    for (let depth = 1; end < text.length && depth > 0; end++) {
      if ("{[".includes(text[end]!)) depth++;
      else if ("}]".includes(text[end]!)) depth--;
    }
  }
  return text.slice(0, found.index) + pick(odd) + text.slice(end);
}

function mutate(text: string): Buffer {
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(text.length);
    const size = random(40);
    switch (random(7)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + size);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at, at + size).repeat(2) + text.slice(at + size);
        break;
      case 2:
        text =
          text.slice(0, at) +
          pick(['"', "\\", "{", "}", "[", "]", ",", ":", "\n", "\n\n", "\r", "\0", "data:"]) +
          text.slice(at);
        break;
      case 3:
        text = text.slice(0, at);
        break;
      default:
        text = swapValue(text);
    }
  }
  const bytes = Buffer.from(text);
  if (bytes.length > 0 && random(8) === 0) bytes[random(bytes.length)] = random(256);
  return bytes;
}

function run(kind: string, check: (sample: Sample, bytes: Buffer) => void): void {
  const chosen = samples.filter((sample) => sample.kind === kind);
  for (let i = 0; i < cases / 4; i++) {
    const sample = pick(chosen);
    const before = state;
    const bytes = mutate(sample.text);
    try {
      check(sample, bytes);
    } catch (error) {
      console.log(`FUZZ_SEED=${seed} case ${i} state ${before} ${sample.dialect}\n${bytes.toString()}`);
      throw error;
    }
  }
}

describe("mutated input", () => {
  test("requests: no trap, and what is written is a request, to Anthropic one that its rules allow", () => {
    run("request", ({ dialect }, bytes) => {
      for (const to of dialects) {
        const { error, text } = conversion.request(dialect, to, bytes, random(128));
        if (error !== requestError.none) expect(text).toBe("");
        else if (to === "anthropic") checkAnthropicRequest(JSON.parse(text));
        else expect(Array.isArray(JSON.parse(text).messages)).toBe(true);
      }
    });
  });

  test("answers: no trap, and the answer that is written is JSON", () => {
    run("answer", ({ dialect }, bytes) => {
      for (const to of targets) {
        const { isRead, text } = conversion.answer(dialect, to, bytes, random(128));
        if (isRead) expect(typeof JSON.parse(text)).toBe("object");
      }
    });
  });

  test("streams: no trap, what is written follows the dialect's grammar, and is the same in other chunks", () => {
    run("stream", ({ dialect }, bytes) => {
      for (const to of targets) {
        const limit = pick([200, 1 << 20]);
        const { text } = conversion.stream(dialect, to, [bytes], 0, limit);
        checkStream(to, text);
        const [chunks] = partitions(bytes.length > 1 ? bytes : Buffer.from("xx"), 1, random(2 ** 30));
        if (bytes.length > 1) expect(conversion.stream(dialect, to, chunks!, 0, limit).text).toBe(text);
      }
    });
  });

  test("edits, errors and promotion: no trap, and JSON stays JSON", () => {
    const isJson = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    for (let i = 0; i < cases / 4; i++) {
      const sample = pick(samples);
      const bytes = mutate(sample.text);
      if (sample.kind === "stream") {
        conversion.promotedStream([bytes]);
        continue;
      }
      conversion.error(pick(dialects), bytes.toString(), random(600));
      const input = isJson(bytes.toString());
      const { isChanged, text } = conversion.edit(pick(Object.values(edit)), bytes, "x");
      if (input && isChanged) expect(isJson(text)).toBe(true);
    }
  });
});
