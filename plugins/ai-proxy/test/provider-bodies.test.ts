// What single providers want to be different.

import { describe, expect, test } from "vitest";
import { everySingleCut } from "../../../host-test/testing/recordings.ts";
import { answering, chat, chatPath, eventStream, json, message, provider } from "./proxy.ts";

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

  describe("what a Claude client says of thinking", () => {
    const sent = (entry: object, options: object) =>
      JSON.parse(
        provider({ apiTokens: ["sk-provider"], ...entry }).exchange(message(options)).upstream!.text,
      );
    const enabled = { thinking: { type: "enabled", budget_tokens: 5000 }, max_tokens: 8000 };

    test("is an effort for most", () => {
      expect(sent({ type: "yi" }, enabled)).toMatchObject({ reasoning_effort: "medium" });
      expect(sent({ type: "yi" }, {})).not.toHaveProperty("reasoning_effort");
    });
    test("is a budget for openrouter", () => {
      const body = sent({ type: "openrouter" }, enabled);
      expect(body.reasoning).toEqual({ max_tokens: 5000 });
      expect(body).not.toHaveProperty("reasoning_effort");
    });
    test("switches zhipuai's thinking on and off", () => {
      expect(sent({ type: "zhipuai" }, enabled).thinking).toEqual({ type: "enabled" });
      expect(sent({ type: "zhipuai" }, {}).thinking).toEqual({ type: "disabled" });
    });
    test("and said before goes back to moonshot", () => {
      const content = [
        { type: "thinking", thinking: "Hm", signature: "s" },
        { type: "text", text: "Hi" },
      ];
      const messages = [
        { role: "assistant", content },
        { role: "user", content: "And?" },
      ];
      expect(sent({ type: "moonshot" }, { messages }).messages[0]).toMatchObject({ reasoning_content: "Hm" });
      expect(sent({ type: "yi" }, { messages }).messages[0]).not.toHaveProperty("reasoning_content");
    });
  });

  test.each(["vllm", "openrouter", "together-ai", "fireworks"])(
    "10: %s takes a Claude client's top_k",
    (type) => {
      const chain = provider({ type, apiTokens: ["sk-provider"] });
      expect(JSON.parse(chain.exchange(message({ top_k: 5 })).upstream!.text).top_k).toBe(5);
      const openai = provider({ type: "openai", apiTokens: ["sk-provider"] });
      expect(JSON.parse(openai.exchange(message({ top_k: 5 })).upstream!.text)).not.toHaveProperty("top_k");
    },
  );

  const schema = { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } };
  test.each(["openai", "longcat"])(
    "%s: responseJsonSchema becomes the chat's response_format, and the model is mapped",
    (type) => {
      const entry = { type, responseJsonSchema: schema, modelMapping: { "*": "mapped" } };
      expect(upstreamBody(entry, {})).toMatchObject({ response_format: schema, model: "mapped" });
      expect(upstreamBody(entry, {}, "/v1/embeddings")).not.toHaveProperty("response_format");
      for (const none of [{}, "text", [schema], null])
        expect(upstreamBody({ ...entry, responseJsonSchema: none }, {})).not.toHaveProperty(
          "response_format",
        );
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
    let pieces: Uint8Array[] = [bytes];
    const chain = provider(entry, { upstream: () => eventStream(pieces) });
    expect(chain.exchange(chat({ stream: true })).client.text).toBe(mended);
    for (pieces of everySingleCut(bytes))
      expect(chain.exchange(chat({ stream: true })).client.text).toBe(mended);
  });

  test("other answers of moonshot are not held", () => {
    const chunks = ['{"choices":', "[]}"];
    const headers = { "content-type": "application/json", "content-length": "14" };
    const { client } = provider(entry, answering({ headers, chunks })).exchange(chat());
    expect(client.chunks.map(String)).toEqual(chunks);
    expect(client.header("content-length")).toBe("14");
  });
});
