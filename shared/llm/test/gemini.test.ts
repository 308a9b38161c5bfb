// What the golden cases of Gemini's dialect do not show: rules by model, hostile streams, every cut.
import { GoogleGenAI } from "@google/genai";
import fc from "fast-check";
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
import type { Dialect } from "./gemini-conversion.ts";
import { loadConversion, option } from "./gemini-conversion.ts";
import { seenBy } from "./official-clients.ts";

const conversion = await loadConversion();
const seed = Number(process.env.FUZZ_SEED ?? 20250711);
const folder = new URL("fixtures/gemini/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.split(".").length === 2 && file !== "dropped.json");
const read = (file: string) => readFileSync(new URL(file, folder));
const dialects: Dialect[] = ["openai", "anthropic", "gemini"];

const user = { role: "user", content: "Hi" };
function sent(body: object, model = "gemini-2.5-pro", flags = 0): any {
  const { error, text } = conversion.request(
    "openai",
    "gemini",
    JSON.stringify({ messages: [user], ...body }),
    model,
    flags,
  );
  expect(error).toBe(0);
  return JSON.parse(text);
}

test("a call is written when its arguments are complete, whatever is said meanwhile", () => {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const call = (index: number, args: string, name?: string) => ({
    tool_calls: [{ index, ...(name && { id: name }), function: { name, arguments: args } }],
  });
  const { text } = conversion.stream("openai", "gemini", [
    chunk(call(0, '{"x":', "f")),
    chunk({ content: "meanwhile" }),
    chunk(call(0, "1}")),
    chunk(call(1, '{"y":2}', "g")),
    chunk({ content: "then" }),
    chunk(call(2, "", "h")),
    chunk({}, "tool_calls"),
  ]);
  const parts = [...text.matchAll(/data: (.*)/g)].flatMap(
    ([, json]) => JSON.parse(json!).candidates[0].content.parts,
  );
  expect(parts.map(({ text, functionCall }) => text ?? [functionCall.name, functionCall.args])).toEqual([
    "meanwhile",
    ["f", { x: 1 }],
    ["g", { y: 2 }],
    "then",
    ["h", {}],
    "",
  ]);
});

test("results go out in the order of their calls, which models without ids tell apart by it", () => {
  const call = (id: string, x: number) => ({
    ...{ id, type: "function" },
    function: { name: "f", arguments: `{"x":${x}}` },
  });
  const messages = [
    user,
    { role: "assistant", content: null, tool_calls: [call("a", 1), call("b", 2), call("c", 3)] },
    { role: "tool", tool_call_id: "c", content: "three" },
    { role: "tool", tool_call_id: "a", content: "one" },
    { role: "tool", tool_call_id: "b", content: "two" },
  ];
  const said = sent({ messages }).contents[2].parts.map(
    ({ functionResponse }: any) => functionResponse.response.output,
  );
  expect(said).toEqual(["one", "two", "three"]);
});

test("of more than five stop texts, which Gemini refuses, the first five go out", () => {
  const stop = ["a", "b", "c", "d", "e", "f"];
  expect(sent({ stop }).generationConfig.stopSequences).toEqual(stop.slice(0, 5));
});

describe("from Gemini", () => {
  function read(body: object): any {
    const { error, text } = conversion.request("gemini", "openai", JSON.stringify(body));
    expect(error).toBe(0);
    return JSON.parse(text);
  }

  test("a schema's words in snake case are those in camel case, and names of properties stay", () => {
    const response_schema = {
      type: "OBJECT",
      property_ordering: ["max_items"],
      properties: { max_items: { type: "ARRAY", min_items: "2", items: { any_of: [{ type: "STRING" }] } } },
    };
    const format = read({
      contents: [{ parts: [{ text: "Hi" }] }],
      generation_config: { response_schema },
    }).response_format;
    expect(format.json_schema.schema).toEqual({
      type: "object",
      propertyOrdering: ["max_items"],
      properties: { max_items: { type: "array", minItems: 2, items: { anyOf: [{ type: "string" }] } } },
    });
  });

  test("what may be null is so in JSON schema's words, but for a schema as a whole", () => {
    const parameters = {
      type: "OBJECT",
      nullable: true,
      properties: {
        type: { description: 'a "{" in it', nullable: true, type: "STRING" },
        list: { type: "array", nullable: true, items: { type: "INTEGER", nullable: false } },
      },
    };
    const { text } = conversion.request(
      "gemini",
      "openai",
      JSON.stringify({
        contents: [{ parts: [{ text: "x" }] }],
        tools: [{ functionDeclarations: [{ name: "f", parameters }] }],
      }),
    );
    expect(JSON.parse(text).tools[0].function.parameters).toMatchObject({
      type: "object",
      properties: {
        type: { type: ["string", "null"] },
        list: { type: ["array", "null"], items: { type: "integer" } },
      },
    });
  });

  test("names that OpenAI refuses are plain, in tools, choice and calls, and stay apart when they are cut", () => {
    const long = `mcp__${"server_".repeat(10)}`;
    const names = ["ns.tool:x", `${long}1`, `${long}2`];
    const sent = read({
      contents: [
        { role: "user", parts: [{ text: "Hi" }] },
        { role: "model", parts: [{ functionCall: { name: names[1], args: {} } }] },
        { role: "user", parts: [{ functionResponse: { name: names[1], response: { output: "R" } } }] },
      ],
      tools: [{ functionDeclarations: names.map((name) => ({ name })) }],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: [names[2]] } },
    });
    const [dotted, first, second] = sent.tools.map((tool: any) => tool.function.name);
    expect([dotted, first]).toEqual(["ns_tool_x", expect.stringMatching(/^mcp__[a-z_]{50}_[0-9a-f]{8}$/)]);
    expect(second).not.toBe(first);
    expect(sent.messages[1].tool_calls[0].function.name).toBe(first);
    expect(sent.tool_choice.function.name).toBe(second);
  });

  test("contents that say nothing are a question without words, as they are for Gemini", () => {
    const body = {
      contents: [{ role: "user", parts: [{ text: "" }] }],
      systemInstruction: { parts: [{ text: "S" }] },
    };
    expect(read(body).messages).toEqual([
      { role: "system", content: "S" },
      { role: "user", content: "" },
    ]);
  });

  test("a picture of the model's own cannot go back as its words, and is named", () => {
    const body = {
      contents: [
        { role: "user", parts: [{ text: "Draw" }] },
        {
          role: "model",
          parts: [{ text: "Here" }, { inlineData: { mimeType: "image/png", data: "iVBORw0=" } }],
        },
        { role: "user", parts: [{ text: "Thanks" }] },
      ],
    };
    const { text, dropped } = conversion.request("gemini", "openai", JSON.stringify(body));
    expect(JSON.parse(text).messages[1]).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "Here" }],
    });
    expect(dropped).toContain("messages.assistant.content");
  });
});

describe("thinking", () => {
  test.each([
    ["gemini-2.5-flash", "none", { thinkingBudget: 0 }],
    ["gemini-2.5-pro", "none", { thinkingBudget: 128 }],
    ["gemini-2.5-flash", "minimal", { includeThoughts: true, thinkingBudget: 1024 }],
    ["gemini-2.5-flash", "low", { includeThoughts: true, thinkingBudget: 1024 }],
    ["gemini-2.5-flash", "medium", { includeThoughts: true, thinkingBudget: 4096 }],
    ["gemini-2.5-flash", "xhigh", { includeThoughts: true, thinkingBudget: 16384 }],
    ["gemini-flash-latest", "low", { includeThoughts: true, thinkingBudget: 1024 }],
    ["models/gemini-3-flash-preview", "none", { thinkingLevel: "MINIMAL" }],
    ["gemini-3-flash-preview", "medium", { includeThoughts: true, thinkingLevel: "MEDIUM" }],
    ["gemini-3-pro-preview", "none", { thinkingLevel: "LOW" }],
    ["gemini-3-pro-preview", "medium", { includeThoughts: true, thinkingLevel: "HIGH" }],
    ["gemini-3.1-pro-preview", "medium", { includeThoughts: true, thinkingLevel: "MEDIUM" }],
    ["gemini-2.0-flash", "high", undefined],
    ["gemma-3", "high", undefined],
  ])("of %s with effort %s is %j", (model, reasoning_effort, expected) => {
    expect(sent({ reasoning_effort }, model).generationConfig.thinkingConfig).toEqual(expected);
  });

  test("is what is configured where the client says nothing, and else what it says", () => {
    const configured = sent({}, "gemini-2.5-pro", option.configured).generationConfig.thinkingConfig;
    expect(configured).toEqual({ includeThoughts: true, thinkingBudget: 0 });
    const asked = sent(
      { thinking: { type: "enabled", budget_tokens: 99999 } },
      "gemini-2.5-flash",
      option.configured,
    );
    expect(asked.generationConfig.thinkingConfig).toEqual({ includeThoughts: true, thinkingBudget: 24576 });
  });
});

describe("schemas", () => {
  const string = { type: "string" };
  const placed = (parameters: object) =>
    sent({ tools: [{ type: "function", function: { name: "f", parameters } }] }).tools[0]
      .functionDeclarations[0];

  test.each([
    {
      type: "object",
      properties: { a: { type: "string", enum: ["x"] }, b: { type: "array", items: string } },
    },
    {
      type: "object",
      properties: { a: { anyOf: [string, { type: "integer", format: "int32" }] } },
      required: ["a"],
    },
    { type: "OBJECT", properties: { a: { type: "STRING", format: "date-time", nullable: true } } },
  ])("that Gemini's own form has words for go out as that: %j", (schema) => {
    expect(placed(schema)).toEqual({ name: "f", parameters: schema });
  });

  test.each([
    { type: "object", properties: { a: string }, additionalProperties: false },
    { $schema: "x", type: "object", properties: { a: string } },
    { type: "object", properties: { a: { type: ["string", "null"] } } },
    { type: "object", properties: { a: { type: "integer", enum: [1] } } },
    { type: "object", properties: { a: { type: "string", format: "email" } } },
    { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: string } },
    { type: "object", properties: { a: { type: "object" } } },
    { type: "object", properties: { a: { type: "array" } } },
    { type: "object", properties: { a: { description: "anything" } } },
    { type: "object", properties: { a: { anyOf: [string], default: null } } },
    { type: "object", properties: { a: { const: "x" } } },
    { type: "object", additionalProperties: string },
    { oneOf: [{ type: "object", properties: { a: string } }] },
  ])("with other words go out as JSON schema: %j", (schema) => {
    expect(placed(schema)).toEqual({ name: "f", parametersJsonSchema: schema });
  });

  test.each([
    {},
    { type: "object", properties: {} },
    { type: "object", additionalProperties: false, required: [] },
  ])("of functions without arguments are left out: %j", (schema) =>
    expect(placed(schema)).toEqual({ name: "f" }),
  );

  test("as deep as JSON may be are judged too", () => {
    const deep = '{"type":"array","items":'.repeat(110) + '{"type":"string"}' + "}".repeat(110);
    const parameters = JSON.parse(`{"type":"object","properties":{"a":${deep}}}`);
    expect(placed(parameters)).toHaveProperty("parameters");
  });
});

describe("answer formats", () => {
  const object = { type: "object", properties: { a: { type: "string" } } };

  test.each([
    [{ type: "text" }, {}],
    [{ type: "json_object" }, { responseMimeType: "application/json" }],
    [
      { type: "json_schema", json_schema: { schema: object } },
      { responseMimeType: "application/json", responseSchema: object },
    ],
    [
      { type: "json_schema", json_schema: object },
      { responseMimeType: "application/json", responseSchema: object },
    ],
    [object, { responseMimeType: "application/json", responseSchema: object }],
    [{ type: "grammar", grammar: "x" }, {}],
  ])("%j becomes %j", (response_format, expected) => {
    expect(sent({ response_format }).generationConfig).toEqual(expected);
    expect(sent({ response_format }, "gemini-2.0-flash").generationConfig).toEqual({});
  });
});

describe("signatures of calls", () => {
  const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
  const messages = [
    user,
    { role: "assistant", tool_calls: [call("a")] },
    { role: "tool", tool_call_id: "a", content: "1" },
    user,
    { role: "assistant", tool_calls: [call("b"), call("c")] },
    { role: "tool", tool_call_id: "c", content: "3" },
    { role: "tool", tool_call_id: "b", content: "2" },
    { role: "assistant", tool_calls: [call("d")] },
    { role: "tool", tool_call_id: "unknown", content: "4" },
  ];
  const signaturesFor = (model: string) =>
    sent({ messages }, model).contents.flatMap(({ parts }: any) =>
      parts.flatMap(({ functionCall, thoughtSignature }: any) =>
        functionCall ? [[functionCall.id, thoughtSignature]] : [],
      ),
    );

  test("stand on the first call of each step of the present turn, from Gemini 3 on", () => {
    const dummy = "skip_thought_signature_validator";
    expect(signaturesFor("gemini-3-flash")).toEqual([
      ["a", undefined],
      ["b", dummy],
      ["c", undefined],
      ["d", dummy],
    ]);
    expect(signaturesFor("gemini-2.5-flash").flat()).toEqual(Array(8).fill(undefined));
  });

  test("of results in another order and without a known id find their function's name, in one turn", () => {
    const { contents } = sent({ messages }, "gemini-3-flash");
    expect(contents.map(({ role }: any) => role).join()).toBe("user,model,user,user,model,user,model,user");
    expect(contents[5].parts.map(({ functionResponse }: any) => functionResponse.response.output)).toEqual([
      "3",
      "2",
    ]);
    expect(contents[7].parts[0].functionResponse.name).toBe("f");
  });

  test("that Gemini's clients send are sent on", () => {
    const { text } = conversion.request("gemini", "gemini", read("request-tools.json"), "gemini-3-flash");
    expect(text).toContain('"thoughtSignature":"Y2FsbA=="');
    expect(text).toContain('"thoughtSignature":"dGhvdWdodA=="');
    expect(text).not.toContain("skip_thought");
  });
});

describe("a conversation of the system alone", () => {
  test("is the user's: Gemini refuses one without contents", () => {
    const body = sent({ messages: [{ role: "system", content: "Write a poem" }] });
    expect(body.contents).toEqual([{ role: "user", parts: [{ text: "Write a poem" }] }]);
    expect(body).not.toHaveProperty("systemInstruction");
  });
});

test.each([[""], [[]], [[{ type: "text", text: "" }]]])(
  "a conversation that says nothing, %j, has contents",
  (content) => {
    const { contents } = sent({ messages: [{ role: "user", content }] });
    expect(contents).toEqual([{ role: "user", parts: [{ text: "." }] }]);
  },
);

describe("sources and probabilities of OpenAI's dialect", () => {
  const url_citation = { url: "https://e.example.com", title: "E", start_index: 0, end_index: 2 };
  const other = { ...url_citation, start_index: 3, end_index: 5 };
  const annotations = [url_citation, other].map((source) => ({ type: "url_citation", url_citation: source }));
  const top_logprobs = [{ token: "b", logprob: -2, bytes: null }];
  const logprobs = { content: [{ token: "a", logprob: -0.5, bytes: [97], top_logprobs }] };
  const said = (content: string) => ({ role: "assistant", content, annotations });
  const evidence = {
    groundingMetadata: {
      groundingChunks: [{ web: { uri: "https://e.example.com", title: "E" } }],
      groundingSupports: [
        { segment: { startIndex: 0, endIndex: 2 }, groundingChunkIndices: [0] },
        { segment: { startIndex: 3, endIndex: 5 }, groundingChunkIndices: [0] },
      ],
    },
    logprobsResult: {
      chosenCandidates: [{ token: "a", logProbability: -0.5 }],
      topCandidates: [{ candidates: [{ token: "b", logProbability: -2 }] }],
    },
  };

  test.each([false, true])("reach Google's client, streamed: %s", async (isStream) => {
    const choice = { index: 0, logprobs, finish_reason: "stop" };
    const body = isStream
      ? conversion.stream("openai", "gemini", [
          `data: ${JSON.stringify({ id: "c", choices: [{ ...choice, delta: said("as it is") }] })}\n\n`,
        ])
      : conversion.answer(
          "openai",
          "gemini",
          JSON.stringify({ id: "c", choices: [{ ...choice, message: said("as it is") }] }),
        );
    expect(body.dropped).toEqual([]);
    const headers = { "content-type": isStream ? "text/event-stream" : "application/json" };
    const fetch = async () => new Response(body.text, { headers });
    const { models } = new GoogleGenAI({ apiKey: "-", httpOptions: { fetch } });
    const asked = { model: "m", contents: "x" };
    const seen = [];
    if (isStream) for await (const answer of await models.generateContentStream(asked)) seen.push(answer);
    else seen.push(await models.generateContent(asked));
    expect(seen.at(-1)!.candidates![0]).toMatchObject(evidence);
  });

  test("have no positions beside other characters than ASCII's, which Gemini counts by bytes", () => {
    const choices = [{ index: 0, logprobs: null, finish_reason: "stop", message: said("ä b") }];
    const { text } = conversion.answer("openai", "gemini", JSON.stringify({ id: "c", choices }));
    const { groundingChunks } = evidence.groundingMetadata;
    expect(JSON.parse(text).candidates[0].groundingMetadata).toEqual({ groundingChunks });
  });
});

describe("places of grounded text", () => {
  const texts = ['Aß語😀 "\\\n', "so.", " Ende"];
  const bytes = (upTo: number) => Buffer.byteLength(texts.slice(0, upTo).join(""));
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: "https://e.example.com", title: "E" } }],
    groundingSupports: [
      { segment: { endIndex: bytes(1) }, groundingChunkIndices: [0] },
      { segment: { startIndex: bytes(1), endIndex: bytes(2) }, groundingChunkIndices: [0] },
      { segment: { startIndex: bytes(2), endIndex: bytes(3) }, groundingChunkIndices: [0] },
    ],
  };
  const answer = (text: string, more: object) =>
    JSON.stringify({ responseId: "r", candidates: [{ content: { parts: [{ text }] }, ...more }] });
  const last = { finishReason: "STOP", groundingMetadata };
  const escaped = (json: string) =>
    json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

  test.each([
    ["as they are", (json: string) => json],
    ["as escapes", escaped],
  ])("are told in characters, whatever Gemini's bytes: %s", (_, written) => {
    const places = texts.map((_, i) => [0, 1].map((more) => [...texts.slice(0, i + more).join("")].length));
    const whole = conversion.answer("gemini", "openai", written(answer(texts.join(""), last)));
    const told = (annotations: any[]) =>
      annotations.map(({ url_citation: { start_index, end_index } }) => [start_index, end_index]);
    expect(told(JSON.parse(whole.text).choices[0].message.annotations)).toEqual(places);
    const events = texts.map((text, i) => `data: ${written(answer(text, i === 2 ? last : {}))}\n\n`);
    const { text } = conversion.stream("gemini", "openai", events);
    const list = /"annotations":(\[.*?\])\},"finish/.exec(text);
    expect(told(JSON.parse(list![1]!))).toEqual(places);
  });

  test("are not told behind the end of the text", () => {
    const far = { segment: { startIndex: 1, endIndex: 99 }, groundingChunkIndices: [0] };
    const grounded = { ...groundingMetadata, groundingSupports: [far] };
    const { text } = conversion.answer(
      "gemini",
      "openai",
      answer("ab", { ...last, groundingMetadata: grounded }),
    );
    const [{ url_citation }] = JSON.parse(text).choices[0].message.annotations;
    expect(url_citation).toEqual({ url: "https://e.example.com", title: "E", start_index: 1 });
  });
});

describe("errors", () => {
  test.each([
    [0, 400, "INVALID_ARGUMENT"],
    [1, 401, "UNAUTHENTICATED"],
    [3, 403, "PERMISSION_DENIED"],
    [4, 404, "NOT_FOUND"],
    [6, 429, "RESOURCE_EXHAUSTED"],
    [7, 500, "INTERNAL"],
    [8, 504, "DEADLINE_EXCEEDED"],
    [9, 503, "UNAVAILABLE"],
  ])("of kind %d have code %d and status %s", async (kind, code, status) => {
    const body = conversion.error(kind, "no");
    expect(body).toEqual({ error: { code, message: "no", status } });
    await expect(seenBy("gemini", JSON.stringify(body), false, code)).rejects.toMatchObject({ status: code });
  });

  test("in a stream, and streams that were cut off, are errors for Google's client", async () => {
    for (const file of ["stream-error.sse", "stream-truncated.sse"]) {
      const { text } = conversion.stream("gemini", "gemini", [read(file)]);
      await expect(seenBy("gemini", text, true)).rejects.toThrow(/overloaded|ended before/);
    }
  });

  test("are what becomes of an event that is too long", () => {
    for (const chunk of [`data: {"a":"${"x".repeat(2000)}`, `[{"a":"${"x".repeat(2000)}`]) {
      expect(conversion.stream("gemini", "openai", [chunk], 0, 1000).text).toContain(
        "longer than the gateway",
      );
    }
  });
});

describe("a list instead of events", () => {
  test("is one JSON document, with errors in it, and reads back the same", () => {
    for (const file of files.filter((name) => name.startsWith("stream-"))) {
      const { text } = conversion.stream("gemini", "gemini", [read(file)], option.asList);
      const values = JSON.parse(text);
      const events = conversion.stream("gemini", "gemini", [read(file)]).text;
      expect(values).toEqual(
        events
          .split("\r\n\r\n")
          .slice(0, -1)
          .map((event) => JSON.parse(event.slice(6))),
      );
      if (!file.includes("truncated") && !file.includes("error"))
        expect(conversion.stream("gemini", "gemini", drip(Buffer.from(text))).text).toBe(events);
    }
  });
});

describe("cuts", () => {
  test.each(files.filter((file) => file.startsWith("stream-")))("%s is the same at every one", (file) => {
    const bytes = read(file);
    for (const to of dialects) {
      const whole = conversion.stream("gemini", to, [bytes]).text;
      for (const chunks of everySingleCut(bytes)) {
        if (conversion.stream("gemini", to, chunks).text !== whole)
          expect.fail(`${to}: cut at byte ${chunks[0]!.length}`);
      }
      expect(conversion.stream("gemini", to, drip(bytes)).text).toBe(whole);
    }
  });

  const recordings = recordingsFolder();
  const streams = recordings ? loadRecordings(recordings).filter(isStream) : [];
  test.skipIf(!recordings).each(streams.filter(({ kind }) => kind === "gemini"))(
    "$name is the same at every cut of its first 3 KB and in random partitions (skipped without recordings)",
    ({ streamBytes }) => {
      for (const to of dialects) {
        const whole = conversion.stream("gemini", to, [streamBytes]).text;
        for (const chunks of partitions(streamBytes, 20, seed)) {
          if (conversion.stream("gemini", to, chunks).text !== whole) expect.fail(`${to}: seed ${seed}`);
        }
        const start = streamBytes.subarray(0, 3000);
        const begun = conversion.stream("gemini", to, [start]).text;
        for (const chunks of everySingleCut(start)) {
          if (conversion.stream("gemini", to, chunks).text !== begun)
            expect.fail(`${to}: cut at ${chunks[0]!.length}`);
        }
      }
    },
  );
});

describe("changed bytes", () => {
  const interesting = fc.constantFrom(...Buffer.from("{}[]\",:\\$.'0-e\n"));
  const change = fc.record({ at: fc.nat(), byte: fc.oneof(interesting, fc.nat(255)), insert: fc.boolean() });

  test("never make the module fail, and what it writes stays JSON", () => {
    const given = fc.record({
      file: fc.constantFrom(...files),
      changes: fc.array(change, { minLength: 1, maxLength: 6 }),
      to: fc.constantFrom(...dialects),
    });
    fc.assert(
      fc.property(given, ({ file, changes, to }) => {
        let bytes = read(file);
        for (const { at, byte, insert } of changes) {
          const place = at % (bytes.length + 1);
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            Buffer.from([byte]),
            bytes.subarray(insert ? place : place + 1),
          ]);
        }
        if (file.startsWith("request-")) {
          const { error, text } = conversion.request("gemini", to, bytes, "gemini-3-flash");
          if (error === 0) JSON.parse(text);
        } else if (file.endsWith(".json")) {
          const { isRead, text } = conversion.answer("gemini", to, bytes);
          if (isRead) JSON.parse(text);
        } else {
          const { text } = conversion.stream("gemini", to, [bytes]);
          for (const line of text.split(/\r?\n/)) {
            if (line.startsWith("data: {")) JSON.parse(line.slice(6));
          }
        }
      }),
      { numRuns: 3000, seed },
    );
  });

  const step = fc.oneof(
    fc.constantFrom("a", "b", "c").map((name) => `.${name}`),
    fc.nat(2).map((index) => `[${index}]`),
    fc.constantFrom("['a b']", "['", "..", "[", "]", "[99999999999]", '["q\\"x"]'),
  );
  const piece = fc.record(
    {
      jsonPath: fc.array(step, { maxLength: 5 }).map((steps) => "$" + steps.join("")),
      stringValue: fc.string(),
      numberValue: fc.integer(),
      willContinue: fc.boolean(),
    },
    { requiredKeys: [] },
  );

  test("in the paths of arguments leave valid JSON", () => {
    fc.assert(
      fc.property(fc.array(fc.array(piece, { maxLength: 4 }), { maxLength: 8 }), (parts) => {
        const calls = [
          { name: "f", willContinue: true },
          ...parts.map((partialArgs) => ({ partialArgs, willContinue: true })),
        ];
        const event = (functionCall: object) =>
          `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ functionCall }] }, finishReason: "STOP" }] })}\n\n`;
        const { text } = conversion.stream("gemini", "openai", [calls.map(event).join("")]);
        const written = [...text.matchAll(/"function":\{"arguments":("(?:[^"\\]|\\.)*")/g)].map(([, one]) =>
          JSON.parse(one!),
        );
        expect(JSON.parse(written.join(""))).toBeTypeOf("object");
      }),
      { numRuns: 1000, seed },
    );
  });
});

test("what Gemini reads by address and Anthropic does not is left out", () => {
  const parts = ["video/mp4", "application/pdf", "image/png"].map((mimeType) => ({
    fileData: { mimeType, fileUri: "https://example.com/1" },
  }));
  const { text, dropped } = conversion.request(
    "gemini",
    "anthropic",
    JSON.stringify({ contents: [{ role: "user", parts }] }),
    "claude-sonnet-4-5",
  );
  const types = JSON.parse(text).messages[0].content.map(({ type }: { type: string }) => type);
  expect(types).toEqual(["document", "image"]);
  expect(dropped).toContain("messages.content.video/mp4");
});

test("pieces of a stream that are sent back are one turn, in contents or parts, with its seal", () => {
  const pieces = [
    { text: "Let ", thought: true },
    { text: "me see", thought: true },
    { text: "", thought: true, thoughtSignature: "S1" },
    { text: "More", thought: true, thoughtSignature: "S2" },
    { text: "It " },
    { text: "is 2" },
    { functionCall: { id: "c", name: "f", args: {} } },
  ];
  const model = (parts: object[]) => ({ role: "model", parts });
  for (const contents of [[model(pieces)], pieces.map((piece) => model([piece]))]) {
    const { text } = conversion.request(
      "gemini",
      "anthropic",
      JSON.stringify({ contents }),
      "claude-sonnet-4-5",
    );
    expect(JSON.parse(text).messages[1].content).toEqual([
      { type: "thinking", thinking: "Let me see", signature: "S1" },
      { type: "thinking", thinking: "More", signature: "S2" },
      { type: "text", text: "It is 2" },
      { type: "tool_use", id: "c", name: "f", input: {} },
    ]);
  }
});
