// OpenAI's clients on Anthropic's API.
import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import { answering, chat, chatPath, events, eventStream, json, message, provider } from "./proxy.ts";

const claude = {
  type: "claude",
  apiTokens: ["sk-ant-provider"],
  modelMapping: { "gpt-4o": "claude-sonnet-4-5" },
};

function sent(body: object, entry: object = {}) {
  const { upstream } = provider({ ...claude, ...entry }).exchange(chat(body));
  return { headers: upstream!, body: JSON.parse(upstream!.text) };
}

describe("the request", () => {
  test("goes to /v1/messages with version and key, and no bearer", () => {
    const { upstream } = provider(claude).exchange(
      chat({}, { path: "/v1/chat/completions?a=b", headers: { authorization: "Bearer client" } }),
    );
    expect(upstream!.header(":path")).toBe("/v1/messages?a=b");
    expect(upstream!.header(":authority")).toBe("api.anthropic.com");
    expect(upstream!.header("anthropic-version")).toBe("2023-06-01");
    expect(upstream!.header("x-api-key")).toBe("sk-ant-provider");
    expect(upstream!.header("authorization")).toBeUndefined();
    expect(upstream!.header("x-envoy-original-path")).toBe("/v1/chat/completions?a=b");
  });

  test.each([
    [{ claudeVersion: "2024-01-01" }, "2024-01-01"],
    [{ apiVersion: "2024-02-02" }, "2024-02-02"],
    [{ claudeVersion: "2024-01-01", apiVersion: "2024-02-02" }, "2024-01-01"],
  ])("%j", (entry, version) => {
    expect(sent({}, entry).headers.header("anthropic-version")).toBe(version);
  });

  test("is what Anthropic expects: mapped model, system apart, max_tokens always there", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "developer", content: "Be kind." },
      { role: "user", content: "Hi" },
    ];
    const { body } = sent({ messages, stop: "END", temperature: 0, stream: true });
    expect(body).toMatchObject({
      model: "claude-sonnet-4-5",
      messages: [{ role: "user", content: "Hi" }],
      max_tokens: 4096,
      stop_sequences: ["END"],
      temperature: 0,
      stream: true,
    });
    expect(body.system).toBe("Be brief.\nBe kind.");
    expect(body).not.toHaveProperty("stream_options");
  });

  test.each([
    [{ max_completion_tokens: 7, max_tokens: 9 }, 7],
    [{ max_tokens: 9 }, 9],
    [{ max_tokens: 0 }, 4096],
  ])("%j gives max_tokens %d", (options, limit) => expect(sent(options).body.max_tokens).toBe(limit));

  test("tools, their calls and their results", () => {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const messages = [
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } },
          { id: "c2", type: "function", function: { name: "weather", arguments: "" } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "sunny" },
      { role: "tool", tool_call_id: "c2", content: [{ type: "text", text: "rain" }] },
    ];
    const { body } = sent({
      messages,
      tools: [
        { type: "function", function: { name: "weather", description: "d", parameters } },
        { type: "function", function: { name: "now" } },
      ],
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    expect(body.tools).toEqual([
      { name: "weather", description: "d", input_schema: parameters },
      { name: "now", input_schema: { type: "object" } },
    ]);
    expect(body.tool_choice).toEqual({ type: "any", disable_parallel_tool_use: true });
    expect(body.messages[1].content).toEqual([
      { type: "text", text: "Let me see." },
      { type: "tool_use", id: "c1", name: "weather", input: { city: "Paris" } },
      { type: "tool_use", id: "c2", name: "weather", input: {} },
    ]);
    expect(body.messages).toHaveLength(3);
    expect(body.messages[2].content.map(({ type, tool_use_id }: any) => [type, tool_use_id])).toEqual([
      ["tool_result", "c1"],
      ["tool_result", "c2"],
    ]);
  });

  test.each([
    ["auto", { type: "auto" }],
    ["none", { type: "none" }],
    [
      { type: "function", function: { name: "now" } },
      { type: "tool", name: "now" },
    ],
  ])("tool_choice %j", (choice, expected) => {
    const tools = [{ type: "function", function: { name: "now" } }];
    expect(sent({ tools, tool_choice: choice }).body.tool_choice).toEqual(expected);
  });

  test.each([
    ["low", 1024],
    ["medium", 8192],
    ["high", 16384],
  ])("reasoning_effort %s thinks for %d tokens", (effort, budget) => {
    const { body } = sent({ reasoning_effort: effort, max_tokens: 64000 });
    expect(body.thinking).toEqual({ type: "enabled", budget_tokens: budget });
  });

  test("images", () => {
    const content = [
      { type: "text", text: "What?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      { type: "image_url", image_url: { url: "https://img.example.com/a.png" } },
    ];
    expect(sent({ messages: [{ role: "user", content }] }).body.messages[0].content).toEqual([
      { type: "text", text: "What?" },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
      { type: "image", source: { type: "url", url: "https://img.example.com/a.png" } },
    ]);
  });

  test("custom settings, clean-up and merging happen first", () => {
    const messages = [
      { role: "user", content: "old" },
      { role: "user", content: "/new" },
      { role: "user", content: "a" },
      { role: "user", content: "b" },
    ];
    const { body } = sent(
      { messages },
      {
        customSettings: [{ name: "max_tokens", value: 12 }],
        contextCleanupCommands: ["/new"],
        mergeConsecutiveMessages: true,
      },
    );
    expect(body.max_tokens).toBe(12);
    expect(body.messages).toEqual([{ role: "user", content: "a\n\nb" }]);
  });

  test("other APIs keep their body but for the model", () => {
    const text = '{"model": "gpt-4o", "input": "x"}';
    const { upstream } = provider(claude).exchange(chat(text, { path: "/v1/embeddings" }));
    expect(upstream!.text).toBe(text.replace("gpt-4o", "claude-sonnet-4-5"));
  });

  test("an Anthropic client's request passes as it is, but for the model and the key", () => {
    const text =
      '{"model": "gpt-4o", "max_tokens": 1,  "messages": [{"role":"user","content":"Hi"}], "stream": true, "own": 1.0}';
    const { upstream, client } = provider(
      claude,
      answering(eventStream(["event: ping\ndata: {}\n\n"])),
    ).exchange(chat(text, { path: "/v1/messages?beta=true", headers: { "x-api-key": "client" } }));
    expect(upstream!.text).toBe(text.replace("gpt-4o", "claude-sonnet-4-5"));
    expect(upstream!.header(":path")).toBe("/v1/messages?beta=true");
    expect(upstream!.header("x-api-key")).toBe("sk-ant-provider");
    expect(client.text).toBe("event: ping\ndata: {}\n\n");
  });
});

describe("Claude Code mode", () => {
  const code = { claudeCodeMode: true };
  test("looks like the Claude Code client", () => {
    const { headers, body } = sent({}, code);
    expect(headers.header("authorization")).toBe("Bearer sk-ant-provider");
    expect(headers.header("x-api-key")).toBeUndefined();
    expect(headers.header("user-agent")).toBe("claude-cli/2.1.2 (external, cli)");
    expect(headers.header("x-app")).toBe("cli");
    expect(headers.header("anthropic-beta")).toBe(
      "oauth-2025-04-20,interleaved-thinking-2025-05-14,claude-code-20250219",
    );
    expect(headers.header(":path")).toBe("/v1/messages?beta=true");
    expect(body.system).toEqual([
      {
        type: "text",
        text: "You are Claude Code, Anthropic's official CLI for Claude.",
        cache_control: { type: "ephemeral" },
      },
    ]);
  });
  test("keeps the client's system prompt, as a cached block", () => {
    const { body } = sent(
      {
        messages: [
          { role: "system", content: "Mine" },
          { role: "user", content: "Hi" },
        ],
      },
      code,
    );
    expect(body.system).toEqual([{ type: "text", text: "Mine", cache_control: { type: "ephemeral" } }]);
  });
  test.each([
    ["?beta=true", "?beta=true"],
    ["?a=b", "?a=b&beta=true"],
    ["", "?beta=true"],
  ])("the query %j becomes %j", (before, after) => {
    const { upstream } = provider({ ...claude, ...code }).exchange(chat({}, { path: chatPath + before }));
    expect(upstream!.header(":path")).toBe("/v1/messages" + after);
  });
  test("without it nothing of that is added", () => {
    const { headers, body } = sent({});
    expect(headers.header("x-app")).toBeUndefined();
    expect(body).not.toHaveProperty("system");
  });
});

describe("the whole answer", () => {
  const answer = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content: [
      { type: "thinking", thinking: "Hmm", signature: "s" },
      { type: "text", text: "Look: " },
      { type: "text", text: "done" },
      { type: "tool_use", id: "t1", name: "now", input: { a: 1 } },
      { type: "tool_use", id: "t2", name: "now", input: {} },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 2, output_tokens: 7 },
  };
  const received = (body: object, more = {}) =>
    provider(claude, answering(json(body, more))).exchange(chat()).client;

  test("is a chat completion under the mapped model's name", () => {
    const result = JSON.parse(received(answer).text);
    expect(result).toMatchObject({ id: "msg_1", object: "chat.completion", model: "claude-sonnet-4-5" });
    expect(result.created).toBeGreaterThan(0);
    const [choice] = result.choices;
    expect(choice).toMatchObject({ index: 0, finish_reason: "tool_calls", logprobs: null });
    expect(choice.message).toMatchObject({
      role: "assistant",
      content: "Look: done",
      reasoning_content: "Hmm",
    });
    expect(choice.message.tool_calls).toEqual([
      { index: 0, id: "t1", type: "function", function: { name: "now", arguments: '{"a":1}' } },
      { index: 1, id: "t2", type: "function", function: { name: "now", arguments: "{}" } },
    ]);
    expect(result.usage).toMatchObject({
      prompt_tokens: 17,
      completion_tokens: 7,
      total_tokens: 24,
      prompt_tokens_details: { cached_tokens: 5 },
    });
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
  ])("stop_reason %s is finish_reason %s", (reason, finish) => {
    const content = reason === "tool_use" ? answer.content : [{ type: "text", text: "x" }];
    expect(
      JSON.parse(received({ ...answer, content, stop_reason: reason }).text).choices[0].finish_reason,
    ).toBe(finish);
  });

  test("has no stale length", () => {
    const client = received(answer, {
      headers: { "content-type": "application/json", "content-length": "12345" },
    });
    expect(client.header("content-length")).toBeUndefined();
    expect(client.complete).toBe(true);
  });

  test("that is no answer gives Go's error", () => {
    for (const body of ["hello", "[]", '{"type":"message","content":']) {
      const { client, record } = provider(claude, answering(json({}, { body }))).exchange(chat());
      expect(client.status).toBe(500);
      expect(record!.details).toBe("ai-proxy.proc_resp_body_failed");
      expect(client.text).toContain("failed to process response body");
    }
  });

  test("that says 200 and means an error gives 500", () => {
    const client = received({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } });
    expect(client.status).toBe(500);
    expect(JSON.parse(client.text).error).toMatchObject({ message: "Overloaded", type: "overloaded_error" });
  });

  test("promoteThinkingOnEmpty", () => {
    const body = {
      ...answer,
      content: [{ type: "thinking", thinking: "Only thoughts", signature: "s" }],
      stop_reason: "end_turn",
    };
    const chain = provider({ ...claude, promoteThinkingOnEmpty: true }, answering(json(body)));
    const { message } = JSON.parse(chain.exchange(chat()).client.text).choices[0];
    expect(message.content).toBe("Only thoughts");
    expect(message).not.toHaveProperty("reasoning_content");
  });
});

const stream = (id: string, input: number, output: number, text: string) =>
  [
    [
      "message_start",
      {
        message: {
          id,
          type: "message",
          role: "assistant",
          model: "m",
          content: [],
          usage: { input_tokens: input, output_tokens: 1 },
        },
      },
    ],
    ["content_block_start", { index: 0, content_block: { type: "thinking", thinking: "", signature: "" } }],
    ["content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "Hm" } }],
    ["content_block_stop", { index: 0 }],
    ["ping", {}],
    ["content_block_start", { index: 1, content_block: { type: "text", text: "" } }],
    ["content_block_delta", { index: 1, delta: { type: "text_delta", text } }],
    ["content_block_stop", { index: 1 }],
    [
      "content_block_start",
      { index: 2, content_block: { type: "tool_use", id: `tool-${id}`, name: "now", input: {} } },
    ],
    ["content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: '{"a":' } }],
    ["content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: '"é"}' } }],
    ["content_block_stop", { index: 2 }],
    [
      "message_delta",
      { delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: output } },
    ],
    ["message_stop", {}],
  ].map(([type, event]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...(event as object) })}\n\n`);

describe("the streamed answer", () => {
  const pieces = stream("msg_1", 11, 22, "Grüße 🎉");
  const run = (chunks: (string | Uint8Array)[], entry = {}, body = {}) =>
    provider({ ...claude, ...entry }, answering(eventStream(chunks))).exchange(
      chat({ stream: true, ...body }),
    ).client;

  test("is OpenAI's, chunk for chunk", () => {
    const { text } = run(pieces);
    const chunks = events(text);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    for (const chunk of chunks)
      expect(chunk).toMatchObject({
        id: "msg_1",
        object: "chat.completion.chunk",
        model: "claude-sonnet-4-5",
      });
    const deltas = chunks.flatMap(({ choices }) => choices);
    expect(deltas[0].delta).toMatchObject({ role: "assistant" });
    expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe("Grüße 🎉");
    expect(deltas.map(({ delta }) => delta.reasoning ?? "").join("")).toBe("Hm");
    const calls = deltas.flatMap(({ delta }) => delta.tool_calls ?? []);
    expect(calls[0]).toMatchObject({
      index: 0,
      id: "tool-msg_1",
      type: "function",
      function: { name: "now", arguments: "" },
    });
    expect(calls.map((call: any) => call.function.arguments).join("")).toBe('{"a":"é"}');
    expect(deltas.every(({ index }) => index === 0)).toBe(true);
    expect(deltas.at(-1).finish_reason).toBe("tool_calls");
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 11, completion_tokens: 22, total_tokens: 33 },
    });
  });

  test("gets every event out in the callback in which it came", () => {
    const { chunks } = run(pieces);
    expect(chunks.length).toBeGreaterThanOrEqual(7);
    expect(chunks.findIndex((chunk) => chunk.includes("Grüße"))).toBeLessThan(
      chunks.findIndex((chunk) => chunk.includes("tool-msg_1")),
    );
  });

  test("no usage for a client that declined it", () => {
    const { text } = run(pieces, {}, { stream_options: { include_usage: false } });
    expect(events(text).every(({ usage }) => usage == null)).toBe(true);
  });

  test("is the same for every cut, dripped too", () => {
    const bytes = Buffer.from(pieces.join(""));
    const whole = withoutTime(run([bytes]).text);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(withoutTime(run([bytes.subarray(0, cut), bytes.subarray(cut)]).text)).toBe(whole);
    }
    expect(withoutTime(run(drip(bytes)).text)).toBe(whole);
  });

  test("that breaks off ends with an error the client can read", () => {
    const { text } = run(pieces.slice(0, 7));
    expect(events(text).at(-1).error.message).toContain("ended before it was complete");
  });

  test("an error in the stream becomes an error chunk", () => {
    const { text } = run([
      pieces[0]!,
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    ]);
    expect(events(text).at(-1).error).toMatchObject({ message: "Overloaded" });
  });

  test("promoteThinkingOnEmpty turns thoughts into content before the end", () => {
    const only = [...pieces.slice(0, 4), pieces[12]!.replace("tool_use", "end_turn"), pieces[13]!];
    const chunks = events(run(only, { promoteThinkingOnEmpty: true }).text);
    const deltas = chunks.flatMap(({ choices }) => choices);
    expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe("Hm");
    expect(deltas.findIndex(({ delta }) => delta.content === "Hm")).toBeLessThan(
      deltas.findIndex(({ finish_reason }) => finish_reason === "stop"),
    );
    expect(JSON.stringify(chunks)).not.toContain('"reasoning');
  });

  test("two concurrent streams never mix their ids and usage", () => {
    const chain = provider(claude);
    const open = (id: string) => {
      const exchange = chain.open("HTTP/1.1", true);
      exchange.http.requestHeaders(
        [
          [":method", "POST"],
          [":path", chatPath],
          [":authority", "g"],
          [":scheme", "http"],
          ["content-type", "application/json"],
        ],
        false,
      );
      exchange.http.requestData(
        Buffer.from(
          JSON.stringify({ model: `model-${id}`, stream: true, messages: [{ role: "user", content: id }] }),
        ),
        true,
      );
      chain.settle();
      exchange.http.responseHeaders(
        [
          [":status", "200"],
          ["content-type", "text/event-stream"],
        ],
        false,
      );
      return exchange;
    };
    const first = open("A");
    const second = open("B");
    const left = stream("msg_A", 111, 11, "answer A");
    const right = stream("msg_B", 222, 22, "answer B");
    for (let i = 0; i < left.length; i++) {
      first.http.responseData(Buffer.from(left[i]!), false);
      second.http.responseData(Buffer.from(right[i]!), i === left.length - 1);
    }
    first.http.responseData(new Uint8Array(0), true);
    chain.settle();
    for (const [exchange, id, input, output] of [
      [first, "A", 111, 11],
      [second, "B", 222, 22],
    ] as const) {
      const chunks = events(exchange.client.text);
      expect(new Set(chunks.map((chunk) => chunk.id))).toEqual(new Set([`msg_${id}`]));
      expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([`model-${id}`]));
      expect(chunks.at(-1).usage).toMatchObject({
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
      });
      expect(exchange.client.text).toContain(`answer ${id}`);
      expect(exchange.client.complete).toBe(true);
    }
  });
});

/** `created` is the time of the answer. */
function withoutTime(text: string): string {
  return text.replaceAll(/"created":\d+/g, '"created":0');
}

describe("errors of Anthropic reach OpenAI's clients in their own words", () => {
  test.each([
    [400, "invalid_request_error", "invalid_request_error"],
    [401, "authentication_error", "authentication_error"],
    [429, "rate_limit_error", "rate_limit_error"],
    [529, "overloaded_error", "overloaded_error"],
  ])("%d %s", (status, type, expected) => {
    const body = { type: "error", error: { type, message: 'Say "no"' }, request_id: "req_1" };
    const { client } = provider(claude, answering(json(body, { status }))).exchange(chat());
    expect(client.status).toBe(status);
    expect(JSON.parse(client.text)).toEqual({
      error: { message: 'Say "no"', type: expected, param: null, code: null },
    });
  });

  test("a body that is no error passes as it is", () => {
    const { client } = provider(
      claude,
      answering({ status: 502, body: "<html>bad gateway</html>", headers: { "content-type": "text/html" } }),
    ).exchange(chat());
    expect(client.status).toBe(502);
    expect(client.text).toBe("<html>bad gateway</html>");
  });

  test("an Anthropic client's errors pass as they are", () => {
    const body = '{"type":"error",  "error":{"type":"not_found_error","message":"x"}}';
    const { client } = provider(claude, answering({ status: 404, body })).exchange(message());
    expect(client.text).toBe(body);
  });

  test("answers of the gateway itself pass as they are", () => {
    const { client } = provider(claude, answering({ reset: "connect-failure" })).exchange(chat());
    expect(client.status).toBe(503);
    expect(client.text).not.toContain("{");
  });

  test("a compressed answer passes as it is: it cannot be read", () => {
    const { client } = provider(
      claude,
      answering(
        json(
          {},
          { body: "\u0001", headers: { "content-type": "application/json", "content-encoding": "gzip" } },
        ),
      ),
    ).exchange(chat());
    expect(client.text).toBe("\u0001");
  });
});

describe("mistakes of the client are told as such", () => {
  test.each([
    ["broken JSON", '{"model":', "not valid JSON"],
    ["no object", "[]", "not a JSON object"],
    ["no messages", '{"model":"m"}', "no message found in the request body"],
    ["no model", '{"messages":[{"role":"user","content":"Hi"}]}', "missing model in request"],
  ])("%s is 400", (_, body, text) => {
    const { client, upstream, record } = provider({ ...claude, modelMapping: {} }).exchange(chat(body));
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(400);
    expect(record!.details).toBe("ai-proxy.proc_req_body_failed");
    expect(JSON.parse(client.text).error).toMatchObject({ type: "invalid_request_error" });
    expect(JSON.parse(client.text).error.message).toContain(text);
  });

  test("more than 32 MiB cannot be translated: 413", () => {
    const content = "x".repeat(1 << 20);
    const chunks = [
      '{"model":"m","messages":[{"role":"user","content":"',
      ...Array.from({ length: 32 }, () => content),
      '"}]}',
    ];
    const { client, upstream } = provider(claude).exchange(chat("", { body: undefined, chunks }));
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(413);
    expect(JSON.parse(client.text).error.type).toBe("request_too_large");
  });
});
