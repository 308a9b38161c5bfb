// Requests to Bedrock: configuration, path, credential, and conversations in Converse's words.

import { describe, expect, test } from "vitest";
import type { TestRequest, UpstreamSees } from "../../../host-test/testing/chain.ts";
import { awsAuthorization } from "./aws-signature.ts";
import { answering, chat, chatPath, json, message, provider, refusal } from "./proxy.ts";

const bearer = { type: "bedrock", apiTokens: ["sk-provider"], awsRegion: "us-east-1" };
const keys = {
  type: "bedrock",
  awsAccessKey: " AKIDEXAMPLE ",
  awsSecretKey: "secret\n",
  awsRegion: " us-east-1 ",
};

const claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";

function sent(request: TestRequest, entry: object = {}): UpstreamSees {
  return provider({ ...bearer, ...entry }).exchange(request).upstream!;
}

/** What Bedrock gets for a chat request with these members. */
function converse(body: object, entry: object = {}): any {
  return JSON.parse(sent(chat({ model: claude, ...body }), entry).text);
}

/** The names of what was dropped on the way. */
function dropped(request: TestRequest, entry: object = {}): string[] {
  const answer = answering(json({ output: { message: { content: [] } }, stopReason: "end_turn" }));
  const { client } = provider({ ...bearer, ...entry }, answer).exchange(request);
  return (client.header("x-ai-proxy-dropped") ?? "").split(",");
}

describe("configuration", () => {
  const credentials =
    "missing bedrock access authentication parameters: either apiTokens or (awsAccessKey + awsSecretKey) is required";

  test.each([
    [{}, credentials],
    [{ awsAccessKey: "a", awsRegion: "r" }, credentials],
    [{ awsAccessKey: "a", awsSecretKey: "  ", awsRegion: "r" }, credentials],
    [{ apiTokens: ["t"] }, "missing bedrock region parameters"],
    [{ awsAccessKey: "a", awsSecretKey: "b", awsRegion: " " }, "missing bedrock region parameters"],
  ])("%j is refused in Go's words", async (entry, text) => {
    expect(await refusal({ provider: { type: "bedrock", ...entry } })).toContain(text);
  });

  test("the host is that of the region, unless providerDomain names another", () => {
    expect(sent(chat(), { awsRegion: "eu-west-1" }).header(":authority")).toBe(
      "bedrock-runtime.eu-west-1.amazonaws.com",
    );
    expect(sent(chat(), { providerDomain: "vpce.example.com" }).header(":authority")).toBe(
      "vpce.example.com",
    );
  });
});

describe("path", () => {
  const pathOf = (body: object, entry: object = {}) => sent(chat(body), entry).header(":path");

  test.each([
    [claude, "anthropic.claude-sonnet-4-5-20250929-v1%3A0"],
    [
      "arn:aws:bedrock:us-east-1:1:inference-profile/us.x",
      "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x",
    ],
    ["arn%3Aaws%3abedrock", "arn%3Aaws%3Abedrock"],
    ["a?b#c d%", "a%3Fb%23c%20d%25"],
  ])("the model %s is one segment of it", (model, segment) => {
    expect(pathOf({ model })).toBe(`/model/${segment}/converse`);
    expect(pathOf({ model, stream: true })).toBe(`/model/${segment}/converse-stream`);
  });

  test("the model is mapped first, and the client's query does not go along", () => {
    const { upstream } = provider({ ...bearer, modelMapping: { "gpt-4o": claude } }).exchange(
      chat({}, { path: `${chatPath}?a=b` }),
    );
    expect(upstream!.header(":path")).toBe("/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    expect(upstream!.header("accept")).toBe("*/*");
  });

  test("of an API that the configuration adds is the configured one, and its answer passes", () => {
    const path = "/model/amazon.titan-embed-text-v2:0/invoke";
    const chain = provider(
      { ...keys, capabilities: { "openai/v1/embeddings": path } },
      answering(json({ embedding: [1] })),
    );
    const { client, upstream } = chain.exchange(
      chat('{"model":"m","inputText":"a"}', { path: "/v1/embeddings" }),
    );
    expect(upstream!.header(":path")).toBe(path);
    expect(upstream!.header("authorization")).toContain("AWS4-HMAC-SHA256");
    expect(JSON.parse(client.text)).toEqual({ embedding: [1] });
  });
});

describe("credential", () => {
  const credentials = { accessKey: "AKIDEXAMPLE", secretKey: "secret", region: "us-east-1" };

  test.each([
    ["a chat request", chat({ model: claude }), {}],
    ["a stream of an Anthropic client", message({ model: claude, stream: true }), {}],
    ["a request with a base path", chat({ model: claude }), { providerBasePath: "/base path" }],
    ["a request to another domain", chat({ model: "é:1" }), { providerDomain: "vpce.example.com" }],
    ["pictures", chat({ prompt: "a cat" }, { path: "/v1/images/generations" }), {}],
    ["a request without a body", { path: "/v1/models" }, {}],
    [
      "the provider's own protocol",
      chat({ messages: [] }, { path: `/model/${claude}/converse` }),
      { protocol: "original" },
    ],
    [
      "a body for a path that no API has",
      chat({}, { path: "/model/m/count-tokens?a=2&b=1" }),
      { protocol: "original" },
    ],
  ] as [string, TestRequest, object][])("%s is signed as AWS computes it", (_, request, entry) => {
    const { upstream } = provider({ ...keys, ...entry }).exchange(request);
    // What the clock of the chain shows.
    expect(upstream!.header("x-amz-date")).toBe("20231114T221320Z");
    const header = (name: string) => upstream!.header(name)!;
    const received = {
      method: header(":method"),
      path: header(":path"),
      authority: header(":authority"),
      date: header("x-amz-date"),
      body: upstream!.body,
    };
    expect(header("authorization")).toBe(awsAuthorization(received, credentials));
  });

  test("a token goes as Bearer and nothing is signed, keys or none", () => {
    for (const entry of [{}, { awsAccessKey: "a", awsSecretKey: "b" }]) {
      const upstream = sent(chat(), entry);
      expect(upstream.header("authorization")).toBe("Bearer sk-provider");
      expect(upstream.header("x-amz-date")).toBeUndefined();
    }
  });

  test("what a client signed itself does not go along", () => {
    const headers = {
      authorization: "AWS4-HMAC-SHA256 Credential=client",
      "x-amz-date": "20200101T000000Z",
      "x-amz-security-token": "client-token",
      "x-amz-content-sha256": "client-hash",
    };
    for (const entry of [bearer, keys]) {
      const { upstream } = provider(entry).exchange(chat({}, { headers }));
      expect(JSON.stringify(upstream!.headers)).not.toMatch(/client-|20200101|Credential=client/);
    }
  });
});

test("with the provider's own protocol path and body stay, but for customSettings", () => {
  const entry = {
    protocol: "original",
    modelMapping: { "*": "other" },
    customSettings: [{ name: "x", value: 1, mode: "raw" }],
  };
  const body = { headers: { "content-type": "application/vnd.amazon.eventstream" }, body: "any\0bytes" };
  for (const [path, auth] of [
    [`/model/${claude}/converse-stream`, bearer],
    ["/model/a%2Fb/invoke-with-response-stream", keys],
  ] as [string, object][]) {
    const { client, upstream } = provider({ ...auth, ...entry }, answering(body)).exchange(
      chat('{"messages": []}', { path }),
    );
    expect(upstream!.header(":path")).toBe(path);
    expect(JSON.parse(upstream!.text)).toEqual({ messages: [], x: 1 });
    expect(client.text).toBe("any\0bytes");
    expect(client.header("content-type")).toBe("application/vnd.amazon.eventstream");
  }
});

describe("messages", () => {
  const messagesOf = (messages: object[], more: object = {}) => converse({ messages, ...more }).messages;
  const call = (id: string, args = '{"city":"Rome"}') => ({
    id,
    type: "function",
    function: { name: "weather", arguments: args },
  });

  test("a plain request is Converse's, member by member", () => {
    const messages = [
      { role: "system", content: "s" },
      { role: "developer", content: "d" },
      { role: "user", content: "Hi" },
    ];
    const options = { max_tokens: 5, max_completion_tokens: 7, temperature: 0, top_p: 0.5, stop: "x" };
    expect(sent(chat({ model: "m", messages, ...options })).text).toBe(
      '{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"s"},{"text":"d"}],' +
        '"inferenceConfig":{"maxTokens":7,"temperature":0,"topP":0.5,"stopSequences":["x"]},' +
        '"performanceConfig":{"latency":"standard"}}',
    );
  });

  test("messages of one side in a row are one, blank texts are left out", () => {
    expect(
      messagesOf([
        { role: "user", content: "a" },
        {
          role: "user",
          content: [
            { type: "text", text: " \n" },
            { type: "text", text: "b" },
          ],
        },
        { role: "assistant", content: "" },
        { role: "user", content: "c" },
        { role: "assistant", content: "go on \n" },
      ]),
    ).toEqual([
      { role: "user", content: [{ text: "a" }, { text: "b" }, { text: "c" }] },
      { role: "assistant", content: [{ text: "go on" }] },
    ]);
  });

  test("a conversation is mended where Converse would refuse it", () => {
    expect(
      messagesOf([
        { role: "assistant", content: "Hello" },
        { role: "user", content: "q" },
        { role: "assistant", content: null, tool_calls: [call("a"), call("a")] },
        { role: "user", content: "and?" },
        { role: "tool", tool_call_id: "a", content: "sun" },
      ]),
    ).toEqual([
      { role: "user", content: [{ text: "." }] },
      { role: "assistant", content: [{ text: "Hello" }] },
      { role: "user", content: [{ text: "q" }] },
      {
        role: "assistant",
        content: ["a", "a_1"].map((toolUseId) => ({
          toolUse: { input: { city: "Rome" }, name: "weather", toolUseId },
        })),
      },
      {
        role: "user",
        content: [
          { toolResult: { toolUseId: "a", content: [{ text: "sun" }] } },
          {
            toolResult: { toolUseId: "a_1", content: [{ text: expect.any(String) }], status: "error" },
          },
          { text: "and?" },
        ],
      },
    ]);
    expect(messagesOf([{ role: "system", content: "s" }])).toEqual([
      { role: "user", content: [{ text: "." }] },
    ]);
  });

  test("calls are the only blocks of their message, and their results are one message", () => {
    expect(
      messagesOf([
        { role: "user", content: "q" },
        { role: "assistant", content: "Let me look.", tool_calls: [call("a.1"), call("b", "broken")] },
        { role: "tool", tool_call_id: "a.1", content: "sun" },
        { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "rain" }] },
        { role: "user", content: "and?" },
      ]).slice(1),
    ).toEqual([
      {
        role: "assistant",
        content: [
          { toolUse: { input: { city: "Rome" }, name: "weather", toolUseId: "a_1" } },
          { toolUse: { input: {}, name: "weather", toolUseId: "b" } },
        ],
      },
      {
        role: "user",
        content: [
          { toolResult: { toolUseId: "a_1", content: [{ text: "sun" }] } },
          { toolResult: { toolUseId: "b", content: [{ text: "rain" }] } },
          { text: "and?" },
        ],
      },
    ]);
  });

  test("pictures and documents go as bytes, or as a place in S3; what Bedrock cannot fetch is named", () => {
    const url = (value: string) => ({ type: "image_url", image_url: { url: value } });
    const file = (filename: string, type: string) => ({
      type: "file",
      file: { filename, file_data: `data:${type};base64,QUJD` },
    });
    const content = [
      url("data:image/jpg;base64,QUJD"),
      url("s3://bucket/a.png"),
      url("https://example.com/a.png"),
      { type: "input_audio", input_audio: { data: "QUJD", format: "wav" } },
      file("Report v1.2 (é).pdf", "application/pdf"),
      file("Report v1.2 (é).docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
      file("notes.md", "application/octet-stream"),
      file("film", "video/quicktime"),
      file("main.py", "text/x-python"),
      file("a.zip", "application/zip"),
    ];
    const request = chat({ model: claude, messages: [{ role: "user", content }] });
    const bytes = { bytes: "QUJD" };
    expect(JSON.parse(sent(request).text).messages[0].content).toEqual([
      { image: { format: "jpeg", source: bytes } },
      { image: { format: "png", source: { s3Location: { uri: "s3://bucket/a.png" } } } },
      { audio: { format: "wav", source: bytes } },
      { document: { format: "pdf", name: "Report-v1-2-(--)", source: bytes } },
      { document: { format: "docx", name: "Report-v1-2-(--)-2", source: bytes } },
      { document: { format: "md", name: "notes-3", source: bytes } },
      { video: { format: "mov", source: bytes } },
      { document: { format: "txt", name: "main-4", source: bytes } },
      // Converse refuses documents alone.
      { text: "." },
    ]);
    expect(dropped(request)).toEqual(["messages.content.image_url", "messages.content.file"]);
  });

  test("a tool that must be called is named as Converse has it; one that is not there cannot be", () => {
    const tools = [{ type: "function", function: { name: "my.tool" } }];
    const choose = (name: string) => ({ tools, tool_choice: { type: "function", function: { name } } });
    expect(converse(choose("my.tool")).toolConfig.toolChoice).toEqual({ tool: { name: "my_tool" } });
    expect(converse(choose("other")).toolConfig.toolChoice).toEqual({ auto: {} });
    expect(dropped(chat({ model: claude, ...choose("other") }))).toEqual(["tool_choice"]);
  });

  test("a temperature above 1, which OpenAI takes and Converse refuses, is 1, and named", () => {
    expect(converse({ temperature: 1.7 }).inferenceConfig).toEqual({ temperature: 1 });
    expect(converse({ temperature: 0.7 }).inferenceConfig).toEqual({ temperature: 0.7 });
    expect(dropped(chat({ model: claude, temperature: 1.7 }))).toEqual(["temperature"]);
  });

  test("thinking, results with pictures and failed results of an Anthropic client survive, its texts beside calls too", () => {
    const content = [
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "redacted_thinking", data: "UkVE" },
      { type: "text", text: "Let me look." },
      { type: "tool_use", id: "t", name: "look", input: { a: 1 } },
    ];
    const result = {
      type: "tool_result",
      tool_use_id: "t",
      is_error: true,
      content: [
        { type: "text", text: "no" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
      ],
    };
    const request = message({
      model: claude,
      max_tokens: 3000,
      thinking: { type: "enabled", budget_tokens: 2000 },
      top_k: 3,
      messages: [
        { role: "user", content: "q" },
        { role: "assistant", content },
        { role: "user", content: [result] },
      ],
    });
    const body = JSON.parse(sent(request).text);
    expect(body.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          { reasoningContent: { reasoningText: { text: "hm", signature: "sig" } } },
          { reasoningContent: { redactedContent: "UkVE" } },
          { text: "Let me look." },
          { toolUse: { input: { a: 1 }, name: "look", toolUseId: "t" } },
        ],
      },
      {
        role: "user",
        content: [
          {
            toolResult: {
              toolUseId: "t",
              content: [{ text: "no" }, { image: { format: "png", source: { bytes: "QUJD" } } }],
              status: "error",
            },
          },
        ],
      },
    ]);
    expect(body.inferenceConfig).toEqual({ maxTokens: 3000 });
    expect(body.additionalModelRequestFields).toEqual({ thinking: { type: "enabled", budget_tokens: 2000 } });
    // A conversation with calls is refused when no tool is named.
    expect(body.toolConfig.tools).toEqual([
      { toolSpec: { inputSchema: { json: { type: "object" } }, name: "look" } },
    ]);
    expect(dropped(request)).toEqual(["top_k"]);
  });
});

describe("settings", () => {
  test.each([
    ["low", 1024],
    ["medium", 4096],
    ["high", 16384],
    ["other", 1024],
  ])("reasoning_effort %s is a budget of %d tokens", (reasoning_effort, budget_tokens) => {
    const body = converse({ reasoning_effort, temperature: 1 });
    expect(body.additionalModelRequestFields).toEqual({ thinking: { type: "enabled", budget_tokens } });
    expect(body.inferenceConfig).toEqual({});
  });

  test("models that refuse a budget get the effort", () => {
    const body = converse({ model: "us.anthropic.claude-opus-4-7-v1:0", reasoning_effort: "high" });
    expect(body.additionalModelRequestFields).toEqual({
      thinking: { type: "adaptive" },
      output_config: { effort: "high" },
    });
  });

  test("models of other vendors get no thinking of Claude's: gpt-oss gets the effort, others none", () => {
    const model = "openai.gpt-oss-120b-1:0";
    expect(converse({ model, reasoning_effort: "low" }).additionalModelRequestFields).toEqual({
      reasoning_effort: "low",
    });
    const nova = { model: "us.amazon.nova-pro-v1:0", reasoning_effort: "low" };
    expect(converse(nova)).not.toHaveProperty("additionalModelRequestFields");
    expect(dropped(chat(nova))).toEqual(["reasoning_effort"]);
  });

  test("bedrockAdditionalFields are added and win over what the request asks for", () => {
    const bedrockAdditionalFields = { top_k: 5, thinking: { type: "disabled" }, more: [1] };
    const body = converse({ top_k: 200, reasoning_effort: "low" }, { bedrockAdditionalFields });
    expect(body.additionalModelRequestFields).toEqual(bedrockAdditionalFields);
    expect(converse({ top_k: 0 }).additionalModelRequestFields).toEqual({ top_k: 0 });
  });

  const tool = {
    type: "function",
    function: { name: "f", description: "d", parameters: { type: "object", x: 1 } },
  };
  test.each([
    [undefined, { auto: {} }],
    ["auto", { auto: {} }],
    ["none", { auto: {} }],
    ["required", { any: {} }],
    [{ type: "function", function: { name: "f" } }, { tool: { name: "f" } }],
  ])("tool_choice %j", (tool_choice, toolChoice) => {
    expect(
      converse({ tools: [tool, { type: "function", function: { name: "g" } }], tool_choice }).toolConfig,
    ).toEqual({
      tools: [
        { toolSpec: { inputSchema: { json: { type: "object", x: 1 } }, name: "f", description: "d" } },
        { toolSpec: { inputSchema: { json: { type: "object" } }, name: "g" } },
      ],
      toolChoice,
    });
  });

  test("a schema for the answer is outputConfig where the model knows it, else it is named as dropped", () => {
    const schema = { type: "object", properties: { a: { enum: ['"', "é"] } }, additionalProperties: false };
    const asked = { type: "object", properties: { a: { enum: ['"', "é"], minLength: 1 } } };
    const response_format = { type: "json_schema", json_schema: { name: "n", schema: asked, strict: true } };
    const { textFormat } = converse({ response_format }).outputConfig;
    expect(textFormat).toEqual({
      type: "json_schema",
      structure: { jsonSchema: { schema: JSON.stringify(schema), name: "n" } },
    });
    for (const model of ["anthropic.claude-3-haiku-20240307-v1:0", "us.amazon.nova-lite-v1:0"]) {
      expect(converse({ model, response_format })).not.toHaveProperty("outputConfig");
      expect(dropped(chat({ model, response_format }))).toEqual(["response_format"]);
    }
    expect(dropped(chat({ response_format: { type: "json_object" } }))).toEqual(["response_format"]);
  });

  test("what Converse has no place for is named", () => {
    const options = {
      seed: 1,
      n: 2,
      user: "u",
      parallel_tool_calls: false,
      logit_bias: {},
      stop: ["", "\n"],
    };
    expect(dropped(chat({ model: claude, ...options })).toSorted()).toEqual(
      ["logit_bias", "n", "parallel_tool_calls", "seed", "stop", "user"].toSorted(),
    );
  });

  test("a request without a model is refused", () => {
    const { client, upstream } = provider(bearer).exchange(
      chat('{"messages":[{"role":"user","content":"Hi"}]}'),
    );
    expect([client.status, upstream]).toEqual([400, undefined]);
    expect(client.text).toContain("missing model in request");
  });
});

describe("cache points", () => {
  const messages = [
    { role: "system", content: "s" },
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
    { role: "user", content: "c" },
    { role: "assistant", content: "d" },
  ];
  const point = { cachePoint: { type: "default" } };
  const hour = { cachePoint: { type: "default", ttl: "1h" } };
  /** Where cache points stand: `system`, or the number of the message. */
  function places(body: any): (string | number)[] {
    const marked = (blocks: object[]) => blocks.filter((block) => "cachePoint" in block).length;
    return [
      ...Array.from({ length: marked(body.system) }, () => "system"),
      ...body.messages.flatMap(({ content }: any, index: number) =>
        Array.from({ length: marked(content) }, () => index),
      ),
    ];
  }

  test.each([
    ["in_memory", point],
    [" In-Memory ", point],
    ["inmemory", point],
    ["24h", hour],
    ["24H", hour],
    ["", undefined],
    ["1h", undefined],
  ])("retention %j, of the request or the configuration", (retention, expected) => {
    const system = [{ text: "s" }, ...(expected === undefined ? [] : [expected])];
    const asked = converse({ messages, prompt_cache_retention: retention, prompt_cache_key: "k" });
    expect(asked.system).toEqual(system);
    expect(JSON.stringify(asked)).not.toContain("prompt_cache");
    expect(converse({ messages }, { promptCacheRetention: retention }).system).toEqual(system);
  });

  test("the request's retention counts before the configuration's", () => {
    const body = converse({ messages, prompt_cache_retention: "24h" }, { promptCacheRetention: "in_memory" });
    expect(body.system).toEqual([{ text: "s" }, hour]);
  });

  test.each([
    [undefined, ["system"]],
    [{}, []],
    [null, []],
    [{ systemPrompt: true }, ["system"]],
    [{ system_prompt: false, last_user_message: true }, [2]],
    [{ "Last-User-Message": true, LASTMESSAGE: "true" }, [2, 3]],
    [{ lastMessage: 1 }, [3]],
  ])("positions %j", (bedrockPromptCachePointPositions, expected) => {
    const entry = { promptCacheRetention: "in_memory", bedrockPromptCachePointPositions };
    expect(places(converse({ messages }, entry))).toEqual(expected);
  });

  test("the last message that is the user's is marked once", () => {
    const bedrockPromptCachePointPositions = { lastUserMessage: true, lastMessage: true };
    const entry = { promptCacheRetention: "in_memory", bedrockPromptCachePointPositions };
    expect(places(converse({ messages: messages.slice(0, 4) }, entry))).toEqual([2]);
  });

  test("only models that cache prompts get them, and an empty system prompt none", () => {
    const entry = { promptCacheRetention: "24h" };
    expect(places(converse({ messages, model: "US.Amazon.Nova-pro" }, entry))).toEqual(["system"]);
    expect(places(converse({ messages, model: "meta.llama4" }, entry))).toEqual([]);
    expect(converse({ messages: messages.slice(1) }, entry)).not.toHaveProperty("system");
  });

  test("those that the client sets itself are kept and take the place of the configured ones", () => {
    const cache_control = { type: "ephemeral" };
    const request = message({
      model: claude,
      system: [{ type: "text", text: "s", cache_control: { ...cache_control, ttl: "1h" } }],
      tools: [{ name: "f", input_schema: { type: "object" }, cache_control }],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "a", cache_control },
            { type: "text", text: "b" },
          ],
        },
      ],
    });
    const body = JSON.parse(sent(request, { promptCacheRetention: "in_memory" }).text);
    expect(body.system).toEqual([{ text: "s" }, hour]);
    expect(body.messages[0].content).toEqual([{ text: "a" }, point, { text: "b" }]);
    expect(body.toolConfig.tools.slice(1)).toEqual([point]);
  });
});

describe("pictures", () => {
  const images = (body: object) => chat({ prompt: 'a "cat"', ...body }, { path: "/v1/images/generations" });

  test("are asked for through InvokeModel, and come back in OpenAI's words", () => {
    const answer = answering(json({ images: ["QUJD", "REVG"] }));
    const { client, upstream } = provider(
      { ...bearer, modelMapping: { "*": "amazon.nova-canvas-v1:0" } },
      answer,
    ).exchange(images({ size: "512x768", n: 2, quality: "hd" }));
    expect(upstream!.header(":path")).toBe("/model/amazon.nova-canvas-v1%3A0/invoke");
    expect(JSON.parse(upstream!.text)).toEqual({
      taskType: "TEXT_IMAGE",
      imageGenerationConfig: { width: 512, height: 768, quality: "premium", numberOfImages: 2 },
      textToImageParams: { text: 'a "cat"' },
    });
    expect(JSON.parse(client.text)).toEqual({
      created: expect.any(Number),
      data: [{ b64_json: "QUJD" }, { b64_json: "REVG" }],
    });
  });

  test.each(["auto", "1024", "x", "axb", "-1x5", undefined])(
    "of the size %j are 1024 by 1024, one if not told",
    (size) => {
      expect(JSON.parse(sent(images({ size })).text).imageGenerationConfig).toEqual({
        width: 1024,
        height: 1024,
        numberOfImages: 1,
      });
    },
  );
});
