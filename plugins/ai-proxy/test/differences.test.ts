// Where the Go plugin loses data, fails or crashes, and this one does not. The numbers are those of the table
// "Differences from the Go plugin" in the README.

import { describe, expect, test } from "vitest";
import { answering, chat, chatPath, events, eventStream, json, message, provider } from "./proxy.ts";

const token = { apiTokens: ["sk-provider"] };
const yi = { type: "yi", ...token };
const claude = { type: "claude", ...token };

/** The JSON that the provider gets. */
function sent(entry: object, request: ReturnType<typeof chat>): any {
  const chain = provider({ ...token, ...entry });
  const { upstream } = chain.exchange(request);
  chain.close();
  return JSON.parse(upstream!.text);
}

/** What the client gets of these bytes. */
function received(entry: object, request: ReturnType<typeof chat>, chunks: string[]): string {
  const chain = provider({ ...token, ...entry }, answering(eventStream(chunks)));
  const { client } = chain.exchange(request);
  chain.close();
  return client.text;
}

const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (value: object, more: object = {}) =>
  data({ id: "c", choices: [{ index: 0, delta: value, ...more }] });
const done = "data: [DONE]\n\n";
const stop = delta({}, { finish_reason: "stop" });

describe("promoteThinkingOnEmpty", () => {
  const promoting = { ...yi, promoteThinkingOnEmpty: true };
  const thoughts = {
    index: 0,
    message: { role: "assistant", content: "", reasoning_content: "Only thoughts" },
  };

  test("1: works for providers whose answers are not converted", () => {
    const { client } = provider(promoting, answering(json({ choices: [thoughts] }))).exchange(chat());
    expect(JSON.parse(client.text).choices[0].message).toEqual({
      role: "assistant",
      content: "Only thoughts",
    });
  });

  const stream = [delta({ reasoning_content: "Only " }), delta({ reasoning_content: "thoughts" })];
  test.each([
    ["before the end", [...stream, stop, done]],
    ["at [DONE]", [...stream, done]],
    ["when the stream just ends", stream],
  ])("2: thoughts of a stream without content are never lost: %s", (_, chunks) => {
    const text = received(promoting, chat({ stream: true }), chunks);
    const deltas = events(text).flatMap(({ choices }) => choices);
    expect(deltas.map(({ delta: { content } }) => content ?? "").join("")).toBe("Only thoughts");
    if (chunks.includes(done)) expect(text.endsWith(done)).toBe(true);
  });

  test("2: thoughts of a stream with content stay thoughts", () => {
    const text = received(promoting, chat({ stream: true }), [
      ...stream,
      delta({ content: "Hi" }),
      stop,
      done,
    ]);
    const deltas = events(text).flatMap(({ choices }) => choices);
    expect(deltas.map(({ delta: { content } }) => content ?? "").join("")).toBe("Hi");
  });

  test("2: a Claude client gets them as text", () => {
    const text = received(promoting, message({ stream: true }), [...stream, stop, done]);
    expect(text).toContain('{"type":"text_delta","text":"Only thoughts"}');
    expect(text).not.toContain("thinking_delta");
  });
});

describe("streams", () => {
  test("3: an event cut over two pieces is one event", () => {
    const event =
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"whole"}}\n\n';
    const start =
      'event: message_start\ndata: {"type":"message_start","message":{"id":"m","content":[],"usage":{}}}\n\n';
    const text = received(claude, chat({ stream: true }), [start + event.slice(0, 60), event.slice(60)]);
    expect(text).toContain('"content":"whole"');
  });

  test("4: a converted stream ends with [DONE], once", () => {
    const end = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    const start =
      'event: message_start\ndata: {"type":"message_start","message":{"id":"m","content":[],"usage":{}}}\n\n';
    for (const chunks of [[start, end], [start + end], [start + end, "data: [DONE]\n\n"]]) {
      const text = received(claude, chat({ stream: true }), chunks);
      expect(text.endsWith(done)).toBe(true);
      expect(text.split(done)).toHaveLength(2);
    }
  });

  test.each([
    ["a line without a colon", ["data\n: comment\n", delta({ content: "Hi" }), done]],
    [
      "CR and LF in different pieces",
      [`data: ${JSON.stringify({ choices: [{ delta: { content: "Hi" } }] })}\r`, "\n\r", "\n", done],
    ],
    ["data on several lines", ['data: {"choices":[{"delta":\n', 'data: {"content":"Hi"}}]}\n\n', done]],
    ["a last event without an end", [stop, delta({ content: "Hi" }).trimEnd()]],
    ["a byte order mark", [`\ufeff${delta({ content: "Hi" })}`, done]],
  ])("5: %s", (_, chunks) => {
    expect(received(yi, message({ stream: true }), chunks)).toContain('{"type":"text_delta","text":"Hi"}');
  });

  test("11: an answer without a role begins, and ends though the provider does not say so", () => {
    const text = received(yi, message({ stream: true }), [delta({ content: "Hi" }), stop]);
    const names = [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
    expect(names[0]).toBe("message_start");
    expect(names.slice(-2)).toEqual(["message_delta", "message_stop"]);
  });

  test("11: text after a tool call is a block of its own", () => {
    const call = {
      tool_calls: [{ index: 0, id: "t", type: "function", function: { name: "now", arguments: "{}" } }],
    };
    const text = received(yi, message({ stream: true }), [
      delta(call),
      delta({ content: "after" }),
      stop,
      done,
    ]);
    const started = events(text).filter(({ type }) => type === "content_block_start");
    expect(started.map(({ index, content_block }) => [index, content_block.type])).toEqual([
      [0, "tool_use"],
      [1, "text"],
    ]);
  });

  test("11: a filtered answer is a refusal, and cached tokens are counted", () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 1,
      total_tokens: 11,
      prompt_tokens_details: { cached_tokens: 4 },
    };
    const text = received(yi, message({ stream: true }), [
      delta({ content: "x" }),
      delta({}, { finish_reason: "content_filter" }),
      data({ choices: [], usage }),
      done,
    ]);
    const last = events(text).find(({ type }) => type === "message_delta");
    expect(last.delta.stop_reason).toBe("refusal");
    expect(last.usage).toMatchObject({ input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 1 });
  });

  test("20: what cannot be read of a stream does not leak to the client as it is", () => {
    const text = received(yi, message({ stream: true }), [
      "data: not JSON\n\n",
      delta({ content: "Hi" }),
      stop,
      done,
    ]);
    expect(text).not.toContain("not JSON");
    expect(text).toContain('"text":"Hi"');
  });
});

describe("requests", () => {
  const tool = {
    type: "function",
    function: { name: "f", strict: true, parameters: { zero: 0, big: 1e400 } },
  };
  const own =
    '"seed": 0, "unknown": {"a": [1.0, 12345678901234567890]}, "tools": [{"function": {"name": "f", "strict": true}}]';
  const body = (messages: object[]) => `{"model":"m", "messages": ${JSON.stringify(messages)}, ${own}}`;

  test.each([
    [
      "context clean-up",
      { contextCleanupCommands: ["/new"] },
      [
        { role: "user", content: "/new" },
        { role: "user", content: "Hi", x: 0 },
      ],
    ],
    [
      "merging",
      { mergeConsecutiveMessages: true },
      [
        { role: "user", content: "a" },
        { role: "user", content: "b" },
      ],
    ],
    ["the developer role", {}, [{ role: "developer", content: "a" }]],
    [
      "responseJsonSchema",
      { type: "openai", responseJsonSchema: { type: "object" } },
      [{ role: "user", content: "a" }],
    ],
  ])("6: unknown members, zeros and numbers survive %s to the byte", (_, entry, messages) => {
    const { upstream } = provider({ ...yi, ...entry }).exchange(chat(body(messages)));
    expect(upstream!.text).not.toBe(body(messages));
    expect(upstream!.text).toContain(own);
  });

  test("7: types that differ are taken for what they mean", () => {
    const request = sent(
      claude,
      chat({
        stop: "END",
        max_tokens: 10.0,
        temperature: "0.5",
        messages: [
          { role: "user", content: null },
          { role: "user", content: "x" },
        ],
      }),
    );
    expect(request.stop_sequences).toEqual(["END"]);
    expect(request.max_tokens).toBe(10);
    expect(sent(claude, chat({ stop: ["a", "b"] })).stop_sequences).toEqual(["a", "b"]);
  });

  test("8: zeros and false are values", () => {
    const request = sent(
      claude,
      chat({
        temperature: 0,
        top_p: 0,
        stream: false,
        parallel_tool_calls: false,
        tools: [tool],
        tool_choice: "auto",
      }),
    );
    expect(request).toMatchObject({ temperature: 0, top_p: 0, stream: false });
    expect(request.tool_choice).toEqual({ type: "auto", disable_parallel_tool_use: true });
  });

  test("9: a chosen tool stays chosen", () => {
    const choice = { type: "function", function: { name: "f" } };
    expect(sent(claude, chat({ tools: [tool], tool_choice: choice })).tool_choice).toEqual({
      type: "tool",
      name: "f",
    });
    expect(sent(claude, chat({ tools: [tool], tool_choice: "required" })).tool_choice).toEqual({
      type: "any",
    });
  });

  test("10: what a Claude client says of tools survives", () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
    const messages = [
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "a", name: "f", input: {} },
          { type: "tool_use", id: "b", name: "f", input: { x: 1 } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "a" },
          { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "t" }, image] },
        ],
      },
    ];
    const tools = [{ name: "f", input_schema: { type: "object" } }];
    const request = sent(
      yi,
      message({ messages, tools, tool_choice: { type: "any", disable_parallel_tool_use: true } }),
    );
    expect(request.tool_choice).toBe("required");
    expect(request.parallel_tool_calls).toBe(false);
    expect(request.messages[1].tool_calls.map(({ id }: { id: string }) => id)).toEqual(["a", "b"]);
    expect(request.messages[2]).toEqual({ role: "tool", tool_call_id: "a", content: "" });
    expect(JSON.stringify(request.messages.slice(3))).toContain("data:image/png;base64,AAAA");
    expect(JSON.stringify(request)).not.toContain('"text":""');
  });

  test("35: a message with tool calls is not merged", () => {
    const calls = [{ id: "t", type: "function", function: { name: "f", arguments: "{}" } }];
    const messages = [
      { role: "assistant", content: "a" },
      { role: "assistant", content: "b", tool_calls: calls },
    ];
    expect(sent({ ...yi, mergeConsecutiveMessages: true }, chat({ messages })).messages).toEqual(messages);
  });

  test.each([
    { type: "image_url" },
    { type: "image_url", image_url: {} },
    { type: "input_audio" },
    { type: "file", file: {} },
    { type: "nonsense" },
    null,
  ])("37: the content part %j is skipped", (part) => {
    const content = [{ type: "text", text: "Hi" }, part];
    const { messages } = sent(claude, chat({ messages: [{ role: "user", content }] }));
    expect(JSON.stringify(messages)).toContain('"Hi"');
    expect(messages).toHaveLength(1);
  });

  test("38: customSettings are JSON's: they reach the provider in its own protocol, leave forms alone, and need a value", () => {
    const customSettings = [{ name: "max_tokens", value: 7 }, { name: "seed" }];
    const original = { type: "claude", protocol: "original", customSettings };
    expect(sent(original, chat('{"a":1}', { path: "/v1/messages" }))).toEqual({ a: 1, max_tokens: 7 });
    const form = '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nx\r\n--b--\r\n';
    const chain = provider({ type: "openai", ...token, customSettings });
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    expect(chain.exchange(chat(form, { path: "/v1/images/edits", headers })).upstream!.text).toBe(form);
  });
});

describe("paths", () => {
  const path = (entry: object, from: string) =>
    provider({ ...token, ...entry })
      .exchange({ path: from })
      .upstream!.header(":path");

  test("14: every placeholder is filled, whatever the provider's path looks like", () => {
    const capabilities = { "openai/v1/videoremix": "/own/{video_id}/again" };
    expect(path({ type: "yi", capabilities }, "/v1/videos/v-1/remix")).toBe("/own/v-1/again");
    const azure = { type: "azure", azureServiceUrl: "https://a.example.com/?api-version=1" };
    expect(path(azure, "/v1/files/f-1")).toBe("/openai/files/f-1?api-version=1");
    expect(path({ type: "openai" }, "/x/v1/fine_tuning/jobs/j-1")).toBe("/v1/fine_tuning/jobs/j-1");
  });

  test("15: azure keeps a path that it does not know", () => {
    const azure = { type: "azure", azureServiceUrl: "https://a.example.com/?api-version=1" };
    expect(path(azure, "/own/path")).toBe("/own/path?api-version=1");
  });

  test("16: authHeaderKey names the header of the client's token", () => {
    const chain = provider({ type: "openai", authHeaderKey: "X-Own" });
    expect(chain.exchange(chat({}, { headers: { "x-own": "mine" } })).upstream!.header("authorization")).toBe(
      "Bearer mine",
    );
  });

  test("36: providerBasePath and providerDomain hold for paths that depend on the body", () => {
    const azure = { type: "azure", azureServiceUrl: "https://a.example.com/?api-version=1" };
    const { upstream } = provider({
      ...token,
      ...azure,
      providerBasePath: "/apim",
      providerDomain: "apim.example.com",
    }).exchange(chat());
    expect(upstream!.header(":path")).toBe("/apim/openai/deployments/gpt-4o/chat/completions?api-version=1");
    expect(upstream!.header(":authority")).toBe("apim.example.com");
  });

  test("39: generic and coze leave Claude requests alone", () => {
    for (const type of ["generic", "coze"]) expect(path({ type }, "/v1/messages")).toBe("/v1/messages");
  });
});

describe("answers", () => {
  test("33: a Claude client gets an OpenAI-like provider's error in its own dialect", () => {
    const error = { error: { message: "Too many", type: "rate_limit_exceeded", code: "x" } };
    const { client } = provider(yi, answering(json(error, { status: 429 }))).exchange(message());
    expect(client.status).toBe(429);
    expect(JSON.parse(client.text)).toEqual({
      type: "error",
      error: { type: "rate_limit_error", message: "Too many" },
    });
  });

  test("33: an error page too", () => {
    const page = { status: 404, body: "<p>", headers: { "content-type": "text/html" } };
    const { client } = provider(yi, answering(page)).exchange(message());
    expect(client.status).toBe(404);
    expect(JSON.parse(client.text).error.type).toBe("not_found_error");
  });

  test.each([201, 206, 301])("33: what is no error passes as it is, with status %d", (status) => {
    const { client } = provider(
      yi,
      answering({ status, body: "<p>", headers: { "content-type": "text/html" } }),
    ).exchange(message());
    expect([client.status, client.text]).toEqual([status, "<p>"]);
  });
});

test("24: exact names, then the longest prefix, then patterns in their order, then `*`, whatever order a map has", () => {
  const rules: [string, string][] = [
    ["*", "any"],
    ["~^g", "pattern"],
    ["g*", "short"],
    ["gp*", "long"],
    ["gpt", "exact"],
    ["~^x*$", "pattern2"],
  ];
  for (const list of [rules, rules.toReversed()]) {
    const modelMapping = Object.fromEntries(list);
    const mapped = (model: string) => sent({ ...yi, modelMapping }, chat({ model })).model;
    expect(["gpt", "gpx", "gx", "xx", "y"].map(mapped)).toEqual([
      "exact",
      "long",
      "short",
      "pattern2",
      "any",
    ]);
  }
});

test("31: responseJsonSchema is for chat alone, and the model is mapped", () => {
  const entry = { type: "openai", responseJsonSchema: { type: "object" }, modelMapping: { "*": "mapped" } };
  expect(sent(entry, chat('{"input":"x"}', { path: "/v1/embeddings" }))).toEqual({
    input: "x",
    model: "mapped",
  });
  expect(sent({ ...entry, type: "longcat" }, chat())).toMatchObject({
    model: "mapped",
    response_format: { type: "object" },
  });
});

test("32: a built-in path cannot be moved, a missing one can be added", () => {
  const capabilities = { "openai/v1/chatcompletions": "/else", "openai/v1/embeddings": "/emb" };
  const chain = provider({ ...yi, capabilities });
  expect(chain.exchange({ path: chatPath }).upstream!.header(":path")).toBe(chatPath);
  expect(chain.exchange({ path: "/v1/embeddings" }).upstream!.header(":path")).toBe("/emb");
});
