// What becomes of a message besides its meaning: who waits, what is kept, what is left alone.

import { describe, expect, test } from "vitest";
import { answering, chat, chatPath, eventStream, json, message, provider } from "./proxy.ts";

const yi = { type: "yi", apiTokens: ["sk-provider"] };
const groq = { type: "groq", apiTokens: ["sk-provider"] };

function opened(entry: object, path: string, contentType: string) {
  const chain = provider(entry);
  const stream = chain.open("HTTP/1.1", true);
  stream.http.requestHeaders(
    [
      [":method", "POST"],
      [":path", path],
      [":authority", "gateway.example.com"],
      [":scheme", "http"],
      ["content-type", contentType],
      ["content-length", "2"],
      ["accept-encoding", "br"],
    ],
    false,
  );
  return stream;
}

describe("the request's head", () => {
  test.each([
    ["a body that is edited", chatPath, "application/json"],
    ["a body that is not read", chatPath, "text/plain"],
    ["a body for a path that names no API", "/unknown", "application/json"],
  ])("waits for %s, and has no length then", (_, path, type) => {
    const stream = opened(yi, path, type);
    expect(stream.upstream).toBeUndefined();
    stream.http.requestData(Buffer.from("{}"), true);
    expect(stream.upstream!.text).toBe("{}");
    expect(stream.upstream!.header("content-length")).toBeUndefined();
    expect(stream.upstream!.header("accept-encoding")).toBeUndefined();
  });

  test("goes on at once where no body follows", () => {
    const { upstream } = provider(yi).exchange({ path: "/v1/models", headers: { "accept-encoding": "br" } });
    expect(upstream!.complete).toBe(true);
    expect(upstream!.header("accept-encoding")).toBeUndefined();
  });

  test("keeps the route that was chosen, whatever host and path become", () => {
    const route = (headers: [string, string][]) => {
      const isClient = headers.some(
        ([name, value]) => name === ":authority" && value === "gateway.example.com",
      );
      return { name: isClient ? "client" : "other", cluster: "outbound|80||upstream.static" };
    };
    expect(provider(groq, { route }).exchange(chat()).upstream!.route.name).toBe("client");
  });

  test("keeps the client's host and path for the access log, and they cannot be forged", () => {
    const forged = { "x-envoy-original-path": "/forged", "x-envoy-original-host": "forged" };
    const { upstream } = provider(groq).exchange(chat({}, { path: `${chatPath}?a=b`, headers: forged }));
    expect(upstream!.header("x-envoy-original-path")).toBe(`${chatPath}?a=b`);
    expect(upstream!.header("x-envoy-original-host")).toBe("gateway.example.com");
    const { upstream: kept } = provider({ type: "generic" }).exchange(chat({}, { headers: forged }));
    expect(kept!.header("x-envoy-original-path")).toBeUndefined();
    expect(kept!.header("x-envoy-original-host")).toBeUndefined();
  });

  test("asks for a stream only where the body does", () => {
    const accept = (body: object, path = chatPath) =>
      provider({ type: "openai", apiTokens: ["t"] })
        .exchange(chat(body, { path, headers: { accept: "x/y" } }))
        .upstream!.header("accept");
    expect(accept({ stream: true })).toBe("text/event-stream");
    expect(accept({ stream: true }, "/v1/videos")).toBe("text/event-stream");
    expect(accept({ stream: false })).toBe("x/y");
    expect(accept({ stream: true }, "/v1/responses")).toBe("x/y");
  });
});

describe("the answer", () => {
  const whole = json({
    id: "c",
    choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
  });

  test("that is not converted keeps its length and is not held", () => {
    const pieces = ["a", "b"];
    const headers = { "content-type": "application/json", "content-length": "2" };
    const { client } = provider(yi, answering({ headers, chunks: pieces })).exchange(chat());
    expect(client.header("content-length")).toBe("2");
    expect(client.chunks.map(String)).toEqual(pieces);
  });

  test("that is converted has no stale length", () => {
    const reply = { ...whole, headers: { "content-type": "application/json", "content-length": "9999" } };
    const { client } = provider(yi, answering(reply)).exchange(message());
    expect(client.header("content-length")).toBeUndefined();
    expect(JSON.parse(client.text).content).toEqual([{ type: "text", text: "Hi" }]);
    expect(client.complete).toBe(true);
  });

  test("of another type than an event stream is read as a whole, and is a stream where one was asked for", () => {
    const { client } = provider(yi, answering(whole)).exchange(message({ stream: true }));
    expect(client.text).toContain("event: message_start");
    expect(client.text).toContain("event: message_stop");
  });

  test("has trailers after it was converted", () => {
    const reply = {
      ...eventStream(['data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n']),
      trailers: { "x-trailer": "1" },
    };
    const { client } = provider(yi, answering(reply)).exchange(message({ stream: true }));
    expect(client.text).toContain("event: message_stop");
    expect(client.trailers).toEqual([["x-trailer", "1"]]);
  });

  test("without a body passes", () => {
    const { client } = provider(yi, answering({ status: 204 })).exchange(message());
    expect([client.status, client.text]).toEqual([204, ""]);
  });

  test.each(["connect-failure", "timeout"] as const)("of the gateway itself passes as it is: %s", (reset) => {
    for (const request of [chat(), message()]) {
      const { client } = provider(yi, answering({ reset })).exchange(request);
      expect(client.status).toBeGreaterThanOrEqual(503);
      expect(client.text).not.toContain("{");
    }
  });

  test("without a choice is one that says nothing", () => {
    const { client } = provider(yi, answering(json({ id: "x", choices: [] }))).exchange(message());
    expect(client.status).toBe(200);
    expect(JSON.parse(client.text)).toMatchObject({ type: "message", content: [], stop_reason: "end_turn" });
  });

  test("that is no answer is an error with Go's detail", () => {
    const { client, record } = provider(yi, answering(json({}, { body: "<html>" }))).exchange(message());
    expect(client.status).toBe(500);
    expect(record!.details).toBe("ai-proxy.convert_resp_to_claude_failed");
    expect(client.text).toBe("failed to convert response to claude format: the provider's body is no answer");
  });

  test.each([
    ["OpenAI's Responses", "/v1/responses", { model: "m", input: "Hi" }],
    ["Gemini", "/v1beta/models/m:generateContent", { contents: [{ parts: [{ text: "Hi" }] }] }],
  ])("that is no answer has nothing of Claude for a client of %s", (_, path, body) => {
    const chain = provider(yi, answering(json({}, { body: "<html>" })));
    const { client, record } = chain.exchange(chat(JSON.stringify(body), { path }));
    expect(record!.details).toBe("ai-proxy.proc_resp_body_failed");
    expect(client.text).toBe("failed to process response body: the provider's body is no answer");
  });
});

describe("a Claude client of a provider that speaks OpenAI's dialect", () => {
  test.each([
    ["/v1/messages", "/openai/v1/chat/completions"],
    ["/gw/v1/messages?beta=true", "/openai/v1/chat/completions"],
    ["/v1/%6Dessages", "/openai/v1/chat/completions"],
  ])("%s goes to %s", (from, to) => {
    const { upstream } = provider(groq).exchange(message({}, { path: from }));
    expect(upstream!.header(":path")).toBe(to);
    expect(upstream!.header("x-envoy-original-path")).toBe(from);
  });

  test("asks for usage in a stream, and gets it", () => {
    const { upstream } = provider(groq).exchange(message({ stream: true }));
    expect(JSON.parse(upstream!.text)).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(upstream!.header("accept")).toBe("text/event-stream");
  });

  test("counting tokens is an API that the provider does not have", () => {
    const { upstream } = provider(groq).exchange(message({}, { path: "/v1/messages/count_tokens" }));
    expect(upstream!.header(":path")).toBe("/v1/messages/count_tokens");
  });

  test("the billing header's changing value goes, so that the provider's cache works", () => {
    const system = [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2.1; cch=abc; cc_entrypoint=x;" },
      { type: "text", text: "Be brief" },
    ];
    const { upstream } = provider(groq).exchange(message({ system }));
    expect(upstream!.text).not.toContain("cch=");
    expect(upstream!.text).toContain("cc_version=2.1; cc_entrypoint=x;");
  });
});

describe("customSettings with the provider's own protocol have its names", () => {
  test.each([
    ["claude", "/v1/messages", { max_tokens: 1, temperature: 2, top_p: 3 }],
    ["baidu", "/v2/chat/completions", { max_output_tokens: 1, temperature: 2, top_p: 3 }],
    ["spark", chatPath, { max_tokens: 1, temperature: 2, top_k: 4 }],
    ["minimax", "/v1/text/chatcompletion_v2", { tokens_to_generate: 1, temperature: 2, top_p: 3 }],
    [
      "qwen",
      "/api/v1/services/aigc/text-generation/generation",
      { parameters: { max_tokens: 1, temperature: 2, top_p: 3, seed: 5 } },
    ],
    [
      "gemini",
      "/v1beta/models/m:generateContent",
      { generation_config: { maxOutputTokens: 1, temperature: 2, topP: 3, topK: 4 } },
    ],
    ["groq", "/openai/v1/chat/completions", {}],
  ])("%s", (type, path, expected) => {
    const names = ["max_tokens", "temperature", "top_p", "top_k", "seed"];
    const customSettings = names.map((name, index) => ({ name, value: index + 1 }));
    const chain = provider({ type, apiTokens: ["t"], protocol: "original", customSettings });
    expect(JSON.parse(chain.exchange(chat("{}", { path })).upstream!.text)).toEqual(expected);
  });
});

test("lines at level debug tell what became of a request", () => {
  const azureServiceUrl = "https://a.example.com/openai/deployments/dep?api-version=1";
  const chain = provider({
    type: "azure",
    azureServiceUrl,
    apiTokens: ["sk-one", "sk-two"],
    modelMapping: { "*": "x" },
  });
  chain.exchange(chat());
  const lines = chain.logs.filter(({ level }) => level === "debug").map(({ message: line }) => line);
  for (const expected of [
    "[onHttpRequestHeader] provider=azure api=openai/v1/chatcompletions",
    "[azureProvider] host=a.example.com deployment=dep",
    "model gpt-4o -> x",
  ]) {
    expect(lines.filter((line) => line.endsWith(expected))).toHaveLength(1);
  }
  expect(lines.join("\n")).toMatch(/Use apiToken [12] of 2 to send request/);
});
