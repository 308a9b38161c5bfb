// OpenAI's clients on Anthropic's API: their requests.

import { describe, expect, test } from "vitest";
import { answering, chat, chatPath, eventStream, provider } from "./proxy.ts";

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
