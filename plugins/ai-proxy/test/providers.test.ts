import { describe, expect, test } from "vitest";
import { answering, chat, chatPath, eventStream, json, provider } from "./proxy.ts";

interface Row {
  type: string;
  /** Further keys of the entry. */
  entry?: object;
  host: string;
  /** Upstream path of chat; the client's own when absent. */
  chatPath?: string;
  /** Further APIs: client path to upstream path. */
  apis?: Record<string, string>;
  /** The header that carries the token; "" for none. */
  header?: string;
  value?: string;
  /** Bodies for APIs it does not offer: refused with 500, or passed on. */
  unsupported?: "refused" | "passed";
}

const embeddings = { "/v1/embeddings": "/v1/embeddings" };
const models = { "/v1/models": "/v1/models" };
const bare = { header: "authorization", value: "sk-provider" };

const rows: Row[] = [
  { type: "ai360", host: "api.360.cn", apis: embeddings, ...bare },
  { type: "baichuan", host: "api.baichuan-ai.com", apis: embeddings },
  {
    type: "baidu",
    host: "qianfan.baidubce.com",
    chatPath: "/v2/chat/completions",
    apis: { "/v1/embeddings": "/v2/embeddings" },
  },
  {
    type: "cloudflare",
    entry: { cloudflareAccountId: "acc" },
    host: "api.cloudflare.com",
    chatPath: "/client/v4/accounts/acc/ai/v1/chat/completions",
    apis: { "/v1/models?a=b": "/client/v4/accounts/acc/ai/v1/chat/completions" },
  },
  {
    type: "deepseek",
    host: "api.deepseek.com",
    apis: { ...models, "/v1/messages?beta=true": "/anthropic/v1/messages?beta=true" },
  },
  {
    type: "doubao",
    host: "ark.cn-beijing.volces.com",
    chatPath: "/api/v3/chat/completions",
    apis: {
      "/v1/embeddings": "/api/v3/embeddings",
      "/v1/images/generations": "/api/v3/images/generations",
      "/v1/responses": "/api/v3/responses",
    },
  },
  {
    type: "doubao",
    entry: { doubaoDomain: "ark.example.com" },
    host: "ark.example.com",
    chatPath: "/api/v3/chat/completions",
  },
  { type: "fireworks", host: "api.fireworks.ai", apis: { "/v1/completions": "/v1/completions", ...models } },
  {
    type: "github",
    host: "models.inference.ai.azure.com",
    chatPath: "/chat/completions",
    apis: { "/v1/embeddings": "/embeddings" },
    ...bare,
  },
  { type: "grok", host: "api.x.ai" },
  {
    type: "groq",
    host: "api.groq.com",
    chatPath: "/openai/v1/chat/completions",
    apis: { "/v1/responses": "/openai/v1/responses" },
  },
  { type: "longcat", host: "api.longcat.chat", apis: { ...embeddings, ...models } },
  { type: "mistral", host: "api.mistral.ai", apis: { "/any/v1/embeddings?x=y": "/any/v1/embeddings?x=y" } },
  { type: "moonshot", host: "api.moonshot.cn", apis: models },
  {
    type: "ollama",
    entry: { ollamaServerHost: "llm.internal", ollamaServerPort: 11434 },
    host: "llm.internal:11434",
    apis: { ...embeddings, ...models },
    header: "",
    unsupported: "passed",
  },
  {
    type: "openrouter",
    host: "openrouter.ai",
    chatPath: "/api/v1/chat/completions",
    apis: { "/v1/completions": "/api/v1/completions" },
  },
  { type: "stepfun", host: "api.stepfun.com" },
  { type: "together-ai", host: "api.together.xyz" },
  {
    type: "vllm",
    host: "vllm-service.cluster.local",
    apis: { ...embeddings, ...models, "/v1/completions": "/v1/completions", "/v1/rerank": "/v1/rerank" },
  },
  { type: "vllm", entry: { vllmServerHost: "vllm.internal:8000" }, host: "vllm.internal" },
  { type: "yi", host: "api.lingyiwanwu.com" },
  {
    type: "zhipuai",
    host: "open.bigmodel.cn",
    chatPath: "/api/paas/v4/chat/completions",
    apis: { "/v1/embeddings": "/api/paas/v4/embeddings" },
  },
  {
    type: "zhipuai",
    entry: { zhipuCodePlanMode: true, zhipuDomain: "z.example.com" },
    host: "z.example.com",
    chatPath: "/api/coding/paas/v4/chat/completions",
  },
  { type: "openai", host: "api.openai.com", apis: { ...embeddings, ...models }, unsupported: "passed" },
];

describe.each(rows)("$type at $host", (row) => {
  const { type, host, header = "authorization", value = "Bearer sk-provider" } = row;
  const entry = { type, apiTokens: ["sk-provider"], modelMapping: { "gpt-4o": "their-model" }, ...row.entry };
  const path = row.chatPath ?? chatPath;

  test("a chat request gets the provider's host, path, credential and model, and stays itself otherwise", () => {
    const text =
      '{ "model": "gpt-4o",\n "messages": [{"role": "user", "content": "Hi", "x": [1e400]}], "stream": false, "own": {"a": 1} }';
    const { upstream } = provider(entry).exchange(
      chat(text, {
        path: "/v1/chat/completions",
        headers: { authorization: "Bearer client-key", "x-api-key": "client-key" },
      }),
    );
    expect(upstream!.header(":authority")).toBe(host);
    expect(upstream!.header(":path")).toBe(path);
    expect(upstream!.header("x-envoy-original-host")).toBe("gateway.example.com");
    expect(upstream!.header("x-envoy-original-path")).toBe(path === chatPath ? undefined : chatPath);
    expect(upstream!.header("authorization")).toBe(header === "authorization" ? value : undefined);
    expect(upstream!.header("content-length")).toBeUndefined();
    expect(upstream!.text).toBe(text.replace("gpt-4o", "their-model"));
    expect(JSON.stringify(upstream!.headers)).not.toContain("client-key");
  });

  const answer = '{"id": "x",  "choices": [{"index":0,"message":{"role":"assistant","content":"é"}}]}';
  test("a whole answer reaches the client byte for byte", () => {
    const { client } = provider(
      entry,
      answering(
        json(
          {},
          {
            body: answer,
            headers: {
              "content-type": "application/json",
              "content-length": String(Buffer.byteLength(answer)),
            },
          },
        ),
      ),
    ).exchange(chat());
    expect(client.text).toBe(answer);
    expect(client.status).toBe(200);
  });

  test("a streamed answer reaches the client byte for byte, piece for piece", () => {
    const pieces = [
      'data: {"choices":[{"delta":{"content":"a',
      '"}}]}\r\n\r\ndata: {"x"',
      ":1}\n\ndata: [DONE]\n\n",
    ];
    const { client, upstream } = provider(entry, answering(eventStream(pieces))).exchange(
      chat({ stream: true }),
    );
    expect(client.chunks.join("")).toBe(pieces.join(""));
    if (type !== "moonshot") expect(client.chunks.map(String)).toEqual(pieces);
    expect(JSON.parse(upstream!.text).stream_options).toEqual({ include_usage: true });
    expect(upstream!.header("accept")).toBe("text/event-stream");
  });

  if (row.apis) {
    test.each(Object.entries(row.apis))("%s goes to %s", (from, to) => {
      expect(provider(entry).exchange({ path: from }).upstream!.header(":path")).toBe(to);
    });
  }

  test(`a body for an API it does not offer is ${row.unsupported ?? "refused"}`, () => {
    const chain = provider(entry);
    const { client, upstream, record } = chain.exchange(chat({}, { path: "/v1/conversations" }));
    if (row.unsupported === "passed") {
      expect(upstream!.header(":path")).toBe("/v1/conversations");
      expect(JSON.parse(upstream!.text).model).toBe("gpt-4o");
      return;
    }
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(500);
    expect(record!.details).toContain("ai-proxy.proc_req_body_failed");
    expect(client.header("content-type")).toBe("text/plain");
    expect(client.text).toContain("failed to process request body: unsupported API name");
    expect(chain.problems().join()).toContain("unsupported API name");
  });

  test("a request without a body for an API it does not offer goes on", () => {
    const { upstream } = provider(entry).exchange({ path: "/v1/conversations" });
    expect(upstream!.header(":authority")).toBe(host);
  });
});

describe("generic and coze leave path and body to the client", () => {
  const body = '{"model":"m", "stream": true}';

  test("generic: host and token, nothing else", () => {
    const chain = provider({
      type: "generic",
      apiTokens: ["sk-provider"],
      genericHost: "any.example.com",
      firstByteTimeout: 500,
      modelMapping: { "*": "x" },
    });
    const { upstream } = chain.exchange(
      chat(body, { path: "/v9/whatever?a=b", headers: { accept: "x/y", authorization: "Bearer client" } }),
    );
    expect(upstream!.header(":authority")).toBe("any.example.com");
    expect(upstream!.header(":path")).toBe("/v9/whatever?a=b");
    expect(upstream!.header("authorization")).toBe("Bearer sk-provider");
    expect(upstream!.header("accept")).toBe("x/y");
    expect(upstream!.header("x-envoy-upstream-rq-first-byte-timeout-ms")).toBe("500");
    expect(upstream!.text).toBe(body);
  });

  test("generic without host and token keeps the client's", () => {
    const { upstream } = provider({ type: "generic" }).exchange(
      chat(body, { headers: { authorization: "Bearer client" } }),
    );
    expect(upstream!.header(":authority")).toBe("gateway.example.com");
    expect(upstream!.header("authorization")).toBe("Bearer client");
    expect(upstream!.text).toBe(body);
  });

  test("generic writes custom settings into the body", () => {
    const chain = provider({ type: "generic", customSettings: [{ name: "max_tokens", value: 7 }] });
    expect(JSON.parse(chain.exchange(chat(body)).upstream!.text)).toEqual({
      model: "m",
      stream: true,
      max_tokens: 7,
    });
  });

  test.each([{ type: "generic" }, { type: "coze", apiTokens: ["sk-provider"] }])(
    "a Claude request is not converted for $type",
    (entry) => {
      const claude = '{"model":"m","max_tokens":1,"messages":[]}';
      const { upstream, client } = provider(entry, answering(json({ id: "1" }))).exchange(
        chat(claude, { path: "/v1/messages" }),
      );
      expect(upstream!.header(":path")).toBe("/v1/messages");
      expect(upstream!.text).toBe(claude);
      expect(client.text).toBe('{"id":"1"}');
    },
  );
});

describe("what some providers want in the body", () => {
  const upstreamBody = (entry: object, body: object, path = chatPath) =>
    JSON.parse(
      provider({ apiTokens: ["sk-provider"], ...entry }).exchange(chat(body, { path })).upstream!.text,
    );

  test("openrouter: a limit on reasoning goes to reasoning.max_tokens", () => {
    const body = upstreamBody(
      { type: "openrouter" },
      { reasoning_max_tokens: 2000, reasoning_effort: "high" },
    );
    expect(body.reasoning).toEqual({ max_tokens: 2000 });
    expect(body).not.toHaveProperty("reasoning_max_tokens");
    expect(body).not.toHaveProperty("reasoning_effort");
  });
  test("openrouter: other reasoning options stay", () => {
    expect(
      upstreamBody({ type: "openrouter" }, { reasoning_max_tokens: 0, reasoning_effort: "high" }),
    ).toMatchObject({ reasoning_effort: "high", reasoning_max_tokens: 0 });
  });
  test("zhipuai: reasoning_effort switches thinking on", () => {
    const body = upstreamBody({ type: "zhipuai" }, { reasoning_effort: "low" });
    expect(body.thinking).toEqual({ type: "enabled" });
    expect(body).not.toHaveProperty("reasoning_effort");
    expect(upstreamBody({ type: "zhipuai" }, {})).not.toHaveProperty("thinking");
  });
  test("doubao: responses lose what its API refuses, images get no watermark", () => {
    const responses = upstreamBody(
      { type: "doubao" },
      { parallel_tool_calls: true, tool_choice: "auto", tools: [] },
      "/v1/responses",
    );
    expect(responses).not.toHaveProperty("parallel_tool_calls");
    expect(responses).not.toHaveProperty("tool_choice");
    expect(responses.tools).toEqual([]);
    expect(upstreamBody({ type: "doubao" }, { prompt: "x" }, "/v1/images/generations").watermark).toBe(false);
    expect(
      upstreamBody({ type: "doubao" }, { prompt: "x", watermark: true }, "/v1/images/generations").watermark,
    ).toBe(true);
    expect(upstreamBody({ type: "doubao" }, { tool_choice: "auto" })).not.toHaveProperty("watermark");
  });

  const schema = { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } };
  test.each(["openai", "longcat"])(
    "%s: responseJsonSchema becomes the chat's response_format, and the model is mapped",
    (type) => {
      const entry = { type, responseJsonSchema: schema, modelMapping: { "*": "mapped" } };
      expect(upstreamBody(entry, {})).toMatchObject({ response_format: schema, model: "mapped" });
      expect(upstreamBody(entry, {}, "/v1/embeddings")).not.toHaveProperty("response_format");
    },
  );
});

describe("moonshot's streams have their usage where clients look for it", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
  const first = 'data: {"id":"1", "choices":[{"index":0,"delta":{"content":"é"}}]}\n\n';
  const last = `data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":${JSON.stringify(usage)}}]}\n\n`;
  const bytes = Buffer.from(first + last + "data: [DONE]\n\n");
  const mended = `${first}data: {"usage":${JSON.stringify(usage)},"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
  const entry = { type: "moonshot", apiTokens: ["sk-provider"] };

  test("at every cut", () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const chain = provider(entry, answering(eventStream([bytes.subarray(0, cut), bytes.subarray(cut)])));
      expect(chain.exchange(chat({ stream: true })).client.text).toBe(mended);
      chain.close();
    }
  });
});
