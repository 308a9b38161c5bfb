// Single promises about what clients of Anthropic and of Gemini ask of providers that speak other dialects.

import { describe, expect, test } from "vitest";
import type { TestRequest } from "../../../host-test/testing/chain.ts";
import type { ClientDialect } from "./client-requests.ts";
import { chat, json, message, provider } from "./proxy.ts";

const apiTokens = ["sk-provider"];
const providers = {
  openai: { type: "openai", apiTokens },
  responses: { type: "openai", apiTokens, chatApi: "responses" },
  claude: { type: "claude", apiTokens },
  gemini: { type: "gemini", apiTokens },
  qwen: { type: "qwen", apiTokens },
  zhipuai: { type: "zhipuai", apiTokens },
  dify: { type: "dify", apiTokens, botType: "Chat" },
};

function gemini(body: object, method = "generateContent"): TestRequest {
  const contents = [{ role: "user", parts: [{ text: "Hi" }] }];
  return chat(JSON.stringify({ contents, ...body }), { path: `/v1beta/models/any:${method}` });
}

const failing = (status: number) => ({ upstream: () => json({ error: { message: "no" } }, { status }) });

function asked(client: ClientDialect, type: keyof typeof providers, body: object, entry: object = {}) {
  const request = client === "gemini" ? gemini(body) : message(body);
  const chain = provider({ ...providers[type], ...entry }, failing(400));
  const { upstream, client: got } = chain.exchange(request);
  chain.close();
  return { body: JSON.parse(upstream!.text), dropped: got.header("x-ai-proxy-dropped") ?? "" };
}

const file = (mimeType: string, text: string) => ({
  contents: [
    { parts: [{ inlineData: { mimeType, data: Buffer.from(text).toString("base64"), displayName: "n" } }] },
  ],
});

describe("a stream that a Gemini client asks for in the path", () => {
  test.each(["streamGenerateContent", "streamGenerateContent?alt=sse"])(
    "is asked for in the body: %s",
    (method) => {
      const { upstream } = provider(providers.openai).exchange(gemini({}, method));
      const options = { include_usage: true };
      expect(JSON.parse(upstream!.text)).toMatchObject({ stream: true, stream_options: options });
    },
  );
});

test("DashScope's compatible mode gets a Gemini client's request in OpenAI's dialect", () => {
  const { body } = asked("gemini", "qwen", { systemInstruction: { parts: [{ text: "S" }] } });
  const messages = [
    { role: "system", content: "S" },
    { role: "user", content: "Hi" },
  ];
  expect(body).toEqual({ model: "any", messages });
});

describe("without a tool that can be sent nothing is said about calls", () => {
  const hosted = {
    tools: [{ type: "web_search_20250305", name: "web_search" }],
    tool_choice: { type: "any", disable_parallel_tool_use: true },
  };
  const google = { tools: [{ googleSearch: {} }], toolConfig: { functionCallingConfig: { mode: "ANY" } } };

  test.each([
    ["anthropic", "openai", hosted, "tools.web_search_20250305"],
    ["anthropic", "responses", hosted, "tools.web_search_20250305"],
    ["gemini", "openai", google, "tools.googleSearch"],
    ["gemini", "claude", google, "tools.googleSearch"],
  ] as const)("%s to %s", (client, type, request, name) => {
    const { body, dropped } = asked(client, type, request);
    expect(Object.keys(body).filter((member) => member.includes("tool"))).toEqual([]);
    expect(dropped).toContain(name);
  });
});

test.each(["openai", "responses"] as const)("a tool that only Anthropic runs is not chosen: %s", (type) => {
  const tools = [
    { type: "bash_20250124", name: "bash" },
    { name: "f", input_schema: { type: "object" } },
  ];
  const { body, dropped } = asked("anthropic", type, { tools, tool_choice: { type: "tool", name: "bash" } });
  expect(body).not.toHaveProperty("tool_choice");
  expect(dropped).toBe("tools.bash_20250124,tool_choice");
});

test.each([
  [{ type: "adaptive" }, undefined],
  [{ type: "disabled" }, { type: "disabled" }],
  [undefined, { type: "disabled" }],
])("Zhipu's models think as they like where a Claude client lets them: %j", (thinking, expected) => {
  expect(asked("anthropic", "zhipuai", { thinking }).body.thinking).toEqual(expected);
});

describe("a Gemini client's file at OpenAI", () => {
  test.each([
    ["openai", "text"],
    ["responses", "input_text"],
  ] as const)("is a text where it is one: %s", (type, kind) => {
    const { body, dropped } = asked("gemini", type, file("text/csv", "a,ü\n"));
    expect((body.messages ?? body.input)[0].content).toEqual([{ type: kind, text: "a,ü\n" }]);
    expect(dropped).toBe("messages.content.file.filename");
  });

  test.each(["openai", "responses"] as const)("is dropped by name where it is a film: %s", (type) => {
    const { body, dropped } = asked("gemini", type, file("video/mp4", "\0\0\0 ftyp"));
    expect(JSON.stringify(body)).not.toContain("AAAA");
    expect(dropped).toBe("messages.content.video/mp4");
  });
});

test("a Gemini client that wants one word of an enum gets no JSON", () => {
  const responseSchema = { type: "STRING", enum: ["a", "b"] };
  const generationConfig = { responseMimeType: "text/x.enum", responseSchema };
  const { body, dropped } = asked("gemini", "openai", { generationConfig });
  expect(body).not.toHaveProperty("response_format");
  expect(dropped).toBe("generationConfig.responseMimeType");
});

test("bytes of Google's client for Python, in the alphabet for URLs, come in the other one", () => {
  const bytes = Buffer.from([0xff, 0xd8, 0xff, 0xfb, 0xef, 0xbe, 0xff, 0xf7, 0xff]);
  const data = bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  expect(data).toMatch(/-.*_|_.*-/);
  const seal = (text: string) => ({
    parts: [{ text: "T", thought: true, thoughtSignature: text }],
    role: "model",
  });
  const call = { role: "model", parts: [{ functionCall: { id: "c", name: "f", args: {} } }] };
  const result = { parts: [{ functionResponse: { id: "c", name: "f", response: {} } }] };
  const picture = { parts: [{ inlineData: { mimeType: "image/jpeg", data } }] };
  const claude = asked("gemini", "claude", { contents: [picture, seal(data), call, result] });
  const [{ content: pictures }, { content: thoughts }] = claude.body.messages;
  expect(pictures[0].source.data).toBe(bytes.toString("base64"));
  expect(thoughts[0].signature).toBe(bytes.toString("base64"));
  const openai = asked("gemini", "responses", { contents: [picture, seal("gAAAAA-_"), call, result] });
  expect(openai.body.input[1].encrypted_content).toBe("gAAAAA-_");
});

test.each([
  ["openai", { max_completion_tokens: 7, temperature: 1 }],
  ["gemini", { generationConfig: { maxOutputTokens: 7, temperature: 1 } }],
] as const)("customSettings hold for a Gemini client, too: %s", (type, expected) => {
  const customSettings = [
    { name: "max_tokens", value: 7 },
    { name: "temperature", value: 0, overwrite: false },
  ];
  const generationConfig = { maxOutputTokens: 50, temperature: 1 };
  expect(asked("gemini", type, { generationConfig }, { customSettings }).body).toMatchObject(expected);
});

test("a Gemini client may quote its numbers, as Google allows", () => {
  const thinkingConfig = { thinkingBudget: "5000" };
  const generationConfig = {
    maxOutputTokens: "50",
    temperature: "0.5",
    stopSequences: ["5"],
    thinkingConfig,
  };
  const { body } = asked("gemini", "openai", { generationConfig });
  const expected = { max_completion_tokens: 50, temperature: 0.5, stop: ["5"], reasoning_effort: "medium" };
  expect(body).toMatchObject(expected);
});

test("results of tools and what is said behind them stand on lines of their own where all is one text", () => {
  const use = (id: string) => ({ type: "tool_use", id, name: "f", input: {} });
  const result = (tool_use_id: string, content: string) => ({ type: "tool_result", tool_use_id, content });
  const messages = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: [use("a"), use("b")] },
    { role: "user", content: [result("a", "one"), result("b", "two"), { type: "text", text: "Go on." }] },
  ];
  expect(asked("anthropic", "dify", { messages }).body.query).toContain("one\ntwo\nGo on.\n");
});

test.each([408, 422, 502, 529])("a Gemini client reads status %d in the body, as from Google", (status) => {
  const { client } = provider(providers.openai, failing(status)).exchange(gemini({}));
  expect(client.status).toBe(status);
  expect(JSON.parse(client.text).error).toMatchObject({ code: status, message: "no" });
});
