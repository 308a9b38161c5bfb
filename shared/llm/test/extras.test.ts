// What answers hold beside text: sources, seals, pictures, probabilities, and the functions that came before tools.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { loadConversion, option, valuesOf } from "./conversion.ts";
import type { Dialect } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const conversion = await loadConversion();
const request = { model: "m", max_tokens: 1, messages: [{ role: "user" as const, content: "x" }] };
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) =>
  event({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason, ...more }] });
const message = (value: object, more: object = {}, choice: object = {}) =>
  JSON.stringify({
    id: "c",
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", ...value }, finish_reason: "stop", ...choice }],
    ...more,
  });

function answered(from: Dialect, to: Dialect, body: string, flags = 0) {
  const { text, dropped } = conversion.answer(from, to, body, flags);
  return { answer: JSON.parse(text), dropped };
}

function streamed(from: Dialect, to: "openai" | "anthropic", chunks: string[], flags = 0) {
  const { text, dropped } = conversion.stream(from, to, chunks, flags);
  checkStream(to, text);
  return { text, values: valuesOf(text) as any[], dropped };
}

const fetching = (text: string) => ({
  apiKey: "-",
  maxRetries: 0,
  fetch: async () => new Response(text, { headers: { "content-type": "text/event-stream" } }),
});
const asMessage = (text: string) => new Anthropic(fetching(text)).messages.stream(request).finalMessage();
const asCompletion = async (text: string) =>
  (await new OpenAI(fetching(text)).chat.completions.stream(request).finalChatCompletion())
    .choices[0]! as any;

const deltasOf = (values: any[], name: string) =>
  values.flatMap((value) => value.choices[0]?.delta[name] ?? []);

describe("sources", () => {
  const location = (url: string) => ({
    type: "web_search_result_location",
    cited_text: "words",
    url,
    title: "T",
    encrypted_index: "e",
  });
  const annotation = (url: string, start_index: number, end_index: number) => ({
    type: "url_citation",
    url_citation: { url, title: "T", start_index, end_index, content: "words" },
  });
  const blocks = [
    { type: "text", text: "Sé 😀\n", citations: null },
    {
      type: "text",
      text: "It is so.",
      citations: [location("https://a.example"), location("https://b.example")],
    },
    {
      type: "text",
      text: "!",
      citations: [{ type: "page_location", document_index: 0, cited_text: "w", document_title: "D" }],
    },
  ];
  const start = event({
    type: "message_start",
    message: { id: "m", model: "m", content: [], usage: { input_tokens: 1, output_tokens: 1 } },
  });
  const end =
    event({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }) +
    event({ type: "message_stop" });

  test("of Anthropic's answer are annotations, with the characters that they are about", () => {
    const body = JSON.stringify({
      id: "m",
      type: "message",
      role: "assistant",
      model: "m",
      content: blocks,
      stop_reason: "end_turn",
      usage: {},
    });
    const { answer, dropped } = answered("anthropic", "openai", body);
    expect(answer.choices[0].message.annotations).toEqual([
      annotation("https://a.example", 5, 14),
      annotation("https://b.example", 5, 14),
    ]);
    expect(dropped).toEqual(["content.text.citations"]);
  });

  test("in Anthropic's stream come before their text, in OpenAI's after it", async () => {
    const parts = blocks.map(({ text, citations }, index) =>
      [
        event({
          type: "content_block_start",
          index,
          content_block: { type: "text", text: "", citations: [] },
        }),
        ...(citations ?? []).map((citation) =>
          event({ type: "content_block_delta", index, delta: { type: "citations_delta", citation } }),
        ),
        event({ type: "content_block_delta", index, delta: { type: "text_delta", text } }),
        event({ type: "content_block_stop", index }),
      ].join(""),
    );
    const { text, values } = streamed("anthropic", "openai", [start, ...parts, end]);
    expect(deltasOf(values, "annotations")).toEqual([
      annotation("https://a.example", 5, 14),
      annotation("https://b.example", 5, 14),
    ]);
    expect((await asCompletion(text)).message.content).toBe("Sé 😀\nIt is so.!");
  });

  test.each([
    [
      "annotations",
      message({ content: "So.", annotations: [annotation("https://a.example", 0, 3)] }),
      "T",
      "words",
    ],
    [
      "Perplexity's search results",
      message(
        { content: "So." },
        {
          citations: ["https://a.example"],
          search_results: [{ title: "T", url: "https://a.example", date: null }],
        },
      ),
      "T",
      "",
    ],
    ["Perplexity's addresses", message({ content: "So." }, { citations: ["https://a.example"] }), null, ""],
  ])("%s are Anthropic's citations", (_, body, title, cited_text) => {
    const { answer, dropped } = answered("openai", "anthropic", body);
    expect(answer.content).toEqual([
      {
        type: "text",
        text: "So.",
        citations: [
          {
            type: "web_search_result_location",
            cited_text,
            url: "https://a.example",
            title,
            encrypted_index: "",
          },
        ],
      },
    ]);
    expect(dropped).toEqual([]);
  });

  test("repeated with every chunk reach Anthropic's client once", async () => {
    const more = { citations: ["https://a.example"] };
    const piece = (delta: object, finish_reason: string | null) =>
      event({ id: "c", choices: [{ index: 0, delta, finish_reason }], ...more });
    const { text } = streamed("openai", "anthropic", [
      piece({ content: "S" }, null),
      piece({ content: "o" }, null),
      piece({}, "stop"),
    ]);
    expect((await asMessage(text)).content).toMatchObject([
      { text: "So", citations: [{ url: "https://a.example" }] },
    ]);
  });
});

describe("seals", () => {
  const call = { index: 0, id: "c1", type: "function", function: { name: "t", arguments: "{}" } };
  const extra_content = { google: { thought_signature: "sig" } };

  test("of calls pass from Google's answers to OpenAI's clients", async () => {
    const { answer } = answered(
      "openai",
      "openai",
      message({ content: null, tool_calls: [{ ...call, extra_content }] }),
    );
    expect(answer.choices[0].message.tool_calls[0]).toMatchObject({ id: "c1", extra_content });
    const { text, values } = streamed("openai", "openai", [
      chunk({ tool_calls: [{ ...call, extra_content }] }),
      chunk({}, "stop"),
    ]);
    expect(deltasOf(values, "tool_calls").find((each: any) => each.extra_content)).toEqual({
      index: 0,
      function: { arguments: "" },
      extra_content,
    });
    const [known] = (await asCompletion(text)).message.tool_calls;
    expect(known.function).toMatchObject({ name: "t", arguments: "{}" });
  });

  test("of calls come back where the provider wants them, else they are noted as dropped", () => {
    const messages = [
      ...request.messages,
      { role: "assistant", tool_calls: [{ ...call, extra_content }] },
      { role: "tool", tool_call_id: "c1", content: "r" },
    ];
    const body = JSON.stringify({ messages });
    expect(
      JSON.parse(conversion.request("openai", "openai", body, option.seals).text).messages[1].tool_calls[0]
        .extra_content,
    ).toEqual(extra_content);
    const { text, dropped } = conversion.request("openai", "openai", body);
    expect(text).not.toContain("extra_content");
    expect(dropped).toEqual(["messages.tool_calls.signature"]);
  });

  const details = [
    { type: "reasoning.text", text: "Hm", signature: "s", format: "anthropic-claude-v1", index: 0 },
    { type: "reasoning.encrypted", data: "d" },
  ];
  const blocks = [
    { type: "thinking", thinking: "Hm", signature: "s" },
    { type: "redacted_thinking", data: "d" },
    { type: "text", text: "So." },
  ];

  test("of reasoning pass from OpenRouter's answers to Anthropic's clients", async () => {
    const { answer } = answered(
      "openai",
      "anthropic",
      message({ content: "So.", reasoning: "Hm", reasoning_details: details }),
    );
    expect(answer.content).toEqual(blocks);
    const { text } = streamed("openai", "anthropic", [
      chunk({ reasoning: "H", reasoning_details: [{ type: "reasoning.text", text: "H" }] }),
      chunk({ reasoning: "m", reasoning_details: [{ type: "reasoning.text", text: "m" }] }),
      chunk({ reasoning_details: [{ type: "reasoning.text", signature: "s" }] }),
      chunk({ reasoning_details: [details[1]!] }),
      chunk({ content: "So." }),
      chunk({}, "stop"),
    ]);
    expect((await asMessage(text)).content).toEqual(blocks);
  });

  test("of reasoning go to OpenRouter and come back from OpenAI's clients as they were", () => {
    const asked = JSON.stringify({
      max_tokens: 1,
      messages: [...request.messages, { role: "assistant", content: blocks }, ...request.messages],
    });
    const sent = conversion.request("anthropic", "openai", asked, option.seals).text;
    expect(JSON.parse(sent).messages[1].reasoning_details).toEqual([
      { type: "reasoning.text", text: "Hm", signature: "s" },
      { type: "reasoning.encrypted", data: "d" },
    ]);
    expect(JSON.parse(conversion.request("openai", "anthropic", sent).text).messages[1].content).toEqual(
      blocks,
    );
  });

  test("of an answer that OpenAI's client sends back make Claude's turn whole again, streamed or not", () => {
    const content = [blocks[0]!, { type: "tool_use", id: "c1", name: "t", input: {} }];
    const body = JSON.stringify({
      id: "m",
      type: "message",
      role: "assistant",
      model: "m",
      content,
      stop_reason: "tool_use",
      usage: {},
    });
    const [choice] = answered("anthropic", "openai", body).answer.choices;
    const again = {
      max_tokens: 5000,
      reasoning_effort: "low",
      messages: [...request.messages, choice.message, { role: "tool", tool_call_id: "c1", content: "r" }],
    };
    const back = JSON.parse(conversion.request("openai", "anthropic", JSON.stringify(again)).text);
    expect(back.messages[1].content).toEqual(content);
    expect(back.thinking).toBeDefined();
  });
});

describe("other things that answers hold", () => {
  const url = "data:image/png;base64,iVBORw0KGgo=";
  const images = [{ type: "image_url", image_url: { url } }];
  const content = [{ token: "S", logprob: -0.1, bytes: [83], top_logprobs: [] }];

  test("pictures reach OpenAI's clients, and are noted as dropped for Anthropic's", () => {
    expect(
      answered("openai", "openai", message({ content: "", images })).answer.choices[0].message.images,
    ).toEqual(images);
    expect(
      deltasOf(streamed("openai", "openai", [chunk({ images }), chunk({}, "stop")]).values, "images"),
    ).toEqual(images);
    expect(answered("openai", "anthropic", message({ content: "a", images })).dropped).toEqual(["image"]);
  });

  test("probabilities reach OpenAI's clients, and are noted as dropped for Anthropic's", async () => {
    const logprobs = { content, refusal: null };
    expect(
      answered("openai", "openai", message({ content: "S" }, {}, { logprobs })).answer.choices[0].logprobs,
    ).toEqual(logprobs);
    const { text } = streamed("openai", "openai", [
      chunk({ content: "S" }, null, { logprobs }),
      chunk({ content: "S" }, "stop", { logprobs }),
    ]);
    expect((await asCompletion(text)).logprobs.content).toEqual([...content, ...content]);
    expect(answered("openai", "anthropic", message({ content: "S" }, {}, { logprobs })).dropped).toEqual([
      "logprobs",
    ]);
  });

  test("what is said aloud is text for Anthropic's clients", () => {
    const { answer, dropped } = answered(
      "openai",
      "anthropic",
      message({ content: null, audio: { id: "a", data: "AAAA", transcript: "Hello" } }),
    );
    expect(answer.content).toEqual([{ type: "text", text: "Hello" }]);
    expect(dropped).toEqual(["choices.message.audio"]);
  });

  test.each([
    ["pause_turn", "stop"],
    ["compaction", "stop"],
    ["model_context_window_exceeded", "length"],
    ["refusal", "content_filter"],
    ["news", "news"],
  ])("Anthropic's %s is %s", (stop_reason, finish) => {
    const body = JSON.stringify({ id: "m", type: "message", content: [], stop_reason, usage: {} });
    expect(answered("anthropic", "openai", body).answer.choices[0].finish_reason).toBe(finish);
  });
});

describe("clients that know functions only", () => {
  const body = JSON.stringify({
    id: "m",
    type: "message",
    content: [
      { type: "tool_use", id: "a", name: "t", input: { x: 1 } },
      { type: "tool_use", id: "b", name: "t", input: {} },
    ],
    stop_reason: "tool_use",
    usage: {},
  });

  test("get the first call as function_call", () => {
    const { answer, dropped } = answered("anthropic", "openai", body, option.functions);
    expect(answer.choices[0]).toMatchObject({
      finish_reason: "function_call",
      message: { function_call: { name: "t", arguments: '{"x":1}' } },
    });
    expect(answer.choices[0].message.tool_calls).toBeUndefined();
    expect(dropped).toEqual(["tool_calls"]);
  });

  test("also in a stream", () => {
    const { values } = streamed(
      "anthropic",
      "openai",
      [event({ type: "message_start", message: JSON.parse(body) }), event({ type: "message_stop" })],
      option.functions,
    );
    const calls = deltasOf(values, "function_call");
    expect(calls[0]).toEqual({ name: "t", arguments: "" });
    expect(
      calls
        .slice(1)
        .map((each: any) => each.arguments)
        .join(""),
    ).toBe('{"x":1}');
    expect(values.at(-2).choices[0].finish_reason ?? values.at(-1).choices[0]?.finish_reason).toBe(
      "function_call",
    );
  });
});

test("a tool that was sent under a plain name is called by the name that the client gave it", () => {
  const body = JSON.stringify({
    id: "m",
    type: "message",
    content: [{ type: "tool_use", id: "a", name: "get_it", input: {} }],
    stop_reason: "tool_use",
    usage: {},
  });
  expect(
    answered("anthropic", "openai", body, option.renamedTool).answer.choices[0].message.tool_calls[0].function
      .name,
  ).toBe("get.it");
  expect(answered("anthropic", "openai", body).answer.choices[0].message.tool_calls[0].function.name).toBe(
    "get_it",
  );
});

describe("usage, wherever it is", () => {
  const total = (values: any[]) => {
    const {
      input_tokens = 0,
      output_tokens = 0,
      cache_read_input_tokens = 0,
      cache_creation_input_tokens = 0,
    } = values.at(-2).usage;
    return [input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens];
  };
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const text = chunk({ content: "a" });
  test.each([
    [
      "in a chunk of its own",
      [text, chunk({}, "stop"), event({ id: "c", choices: [], usage })],
      [10, 0, 0, 5],
    ],
    [
      "with tokens of reasoning that only the total has",
      [text, chunk({}, "stop"), event({ id: "c", choices: [], usage: { ...usage, total_tokens: 45 } })],
      [10, 0, 0, 35],
    ],
    [
      "in the last chunk",
      [text, event({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage })],
      [10, 0, 0, 5],
    ],
    ["in the last choice", [text, chunk({}, "stop", { usage })], [10, 0, 0, 5]],
    [
      "growing with every chunk",
      [
        event({
          id: "c",
          choices: [{ index: 0, delta: { content: "a" } }],
          usage: { ...usage, completion_tokens: 1 },
        }),
        event({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage }),
      ],
      [10, 0, 0, 5],
    ],
    [
      "in x_groq",
      [
        text,
        event({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], x_groq: { usage } }),
      ],
      [10, 0, 0, 5],
    ],
    [
      "as DeepSeek counts",
      [
        text,
        chunk({}, "stop"),
        event({ choices: [], usage: { ...usage, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 } }),
      ],
      [6, 4, 0, 5],
    ],
    [
      "as Moonshot counts",
      [text, chunk({}, "stop"), event({ choices: [], usage: { ...usage, cached_tokens: 4 } })],
      [6, 4, 0, 5],
    ],
    [
      "by the names of the other API",
      [text, chunk({}, "stop"), event({ choices: [], usage: { input_tokens: 10, output_tokens: 5 } })],
      [10, 0, 0, 5],
    ],
    [
      "null, and then told",
      [
        text,
        event({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: null }),
        event({ choices: [], usage }),
      ],
      [10, 0, 0, 5],
    ],
  ])("%s", (_, chunks, expected) => {
    expect(total(streamed("openai", "anthropic", [...chunks, "data: [DONE]\n\n"]).values)).toEqual(expected);
  });

  test("Anthropic's cache writes by their time to live", () => {
    const counts = {
      input_tokens: 1,
      output_tokens: 2,
      cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
      cache_read_input_tokens: null,
    };
    const body = JSON.stringify({
      id: "m",
      type: "message",
      content: [],
      stop_reason: "end_turn",
      usage: counts,
    });
    expect(answered("anthropic", "openai", body).answer.usage).toMatchObject({
      prompt_tokens: 8,
      completion_tokens: 2,
      total_tokens: 10,
    });
  });
});

describe("requests to servers of OpenAI's dialect", () => {
  const ask = (more: object, flags = 0) => {
    const { text, dropped } = conversion.request(
      "anthropic",
      "openai",
      JSON.stringify({ ...request, ...more }),
      flags,
    );
    return { body: JSON.parse(text), dropped };
  };

  test.each([
    [{ output_config: { effort: "high" } }, "high"],
    [{ output_config: { effort: "max" }, thinking: { type: "adaptive" } }, "max"],
    [{ output_config: { effort: "low" }, thinking: { type: "enabled", budget_tokens: 20000 } }, "low"],
    [{ output_config: { effort: "low" }, thinking: { type: "disabled" } }, undefined],
    [{ output_config: { effort: null } }, undefined],
  ])("%j asks for the effort %s", (more, effort) => {
    expect(ask(more).body.reasoning_effort).toBe(effort);
  });

  test("a schema is read by its present name and by that of its beta", () => {
    const format = { type: "json_schema", schema: { type: "object" } };
    const expected = { type: "json_schema", json_schema: { name: "response", schema: { type: "object" } } };
    for (const more of [{ output_config: { format } }, { output_format: format }]) {
      expect(ask(more)).toMatchObject({ body: { response_format: expected }, dropped: [] });
    }
  });

  test("parallel calls are asked for when the client says so, not else", () => {
    const tools = [{ name: "t", input_schema: { type: "object" } }];
    expect(ask({ tools, tool_choice: { type: "auto" } }).body.parallel_tool_calls).toBeUndefined();
    expect(
      ask({ tools, tool_choice: { type: "auto", disable_parallel_tool_use: true } }).body.parallel_tool_calls,
    ).toBe(false);
    expect(
      ask({ tools, tool_choice: { type: "auto", disable_parallel_tool_use: false } }).body
        .parallel_tool_calls,
    ).toBe(true);
  });

  test("four stop texts are sent, more are noted as dropped", () => {
    const { body, dropped } = ask({ stop_sequences: ["a", "b", "c", "d", "e"] });
    expect(body.stop).toEqual(["a", "b", "c", "d"]);
    expect(dropped).toEqual(["stop"]);
  });

  test("a short id of the user is sent, a long one is noted as dropped", () => {
    expect(ask({ metadata: { user_id: "u" } }).body.user).toBe("u");
    expect(ask({ metadata: { user_id: "u".repeat(65) } })).toMatchObject({ dropped: ["metadata.user_id"] });
  });

  test("cache_control goes to servers that take it, else it is noted as dropped", () => {
    const cache_control = { type: "ephemeral" };
    const messages = [{ role: "user", content: [{ type: "text", text: "x", cache_control }] }];
    expect(ask({ messages }).body.messages[0].content[0].cache_control).toEqual(cache_control);
    const { body, dropped } = ask({ messages }, option.noCacheControl);
    expect(body.messages[0].content).toEqual([{ type: "text", text: "x" }]);
    expect(dropped).toEqual(["messages.content.cache_control"]);
  });
});
