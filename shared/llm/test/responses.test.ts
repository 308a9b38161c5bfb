// Rules of the Responses API that no single golden case shows.
import OpenAI from "openai";
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { loadConversion, option, requestError, valuesOf } from "./conversion.ts";
import { checkStream } from "./grammar.ts";

const conversion = await loadConversion();

const request = (body: object) =>
  conversion.request("responses", "openai", JSON.stringify({ model: "m", input: "x", ...body }));
const chatOf = (body: object) => JSON.parse(request(body).text);

test("a call without arguments has an empty object of them for an OpenAI client, who parses it", () => {
  const event = (type: string, more: object) => `data: ${JSON.stringify({ type, ...more })}\n\n`;
  const item = { type: "function_call", id: "fc", call_id: "c", name: "now", arguments: "" };
  const { text } = conversion.stream("responses", "openai", [
    event("response.created", { response: { id: "r", model: "m" } }),
    event("response.output_item.added", { output_index: 0, item }),
    event("response.function_call_arguments.done", { output_index: 0, arguments: "" }),
    event("response.output_item.done", { output_index: 0, item }),
    event("response.completed", { response: { id: "r", status: "completed", output: [item] } }),
  ]);
  const calls = (valuesOf(text) as any[]).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(calls.map((call) => call.function.arguments).join("")).toBe("{}");
});

describe("requests that need what OpenAI keeps", () => {
  test.each([
    ["previous_response_id", "resp_1"],
    ["conversation", "conv_1"],
    ["conversation", { id: "conv_1" }],
    ["prompt", { id: "pmpt_1", variables: {} }],
    ["background", true],
  ])("%s: %j is refused by its name", (name, value) => {
    const { error, text, dropped } = request({ [name]: value });
    expect(error).toBe(requestError.unsupported);
    expect(dropped).toEqual([name]);
    expect(text).toBe("");
  });

  test.each([
    ["previous_response_id", null],
    ["previous_response_id", ""],
    ["conversation", null],
    ["prompt", null],
    ["background", false],
  ])("%s: %j asks for nothing and is taken", (name, value) => {
    expect(request({ [name]: value })).toMatchObject({ error: requestError.none, dropped: [] });
  });
});

test("results of parallel calls follow each other, and the pictures in them stand behind all of them", () => {
  const call = { type: "function_call", name: "f", arguments: "{}" };
  const picture = { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" };
  const result = { type: "function_call_output" };
  const { messages } = chatOf({
    input: [
      { role: "user", content: "x" },
      { ...call, call_id: "a" },
      { ...call, call_id: "b" },
      { ...result, call_id: "b", output: [{ type: "input_text", text: "two" }, picture] },
      { ...result, call_id: "a", output: "one" },
      { role: "user", content: "y" },
    ],
  });
  // OpenAI and those who took over its words refuse a conversation with anything between the results.
  expect(messages.slice(2)).toEqual([
    { role: "tool", tool_call_id: "b", content: "two" },
    { role: "tool", tool_call_id: "a", content: "one" },
    { role: "user", content: [{ type: "image_url", image_url: { url: picture.image_url } }] },
    { role: "user", content: "y" },
  ]);
});

test("tools that were renamed come back under the client's names", () => {
  const { text } = conversion.answer(
    "anthropic",
    "responses",
    JSON.stringify({
      id: "m",
      content: [{ type: "tool_use", id: "t", name: "get_it", input: {} }],
      stop_reason: "tool_use",
    }),
    option.renamedTool,
  );
  expect(JSON.parse(text).output[0].name).toBe("get.it");
});

describe("requests", () => {
  test.each([
    ["", requestError.notJson],
    ["[]", requestError.notObject],
    ['{"model":"m"}', requestError.noMessages],
    ['{"model":"m","input":[]}', requestError.noMessages],
    ['{"model":"m","instructions":"Be short."}', requestError.noMessages],
    ['{"model":"m","input":[{"type":"item_reference","id":"msg_1"}]}', requestError.noMessages],
  ])("%s is no request", (body, error) => {
    expect(conversion.request("responses", "openai", body).error).toBe(error);
  });

  test("null is the same as a member that is not there", () => {
    const names = ["instructions", "tools", "tool_choice", "reasoning", "text", "include", "store", "stream"];
    const more = [
      "temperature",
      "top_p",
      "metadata",
      "user",
      "max_output_tokens",
      "truncation",
      "parallel_tool_calls",
    ];
    const nulls = Object.fromEntries([...names, ...more].map((name) => [name, null]));
    expect(request(nulls)).toEqual(request({}));
  });

  test("a stream always has usage at its end, as every stream of the dialect", () => {
    expect(chatOf({ stream: true }).stream_options).toEqual({ include_usage: true });
    expect(chatOf({ stream: false }).stream_options).toBeUndefined();
  });

  test("zeros arrive", () => {
    expect(chatOf({ temperature: 0, top_p: 0, top_logprobs: 0 })).toMatchObject({
      temperature: 0,
      top_p: 0,
      top_logprobs: 0,
    });
  });

  test("probabilities are asked for by their number, or by name", () => {
    expect(chatOf({ top_logprobs: 3 }).logprobs).toBe(true);
    expect(chatOf({ top_logprobs: 0 }).logprobs).toBeUndefined();
    expect(chatOf({ include: ["message.output_text.logprobs"] }).logprobs).toBe(true);
  });

  test("a text between a call and its result does not part the two", () => {
    const call = { type: "function_call", call_id: "c", name: "f", arguments: "{}" };
    const say = (text: string) => ({ role: "assistant", content: text });
    const output = { type: "function_call_output", call_id: "c", output: "1" };
    const input = [{ role: "user", content: "x" }, call, say("a"), say("b"), output];
    expect(chatOf({ input }).messages.map((message: any) => message.role)).toEqual([
      "user",
      "assistant",
      "tool",
    ]);
  });

  test("messages of the assistant in a row stay apart", () => {
    const input = ["a", "b"].map((content) => ({ role: "assistant", content }));
    expect(chatOf({ input }).messages.map((message: any) => message.content)).toEqual(["a", "b"]);
  });

  test("what an Anthropic model thought, redacted or not, comes back as it was", () => {
    const content = [
      { type: "thinking", thinking: 'Two\n\nparts "of" it.', signature: "c2ln" },
      { type: "thinking", thinking: "", signature: "b21pdHRlZA" },
      { type: "redacted_thinking", data: "c2VjcmV0" },
      { type: "text", text: "Let me look." },
      { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
    ];
    const answer = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      content,
      stop_reason: "tool_use",
    };
    const response = JSON.parse(conversion.answer("anthropic", "responses", JSON.stringify(answer)).text);
    const result = { type: "function_call_output", call_id: "toolu_1", output: "1" };
    const next = { model: "m", input: [{ role: "user", content: "x" }, ...response.output, result] };
    const { text } = conversion.request("responses", "anthropic", JSON.stringify(next));
    expect(JSON.parse(text).messages[1]).toEqual({ role: "assistant", content });
  });

  test("what a request of another dialect asks for is kept nowhere unless it says so", () => {
    const written = (store?: boolean) =>
      JSON.parse(
        conversion.request(
          "openai",
          "responses",
          JSON.stringify({ model: "m", store, messages: [{ role: "user", content: "x" }] }),
        ).text,
      ).store;
    expect([written(), written(false), written(true)]).toEqual([false, false, true]);
  });
});

describe("streams", () => {
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: "a", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const call = (index: number, fields: object) => chunk({ tool_calls: [{ index, ...fields }] });
  const finalOf = async (stream: string): Promise<any> => {
    const { text } = conversion.stream("openai", "responses", [stream]);
    checkStream("responses", text);
    const fetch = async () => new Response(text, { headers: { "content-type": "text/event-stream" } });
    return new OpenAI({ apiKey: "-", maxRetries: 0, fetch }).responses
      .stream({ model: "m", input: "x" })
      .finalResponse();
  };

  test("calls whose arguments come in turns, and text between them, arrive complete", async () => {
    const response = await finalOf(
      call(0, { id: "c0", type: "function", function: { name: "f", arguments: '{"a"' } }) +
        call(1, { id: "c1", type: "function", function: { name: "g", arguments: "" } }) +
        call(0, { function: { arguments: ":1}" } }) +
        chunk({ content: "Look: " }) +
        call(1, { function: { arguments: "{}" } }) +
        chunk({ content: "done" }, "tool_calls"),
    );
    expect(response.output_text).toBe("Look: done");
    const calls = response.output.filter((item: any) => item.type === "function_call");
    expect(calls.map((item: any) => [item.call_id, item.name, item.arguments])).toEqual([
      ["c0", "f", '{"a":1}'],
      ["c1", "g", "{}"],
    ]);
  });

  test("two calls under one id are two calls for OpenAI's client, which refuses one id twice", async () => {
    const body = JSON.stringify({
      id: "a",
      choices: [
        {
          message: {
            tool_calls: ["f", "g"].map((name) => ({ id: "same", function: { name, arguments: "{}" } })),
          },
          finish_reason: "tool_calls",
        },
      ],
    });
    const { output } = JSON.parse(conversion.answer("openai", "responses", body).text);
    expect(new Set(output.map((item: any) => item.call_id)).size).toBe(output.length);
    expect(new Set(output.map((item: any) => item.id)).size).toBe(output.length);
  });

  test("a stream cut off is an error for OpenAI's client, not a short answer", async () => {
    await expect(finalOf(chunk({ content: "Par" }))).rejects.toThrow("ended before it was complete");
  });

  test("an error ends the stream with the error and with the failed response, each for the clients that look there", () => {
    const { text } = conversion.stream("openai", "responses", [
      chunk({ content: "Par" }) + 'data: {"error":{"message":"Slow \\"down\\".","code":429}}\n\n',
    ]);
    const [error, failed] = valuesOf(text).slice(-2) as any[];
    expect(error).toMatchObject({
      type: "error",
      code: "rate_limit_error",
      message: 'Slow "down".',
      error: { type: "rate_limit_error", code: "rate_limit_error", message: 'Slow "down".' },
    });
    expect(failed.response).toMatchObject({ status: "failed", error: { message: 'Slow "down".' } });
  });

  test("citations count from the beginning of their part, in characters", () => {
    const annotation = (start: number, end: number) => ({
      type: "url_citation",
      url: "https://example.com",
      title: "E",
      start_index: start,
      end_index: end,
    });
    const part = (text: string, ...annotations: object[]) => ({ type: "output_text", text, annotations });
    const answer = {
      id: "resp_1",
      object: "response",
      output: [
        { id: "m1", type: "message", content: [part("😀 ä\\\n", annotation(0, 3))] },
        { id: "f1", type: "function_call", call_id: "c", name: "f", arguments: "{}" },
        { id: "m2", type: "message", content: [part("more", annotation(1, 4))] },
      ],
    };
    const { output } = JSON.parse(conversion.answer("responses", "responses", JSON.stringify(answer)).text);
    expect(output[0].content[0].annotations).toEqual([annotation(0, 3)]);
    expect(output[2].content[0].annotations).toEqual([annotation(1, 4)]);
  });

  test("an answer of more than 32 MiB fails instead of growing the module without bound", () => {
    const piece = chunk({ content: "x".repeat(1 << 20) });
    const pieces = function* () {
      for (let i = 0; i < 40; i++) yield piece;
    };
    const { text } = conversion.stream("openai", "responses", pieces(), 0, 2 << 20);
    expect(valuesOf(text).at(-1)).toMatchObject({ type: "response.failed" });
    expect(text.length).toBeLessThan(200 << 20);
  });
});

describe("mutated bytes", () => {
  const folder = new URL("fixtures/responses/", import.meta.url);
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const cases = process.env.LONG === "1" ? 500 : 50;
  const targets = ["openai", "anthropic", "responses"] as const;
  const odd = [
    "null",
    "0",
    "-1",
    '""',
    '"x"',
    "[]",
    "{}",
    "[null]",
    '[{"type":"message"}]',
    '"\\ud800"',
    "1e400",
  ];
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };

  function mutated(text: string): Buffer {
    for (let times = 1 + random(3); times > 0; times--) {
      const at = random(text.length);
      const size = random(40);
      const choice = random(6);
      if (choice === 0) text = text.slice(0, at) + text.slice(at + size);
      else if (choice === 1) text = text.slice(0, at + size) + text.slice(at);
      else if (choice === 2) text = text.slice(0, at);
      else {
        const values = [...text.matchAll(/(?<=":)("(?:[^"\\]|\\.)*"|-?\d+|null|\[\]|\{\})/g)];
        const found = values[random(values.length)];
        if (!found) continue;
        text =
          text.slice(0, found.index) + odd[random(odd.length)] + text.slice(found.index + found[0].length);
      }
    }
    return Buffer.from(text);
  }

  const files = readdirSync(folder).filter((file) => file.split(".").length === 2);
  test.each(files)(`never trap, and what goes out is whole: %s (FUZZ_SEED=${seed})`, (file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    for (let i = 0; i < cases; i++) {
      const bytes = mutated(text);
      for (const to of targets) {
        if (file.startsWith("request")) {
          const result = conversion.request("responses", to, bytes);
          if (result.error === requestError.none) JSON.parse(result.text);
        } else if (file.startsWith("answer")) {
          const result = conversion.answer("responses", to, bytes);
          if (result.isRead) JSON.parse(result.text);
        } else {
          const whole = conversion.stream("responses", to, [bytes]).text;
          checkStream(to, whole);
          for (const chunks of bytes.length > 1 ? partitions(bytes, 1, random(2 ** 30)) : [])
            expect(conversion.stream("responses", to, chunks).text).toBe(whole);
        }
      }
    }
  });
});
