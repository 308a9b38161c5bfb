// What DashScope's native dialect makes of requests.

import { describe, expect, test } from "vitest";
import { native, answer, user, weather } from "./dashscope.ts";
import { answering, chat, json, provider, refusal } from "./proxy.ts";

function sent(body: object, entry: object = native): any {
  return JSON.parse(provider(entry).exchange(chat(body)).upstream!.text);
}

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
    ["never first", [user("Hi")], [system("You are a helpful assistant."), system("c"), user("Hi")]],
    [
      "never first, also where all are system messages",
      [system("s")],
      [system("You are a helpful assistant."), system("c"), system("s")],
    ],
  ])("stands %s", (_, messages, expected) => {
    const calls = { "outbound|80||a.static": () => ({ body: "c" }) };
    const { upstream } = provider({ ...native, context }, { calls }).exchange(chat({ messages }));
    expect(JSON.parse(upstream!.text).input.messages).toEqual(expected);
  });
});
