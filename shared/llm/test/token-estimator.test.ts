// The estimator of tokens: whatever the dialect, however the bytes are cut, and what a table of models learns.
// Counts that stand here as true are those of public tokenizers, written down when the weights were fitted.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadProbe } from "../../../host-test/testing/probe.ts";
import { featuresOf, pairs } from "./text-features.ts";

const probe = await loadProbe("shared/llm/test/tokens-probe.ts");
const { exports } = probe;
const family = { openai: 0, openaiOld: 1, claude: 2, gemini: 3, qwen: 4, deepseek: 5, llama: 6 } as const;

function put(data: string | Uint8Array): void {
  probe.put(typeof data === "string" ? Buffer.from(data) : data);
}

function tokens(text: string, of: number = family.openai): number {
  put(text);
  return exports.tokens!(of);
}

/** Input tokens of a request whose bytes arrive in pieces. */
function promptTokens(body: object | Uint8Array, cuts: number[] = [], of: number = family.openai): number {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  exports.startPrompt!();
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) {
    put(bytes.subarray(edges[i - 1], edges[i]));
    exports.feedPrompt!();
  }
  return exports.promptTokens!(of);
}

function familyOf(model: string): number {
  put(model);
  return exports.family!();
}

const prose =
  "The gateway admits a request when every rule allows it, and settles the real usage once the stream has ended.";

describe("a request costs the same in every dialect", () => {
  const user = { role: "user", content: prose };
  const reference = promptTokens({ model: "gpt-5", messages: [user] });
  test.each<[string, object]>([
    ["Anthropic", { model: "m", messages: [{ role: "user", content: [{ type: "text", text: prose }] }] }],
    ["Responses", { input: [{ role: "user", content: [{ type: "input_text", text: prose }] }] }],
    ["Responses, a text", { input: prose }],
    ["Gemini", { contents: [{ role: "user", parts: [{ text: prose }] }] }],
    [
      "Gemini, settings in front",
      { generationConfig: { temperature: 1 }, contents: [{ parts: [{ text: prose }] }] },
    ],
    ["Bedrock", { messages: [{ role: "user", content: [{ text: prose }] }] }],
    ["members that no model reads", { metadata: { a: prose }, user: prose, messages: [user] }],
  ])("%s", (_, body) => {
    expect(promptTokens(body)).toBeCloseTo(reference, 5);
  });

  test("escapes and names in escapes hide nothing", () => {
    const escaped = [...prose]
      .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join("");
    const body = Buffer.from(`{"m\\u0065ssages":[{"role":"user","cont\\u0065nt":"${escaped}"}]}`);
    expect(promptTokens(body)).toBeCloseTo(reference, 5);
  });
});

test("however the bytes are cut, the estimate is the same", () => {
  const body = Buffer.from(
    JSON.stringify({
      model: "claude-x",
      max_tokens: 77,
      n: 3,
      system: "Sé breve. 你好世界 🎉\n\t",
      tools: [
        {
          name: "get",
          description: "a tool",
          input_schema: { type: "object", properties: { a: { enum: [1, 2] } } },
        },
      ],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Привет" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "x", name: "get", input: { a: 1.5, b: "c" } }],
        },
      ],
    })
      .replace("你", "\\u4f60")
      .replace("🎉", "\\ud83c\\udf89"),
  );
  const whole = promptTokens(body);
  for (let cut = 1; cut < body.length; cut++) expect(promptTokens(body, [cut])).toBe(whole);
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 60 }), (cuts) => promptTokens(body, cuts) === whole));
  expect([exports.mostOutput!(), exports.choices!(), exports.promptFamily!()]).toEqual([
    77n,
    3n,
    family.claude,
  ]);
});

test("64 characters at a time are counted as each by itself", () => {
  const piece = fc.oneof(
    fc.constantFrom(..."aZé ạ.,-\n\t\0\x7f7«\u2014\u4e2d\u0416\u{1f680}"),
    fc.constantFrom("Word", "camelCase", "1234567", "======", "   ", "\r\n", "internationalisation", "ДОМ"),
  );
  const counted = (text: string) => {
    put(text);
    const bytes = probe.take(exports.counts!(), 50 * 8);
    return Array.from({ length: 50 }, (_, i) => (i === pairs ? 0 : Number(bytes.readBigUInt64LE(i * 8))));
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
      expect(counted(pieces.join(""))).toEqual(featuresOf(pieces.join("")));
    }),
    { numRuns: 2000 },
  );
  const long = "Ten thousand words, 123456789 and 你好! ".repeat(300);
  expect(counted(long)).toEqual(featuresOf(long));
});

test("no bytes trap, and the estimate is a number", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "\\",
    "\\u",
    "d83c",
    "messages",
    "data",
    "role",
    "1e9",
    "\u00e9",
    " ",
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string()), { maxLength: 80 }),
      fc.uint8Array(),
      (pieces, bytes) => {
        const cost = promptTokens(Buffer.concat([Buffer.from(pieces.join("")), bytes]));
        expect(cost).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(cost)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test("a document of ten thousand levels is walked to its end", () => {
  const deep = `{"messages":${"[".repeat(10_000)}"${prose}"${"]".repeat(10_000)},"max_tokens":5}`;
  expect(promptTokens(Buffer.from(deep))).toBeGreaterThan(tokens(prose));
});

test("pictures cost by number, not by bytes; documents by pages; base64 of a text as a text", () => {
  const image = (size: number) => ({
    type: "image_url",
    image_url: { url: `data:image/png;base64,${"A".repeat(size)}` },
  });
  const ask = (...content: object[]) => promptTokens({ messages: [{ role: "user", content }] });
  const none = ask();
  expect(ask(image(100)) - none).toBe(765);
  expect(ask(image(1_000_000)) - none).toBe(765);
  expect(ask(image(10), image(10)) - none).toBe(1530);
  const file = { type: "file", file: { file_data: `data:application/pdf;base64,${"A".repeat(100_000)}` } };
  expect(ask(file) - none).toBe(4000);
  const words = "words ".repeat(4000);
  const hidden = { type: "document", source: { type: "text", media_type: "text/plain", data: words } };
  expect(ask(hidden) - none).toBeCloseTo(words.length / 4, 0);
});

test.each([
  ["gpt-4o-mini", "openai"],
  ["gpt-5", "openai"],
  ["o3", "openai"],
  ["gpt-4.1", "openai"],
  ["gpt-4-turbo", "openaiOld"],
  ["gpt-3.5-turbo", "openaiOld"],
  ["anthropic.claude-sonnet-4-5-v1:0", "claude"],
  ["models/gemini-2.5-pro", "gemini"],
  ["Qwen/Qwen3-32B", "qwen"],
  ["deepseek-reasoner", "deepseek"],
  ["meta-llama/Llama-3.3-70B", "llama"],
  ["", "openai"],
] as const)("the family of %s is %s", (model, expected) => {
  expect(familyOf(model)).toBe(family[expected]);
});

test("of a stream what is new counts, and what Responses repeats at the end does not", () => {
  const words = prose.split(/(?<= )/);
  const answer = (events: object[]) => {
    exports.startAnswer!();
    for (const event of events) {
      put(JSON.stringify(event));
      exports.feedEvent!();
    }
    return exports.answerTokens!(family.openai);
  };
  const chat = answer(
    words.map((content) => ({ id: "c", model: "m", choices: [{ index: 0, delta: { content } }] })),
  );
  const responses = answer([
    ...words.map((delta) => ({ type: "response.output_text.delta", item_id: "i", delta })),
    { type: "response.output_text.done", text: prose },
    { type: "response.completed", response: { output: [{ content: [{ text: prose }] }] } },
  ]);
  expect(chat).toBeCloseTo(tokens(prose), 5);
  expect(responses).toBeCloseTo(tokens(prose), 5);
});

describe("a table of models", () => {
  const learn = (model: string, estimated: number, used: number, output: number) => {
    put(model);
    exports.learn!(estimated, BigInt(used), BigInt(output));
  };
  const ratio = (model: string): number => (put(model), exports.ratio!());
  const mean = (model: string): number => (put(model), exports.meanOutput!());
  const clear = () => (put(""), exports.useTable!());

  test("learns ratio and output of each, and forgets the one that was learned longest ago", () => {
    clear();
    expect([ratio("a"), mean("a")]).toEqual([1, 0]);
    for (let i = 0; i < 10; i++) learn("a", 100, 150, 40);
    expect(ratio("a")).toBeCloseTo(1.5, 4);
    expect(mean("a")).toBeCloseTo(40, 4);
    expect(ratio("b")).toBe(1);
    for (let i = 0; i < 32; i++) learn(`other-${i}`, 100, 100, 1);
    expect(ratio("a")).toBe(1);
    expect(exports.tableSize!()).toBe(1280);
  });

  test("one answer that is far off moves it little", () => {
    clear();
    for (let i = 0; i < 30; i++) learn("a", 100, 100, 10);
    learn("a", 100, 1_000_000, 1_000_000);
    expect(ratio("a")).toBeLessThan(1.06);
    expect(mean("a")).toBeLessThan(14);
  });

  test("is empty when its bytes are no table, and numbers that are none teach nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 800 }), (bytes) => {
        put(bytes);
        exports.useTable!();
        const found = ratio("a");
        expect(found).toBeGreaterThanOrEqual(0.1);
        expect(found).toBeLessThanOrEqual(20);
        learn("a", 0, 5, 0);
        expect(exports.tableSize!()).toBeLessThanOrEqual(1280);
      }),
    );
  });
});
