// Google AI: what its dialect makes of requests, answers, errors, pictures and embeddings.

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CallReply, TestChainOptions } from "../../../host-test/testing/chain.ts";
import { drip, everySingleCut } from "../../../host-test/testing/recordings.ts";
import { answering, chat, eventStream, events, json, message, provider, refusal } from "./proxy.ts";

const entry = { type: "gemini", apiTokens: ["sk-provider"], modelMapping: { "gpt-4o": "gemini-2.0-flash" } };
const unmapped = { ...entry, modelMapping: {} };

function sent(body: object, more: object = {}): any {
  return JSON.parse(
    provider({ ...unmapped, ...more }).exchange(chat({ model: "gemini-2.5-pro", ...body })).upstream!.text,
  );
}

const part = (value: object, more: object = {}) => ({
  candidates: [{ content: { parts: [value], role: "model" }, index: 0, ...more }],
  modelVersion: "gemini-2.5-pro",
  responseId: "r1",
});
const usageMetadata = {
  promptTokenCount: 10,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 3,
  totalTokenCount: 18,
};
const answer = {
  candidates: [
    {
      content: {
        parts: [
          { text: "Hm", thought: true },
          { text: "Hel" },
          { text: "lo" },
          { functionCall: { name: "weather", args: { city: "Bonn" } }, thoughtSignature: "c2ln" },
        ],
        role: "model",
      },
      finishReason: "STOP",
      index: 0,
    },
  ],
  usageMetadata,
  modelVersion: "gemini-2.5-pro",
  responseId: "r1",
};
const sse = (...values: object[]) => values.map((value) => `data: ${JSON.stringify(value)}\r\n\r\n`).join("");

describe("a request", () => {
  test("goes to its model's path with the key in Google's header, an empty authorization and no query", () => {
    const headers = { authorization: "Bearer sk-client", "x-goog-api-key": "sk-client" };
    const { upstream } = provider(entry).exchange(
      chat({}, { path: "/v1/chat/completions?key=sk-client", headers }),
    );
    expect(upstream!.header(":path")).toBe("/v1beta/models/gemini-2.0-flash:generateContent");
    expect(upstream!.header(":authority")).toBe("generativelanguage.googleapis.com");
    expect(upstream!.header("x-goog-api-key")).toBe("sk-provider");
    expect(upstream!.headers.filter(([name]) => name === "authorization")).toEqual([["authorization", ""]]);
    expect(JSON.stringify(upstream!.headers)).not.toContain("Bearer sk-client");
  });

  test.each([
    [{ apiVersion: "v1" }, { stream: true }, "/v1/models/gemini-2.0-flash:streamGenerateContent?alt=sse"],
    [{ claudeVersion: "v2", apiVersion: "v1" }, {}, "/v2/models/gemini-2.0-flash:generateContent"],
    [{}, { model: "models/gemini-x" }, "/v1beta/models/gemini-x:generateContent"],
    [{}, { model: "tunedModels/mine" }, "/v1beta/tunedModels/mine:generateContent"],
    [{}, { model: "a/../b?c:d" }, "/v1beta/models/a%2F..%2Fb%3Fc%3Ad:generateContent"],
    [{ providerBasePath: "/base" }, {}, "/base/v1beta/models/gemini-2.0-flash:generateContent"],
  ])("configured with %j asking %j goes to %s", (more, body, path) => {
    expect(
      provider({ ...entry, ...more })
        .exchange(chat(body))
        .upstream!.header(":path"),
    ).toBe(path);
  });

  test("is written in Higress's order and spelling", () => {
    const body = {
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
        { role: "user", content: [{ type: "text", text: "And?" }] },
      ],
      temperature: 0,
      max_tokens: 9,
      tools: [
        {
          type: "function",
          function: {
            name: "f",
            description: "d",
            parameters: { type: "object", properties: { a: { type: "string" } } },
          },
        },
      ],
    };
    const { upstream } = provider({
      ...unmapped,
      geminiSafetySetting: { HARM_CATEGORY_HARASSMENT: "BLOCK_NONE" },
    }).exchange(chat({ model: "gemini-2.0-flash", ...body }));
    expect(upstream!.text).toBe(
      '{"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Hello"}]},' +
        '{"role":"user","parts":[{"text":"And?"}]}],"system_instruction":{"parts":[{"text":"s"}]},' +
        '"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}],' +
        '"generationConfig":{"temperature":0,"maxOutputTokens":9},' +
        '"tools":[{"function_declarations":[{"description":"d","name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}]}]}',
    );
  });

  test.each([
    ["gemini-2.5-pro", {}, { includeThoughts: true }],
    ["gemini-2.5-flash-lite", { geminiThinkingBudget: 0 }, { includeThoughts: true, thinkingBudget: 0 }],
    ["gemini-2.5-flash", { geminiThinkingBudget: 512 }, { includeThoughts: true, thinkingBudget: 512 }],
    ["gemini-2.5-flash-preview", { geminiThinkingBudget: 512 }, undefined],
    ["gemini-3-pro-preview", { geminiThinkingBudget: 512 }, undefined],
  ])("for %s configured with %j thinks with %j", (model, more, thinkingConfig) => {
    expect(sent({ model }, more).generationConfig.thinkingConfig).toEqual(thinkingConfig);
  });

  test("that asks for an effort thinks as asked, whatever is configured", () => {
    const config = sent({ reasoning_effort: "high" }, { geminiThinkingBudget: 5 }).generationConfig;
    expect(config.thinkingConfig).toEqual({ includeThoughts: true, thinkingBudget: 16384 });
  });

  test("of a Claude client is converted, with its context, and answered in Anthropic's words", () => {
    const chain = provider(unmapped, answering(json(answer)));
    const { client, upstream } = chain.exchange(message({ model: "gemini-2.5-pro", system: "s" }));
    expect(upstream!.header(":path")).toBe("/v1beta/models/gemini-2.5-pro:generateContent");
    expect(JSON.parse(upstream!.text).system_instruction).toEqual({ parts: [{ text: "s" }] });
    const read = JSON.parse(client.text);
    expect(read.content.map(({ type }: any) => type)).toEqual(["thinking", "text", "tool_use"]);
    expect(read).toMatchObject({
      stop_reason: "tool_use",
      usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 8 },
    });
  });

  test("with a schema that is none is refused as in Go", () => {
    const chain = provider(unmapped);
    const format = { type: "json_schema", json_schema: { name: "x" } };
    const { client, upstream } = chain.exchange(chat({ model: "gemini-2.5-pro", response_format: format }));
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(500);
    expect(client.text).toContain("invalid response_format.json_schema: missing schema object");
    expect(chain.problems().join()).toContain("invalid response_format.json_schema");
    const passed = chain.exchange(chat({ model: "gemini-2.0-flash", response_format: format }));
    expect(JSON.parse(passed.upstream!.text).generationConfig).toEqual({});
  });

  test("names what Gemini has no place for in the answer's head", () => {
    const { client } = provider(unmapped, answering(json(answer))).exchange(
      chat({ model: "m", user: "u", logit_bias: {} }),
    );
    expect(client.header("x-ai-proxy-dropped")).toBe("logit_bias,user");
  });

  test("without a model is the client's fault", () => {
    const { client } = provider(unmapped).exchange(chat('{"messages":[{"role":"user","content":"Hi"}]}'));
    expect(client.status).toBe(400);
    expect(client.text).toContain("missing model in request");
  });
});

describe("native requests", () => {
  test.each(["generateContent", "streamGenerateContent"])(
    "of %s pass with path and body as they are",
    (action) => {
      const body = '{ "contents": [{"parts":[{"text":"Hi"}]}] }';
      const path = `/v1beta/models/gemini-2.5-pro:${action}?alt=sse`;
      const native = sse(part({ text: "Hi" }));
      const { client, upstream } = provider(entry, answering(eventStream([native]))).exchange(
        chat(body, { path }),
      );
      expect(upstream!.header(":path")).toBe(path);
      expect(upstream!.header("x-goog-api-key")).toBe("sk-provider");
      expect(upstream!.text).toBe(body);
      expect(client.text).toBe(native);
    },
  );

  test("keep the client's key inside", () => {
    const path = "/v1beta/models/m:generateContent?key=sk-client&a=b";
    const { upstream } = provider(entry).exchange(chat("{}", { path }));
    expect(upstream!.header(":path")).toBe("/v1beta/models/m:generateContent?a=b");
  });

  test("of protocol original keep path and body whatever they are", () => {
    const original = provider({ ...entry, protocol: "original" });
    for (const action of ["generateContent", "batchEmbedContents", "predict", "streamGenerateContent"]) {
      const path = `/v1beta/models/m:${action}`;
      const { upstream } = original.exchange(chat('{"model":"gpt-4o"}', { path }));
      expect(upstream!.header(":path")).toBe(path);
      expect(upstream!.text).toBe('{"model":"gpt-4o"}');
    }
  });
});

describe("an answer", () => {
  test("is one choice with reasoning, text, calls and usage", () => {
    const { client } = provider(unmapped, answering(json(answer))).exchange(
      chat({ model: "gemini-2.5-pro" }),
    );
    const read = JSON.parse(client.text);
    expect(read).toMatchObject({ id: "r1", object: "chat.completion", model: "gemini-2.5-pro" });
    expect(read.choices).toHaveLength(1);
    const [{ message: said, finish_reason }] = read.choices;
    expect(finish_reason).toBe("tool_calls");
    expect(said).toMatchObject({ role: "assistant", content: "Hello", reasoning_content: "Hm" });
    expect(said.tool_calls).toHaveLength(1);
    expect(said.tool_calls[0]).toMatchObject({
      type: "function",
      function: { name: "weather", arguments: '{"city":"Bonn"}' },
    });
    expect(said.tool_calls[0].id).toMatch(/^call_/);
    expect(read.usage).toMatchObject({
      prompt_tokens: 10,
      completion_tokens: 8,
      total_tokens: 18,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 3 },
    });
  });

  test("without an id gets one, and calls of two such answers differ", () => {
    const { responseId: _, ...nameless } = answer;
    const chain = provider(unmapped, answering(json(nameless)));
    const read = [1, 2].map(() => JSON.parse(chain.exchange(chat({ model: "m" })).client.text));
    expect(read[0].id).toMatch(
      /^chatcmpl-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const ids = read.map((one) => one.choices[0].message.tool_calls[0].id);
    expect(new Set(ids).size).toBe(2);
  });

  test("that is an error is a failure with code, status and message", () => {
    const error = { error: { code: 429, message: 'Quota "x" exceeded', status: "RESOURCE_EXHAUSTED" } };
    const { client } = provider(unmapped, answering(json(error))).exchange(chat({ model: "m" }));
    expect(client.status).toBe(500);
    expect(JSON.parse(client.text).error.message).toBe(
      'gemini chat completion response error, error_code: 429, error_status:RESOURCE_EXHAUSTED, error_message: Quota "x" exceeded',
    );
  });

  test("that is an error with a code of another type is one all the same", () => {
    const error = { error: { code: "quota", message: "No", status: ["x"] } };
    const { client } = provider(unmapped, answering(json(error))).exchange(chat({ model: "m" }));
    expect(JSON.parse(client.text).error.message).toBe(
      "gemini chat completion response error, error_code: 0, error_status:, error_message: No",
    );
  });

  test("with an error status keeps it, in the client's dialect", () => {
    const error = { error: { code: 400, message: "API key not valid", status: "INVALID_ARGUMENT" } };
    const chain = provider(unmapped, answering(json(error, { status: 400 })));
    expect(JSON.parse(chain.exchange(message({ model: "m" })).client.text)).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", message: "API key not valid" },
    });
  });

  test("of which nothing can be read fails", () => {
    const { client, record } = provider(unmapped, answering(json({ own: 1 }))).exchange(chat({ model: "m" }));
    expect(client.status).toBe(500);
    expect(record!.details).toBe("ai-proxy.proc_resp_body_failed");
  });
});

describe("the golden answers of shared/llm", () => {
  const folder = new URL("../../../shared/llm/test/fixtures/gemini/", import.meta.url);
  const read = (file: string) => readFileSync(new URL(file, folder), "utf8");
  // Errors have their own words here, and an answer without an id gets another one each time.
  const files = readdirSync(folder).filter((file) =>
    /^(answer-(?!error|candidates)|stream-)[^.]*\.\w+$/.test(file),
  );
  const timeless = (text: string) => text.replaceAll(/"created": ?\d+/g, '"created":0');

  describe.each([
    ["openai", chat],
    ["anthropic", message],
  ] as const)("reach a client of %s", (dialect, request) => {
    test.each(files)("%s", (file) => {
      const body = read(file);
      const stream = file.endsWith(".sse");
      const reply = stream ? eventStream([body]) : { headers: { "content-type": "application/json" }, body };
      const model = /"modelVersion": ?"([^"]+)"/.exec(body)?.[1] ?? "any";
      const { client } = provider(unmapped, answering(reply)).exchange(request({ model, stream }));
      const golden = read(file.replace(".", `.${dialect}.`));
      if (stream) expect(timeless(client.text)).toBe(timeless(golden));
      else expect(JSON.parse(timeless(client.text))).toEqual(JSON.parse(timeless(golden)));
    });
  });
});

describe("a stream", () => {
  const pieces = [
    part({ text: "Hm", thought: true }),
    part({ text: "Hé" }),
    part({ text: "llo" }),
    part({ functionCall: { name: "weather", args: { city: "Bonn" } } }),
    { ...part({ text: "" }, { finishReason: "STOP" }), usageMetadata },
  ];
  const whole = sse(...pieces);
  const ask = chat({ model: "gemini-2.5-pro", stream: true });

  test("has one id, a role at its head, a reason to finish, usage and one [DONE]", () => {
    const { client, upstream } = provider(unmapped, answering(eventStream([whole]))).exchange(ask);
    expect(upstream!.header("accept")).toBe("text/event-stream");
    const chunks = events(client.text);
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(["r1"]));
    expect(chunks[0].choices[0].delta.role).toBe("assistant");
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }: any) => delta));
    expect(deltas.map(({ content = "" }) => content).join("")).toBe("Héllo");
    expect(deltas.map(({ reasoning_content: text = "" }) => text).join("")).toBe("Hm");
    expect(
      chunks.flatMap(({ choices }) => choices.map((choice: any) => choice.finish_reason)).filter(Boolean),
    ).toEqual(["tool_calls"]);
    expect(chunks.at(-1)!.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 });
    expect(client.text.match(/\[DONE\]/g)).toHaveLength(1);
    expect(client.text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test.each([chat, message])("is the same however it is cut", (request) => {
    let chunks: Uint8Array[] = [Buffer.from(whole)];
    const chain = provider(unmapped, { upstream: () => eventStream(chunks) });
    const read = () =>
      chain.exchange(request({ model: "m", stream: true })).client.text.replaceAll(/"created":\d+/g, "");
    const expected = read();
    for (const cut of [...everySingleCut(Buffer.from(whole)), drip(Buffer.from(whole))]) {
      chunks = [...cut];
      expect(read()).toBe(expected);
    }
    expect(chain.problems()).toEqual([]);
  });

  test("that ends too early, or in an error, is an error for the client", () => {
    const open = (text: string) =>
      provider(unmapped, answering(eventStream([text]))).exchange(ask).client.text;
    expect(open(sse(pieces[0]!))).toContain('"error"');
    const error = { error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } };
    expect(events(open(sse(pieces[0]!, error))).at(-1).error.message).toBe("Overloaded");
  });
});

const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const jpeg = Buffer.from("ffd8ffe000104a464946000101", "hex");

describe("pictures by address", () => {
  const cluster = "outbound|443||images.dns";
  const serving = (reply: (path: string) => CallReply): Partial<TestChainOptions> => ({
    route: () => ({ name: "route", cluster }),
    calls: {
      [cluster]: (call) => reply(call.headers.find(([name]) => name === ":path")![1]),
    },
  });
  const image = (url: string) => ({ type: "image_url", image_url: { url } });
  const asking = (...urls: string[]) =>
    chat({
      model: "gemini-2.5-pro",
      messages: [{ role: "user", content: [{ type: "text", text: "See" }, ...urls.map(image)] }],
    });

  test("are fetched through the route's cluster and sent as what they are", () => {
    const chain = provider(
      unmapped,
      serving((path) => ({
        body: path.startsWith("/a") ? png : jpeg,
        headers: { "content-type": "text/plain" },
      })),
    );
    const urls = [
      "https://user:x@pics.example.com:8443/a b.png?c=d#e",
      "http://other.example.com",
      "data:image/webp;base64,AAAA",
    ];
    const { upstream } = chain.exchange(asking(...urls));
    const parts = JSON.parse(upstream!.text).contents[0].parts;
    expect(parts).toEqual([
      { text: "See" },
      { inlineData: { mimeType: "image/png", data: png.toString("base64") } },
      { inlineData: { mimeType: "image/jpeg", data: jpeg.toString("base64") } },
      { inlineData: { mimeType: "image/webp", data: "AAAA" } },
    ]);
    const [first, second] = chain.calls.map((call) => ({
      ...call,
      headers: Object.fromEntries(call.headers),
    }));
    expect(first!.timeoutMs).toBe(30_000);
    expect(first!.headers).toMatchObject({
      ":authority": "pics.example.com:8443",
      ":path": "/a%20b.png?c=d",
      accept: "image/*",
      "user-agent": "Mozilla/5.0 (compatible; AI-Proxy/1.0)",
      referer: "https://www.google.com/",
    });
    expect(second!.headers).toMatchObject({ ":authority": "other.example.com", ":path": "/" });
    expect(JSON.stringify(chain.calls)).not.toContain("sk-provider");
  });

  test.each<[string, CallReply]>([
    ["is not there", { status: 404 }],
    ["is none", { body: "<html>", headers: { "content-type": "text/html" } }],
    ["never comes", "never"],
    ["has no host", "no-host"],
  ])("one of which %s fail the request once", (_, reply) => {
    const chain = provider(
      unmapped,
      serving((path) => (path === "/bad" ? reply : { body: png })),
    );
    for (const urls of [
      ["https://a.example.com/bad"],
      ["https://a.example.com/good", "https://a.example.com/bad"],
    ]) {
      const { client, upstream, record } = chain.exchange(asking(...urls));
      expect(upstream).toBeUndefined();
      expect(client.status).toBe(500);
      expect(record!.details).toBe("ai-proxy.gemini.fetch_image_failed");
      expect(client.text).toMatch(/^failed to fetch image: /);
    }
    expect(chain.problems().join()).toMatch(/failed to fetch image/);
  });

  test("in more than 64 places are refused", () => {
    const chain = provider(
      unmapped,
      serving(() => ({ body: png })),
    );
    const { client } = chain.exchange(
      asking(...Array.from({ length: 65 }, (_, i) => `https://a.example.com/${i}`)),
    );
    expect(client.text).toContain("more than 64");
    expect(chain.calls).toEqual([]);
  });

  test("that Google has already are named, not fetched", () => {
    const uri = "https://generativelanguage.googleapis.com/v1beta/files/abc";
    const chain = provider(
      unmapped,
      serving(() => "no-host"),
    );
    const [, file] = JSON.parse(chain.exchange(asking(uri)).upstream!.text).contents[0].parts;
    expect(file.fileData.fileUri).toBe(uri);
  });

  test("of a Claude client's tool results are fetched too", () => {
    const chain = provider(
      unmapped,
      serving(() => ({ body: png })),
    );
    const result = {
      type: "tool_result",
      tool_use_id: "t",
      content: [{ type: "image", source: { type: "url", url: "https://a.example.com/p" } }],
    };
    const messages = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "look", input: {} }] },
      { role: "user", content: [result] },
    ];
    const { upstream } = chain.exchange(message({ model: "gemini-2.5-pro", messages }));
    expect(JSON.parse(upstream!.text).contents[2].parts).toEqual([
      { functionResponse: { name: "look", response: { output: "" } } },
      { inlineData: { mimeType: "image/png", data: png.toString("base64") } },
    ]);
  });
});

describe("embeddings", () => {
  const path = "/v1/embeddings";
  const body = { model: "gpt-4o", input: ["a", 'b"'], dimensions: 3 };
  const embeddings = { embeddings: [{ values: [0.5, -1] }, { values: [2, 3] }] };

  test("go out as a batch and come back numbered", () => {
    const { client, upstream } = provider(entry, answering(json(embeddings))).exchange(
      chat(JSON.stringify(body), { path }),
    );
    expect(upstream!.header(":path")).toBe("/v1beta/models/gemini-2.0-flash:batchEmbedContents");
    const one = (text: string) => ({
      model: "models/gemini-2.0-flash",
      content: { parts: [{ text }] },
      outputDimensionality: 3,
    });
    expect(JSON.parse(upstream!.text)).toEqual({ requests: [one("a"), one('b"')] });
    expect(JSON.parse(client.text)).toMatchObject({
      object: "list",
      model: "gemini-2.0-flash",
      data: [
        { object: "embedding", index: 0, embedding: [0.5, -1] },
        { object: "embedding", index: 1, embedding: [2, 3] },
      ],
    });
  });

  test("come in base 64 where the client wants them so", () => {
    const asked = JSON.stringify({ ...body, input: "a", encoding_format: "base64" });
    const { client } = provider(entry, answering(json(embeddings))).exchange(chat(asked, { path }));
    const floats = Buffer.from(JSON.parse(client.text).data[0].embedding, "base64");
    expect([floats.readFloatLE(0), floats.readFloatLE(4)]).toEqual([0.5, -1]);
  });

  test.each([
    [{ model: "gpt-4o", input: [1, 2] }, "unsupported input type"],
    [{ input: "a" }, "missing model in request"],
  ])("asked with %j are refused: %s", (asked, reason) => {
    const { client } = provider(unmapped).exchange(chat(JSON.stringify(asked), { path }));
    expect(client.status).toBe(500);
    expect(client.text).toContain(reason);
  });
});

describe("pictures", () => {
  const path = "/v1/images/generations";

  test("are asked for with prompt and number, and come in base 64", () => {
    const predictions = [
      { bytesBase64Encoded: "AAAA", mimeType: "image/png" },
      { bytesBase64Encoded: "BBBB" },
    ];
    const body = JSON.stringify({ model: "gpt-4o", prompt: 'a "cat"', n: 2, size: "1x1" });
    const { client, upstream } = provider(entry, answering(json({ predictions }))).exchange(
      chat(body, { path }),
    );
    expect(upstream!.header(":path")).toBe("/v1beta/models/gemini-2.0-flash:predict");
    expect(upstream!.text).toBe('{"instances":[{"prompt":"a \\"cat\\""}],"parameters":{"sampleCount":2}}');
    expect(JSON.parse(client.text).data).toEqual([{ b64_json: "AAAA" }, { b64_json: "BBBB" }]);
    expect(client.header("x-ai-proxy-dropped")).toBe("size");
  });

  test("of which all were withheld are an empty list", () => {
    const { client } = provider(entry, answering(json({}))).exchange(
      chat('{"model":"m","prompt":"x"}', { path }),
    );
    expect(JSON.parse(client.text).data).toEqual([]);
  });
});

test("a configuration without a token is refused", async () => {
  expect(await refusal({ provider: { type: "gemini" } })).toContain("no apiToken found in provider config");
});
