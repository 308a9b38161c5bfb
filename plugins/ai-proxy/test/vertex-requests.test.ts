// vertex: what becomes of chat requests and embeddings, by mode and model.

import { describe, expect, test } from "vitest";
import { answering, chat, eventStream, json, message, provider } from "./proxy.ts";
import { compatible, express, vertex } from "./vertex.ts";

const model = "gemini-2.5-flash";
const sent = (body: object, entry: object = express) =>
  JSON.parse(provider(entry).exchange(chat({ model, ...body })).upstream!.text);

describe("a chat with a Gemini model", () => {
  test("is put into Gemini's words", () => {
    const geminiSafetySetting = { HARM_CATEGORY_HARASSMENT: "BLOCK_NONE", HARM_CATEGORY_X: "OFF" };
    const body = sent(
      {
        messages: [
          { role: "system", content: "Be short." },
          {
            role: "user",
            content: [
              { type: "text", text: "See" },
              { type: "image_url", image_url: { url: "https://e.com/a.png?x#y" } },
            ],
          },
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
          },
          { role: "tool", tool_call_id: "c1", content: "2" },
        ],
        temperature: 0,
        top_p: 0.5,
        max_completion_tokens: 9,
        stop: "END",
        reasoning_effort: "medium",
        tools: [
          {
            type: "function",
            function: {
              name: "f",
              description: "d",
              parameters: { type: "object", properties: { a: { type: "integer" } } },
            },
          },
        ],
        tool_choice: "required",
      },
      { ...express, geminiSafetySetting },
    );
    expect(body).toEqual({
      contents: [
        {
          role: "user",
          parts: [
            { text: "See" },
            { fileData: { mimeType: "image/png", fileUri: "https://e.com/a.png?x#y" } },
          ],
        },
        { role: "model", parts: [{ functionCall: { name: "f", args: { a: 1 } } }] },
        { role: "user", parts: [{ functionResponse: { name: "f", response: { output: "2" } } }] },
      ],
      systemInstruction: { parts: [{ text: "Be short." }] },
      safetySettings: [
        { category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" },
        { category: "HARM_CATEGORY_X", threshold: "OFF" },
      ],
      generationConfig: {
        temperature: 0,
        topP: 0.5,
        maxOutputTokens: 9,
        stopSequences: ["END"],
        thinkingConfig: { includeThoughts: true, thinkingBudget: 4096 },
      },
      tools: [
        {
          functionDeclarations: [
            {
              name: "f",
              description: "d",
              parameters: { type: "object", properties: { a: { type: "integer" } } },
            },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: "ANY" } },
    });
  });

  test.each([
    ["low", 1024],
    ["medium", 4096],
    ["high", 16384],
    ["other", 1024],
  ])("reasoning_effort %s is a budget of %d tokens", (reasoning_effort, thinkingBudget) => {
    expect(sent({ reasoning_effort }).generationConfig.thinkingConfig).toEqual({
      includeThoughts: true,
      thinkingBudget,
    });
  });

  test("without reasoning_effort has no thinkingConfig, with none it does not think", () => {
    expect(sent({}).generationConfig.thinkingConfig).toBeUndefined();
    expect(sent({ reasoning_effort: "none" }).generationConfig.thinkingConfig).toEqual({ thinkingBudget: 0 });
  });

  const schema = { type: "object", properties: { a: { type: "string" } } };
  test.each<[string, object, object]>([
    ["json_object", { type: "json_object" }, { responseMimeType: "application/json" }],
    [
      "json_schema",
      { type: "json_schema", json_schema: { name: "n", schema } },
      { responseMimeType: "application/json", responseSchema: schema },
    ],
    [
      "a schema under json_schema",
      { type: "json_schema", json_schema: schema },
      { responseMimeType: "application/json", responseSchema: schema },
    ],
    ["a schema alone", schema, { responseMimeType: "application/json", responseSchema: schema }],
    ["text", { type: "text" }, {}],
    ["another type", { type: "grammar" }, {}],
  ])("response_format: %s", (_, response_format, expected) => {
    expect(sent({ response_format }).generationConfig).toEqual(expected);
  });

  test("response_format is not for gemini-2.0", () => {
    expect(
      sent({ model: "gemini-2.0-flash", response_format: { type: "json_object" } }).generationConfig,
    ).toEqual({});
  });

  test("a json_schema without a schema is an error, and leaves body and path", () => {
    const chain = provider(express);
    const request = chat({ model, response_format: { type: "json_schema", json_schema: { name: "n" } } });
    const { client, upstream, record } = chain.exchange(request);
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(500);
    expect(client.text).toContain("invalid response_format.json_schema: missing schema object");
    expect(record!.details).toBe("ai-proxy.proc_req_body_failed");
    expect(chain.problems().join()).toContain("invalid response_format.json_schema");
  });

  test("no model is an error", () => {
    const { client } = provider(express).exchange(chat('{"messages":[{"role":"user","content":"x"}]}'));
    expect([client.status, JSON.parse(client.text).error.message]).toEqual([400, "missing model in request"]);
  });

  test("what Gemini has no place for is named to the client", () => {
    const { client } = provider(express, answering(json({ candidates: [] }))).exchange(
      chat({ model, logit_bias: {}, store: true }),
    );
    expect(client.header("x-ai-proxy-dropped")).toBe("logit_bias,store");
  });
});

describe("a chat with a Claude model", () => {
  test("is put into Anthropic's words, with the version and without the model", () => {
    const body = sent({
      model: "claude-sonnet-4@20250514",
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "u" },
      ],
      stream: true,
    });
    expect(body).toEqual({
      messages: [{ role: "user", content: "u" }],
      system: "s",
      max_tokens: 4096,
      stream: true,
      anthropic_version: "vertex-2023-10-16",
    });
  });

  test("has Claude Code's system prompt in claudeCodeMode", () => {
    const body = sent({ model: "claude-x" }, { ...express, claudeCodeMode: true });
    expect(body.system).toEqual([
      {
        type: "text",
        text: "You are Claude Code, Anthropic's official CLI for Claude.",
        cache_control: { type: "ephemeral" },
      },
    ]);
  });

  const native = {
    system: [{ type: "text", text: "s", cache_control: { type: "ephemeral" } }],
    tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 2 }],
    thinking: { type: "adaptive" },
    own: [1.0],
  };

  test("of an Anthropic client is its own request, without the model; so is the answer", () => {
    const answer = '{"type":"message",  "content":[{"type":"server_tool_use","own":1e0}]}';
    const chain = provider(
      { ...express, modelMapping: { "*": "claude-x" } },
      answering({ body: answer, headers: { "content-type": "application/json", "content-length": "7" } }),
    );
    const { client, upstream } = chain.exchange(message({ model: "any", ...native }));
    expect(upstream!.header(":path")).toBe(
      "/v1/publishers/anthropic/models/claude-x:rawPredict?key=sk-provider",
    );
    const { model: _, ...rest } = JSON.parse(message({ model: "any", ...native }).body as string);
    expect(JSON.parse(upstream!.text)).toEqual({ ...rest, anthropic_version: "vertex-2023-10-16" });
    expect(client.text).toBe(answer);
    expect(client.header("x-ai-proxy-dropped")).toBeUndefined();
  });

  test("of an Anthropic client keeps a version of its own, and streams", () => {
    const pieces = ["event: ping\r\n", 'data: {"type":"ping"}\r\n\r\n'];
    const chain = provider(express, answering(eventStream(pieces)));
    const request = message({ model: "claude-x", anthropic_version: "mine", stream: true });
    const { client, upstream } = chain.exchange(request);
    expect(upstream!.header(":path")).toContain("claude-x:streamRawPredict?");
    expect(JSON.parse(upstream!.text).anthropic_version).toBe("mine");
    expect(client.chunks.map(String)).toEqual(pieces);
  });

  test("of an Anthropic client has Google's errors in Anthropic's words", () => {
    const body = [{ error: { code: 429, message: "Quota exceeded", status: "RESOURCE_EXHAUSTED" } }];
    const chain = provider(express, answering(json(body, { status: 429 })));
    const { client } = chain.exchange(message({ model: "claude-x" }));
    expect([client.status, JSON.parse(client.text)]).toMatchObject([
      429,
      { type: "error", error: { type: "rate_limit_error", message: "Quota exceeded" } },
    ]);
  });

  const gemini = {
    contents: [{ parts: [{ text: "Hi" }] }, { role: "model", parts: [{ text: "Yes", own: 1 }] }],
    tools: [{ googleSearch: {} }, { codeExecution: {} }],
    safety_settings: [{ category: "HARM_CATEGORY_HATE_SPEECH", threshold: "OFF" }],
    generationConfig: { responseModalities: ["IMAGE"], imageConfig: { aspectRatio: "16:9" } },
  };
  const generate = (action: string, body: object = gemini) =>
    chat(JSON.stringify(body), { path: `/v1beta/models/gemini-any:${action}` });

  test("of a Gemini client keeps its words, answer included; Vertex AI wants every content to have a role", () => {
    const answer =
      '{"candidates":[{"content":{"parts":[{"text":"a","own":1e0}]},"groundingMetadata":{"own":2}}]}';
    const geminiSafetySetting = { HARM_CATEGORY_X: "OFF" };
    const chain = provider(
      { ...express, geminiSafetySetting, modelMapping: { "*": "gemini-x" } },
      answering({ body: answer, headers: { "content-type": "application/json" } }),
    );
    const { client, upstream } = chain.exchange(generate("generateContent"));
    expect(upstream!.header(":path")).toBe(
      "/v1/publishers/google/models/gemini-x:generateContent?key=sk-provider",
    );
    const [first, second] = gemini.contents;
    expect(JSON.parse(upstream!.text)).toEqual({
      ...gemini,
      contents: [{ ...first, role: "user" }, second],
    });
    expect(client.text).toBe(answer);
    expect(client.header("x-ai-proxy-dropped")).toBeUndefined();
    const { safety_settings: _, ...unset } = gemini;
    const { upstream: other } = chain.exchange(generate("generateContent", unset));
    expect(JSON.parse(other!.text).safetySettings).toEqual([
      { category: "HARM_CATEGORY_X", threshold: "OFF" },
    ]);
  });

  test.each([
    ["alt=sse", "text/event-stream", 'data: {"candidates":[]}\r\n\r\n'],
    ["", "application/json", '[{"candidates":[]}\n]'],
  ])("of a Gemini client streams as it asks: %s", (query, type, text) => {
    const chain = provider(express, answering({ headers: { "content-type": type }, chunks: [text] }));
    const { client, upstream } = chain.exchange(generate(`streamGenerateContent?${query}`));
    expect(upstream!.header(":path")).toBe(
      `/v1/publishers/google/models/gemini-any:streamGenerateContent?${query && `${query}&`}key=sk-provider`,
    );
    expect([client.text, client.header("content-type")]).toEqual([text, type]);
  });

  test("of a Gemini client gets Google's errors as they are", () => {
    const error = { error: { code: 429, message: "m", status: "RESOURCE_EXHAUSTED", details: [{ a: 1 }] } };
    const chain = provider(express, answering(json(error, { status: 429 })));
    const { client } = chain.exchange(generate("generateContent"));
    expect([client.status, JSON.parse(client.text)]).toEqual([429, error]);
  });

  test.each([
    { claudeCodeMode: true },
    { mergeConsecutiveMessages: true },
    { promoteThinkingOnEmpty: true },
    { contextCleanupCommands: ["x"] },
  ])("of an Anthropic client is translated where the configuration changes conversations: %j", (more) => {
    const { upstream } = provider({ ...express, ...more }).exchange(
      message({ model: "claude-x", top_k: 3, ...native }),
    );
    const body = JSON.parse(upstream!.text);
    expect(body).toMatchObject({ max_tokens: 100, top_k: 3, anthropic_version: "vertex-2023-10-16" });
    expect(body.own).toBeUndefined();
  });
});

describe("the OpenAI-compatible mode", () => {
  test("changes nothing but the model", () => {
    const body =
      '{ "model": "gpt-4o",\n "stream": false, "messages": [ {"role":"user","content":"\\u00e9"} ], "own": 1.0 }';
    const chain = vertex({ ...compatible, modelMapping: { "gpt-4o": "google/g" } });
    const { upstream } = chain.exchange(chat(body));
    expect(upstream!.text).toBe(body.replace("gpt-4o", "google/g"));
    expect(upstream!.header("authorization")).toBe("Bearer token-1");
  });

  test.each(["/v1/embeddings", "/v1/images/generations", "/v1/images/edits", "/v1/images/variations"])(
    "has no %s",
    (path) => {
      const { client } = vertex(compatible).exchange(chat({}, { path }));
      expect([client.status, client.text]).toEqual([
        500,
        "failed to process request body: OpenAI compatible mode only supports chat completions API",
      ]);
    },
  );

  test("refuses APIs that Vertex AI does not have as the other modes do", () => {
    for (const entry of [compatible, express]) {
      const { client } = vertex(entry).exchange(chat({}, { path: "/v1/audio/speech" }));
      expect(client.text).toContain("unsupported API name");
    }
  });
});

test("an API that the configuration adds has its path, the mapped model, the key in a header, and its own answer", () => {
  const path = "/v1/publishers/other/models/m:rawPredict";
  const entry = { ...express, modelMapping: { a: "b" }, capabilities: { "openai/v1/responses": path } };
  const chain = provider(entry, answering(json({ output: [] })));
  const { client, upstream } = chain.exchange(chat('{"model":"a","input":"Hi"}', { path: "/v1/responses" }));
  expect(upstream!.header(":path")).toBe(path);
  expect(upstream!.header("x-goog-api-key")).toBe("sk-provider");
  expect(upstream!.text).toBe('{"model":"b","input":"Hi"}');
  expect(client.text).toBe('{"output":[]}');
});

describe("embeddings", () => {
  const path = "/v1/embeddings";
  const ask = (body: object, answer: object = {}) => {
    const entry = { ...express, modelMapping: { small: "text-embedding-005" } };
    return provider(entry, answering(json(answer))).exchange(
      chat({ model: "small", messages: undefined, ...body }, { path }),
    );
  };
  const predictions = [
    { embeddings: { values: [0.5, -1, 1e-3], statistics: { token_count: 3, truncated: false } } },
    { embeddings: { values: [2], statistics: { token_count: 4 } } },
  ];

  test.each([
    ["a text", 'x\n"y', ['x\n"y']],
    ["a list of texts", ["x", "y"], ["x", "y"]],
  ])("of %s", (_, input, texts) => {
    const { upstream } = ask({ input });
    expect(upstream!.header(":path")).toBe(
      "/v1/publishers/google/models/text-embedding-005:predict?key=sk-provider",
    );
    expect(JSON.parse(upstream!.text)).toEqual({
      instances: texts.map((content) => ({ task_type: "", content })),
    });
  });

  test("of a chosen size", () => {
    expect(JSON.parse(ask({ input: "x", dimensions: 64 }).upstream!.text).parameters).toEqual({
      outputDimensionality: 64,
    });
  });

  test.each([[[1, 2]], [[[1]]], [{}], [null], [undefined], [[]]])("of %j are refused", (input) => {
    const { client, upstream } = ask({ input });
    expect(upstream).toBeUndefined();
    expect([client.status, client.text]).toEqual([500, expect.stringContaining("unsupported input type")]);
  });

  test("come as OpenAI's list, numbered", () => {
    expect(JSON.parse(ask({ input: ["x", "y"] }, { predictions }).client.text)).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [0.5, -1, 0.001] },
        { object: "embedding", index: 1, embedding: [2] },
      ],
      model: "text-embedding-005",
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
  });

  test("come packed where the client asks for that, as OpenAI's own does", () => {
    const { client } = ask(
      { input: "x", encoding_format: "base64" },
      { predictions: predictions.slice(0, 1) },
    );
    const packed = Buffer.from(JSON.parse(client.text).data[0].embedding, "base64");
    expect([0, 4, 8].map((at) => packed.readFloatLE(at))).toEqual([0.5, -1, Math.fround(0.001)]);
  });

  test("that are none pass as they are", () => {
    expect(JSON.parse(ask({ input: "x" }, { other: 1 }).client.text)).toEqual({ other: 1 });
  });
});
