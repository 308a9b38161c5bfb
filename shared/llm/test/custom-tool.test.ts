// Tools that take free text: as they are between OpenAI's two dialects, as functions for all others, and the model's calls
// of them as the client knows them. Requests and answers are written from OpenAI's documentation.
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import type { Dialect } from "./conversion.ts";
import { loadConversion, option } from "./conversion.ts";

const conversion = await loadConversion();
const { customTools } = option;

const definition = 'start: "SELECT" /.+/';
const grammar = { syntax: "lark", definition };
const chatTool = {
  type: "custom",
  custom: { name: "shell", description: "Runs.", format: { type: "grammar", grammar } },
};
const responsesTool = {
  type: "custom",
  name: "shell",
  description: "Runs.",
  format: { type: "grammar", ...grammar },
};
const text = 'echo "hä 😀"\n\tC:\\dir </x>';
const parameters = { type: "object", properties: { input: { type: "string" } }, required: ["input"] };
const described = `Runs.\n\nThe input follows this grammar (lark):\n${definition}`;

const chatRequest = {
  model: "m",
  tools: [chatTool, { type: "function", function: { name: "other", parameters: { type: "object" } } }],
  tool_choice: { type: "custom", custom: { name: "shell" } },
  messages: [
    { role: "user", content: "Go" },
    {
      role: "assistant",
      tool_calls: [{ id: "call_1", type: "custom", custom: { name: "shell", input: text } }],
    },
    { role: "tool", tool_call_id: "call_1", content: "ok" },
  ],
};
const responsesRequest = {
  model: "m",
  tools: [responsesTool, { type: "function", name: "other", parameters: { type: "object" } }],
  tool_choice: { type: "custom", name: "shell" },
  input: [
    { role: "user", content: "Go" },
    { type: "custom_tool_call", call_id: "call_1", name: "shell", input: text },
    { type: "custom_tool_call_output", call_id: "call_1", output: "ok" },
  ],
};

function converted(from: Dialect, to: Dialect, request: object, flags = 0) {
  const { error, text, dropped } = conversion.request(from, to, JSON.stringify(request), flags);
  expect(error).toBe(0);
  return { body: JSON.parse(text), dropped };
}

describe("requests", () => {
  test("chat completions to Responses: definition, grammar, choice, call and result stay what they are", () => {
    const { body, dropped } = converted("openai", "responses", chatRequest);
    expect(body.tools[0]).toEqual(responsesTool);
    expect(body.tool_choice).toEqual(responsesRequest.tool_choice);
    expect(body.input.slice(1)).toEqual(responsesRequest.input.slice(1));
    expect(dropped).toEqual([]);
  });

  test("Responses to chat completions of OpenAI itself: the same", () => {
    const { body, dropped } = converted("responses", "openai", responsesRequest, customTools);
    expect(body.tools[0]).toEqual(chatTool);
    expect(body.tool_choice).toEqual(chatRequest.tool_choice);
    expect(body.messages.slice(1)).toMatchObject(chatRequest.messages.slice(1));
    expect(dropped).toEqual([]);
  });

  test("to servers of OpenAI's dialect, which know functions: a function with the argument input", () => {
    const { body, dropped } = converted("responses", "openai", responsesRequest);
    expect(body.tools[0]).toEqual({
      type: "function",
      function: { name: "shell", description: described, parameters },
    });
    expect(body.tool_choice).toEqual({ type: "function", function: { name: "shell" } });
    const [call] = body.messages[1].tool_calls;
    expect(JSON.parse(call.function.arguments)).toEqual({ input: text });
    expect(dropped).toEqual(["tools.custom.format"]);
  });

  test.each([
    ["openai", chatRequest],
    ["responses", responsesRequest],
  ] as const)("%s to Anthropic: the same as a tool, and the grammar is named as dropped", (from, request) => {
    const { body, dropped } = converted(from, "anthropic", request);
    expect(body.tools[0]).toEqual({ name: "shell", description: described, input_schema: parameters });
    expect(body.tool_choice).toEqual({ type: "tool", name: "shell" });
    expect(body.messages[1].content[0]).toMatchObject({
      id: "call_1",
      name: "shell",
      input: { input: text },
    });
    expect(body.messages[2].content[0]).toMatchObject({ type: "tool_result", tool_use_id: "call_1" });
    expect(dropped).toEqual(["tools.custom.format"]);
  });

  test("free text without a format is nothing that gets lost; an unknown format is named", () => {
    const ask = (format: object | undefined) => ({
      ...responsesRequest,
      tools: [{ type: "custom", name: "shell", format }],
    });
    expect(converted("responses", "anthropic", ask(undefined)).dropped).toEqual([]);
    expect(converted("responses", "anthropic", ask({ type: "text" })).dropped).toEqual([]);
    expect(converted("responses", "openai", ask({ type: "other" }), customTools).dropped).toEqual([
      "tools.custom.format.other",
    ]);
  });

  test("allowed tools name custom ones too", () => {
    const allowed = { mode: "required", tools: [{ type: "custom", custom: { name: "shell" } }] };
    const choice = { type: "allowed_tools", allowed_tools: allowed };
    const { body } = converted("openai", "responses", { ...chatRequest, tool_choice: choice });
    expect(body.tools).toEqual([responsesTool]);
    expect(body.tool_choice).toBe("required");
  });

  test("results of parallel calls keep to their own kind, whatever their order", () => {
    const { body } = converted("openai", "responses", {
      ...chatRequest,
      messages: [
        { role: "user", content: "Go" },
        {
          role: "assistant",
          tool_calls: [
            { id: "a", type: "function", function: { name: "other", arguments: "{}" } },
            { id: "b", type: "custom", custom: { name: "shell", input: "" } },
          ],
        },
        { role: "tool", tool_call_id: "b", content: "2" },
        { role: "tool", tool_call_id: "a", content: "1" },
      ],
    });
    expect(body.input.slice(1)).toMatchObject([
      { type: "function_call", call_id: "a" },
      { type: "custom_tool_call", call_id: "b", input: "" },
      { type: "custom_tool_call_output", call_id: "b", output: "2" },
      { type: "function_call_output", call_id: "a", output: "1" },
    ]);
  });
});

/** A whole answer and a stream of each dialect that calls the tool, the arguments cut into pieces of `size`. */
function calling(dialect: Dialect, args: string, size: number): { whole: string; stream: string } {
  const pieces = [...args].reduce<string[]>((list, letter, i) => {
    if (i % size === 0) list.push("");
    list[list.length - 1] += letter;
    return list;
  }, []);
  const events = (list: object[], name: (event: any) => string = () => "") =>
    list.map((event) => `${name(event)}data: ${JSON.stringify(event)}\n\n`).join("");
  if (dialect === "anthropic") {
    const usage = { input_tokens: 1, output_tokens: 2 };
    const block = { type: "tool_use", id: "call_1", name: "shell" };
    const message = { id: "msg_1", type: "message", role: "assistant", model: "m", usage };
    const input = { type: "input_json_delta" };
    return {
      whole: JSON.stringify({
        ...message,
        content: [{ ...block, input: safeParse(args) }],
        stop_reason: "tool_use",
      }),
      stream: events([
        { type: "message_start", message: { ...message, content: [] } },
        { type: "content_block_start", index: 0, content_block: { ...block, input: {} } },
        ...pieces.map((partial_json) => ({
          type: "content_block_delta",
          index: 0,
          delta: { ...input, partial_json },
        })),
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "tool_use" }, usage },
        { type: "message_stop" },
      ]),
    };
  }
  const call = (given: string) => ({ index: 0, function: { arguments: given } });
  const named = { index: 0, id: "call_1", type: "function", function: { name: "shell", arguments: "" } };
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    id: "c",
    model: "m",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  const whole = { ...named, function: { name: "shell", arguments: args } };
  return {
    whole: JSON.stringify({
      id: "c",
      model: "m",
      choices: [
        { index: 0, message: { role: "assistant", tool_calls: [whole] }, finish_reason: "tool_calls" },
      ],
    }),
    stream: events([
      chunk({ role: "assistant", tool_calls: [named] }),
      ...pieces.map((piece) => chunk({ tool_calls: [call(piece)] })),
      chunk({}, "tool_calls"),
    ]),
  };
}

function safeParse(args: string): unknown {
  try {
    return JSON.parse(args);
  } catch {
    return {};
  }
}

function client(body: string, isStream: boolean): OpenAI {
  const headers = { "content-type": isStream ? "text/event-stream" : "application/json" };
  return new OpenAI({ apiKey: "-", maxRetries: 0, fetch: async () => new Response(body, { headers }) });
}

/** The input of the one call that OpenAI's client finds in an answer. */
async function inputSeen(to: Dialect, body: string, isStream: boolean): Promise<string> {
  const openai = client(body, isStream);
  if (to === "responses") {
    const asked = { model: "m", input: "x" };
    const response = isStream
      ? await openai.responses.stream(asked).finalResponse()
      : await openai.responses.create(asked);
    const [item] = response.output as OpenAI.Responses.ResponseCustomToolCall[];
    expect(item).toMatchObject({ type: "custom_tool_call", call_id: "call_1", name: "shell" });
    return item!.input;
  }
  const asked = { model: "m", messages: [{ role: "user" as const, content: "x" }] };
  const completion = isStream
    ? await openai.chat.completions.stream(asked).finalChatCompletion()
    : await openai.chat.completions.create(asked);
  const [choice] = completion.choices;
  expect(choice!.finish_reason).toBe("tool_calls");
  const [call] = choice!.message.tool_calls as OpenAI.ChatCompletionMessageCustomToolCall[];
  expect(call).toMatchObject({ id: "call_1", type: "custom", custom: { name: "shell" } });
  return call!.custom.input;
}

const ways: [Dialect, Dialect][] = [
  ["anthropic", "openai"],
  ["anthropic", "responses"],
  ["openai", "responses"],
  ["openai", "openai"],
];

/** Arguments, and the text that is in them. */
const documents: Record<string, [args: string, input: string]> = {
  "as JSON writes it": [JSON.stringify({ input: text }), text],
  "with every character escaped": [
    `{ "input" :\n"${[...text].map((letter) => [...Array(letter.length).keys()].map((i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")).join("")}" }`,
    text,
  ],
  "that is empty": ['{"input":""}', ""],
  "behind another member": [JSON.stringify({ why: "x", input: text }), text],
};
/** What models write that is not what they were asked for; in streams only, where it need not be JSON. */
const odd: Record<string, [args: string, input: string]> = {
  "that ends early": ['{"input":"ls \\', "ls "],
  "with line breaks and backslashes that are not escaped": [
    '{"input":"a\nb\\q C:\\user\\ud"}',
    "a\nb\\q C:\\user\\ud",
  ],
  "under another name": ['{"command":"ls"}', '{"command":"ls"}'],
  "that is bare": ["ls -l", "ls -l"],
  "that is not there": ["", ""],
};

describe.each(ways)("answers of %s to OpenAI's client of %s", (from, to) => {
  test.each(Object.entries(documents))("a text %s", async (_, [args, input]) => {
    const { whole } = calling(from, args, 1);
    expect(await inputSeen(to, conversion.answer(from, to, whole, customTools).text, false)).toBe(input);
  });

  test.each(Object.entries({ ...documents, ...odd }))("a stream of a text %s", async (_, [args, input]) => {
    for (const size of [1, 2, 7, 1000]) {
      const { stream } = calling(from, args, size);
      const out = conversion.stream(from, to, [stream], customTools).text;
      expect(await inputSeen(to, out, true)).toBe(input);
      // No delta has half a character, which other languages than JavaScript cannot join.
      expect(out).not.toMatch(/[^\\]\\ud[89ab]..(?!\\ud[c-f])/i);
      expect(conversion.stream(from, to, drip(Buffer.from(stream)), customTools).text).toBe(out);
    }
  });
});

test("a function of another name stays a function", () => {
  const { stream } = calling("anthropic", '{"input":"x"}', 3);
  const out = conversion.stream("anthropic", "openai", [stream.replace("shell", "other")], customTools).text;
  expect(out).toContain('"function":{"name":"other"');
  expect(out).not.toContain("custom");
});

describe("calls that the provider makes as such", () => {
  const chat = conversion.stream(
    "anthropic",
    "openai",
    [calling("anthropic", JSON.stringify({ input: text }), 4).stream],
    customTools,
  ).text;
  const responses = conversion.stream(
    "anthropic",
    "responses",
    [calling("anthropic", JSON.stringify({ input: text }), 4).stream],
    customTools,
  ).text;

  test("pass between OpenAI's dialects, in pieces as they come", async () => {
    expect(
      await inputSeen("responses", conversion.stream("openai", "responses", [chat], customTools).text, true),
    ).toBe(text);
    expect(
      await inputSeen(
        "openai",
        conversion.stream("responses", "openai", [responses], customTools).text,
        true,
      ),
    ).toBe(text);
    expect(responses.match(/custom_tool_call_input\.delta"/g)!.length).toBeGreaterThan(5);
  });

  test("are functions for clients that did not ask so, in streams whole and without their closing events", () => {
    const withoutDone = responses
      .split("\n\n")
      .filter((event) => !/custom_tool_call_input.done|output_item.done/.test(event))
      .join("\n\n");
    const onlyEnd = responses
      .split("\n\n")
      .filter((event) => !/custom_tool_call_input|output_item/.test(event))
      .join("\n\n");
    for (const [from, stream] of [
      ["openai", chat],
      ["responses", responses],
      ["responses", withoutDone],
      ["responses", onlyEnd],
    ] as const) {
      const out = conversion.stream(from, "anthropic", [stream]).text;
      const pieces = [...out.matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)].map(([, piece]) =>
        JSON.parse(piece!),
      );
      expect(JSON.parse(pieces.join(""))).toEqual({ input: text });
    }
  });

  test("are read from whole answers", () => {
    const call = { id: "call_1", type: "custom", custom: { name: "shell", input: text } };
    const chat = { id: "c", choices: [{ message: { tool_calls: [call] }, finish_reason: "tool_calls" }] };
    const item = { type: "custom_tool_call", call_id: "call_1", name: "shell", input: text };
    const response = { id: "r", status: "completed", output: [item] };
    for (const [from, answer] of [
      ["openai", chat],
      ["responses", response],
    ] as const) {
      const message = JSON.parse(conversion.answer(from, "anthropic", JSON.stringify(answer)).text);
      expect(message.content).toEqual([
        { type: "tool_use", id: "call_1", name: "shell", input: { input: text } },
      ]);
    }
  });
});
