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

// Counts of OpenAI's o200k_base.
test.each([
  ["marks", "^=[}&;!<#)@+(%|>.{*]:$/?".repeat(20), 340],
  ["control characters", "\u0001\u0007\u0002".repeat(100), 300],
  ["a rare script", "ሰላምአዲስ".repeat(40), 480],
])("a text of nothing but %s is not counted as much less than it is", (_, text, truth) => {
  expect(tokens(text) / truth).toBeGreaterThan(0.55);
  expect(tokens(text) / truth).toBeLessThan(1.5);
});

test("a document of ten thousand levels is walked to its end", () => {
  const deep = `{"messages":${"[".repeat(10_000)}"${prose}"${"]".repeat(10_000)},"max_tokens":5}`;
  expect(promptTokens(Buffer.from(deep))).toBeGreaterThan(tokens(prose));
});

describe("pictures, documents, thoughts", () => {
  const ask = (of: number, ...content: object[]) =>
    promptTokens({ messages: [{ role: "user", content }] }, [], of);
  const cost = (...content: object[]) => ask(family.openai, ...content) - ask(family.openai);
  const image = (file: Buffer | string) => ({
    type: "image_url",
    image_url: { url: `data:image/png;base64,${typeof file === "string" ? file : file.toString("base64")}` },
  });

  test("a picture whose bytes do not tell its size costs as one of a megapixel, however many bytes it has", () => {
    expect(cost(image("A".repeat(100)))).toBe(765);
    expect(cost(image("A".repeat(1_000_000)))).toBe(765);
    expect(cost(image("A".repeat(10)), image("A".repeat(10)))).toBe(1530);
    expect(cost({ type: "image_url", image_url: { url: "https://example.com/a.png" } })).toBe(765);
  });

  const png = (width: number, height: number) => {
    const head = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
    const size = Buffer.alloc(8);
    size.writeUInt32BE(width, 0);
    size.writeUInt32BE(height, 4);
    return Buffer.concat([head, size, Buffer.alloc(100)]);
  };
  const gif = Buffer.concat([Buffer.from("GIF89a"), Buffer.from([0xe8, 3, 0xf4, 1]), Buffer.alloc(60)]);
  const jpeg = Buffer.concat([
    Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex"),
    Buffer.from("ffdb0043", "hex"),
    Buffer.alloc(65),
    Buffer.from("ffc0001108", "hex"),
    Buffer.from("01f403e8", "hex"),
    Buffer.alloc(60),
  ]);
  const webp = Buffer.concat([
    Buffer.from("RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0"),
    Buffer.from([0xe7, 3, 0, 0xf3, 1, 0]),
    Buffer.alloc(60),
  ]);
  test.each([
    ["PNG of 50 by 50", png(50, 50), 255, 4, 258],
    ["PNG of 1000 by 500", png(1000, 500), 425, 667, 516],
    ["GIF of 1000 by 500", gif, 425, 667, 516],
    ["JPEG of 1000 by 500", jpeg, 425, 667, 516],
    ["WebP of 1000 by 500", webp, 425, 667, 516],
    ["PNG of 8000 by 8000", png(8000, 8000), 765, 1600, 31218],
  ])("a %s costs by its pixels, as each provider counts them", (_, file, openai, claude, gemini) => {
    expect(cost(image(file))).toBeCloseTo(openai, 5);
    expect(ask(family.claude, image(file)) - ask(family.claude)).toBeCloseTo(claude, 5);
    expect(ask(family.gemini, image(file)) - ask(family.gemini)).toBeCloseTo(gemini, 5);
  });

  test("bytes that begin like a picture and are none trap nothing", () => {
    const head = fc.constantFrom(
      png(0, 7),
      gif,
      jpeg,
      webp,
      jpeg.subarray(0, 40),
      Buffer.from("ffd8ffff0000", "hex"),
    );
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 90 }), fc.nat(120), (start, bytes, size) => {
        const file = Buffer.concat([start, bytes]).subarray(0, size);
        expect(cost(image(file))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("documents cost by pages; base64 of a text as a text", () => {
    const file = { type: "file", file: { file_data: `data:application/pdf;base64,${"A".repeat(100_000)}` } };
    expect(cost(file)).toBe(4000);
    const words = "words ".repeat(4000);
    const hidden = { type: "document", source: { type: "text", media_type: "text/plain", data: words } };
    expect(cost(hidden)).toBeCloseTo(words.length / 4, 0);
  });

  test("thoughts that are sent back sealed cost by their bytes", () => {
    const part = (thoughtSignature: string) => ({
      contents: [{ role: "model", parts: [{ text: "", thoughtSignature }] }],
    });
    const sealed = promptTokens(part("A".repeat(700))) - promptTokens(part(""));
    expect(sealed).toBeCloseTo(100, 5);
  });
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
  const frame = 1;
  expect(chat).toBeCloseTo(tokens(prose) + frame, 5);
  expect(responses).toBeCloseTo(tokens(prose) + frame, 5);
});

describe("of an answer counts what the model wrote", () => {
  const tokensOf = (events: object[], of: number = family.openai) => {
    exports.startAnswer!();
    for (const event of events) {
      put(JSON.stringify(event));
      exports.feedEvent!();
    }
    return exports.answerTokens!(of);
  };

  test("whatever a gateway puts beside it", () => {
    const message = { role: "assistant", content: prose };
    const plain = { choices: [{ index: 0, message }] };
    const beside = {
      gateway: { routing: { model: prose, attempts: [{ provider: prose, content: prose }] } },
    };
    const decorated = {
      ...plain,
      choices: [{ index: 0, message: { ...message, provider_metadata: beside }, logprobs: beside }],
    };
    expect(tokensOf([decorated])).toBe(tokensOf([plain]));
  });

  test("Claude's calls cost the same whole and in pieces, more with more arguments, and no more with nested ones", () => {
    const call = (input: object) => [{ content: [{ type: "tool_use", id: "t", name: "get", input }] }];
    const pieces = (input: object) => [
      { type: "content_block_start", content_block: { type: "tool_use", id: "t", name: "get", input: {} } },
      ...JSON.stringify(input)
        .split(/(?=[":}])/)
        .map((partial_json) => ({ delta: { type: "input_json_delta", partial_json } })),
    ];
    const of = (input: object) => tokensOf(call(input), family.claude);
    const nested = { a: { b: 'x: "y" {', c: [{ d: 1 }] }, e: "\\" };
    for (const input of [{ city: "Rome" }, nested])
      expect(Math.abs(tokensOf(pieces(input), family.claude) - of(input))).toBeLessThan(4);
    const frame = (input: object) => of(input) - tokens(JSON.stringify(input), family.claude);
    expect(frame({ a: 1, b: 2 }) - frame({ a: 1 })).toBeGreaterThan(7);
    expect(Math.abs(frame({ a: { b: 2, c: 3 } }) - frame({ a: 1 }))).toBeLessThan(4);
  });

  test("of arguments that Gemini streams by place each place counts once, in however many pieces its value comes", () => {
    const event = (...partialArgs: object[]) => ({
      candidates: [{ content: { parts: [{ functionCall: { partialArgs } }] } }],
    });
    const jsonPath = "$.recipe.steps[0]";
    const words = prose.split(/(?<= )/);
    const whole = tokensOf([event({ jsonPath, stringValue: prose })], family.gemini);
    const pieces = words.map((stringValue) => event({ jsonPath, stringValue, willContinue: true }));
    expect(tokensOf(pieces, family.gemini)).toBeCloseTo(whole, 5);
    const two = tokensOf(
      [event({ jsonPath, stringValue: prose }, { jsonPath: "$.b", stringValue: "" })],
      family.gemini,
    );
    expect(two).toBeGreaterThan(whole + 3);
  });
});

describe("a table of models", () => {
  const learn = (model: string, estimated: number, used: number, output: number, hasTools = 0) => {
    put(model);
    exports.learn!(estimated, hasTools, BigInt(used), BigInt(output), 0);
  };
  const input = (model: string, estimated: number, hasTools = 0): number => (
    put(model),
    exports.correctedInput!(estimated, hasTools)
  );
  const mean = (model: string): number => (put(model), exports.meanOutput!());
  const clear = () => (put(""), exports.useTable!());

  test("learns input and output of each, and forgets the one that was learned longest ago", () => {
    clear();
    expect([input("a", 1000), mean("a")]).toEqual([1000, 0]);
    for (let i = 0; i < 30; i++) learn("a", 1000, 1500, 40);
    expect(input("a", 1000) / 1500).toBeCloseTo(1, 1);
    expect(mean("a")).toBeCloseTo(40, 4);
    expect(input("b", 1000)).toBe(1000);
    for (let i = 0; i < 32; i++) learn(`other-${i}`, 100, 100, 1);
    expect(input("a", 1000)).toBe(1000);
    expect(exports.tableSize!()).toBe(3456);
  });

  test("one answer that is far off moves it little", () => {
    clear();
    for (let i = 0; i < 30; i++) learn("a", 100, 100, 10);
    learn("a", 100, 1_000_000, 1_000_000);
    expect(input("a", 100)).toBeLessThan(106);
    expect(mean("a")).toBeLessThan(14);
  });

  test("a hidden prompt of short requests does not make long ones dearer by the same factor", () => {
    clear();
    for (let i = 0; i < 20; i++) learn("a", 20 + i, 165 + i, 10);
    expect(input("a", 30)).toBeGreaterThan(140);
    expect(input("a", 20_000)).toBeLessThan(20_000 * 2);
  });

  test("what requests with tools cost beside their texts is learned apart", () => {
    clear();
    for (let i = 0; i < 20; i++) {
      learn("a", 100, 400, 10, 1);
      learn("a", 100, 100, 10, 0);
    }
    expect(input("a", 100, 1)).toBeGreaterThan(350);
    expect(input("a", 100)).toBeCloseTo(100, 0);
  });

  // What a provider counts is some frame and some ratio of the estimate, within some spread.
  const traffic = fc.record({
    offset: fc.oneof(fc.constant(0), fc.integer({ min: -10, max: 400 })),
    ratio: fc.oneof(fc.constant(1), fc.double({ min: 0.6, max: 1.8, noNaN: true })),
    spread: fc.double({ min: 0, max: 0.25, noNaN: true }),
    answers: fc.array(
      fc.tuple(fc.double({ min: 3, max: 10, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })),
      {
        minLength: 200,
        maxLength: 200,
      },
    ),
  });
  const distance = (one: number, other: number) => Math.abs(Math.log(one / other));
  const errorsOf = ({
    offset,
    ratio,
    spread,
    answers,
  }: typeof traffic extends fc.Arbitrary<infer T> ? T : never) => {
    clear();
    let [before, after] = [0, 0];
    for (const [i, [size, noise]] of answers.entries()) {
      const estimated = Math.exp(size);
      const stated = Math.max(1, Math.round((offset + ratio * estimated) * (1 + spread * noise)));
      if (i >= 20) {
        before += distance(estimated, stated) / (answers.length - 20);
        after += distance(input("a", estimated), stated) / (answers.length - 20);
      }
      learn("a", estimated, stated, 1);
    }
    return { before, after };
  };

  test("corrected estimates are, over many answers, no worse than plain ones by more than noise", () => {
    fc.assert(
      fc.property(traffic, (of) => {
        const { before, after } = errorsOf(of);
        expect(after).toBeLessThan(before * 1.05 + 0.02);
      }),
      { numRuns: 300 },
    );
  });

  test("corrected estimates come as near as the spread of the answers lets them", () => {
    fc.assert(
      fc.property(traffic, (of) => {
        expect(errorsOf(of).after).toBeLessThan(of.spread * 0.75 + 0.1);
      }),
      { numRuns: 300 },
    );
  });

  test("is empty when its bytes are no table, and numbers that are none teach nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), (bytes) => {
        put(bytes);
        exports.useTable!();
        const found = input("a", 100);
        expect(found).toBeGreaterThanOrEqual(10);
        expect(Number.isFinite(found)).toBe(true);
        learn("a", 0, 5, 0);
        expect(exports.tableSize!()).toBeLessThanOrEqual(3456);
      }),
    );
  });
});
