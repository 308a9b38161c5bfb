// DashScope: what its native dialect makes of requests and answers, and what stays as it is in compatible mode.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { drip, everySingleCut, partitions } from "../../../host-test/testing/recordings.ts";
import { change, changed } from "./changed-bytes.ts";
import { answering, chat, eventStream, events, json, message, provider, refusal } from "./proxy.ts";

const apiTokens = ["sk-provider"];
const compatible = { type: "qwen", apiTokens, modelMapping: { "*": "qwen-max" } };
const native = { ...compatible, qwenEnableCompatible: false };

const user = (content: unknown) => ({ role: "user", content });

function sent(body: object, entry: object = native): any {
  return JSON.parse(provider(entry).exchange(chat(body)).upstream!.text);
}

/** What the native API answers with. */
function answer(message: object, finish: string | null = "stop", usage?: object): object {
  return {
    output: { choices: [{ finish_reason: finish, message: { role: "assistant", ...message } }] },
    usage: usage ?? { input_tokens: 5, output_tokens: 7, total_tokens: 12 },
    request_id: "req-1",
  };
}

let eventId = 0;
const event = (value: object, name = "result", status = 200) =>
  `id:${++eventId}\nevent:${name}\n:HTTP_STATUS/${status}\ndata:${JSON.stringify(value)}\n\n`;

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

/** The stream's content put together as clients do. */
function assembled(text: string) {
  const result = {
    content: "",
    reasoning: "",
    calls: [] as any[],
    finish: null as string | null,
    usage: null as any,
  };
  for (const chunk of text.split("\n\n")) {
    if (!chunk.startsWith("data: {")) continue;
    const value = JSON.parse(chunk.slice(6));
    if (value.usage) result.usage = value.usage;
    for (const { delta, finish_reason } of value.choices ?? []) {
      result.content += delta.content ?? "";
      result.reasoning += delta.reasoning_content ?? "";
      result.finish = finish_reason ?? result.finish;
      for (const { index, id, function: called } of delta.tool_calls ?? []) {
        const call = (result.calls[index] ??= { id, name: called.name, arguments: "" });
        call.arguments += called.arguments;
      }
    }
  }
  return result;
}

const weather = { type: "function", function: { name: "weather", parameters: { type: "object" } } };

describe("native requests", () => {
  test("have messages in input and settings in parameters, in Go's order", () => {
    const request = {
      messages: [
        { role: "system", content: "s" },
        { ...user("Hi"), name: "n" },
      ],
      max_tokens: 9,
      n: 1,
      seed: 0,
      temperature: 0,
      top_p: 0.5,
    };
    const { upstream } = provider({ ...native, qwenEnableSearch: true }).exchange(chat(request));
    expect(upstream!.text).toBe(
      '{"model":"qwen-max","input":{"messages":[{"role":"system","content":"s"},{"name":"n","role":"user","content":"Hi"}]},' +
        '"parameters":{"result_format":"message","max_tokens":9,"n":1,"seed":0,"temperature":0,"top_p":0.5,"enable_search":true}}',
    );
    expect(upstream!.header(":path")).toBe("/api/v1/services/aigc/text-generation/generation");
    expect(upstream!.header("accept")).toBe("*/*");
  });

  test("of streams have DashScope's headers and ask for increments", () => {
    const { upstream } = provider(native).exchange(chat({ stream: true }));
    expect(upstream!.header("x-dashscope-sse")).toBe("enable");
    expect(upstream!.header("accept")).toBe("text/event-stream");
    expect(JSON.parse(upstream!.text).parameters).toEqual({
      result_format: "message",
      incremental_output: true,
    });
    const whole = provider(native).exchange(chat({}, { headers: { "x-dashscope-sse": "enable" } })).upstream!;
    expect(whole.header("x-dashscope-sse")).toBeUndefined();
  });

  test("of streams with tools ask for repeating events, unless the model thinks", () => {
    const tools = { stream: true, tools: [weather] };
    expect(sent(tools).parameters).toEqual({ result_format: "message", tools: [weather] });
    expect(sent({ ...tools, reasoning_effort: "high" }).parameters).toMatchObject({
      incremental_output: true,
      enable_thinking: true,
    });
  });

  test.each([
    [0, "0.000001"],
    [1, "0.999999"],
    [7, "0.999999"],
    [-1, "0.000001"],
    [0.25, "0.25"],
  ])("top_p %d goes out as %s", (given, expected) => {
    const { text } = provider(native).exchange(chat({ top_p: given })).upstream!;
    expect(text).toContain(`"top_p":${expected}`);
  });

  test("30: keep tool results' ids, stop texts, penalties and max_completion_tokens; top_p is left out when absent", () => {
    const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"a":1}' } };
    const body = sent({
      messages: [
        user("Hi"),
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "c1", content: "sunny" },
      ],
      stop: "END",
      presence_penalty: 0,
      max_completion_tokens: 11,
      max_tokens: 3,
      tools: [weather],
      tool_choice: { type: "function", function: { name: "weather" } },
      parallel_tool_calls: false,
      response_format: { type: "json_object" },
    });
    expect(body.input.messages.slice(1)).toEqual([
      { role: "assistant", tool_calls: [call] },
      { role: "tool", content: "sunny", tool_call_id: "c1" },
    ]);
    expect(body.parameters).toEqual({
      result_format: "message",
      max_tokens: 11,
      tools: [weather],
      tool_choice: { type: "function", function: { name: "weather" } },
      parallel_tool_calls: false,
      stop: ["END"],
      presence_penalty: 0,
      response_format: { type: "json_object" },
    });
  });

  test("say what they left out", () => {
    const { client } = provider(native, answering(json(answer({ content: "a" })))).exchange(
      chat({ frequency_penalty: 1, user: "u", tools: [weather, { ...weather }], tool_choice: "required" }),
    );
    expect(client.header("x-ai-proxy-dropped")!.split(",")).toEqual(
      expect.arrayContaining(["frequency_penalty", "user", "tool_choice"]),
    );
  });

  test("require the one tool there is by its name", () => {
    expect(sent({ tools: [weather], tool_choice: "required" }).parameters.tool_choice).toEqual({
      type: "function",
      function: { name: "weather" },
    });
  });

  test.each([
    [{ reasoning_effort: "none" }, { enable_thinking: false }],
    [{ reasoning_effort: "low" }, { enable_thinking: true, thinking_budget: 1024 }],
    [{ reasoning_effort: "high" }, { enable_thinking: true }],
    [{ enable_thinking: false }, { enable_thinking: false }],
    [
      { enable_thinking: true, thinking_budget: 77 },
      { enable_thinking: true, thinking_budget: 77 },
    ],
    [{ thinking: { type: "enabled", budget_tokens: 88 } }, { enable_thinking: true, thinking_budget: 88 }],
    [{}, {}],
  ])("thinking: %j becomes %j", (given, expected) => {
    expect(sent(given).parameters).toEqual({ result_format: "message", ...expected });
  });

  const picture = { type: "image_url", image_url: { url: "https://a.example.com/b.png" } };

  test.each(["qwen-vl-max", "qwen2.5-vl-72b-instruct", "qvq-max"])(
    "%s gets pictures under the multimodal path",
    (model) => {
      const entry = { ...native, modelMapping: { "*": model } };
      const inline = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
      const content = [{ type: "text", text: "See" }, picture, inline];
      const { upstream } = provider(entry).exchange(
        chat({ messages: [user(content)] }, { path: "/v1/chat/completions?a=b" }),
      );
      expect(upstream!.header(":path")).toBe("/api/v1/services/aigc/multimodal-generation/generation?a=b");
      expect(JSON.parse(upstream!.text).input.messages).toEqual([
        user([
          { text: "See" },
          { image: "https://a.example.com/b.png" },
          { image: "data:image/png;base64,AAAA" },
        ]),
      ]);
    },
  );

  test("texts in a list become one text for models that take no list", () => {
    const content = [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ];
    expect(sent({ messages: [user(content)] }).input.messages).toEqual([user("a\n\nb")]);
  });

  describe("qwenFileIds", () => {
    const entry = { ...native, qwenFileIds: ["f1", "f2"], modelMapping: { "*": "qwen-long" } };

    test("stand behind one system message", () => {
      const system = (content: string) => ({ role: "system", content });
      expect(sent({ messages: [user("Hi")] }, entry).input.messages).toEqual([
        system("You are a helpful assistant."),
        system("fileid://f1,fileid://f2"),
        user("Hi"),
      ]);
      expect(sent({ messages: [system("a"), system("b"), user("Hi")] }, entry).input.messages).toEqual([
        system("a\nb"),
        system("fileid://f1,fileid://f2"),
        user("Hi"),
      ]);
    });

    test("are for qwen-long only", () => {
      const other = { ...entry, modelMapping: { "*": "qwen-max" } };
      expect(sent({ messages: [user("Hi")] }, other).input.messages).toEqual([user("Hi")]);
    });

    test("exclude a context file", async () => {
      const context = { fileUrl: "http://a.example.com/", serviceName: "a.static", servicePort: 80 };
      expect(await refusal({ provider: { ...entry, context } })).toContain(
        "qwenFileIds and context cannot be configured at the same time",
      );
    });
  });
});

describe("a context file, native", () => {
  const context = { fileUrl: "http://a.example.com/c", serviceName: "a.static", servicePort: 80 };
  const system = (content: string) => ({ role: "system", content });

  test.each([
    ["behind the leading system messages", [system("s"), user("Hi")], [system("s"), system("c"), user("Hi")]],
    ["never alone", [user("Hi")], [system("You are a helpful assistant."), system("c"), user("Hi")]],
  ])("stands %s", (_, messages, expected) => {
    const calls = { "outbound|80||a.static": () => ({ body: "c" }) };
    const { upstream } = provider({ ...native, context }, { calls }).exchange(chat({ messages }));
    expect(JSON.parse(upstream!.text).input.messages).toEqual(expected);
  });
});

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

describe("other native APIs", () => {
  test("embeddings are converted both ways", () => {
    const upstream = json({
      output: {
        embeddings: [
          { text_index: 1, embedding: [0.5, -1] },
          { text_index: 0, embedding: [2, 3e-2] },
        ],
      },
      usage: { total_tokens: 9 },
      request_id: "r",
    });
    const chain = provider(native, answering(upstream));
    const ask = (body: object) =>
      chain.exchange(
        chat(JSON.stringify({ model: "text-embedding-v3", ...body }), { path: "/v1/embeddings" }),
      );
    const { client, upstream: seen } = ask({ input: ["a\n", "b"], dimensions: 64 });
    expect(seen!.text).toBe(
      '{"model":"qwen-max","input":{"texts":["a\\n","b"]},"parameters":{"dimension":64}}',
    );
    expect(JSON.parse(client.text)).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 1, embedding: [0.5, -1] },
        { object: "embedding", index: 0, embedding: [2, 3e-2] },
      ],
      model: "qwen-max",
      usage: { prompt_tokens: 9, total_tokens: 9 },
    });
    const packed = JSON.parse(ask({ input: "a", encoding_format: "base64" }).client.text).data[0].embedding;
    expect([...new Float32Array(Uint8Array.from(Buffer.from(packed, "base64")).buffer)]).toEqual([0.5, -1]);
    expect(ask({ input: "a" }).upstream!.text).toContain('"parameters":{}');
  });

  test.each([[[1, 2, 3]], [{}], [null], [[]]])("embeddings of %j are refused", (input) => {
    const { client, upstream } = provider(native).exchange(
      chat(JSON.stringify({ model: "m", input }), { path: "/v1/embeddings" }),
    );
    expect(upstream).toBeUndefined();
    expect(client.text).toContain("unsupported input type");
  });

  test("rerank keeps its body save for the model", () => {
    const { upstream } = provider(native).exchange(
      chat('{"model": "m",  "query": "q"}', { path: "/v1/reranks" }),
    );
    expect(upstream!.text).toBe('{"model": "qwen-max",  "query": "q"}');
  });
});

describe("both modes", () => {
  test.each([compatible, native])(
    "Claude's requests and answers pass as they are, save for the model",
    (entry) => {
      const body = { type: "message", content: [] };
      const { client, upstream } = provider(entry, answering(json(body))).exchange(message());
      expect(upstream!.header(":path")).toBe("/apps/anthropic/v1/messages");
      expect(JSON.parse(upstream!.text)).toMatchObject({ model: "qwen-max", max_tokens: 100 });
      expect(JSON.parse(client.text)).toEqual(body);
    },
  );

  test("a conversation gains no model", () => {
    const text = '{"items": []}';
    const { upstream } = provider(compatible).exchange(chat(text, { path: "/v1/conversations" }));
    expect(upstream!.text).toBe(text);
    expect(upstream!.header(":path")).toBe("/compatible-mode/v1/conversations");
  });

  test.each([
    "/api/v1/services/aigc/text-generation/generation",
    "/api/v1/services/aigc/multimodal-generation/generation",
    "/api/v1/services/aigc/image-synthesis/x",
    "/api/v1/apps/a/completion",
    "/api/v1/tasks/t",
    "/compatible-mode/v1/chat/completions",
    "/compatible-mode/v1/embeddings",
    "/compatible-mode/v1/responses",
    "/compatible-mode/v1/conversations",
    "/api/v1/services/embeddings/text-embedding/text-embedding",
    "/api/v1/services/rerank/text-rerank/text-rerank",
    "/compatible-api/v1/reranks",
  ])("with protocol original %s passes, and customSettings know DashScope's places", (path) => {
    // Go knows responses and conversations in compatible mode only.
    const isCompatibleOnly = /\/(responses|conversations)$/.test(path);
    for (const entry of isCompatibleOnly ? [compatible] : [compatible, native]) {
      const customSettings = [{ name: "top_k", value: 3 }];
      const chain = provider({ ...entry, protocol: "original", customSettings });
      const { upstream } = chain.exchange(chat('{"model":"m","stream":true}', { path }));
      expect(upstream!.header(":path")).toBe(path);
      expect(upstream!.header("authorization")).toBe("Bearer sk-provider");
      expect(JSON.parse(upstream!.text)).toEqual({ model: "m", stream: true, parameters: { top_k: 3 } });
    }
  });
});

test("no changed byte in requests, answers and streams makes it fail", { timeout: 1_200_000 }, () => {
  let reply: TestReply = {};
  const entry = {
    ...native,
    reasoningContentMode: "concat",
    qwenFileIds: ["f"],
    modelMapping: { m: "qwen-long" },
  };
  const chain = provider(entry, { upstream: () => reply, logLevel: "error" });
  const call = { id: "c", type: "function", function: { name: "weather", arguments: '{"a":1}' } };
  const messages = [
    { role: "system", content: "s" },
    user([
      { type: "text", text: "a" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ]),
    { role: "assistant", reasoning_content: "r", tool_calls: [call] },
    { role: "tool", tool_call_id: "c", content: "b" },
  ];
  const requests = [
    chat({ model: "m", messages, tools: [weather], top_p: 0.5, stop: ["x"], reasoning_effort: "low" }),
    chat({ model: "n", messages, tools: [weather], stream: true }),
    chat(JSON.stringify({ model: "m", input: ["a"], encoding_format: "base64" }), { path: "/v1/embeddings" }),
  ];
  const whole = answer(
    { content: [{ text: "a" }], reasoning_content: "r", tool_calls: [call] },
    "tool_calls",
  );
  const bodies = [
    JSON.stringify(whole),
    event(answer({ content: "a", reasoning_content: "r" }, "null")) +
      event(whole) +
      event({ code: "c", message: "m" }),
    JSON.stringify({
      output: { embeddings: [{ text_index: 0, embedding: [1.5] }] },
      usage: { total_tokens: 1 },
    }),
  ];
  const hostile = fc.record({
    request: fc.constantFrom(...requests),
    requestChanges: fc.array(change, { maxLength: 3 }),
    body: fc.constantFrom(...bodies),
    bodyChanges: fc.array(change, { maxLength: 4 }),
    isStream: fc.boolean(),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(hostile, ({ request, requestChanges, body, bodyChanges, isStream, seed }) => {
      const [chunks] = partitions(changed(Buffer.from(body), bodyChanges), 1, seed);
      reply = isStream
        ? eventStream(chunks!)
        : { headers: { "content-type": "application/json" }, chunks: chunks! };
      const sent = changed(Buffer.from(request.body as string), requestChanges);
      const { client, record } = chain.exchange({ ...request, body: sent });
      expect([200, 400, 500]).toContain(client.status);
      expect(client.complete).toBe(true);
      expect(record!.details).not.toContain("wasm_fail");
    }),
    { numRuns: process.env.LONG ? 20_000 : 500 },
  );
  reply = json(whole);
  expect(chain.exchange(chat()).client.status).toBe(200);
  chain.close();
});
