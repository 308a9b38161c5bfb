// DashScope's native answers, whole and streamed, as clients of OpenAI's dialect get them.

import { describe, expect, test } from "vitest";
import { drip, everySingleCut } from "../../../host-test/testing/recordings.ts";
import { assembled } from "./assembled-chunks.ts";
import { answer, event, native, weather } from "./dashscope.ts";
import { answering, chat, eventStream, events, json, provider } from "./proxy.ts";

/** What an OpenAI client makes of a stream of these events. */
function streamed(
  text: string,
  request: object = {},
  entry: object = native,
  cuts: Iterable<Uint8Array>[] = [],
) {
  let chunks: (string | Uint8Array)[] = [text];
  const chain = provider(entry, { upstream: () => eventStream(chunks) });
  const ask = () =>
    chain
      .exchange(chat({ stream: true, ...request }))
      .client.text.replaceAll(/"created":\d+/g, '"created":0');
  const whole = ask();
  for (const pieces of cuts) {
    chunks = [...pieces];
    expect(ask()).toBe(whole);
  }
  expect(chain.problems()).toEqual([]);
  return { text: whole, ...assembled(whole) };
}

describe("native answers", () => {
  const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city": "Ulm"}' } };
  const asked = (value: object, entry: object = native) =>
    JSON.parse(provider(entry, answering(json(value))).exchange(chat()).client.text);

  test("are OpenAI's for an OpenAI client", () => {
    const usage = {
      input_tokens: 5,
      output_tokens: 7,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 2 },
      output_tokens_details: { reasoning_tokens: 3 },
    };
    expect(asked(answer({ content: "Hello", reasoning_content: "Hm" }, "stop", usage))).toEqual({
      id: "req-1",
      object: "chat.completion",
      created: expect.any(Number),
      model: "qwen-max",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello", reasoning_content: "Hm" },
          finish_reason: "stop",
          logprobs: null,
        },
      ],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 7,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    });
  });

  test("with calls, lists of texts and several choices keep all of them", () => {
    const { choices } = asked({
      output: {
        choices: [
          {
            finish_reason: "tool_calls",
            message: { content: [{ text: "a" }, { text: "b" }], tool_calls: [call] },
          },
          { finish_reason: "length", message: { content: "c" } },
        ],
      },
      request_id: "r",
    });
    expect(choices[0].message.content).toBe("ab");
    expect(choices[0].message.tool_calls).toEqual([{ index: 0, ...call }]);
    expect(choices[0].finish_reason).toBe("tool_calls");
    expect(choices[1]).toMatchObject({ index: 1, message: { content: "c" }, finish_reason: "length" });
  });

  test("in the older form are read too", () => {
    expect(
      asked({ output: { text: "Hello", finish_reason: "stop" }, request_id: "r" }).choices[0],
    ).toMatchObject({
      message: { content: "Hello" },
      finish_reason: "stop",
    });
  });

  test.each([
    [400, "InvalidParameter", "invalid_request_error"],
    [401, "InvalidApiKey", "authentication_error"],
    [429, "Throttling.RateQuota", "rate_limit_error"],
  ])("errors with status %d keep message and code", (status, code, type) => {
    const error = { code, message: "No.", request_id: "r" };
    const { client } = provider(native, answering(json(error, { status }))).exchange(chat());
    expect(client.status).toBe(status);
    expect(JSON.parse(client.text)).toEqual({ error: { message: "No.", type, param: null, code } });
  });

  test("a stream that fails at once is an error with its status, message and code", () => {
    const body = event({ code: "InvalidParameter", message: "No.", request_id: "r" }, "error", 400);
    const failed = answering({ ...eventStream([body]), status: 400 });
    const { client } = provider(native, failed).exchange(chat({ stream: true }));
    expect([client.status, client.header("content-type")]).toEqual([400, "application/json"]);
    expect(JSON.parse(client.text).error).toMatchObject({ message: "No.", code: "InvalidParameter" });
  });

  test("an error with status 200 is an error", () => {
    const { client } = provider(native, answering(json({ code: "X", message: "No." }))).exchange(chat());
    expect(client.status).toBe(500);
    expect(JSON.parse(client.text).error.message).toBe("No.");
  });

  test.each([
    ["passthrough", "Hello", "Hm"],
    ["ignore", "Hello", undefined],
    ["CONCAT", "<think>Hm</think>\nHello", undefined],
    ["unheard of", "Hello", "Hm"],
  ])("reasoningContentMode %s", (reasoningContentMode, content, reasoning) => {
    const entry = { ...native, reasoningContentMode };
    const whole = asked(answer({ content: "Hello", reasoning_content: "Hm" }), entry).choices[0].message;
    expect([whole.content, whole.reasoning_content]).toEqual([content, reasoning]);
    const stream = streamed(
      [
        event(answer({ content: "", reasoning_content: "H" }, "null")),
        event(answer({ content: "", reasoning_content: "m" }, "null")),
        event(answer({ content: "Hel", reasoning_content: "" }, "null")),
        event(answer({ content: "lo", reasoning_content: "" })),
      ].join(""),
      {},
      entry,
    );
    expect([stream.content, stream.reasoning]).toEqual([content, reasoning ?? ""]);
  });
});

describe("native streams", () => {
  const text = [
    event(answer({ content: "", reasoning_content: "H" }, "null", { input_tokens: 5, output_tokens: 1 })),
    event(answer({ content: "", reasoning_content: "m" }, null)),
    event(answer({ content: "Gr", reasoning_content: "" }, "")),
    event(answer({ content: "üße 😀" }, "null")),
    event(answer({ content: "" }, "stop")),
  ].join("");

  test("of increments are OpenAI's, however they are cut", () => {
    const bytes = Buffer.from(text);
    const result = streamed(text, {}, native, [...everySingleCut(bytes), drip(bytes)]);
    expect(result).toMatchObject({
      content: "Grüße 😀",
      reasoning: "Hm",
      finish: "stop",
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    });
    expect(result.text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("with CRLF, comments between events and a closing [DONE] are the same", () => {
    const other = ": ping\r\n\r\n" + text.replaceAll("\n", "\r\n") + "data: [DONE]\r\n\r\n";
    expect(streamed(other).text).toBe(streamed(text).text);
  });

  const calls = (...list: [string, string, string?][]) => ({
    tool_calls: list.map(([name, args, id = `id-${name}`], index) => ({
      index,
      id,
      type: "function",
      function: { name, arguments: args },
    })),
  });

  test("that repeat themselves give each text once: content, reasoning, names and arguments", () => {
    const cumulative = [
      event(answer({ content: "", reasoning_content: "H" }, "null")),
      event(answer({ content: "", reasoning_content: "Hm" }, "null")),
      event(answer({ content: "I lo", reasoning_content: "Hm" }, "null")),
      event(answer({ content: "I look", reasoning_content: "" }, "null")),
      event(answer({ content: "I look", ...calls(["wea", "", "i"]) }, "null")),
      event(answer({ content: "I look", ...calls(["weather", ""]) }, "null")),
      event(answer({ content: "I look", ...calls(["weather", '{"ci']) }, "null")),
      event(answer({ content: "I look", ...calls(["weather", '{"city":"Ulm"}']) }, "null")),
      event(answer({ content: "I look", ...calls(["weather", '{"city":"Ulm"}'], ["time", ""]) }, "null")),
      event(answer({ content: "", ...calls(["weather", '{"city":"Ulm"}'], ["time", ""]) }, "tool_calls")),
    ].join("");
    const bytes = Buffer.from(cumulative);
    expect(
      streamed(cumulative, { tools: [weather] }, native, [...everySingleCut(bytes), drip(bytes)]),
    ).toMatchObject({
      content: "I look",
      reasoning: "Hm",
      calls: [
        { id: "id-weather", name: "weather", arguments: '{"city":"Ulm"}' },
        { id: "id-time", name: "time", arguments: "{}" },
      ],
      finish: "tool_calls",
    });
  });

  test("30: that repeat themselves in lists of texts give each text once", () => {
    const list = (text: string, finish = "null") => event(answer({ content: [{ text }] }, finish));
    expect(streamed(list("a") + list("ab") + list("abc", "stop"), { tools: [weather] }).content).toBe("abc");
  });

  test("of increments, from a model that repeats nothing although asked to, lose and double nothing", () => {
    const piece = (name: string, args: string, index = 0) => ({
      tool_calls: [
        { index, id: name && `id-${name}`, type: "function", function: { name, arguments: args } },
      ],
    });
    const increments = [
      event(answer({ content: "I " }, "null")),
      event(answer({ content: "look" }, "null")),
      event(answer({ content: " I " }, "null")),
      event(answer({ content: "I" }, "null")),
      event(answer({ content: "", ...piece("weather", "") }, "null")),
      event(answer({ content: "", ...piece("", '{"city"') }, "null")),
      event(answer({ content: "", ...piece("", ':"Ulm"}') }, "null")),
      event(answer({ content: "", ...piece("time", "{", 1) }, "null")),
      event(answer({ content: "", ...piece("", "}", 1) }, "null")),
      event(answer({ content: "" }, "tool_calls")),
    ].join("");
    for (const request of [{ tools: [weather] }, { tools: [weather], reasoning_effort: "high" }]) {
      expect(streamed(increments, request)).toMatchObject({
        content: "I look I I",
        calls: [
          { id: "id-weather", name: "weather", arguments: '{"city":"Ulm"}' },
          { id: "id-time", name: "time", arguments: "{}" },
        ],
        finish: "tool_calls",
      });
    }
  });

  test("an error in the stream is one for the client, of the kind that its status says", () => {
    const failed =
      event(answer({ content: "a" }, "null")) + event({ code: "Throttling", message: "No." }, "error", 429);
    const { text: received } = streamed(failed);
    expect(events(received).at(-1)).toMatchObject({ error: { message: "No.", type: "rate_limit_error" } });
    expect(received.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("a stream that ends early is an error", () => {
    const { text: received } = streamed(event(answer({ content: "a" }, "null")));
    expect(events(received).at(-1)).toHaveProperty("error");
  });

  test("usage comes when the client wants it", () => {
    const none = streamed(text, { stream_options: { include_usage: false } });
    expect(none.usage).toBeNull();
    expect(none.content).toBe("Grüße 😀");
  });
});
