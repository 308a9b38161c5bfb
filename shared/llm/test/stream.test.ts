// Streams: options of the writers, odd providers, limits.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadConversion, option, valuesOf } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const conversion = await loadConversion();
const fixture = (path: string) => readFileSync(new URL(`fixtures/${path}`, import.meta.url));
const done = "data: [DONE]\n\n";
const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const call = (index: number | undefined, id: string | undefined, name: string | undefined, args: string) => ({
  tool_calls: [{ index, id, type: "function", function: { name, arguments: args } }],
});

function messages(...chunks: string[]) {
  const { text, dropped } = conversion.stream("openai", "anthropic", chunks);
  checkStream("anthropic", text);
  return { values: valuesOf(text) as any[], dropped };
}

/** The tool calls of a message stream: id, name and input text of each. */
function toolCalls(values: any[]) {
  const calls: [string, string, string][] = [];
  for (const value of values) {
    if (value.content_block?.type === "tool_use")
      calls.push([value.content_block.id, value.content_block.name, ""]);
    if (value.delta?.type === "input_json_delta") calls.at(-1)![2] += value.delta.partial_json;
  }
  return calls;
}

describe("options", () => {
  test("the model is the one that the gateway chose", () => {
    const toChunks = conversion.stream(
      "anthropic",
      "openai",
      [fixture("anthropic/stream-text.sse")],
      option.mappedModel,
    ).text;
    for (const value of valuesOf(toChunks)) expect(value.model).toBe("mapped");
    const toMessage = conversion.stream(
      "openai",
      "anthropic",
      [fixture("openai/stream-text.sse")],
      option.mappedModel,
    ).text;
    expect((valuesOf(toMessage)[0] as any).message.model).toBe("mapped");
    const whole = conversion.answer(
      "openai",
      "anthropic",
      fixture("openai/answer-text.json"),
      option.mappedModel,
    ).text;
    expect(JSON.parse(whole).model).toBe("mapped");
  });

  test("usage is left out for a client that did not ask", () => {
    const { text } = conversion.stream(
      "anthropic",
      "openai",
      [fixture("anthropic/stream-text.sse")],
      option.noUsage,
    );
    for (const value of valuesOf(text)) expect(value.usage).toBeNull();
  });

  test("reasoning goes to the member that the client knows", () => {
    const input = fixture("anthropic/stream-thinking.sse");
    expect(conversion.stream("anthropic", "openai", [input]).text).toContain(
      '"delta":{"reasoning_content":"Two "}',
    );
    const { text } = conversion.stream("anthropic", "openai", [input], option.reasoningContent);
    expect(text).toContain('"delta":{"reasoning":"Two ","reasoning_content":"Two "}');
  });
});

describe("tool calls", () => {
  test("arguments that come in turns are put back to their calls", () => {
    const { values } = messages(
      chunk(call(0, "a", "t", '{"x"')),
      chunk(call(1, "b", "u", '{"y"')),
      chunk(call(0, undefined, undefined, ":1}")),
      chunk(call(1, undefined, undefined, ":2}")),
      chunk({}, "tool_calls"),
    );
    expect(toolCalls(values)).toEqual([
      ["a", "t", '{"x":1}'],
      ["b", "u", '{"y":2}'],
    ]);
  });

  test("an id that comes before its name, and a new id on every fragment, are one call", () => {
    const { values } = messages(
      chunk({ tool_calls: [{ index: 0, id: "a" }] }),
      chunk(call(0, undefined, "t", "")),
      chunk(call(0, "another", undefined, "{}")),
      chunk(call(0, "yet another", "", " ")),
      chunk({}, "tool_calls"),
    );
    expect(toolCalls(values)).toEqual([["a", "t", "{} "]]);
  });

  test("calls without id get one that the client can send back", () => {
    const { values } = messages(
      chunk(call(0, undefined, "t", "{}")),
      chunk(call(1, undefined, "t", "{}")),
      chunk({}, "stop"),
    );
    const ids = toolCalls(values).map(([id]) => id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
  });

  test("calls with neither number nor id are told apart by their names", () => {
    const { values } = messages(
      chunk({
        tool_calls: [call(undefined, undefined, "t", "{}"), call(undefined, undefined, "u", '{"x"')].flatMap(
          (one) => one.tool_calls,
        ),
      }),
      chunk(call(undefined, undefined, undefined, ":1}")),
      chunk(call(undefined, undefined, "t", '{"y":2}')),
      chunk({}, "tool_calls"),
    );
    expect(toolCalls(values).map(([, name, input]) => [name, input])).toEqual([
      ["t", "{}"],
      ["u", '{"x":1}'],
      ["t", '{"y":2}'],
    ]);
  });

  test.each([undefined, null, "", "same"])("calls of a whole answer with the id %j stay apart", (id) => {
    const tool_calls = ['{"x":1}', '{"x":2}'].map((args) => ({
      id,
      function: { name: "t", arguments: args },
    }));
    const { text } = conversion.answer(
      "openai",
      "anthropic",
      Buffer.from(JSON.stringify({ choices: [{ message: { tool_calls }, finish_reason: "tool_calls" }] })),
    );
    expect(JSON.parse(text).content.map(({ input }: any) => input)).toEqual([{ x: 1 }, { x: 2 }]);
  });

  test("an answer that ends with `stop` after a call stops for the tool", () => {
    const { values } = messages(chunk(call(0, "a", "t", "{}")), chunk({}, "stop"), done);
    expect(values.at(-2).delta.stop_reason).toBe("tool_use");
  });

  test("the old function_call is a tool call", () => {
    const { values } = messages(
      chunk({ function_call: { name: "t", arguments: '{"a"' } }),
      chunk({ function_call: { arguments: ":1}" } }),
      chunk({}, "function_call"),
    );
    expect(toolCalls(values).map(([, name, input]) => [name, input])).toEqual([["t", '{"a":1}']]);
  });

  test("more than 1024 calls are dropped and noted", () => {
    const input = Array.from({ length: 1100 }, (_, index) =>
      chunk(call(index, `id${index}`, "t", "{}")),
    ).join("");
    const { values, dropped } = messages(input, chunk({}, "tool_calls"));
    expect(toolCalls(values)).toHaveLength(1024);
    expect(dropped).toContain("tool_calls");
  });

  test("arguments for a call that text has ended are noted as dropped", () => {
    const { dropped } = messages(
      chunk(call(0, "a", "t", "{}")),
      chunk({ content: "text" }),
      chunk(call(0, undefined, undefined, " ")),
      chunk({}, "stop"),
    );
    expect(dropped).toEqual(["tool_calls.function.arguments"]);
  });
});

describe("limits", () => {
  test.each(["openai", "anthropic"] as const)(
    "an event beyond the limit ends the answer of %s with an error",
    (dialect) => {
      const input = fixture(`${dialect}/stream-${dialect === "openai" ? "no-role-no-done" : "text"}.sse`);
      for (const to of ["openai", "anthropic"] as const) {
        const { text } = conversion.stream(dialect, to, [input], 0, 100);
        checkStream(to, text);
        expect(text).toContain("longer than the gateway accepts");
      }
    },
  );

  test("an event that never ends is not held beyond the limit", () => {
    const piece = Buffer.alloc(64 << 10, 0x61);
    conversion.probe.exports.collect!();
    const before = conversion.probe.exports.memoryPages!();
    const { text } = conversion.stream(
      "openai",
      "anthropic",
      [Buffer.from("data: "), ...Array.from({ length: 600 }, () => piece)],
      0,
      1 << 20,
    );
    expect(text).toContain("longer than the gateway accepts");
    expect(conversion.probe.exports.memoryPages!() - before).toBeLessThan((16 << 20) / 65536);
  });

  const pieces = [
    chunk(call(0, "a", "f", '{"x":')),
    chunk({ content: "mean" }),
    chunk({ content: "while", reasoning_content: "thought" }),
    chunk(call(1, "b", "g", '{"y"')),
    chunk(call(0, undefined, undefined, "1}")),
    chunk(call(1, undefined, undefined, ":2}")),
    chunk({}, "tool_calls"),
    done,
  ];

  test("a text between the pieces of a call's arguments waits for the call", () => {
    const { values, dropped } = messages(...pieces);
    expect(toolCalls(values)).toEqual([
      ["a", "f", '{"x":1}'],
      ["b", "g", '{"y":2}'],
    ]);
    const said = values.map(({ delta }) => delta?.text ?? delta?.thinking ?? "").join("");
    expect([...said].sort().join("")).toBe([..."meanwhilethought"].sort().join(""));
    expect(said).toContain("thought");
    expect(values.at(-2).delta.stop_reason).toBe("tool_use");
    expect(dropped).toEqual([]);
  });

  test("a text behind complete arguments does not wait", () => {
    const before = [chunk(call(0, "a", "f", '{"x":')), chunk(call(0, undefined, undefined, "1}"))];
    const { text } = conversion.stream("openai", "anthropic", [...before, chunk({ content: "then" })]);
    expect(text).toContain("then");
  });

  test("arguments that wait for another call are bounded", () => {
    const long = "x".repeat(900_000);
    const input = [chunk(call(0, "a", "t", "{")), chunk(call(1, "b", "t", "{"))];
    for (let i = 0; i < 20; i++) input.push(chunk(call(1, undefined, undefined, long)));
    const { text } = conversion.stream("openai", "anthropic", [...input, chunk({}, "tool_calls")]);
    checkStream("anthropic", text);
    expect(valuesOf(text).at(-1)).toMatchObject({ type: "error" });
  });

  test("choices beyond 128, and with odd numbers, are noted as dropped", () => {
    for (const index of [128, -1, 1e9, 1.5e300]) {
      const { dropped } = conversion.stream("openai", "openai", [
        `data: {"choices":[{"index":${index},"delta":{"content":"x"}}]}\n\n`,
      ]);
      if (index === 1.5e300) continue;
      expect(dropped).toContain("choices");
    }
  });

  test("memory stays flat over 100,000 events", () => {
    const { exports } = conversion.probe;
    const text = (n: number) =>
      Array.from({ length: n }, (_, i) => chunk({ content: `word ${i} ` })).join("");
    const events = Buffer.from(text(1000));
    const run = (rounds: number) => {
      exports.setFlags!(0);
      exports.openStream!(0, 1, 1 << 20);
      conversion.probe.put(events);
      for (let i = 0; i < rounds; i++) {
        exports.feedPieces!(977);
        exports.collect!();
      }
    };
    run(10);
    const before = exports.memoryPages!();
    run(100);
    expect(exports.memoryPages!()).toBe(before);
  });
});

describe("what is not the dialect", () => {
  test("several choices reach OpenAI's clients all, Anthropic's the first", () => {
    const input = `data: ${JSON.stringify({ id: "c", choices: [0, 1].map((index) => ({ index, delta: { content: `c${index}` }, finish_reason: "stop" })) })}\n\n${done}`;
    const chunks = conversion.stream("openai", "openai", [input]).text;
    checkStream("openai", chunks);
    expect(chunks).toContain('{"index":1,"delta":{"content":"c1"}');
    const { values, dropped } = messages(input);
    expect(JSON.stringify(values)).not.toContain("c1");
    expect(dropped).toEqual(["choices"]);
  });

  test("events that are no JSON are passed over and noted", () => {
    const { values, dropped } = messages(
      "data: oops\n\n",
      chunk({ content: "a" }),
      'data: {"choices":\n\n',
      chunk({}, "stop"),
    );
    expect(values.find((value) => value.delta?.text)?.delta.text).toBe("a");
    expect(dropped).toEqual(["event that is no JSON object"]);
  });

  test.each([
    ["", "api_error"],
    ["data: [DONE]\n\n", "api_error"],
    [": ping\n\n", "api_error"],
    ["event: error\ndata: no more\n\n", "api_error"],
    ['data: {"code":"Throttling","message":"slow"}\n\n', "api_error"],
    ['data: {"detail":[{"loc":["body"],"msg":"m"}]}\n\n', "api_error"],
    ['data: {"choices":[],"error":{"message":"m","type":"rate_limit_exceeded"}}\n\n', "rate_limit_error"],
    [
      'data: {"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"m"}}\n\n',
      "api_error",
    ],
    ['event: error\ndata: {"message":"busy"}\n\n', "api_error"],
    ['data: {"error":{"message":"slow","code":429}}\n\n', "rate_limit_error"],
    ['data: {"object":"error","message":"m","code":400}\n\n', "invalid_request_error"],
  ])("the stream %j ends as %j", (input, type) => {
    const { values } = messages(input);
    expect(values.at(-1)?.error?.type).toBe(type);
  });

  test("content in a list, as Mistral sends it, is reasoning and text", () => {
    const thinking = { type: "thinking", thinking: [{ type: "text", text: "Hm" }] };
    const { values } = messages(
      chunk({ content: [thinking] }),
      chunk({ content: [{ type: "text", text: "a" }] }),
      chunk({}, "stop"),
    );
    expect(values.map((value) => value.delta?.thinking ?? value.delta?.text).filter(Boolean)).toEqual([
      "Hm",
      "a",
    ]);
  });
});
