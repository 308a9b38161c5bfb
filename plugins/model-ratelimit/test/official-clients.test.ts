// What official clients make of refusals, ended streams and limits of tools, on both engines, with counts in the process.

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { describeEngines } from "../../../host-test/testing/scenario.ts";
import { dialects, rules, sse, type DialectName } from "./dialects.ts";

const usage = {
  prompt_tokens: 1000,
  completion_tokens: 500,
  total_tokens: 1500,
  prompt_tokens_details: { cached_tokens: 800 },
};
const key = { apiKey: "k", maxRetries: 0 };
const messages = [{ role: "user" as const, content: "hi" }];

const ask: Record<DialectName, (url: string) => Promise<unknown>> = {
  chat: (url) =>
    new OpenAI({ ...key, baseURL: `${url}/v1` }).chat.completions.create({ model: "gpt-4o", messages }),
  responses: (url) =>
    new OpenAI({ ...key, baseURL: `${url}/v1` }).responses.create({ model: "gpt-4o", input: "hi" }),
  messages: (url) =>
    new Anthropic({ ...key, baseURL: url }).messages.create({
      model: "claude-sonnet-5",
      max_tokens: 50,
      messages,
    }),
  gemini: (url) =>
    new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: url } }).models.generateContent({
      model: "gemini-2.5-pro",
      contents: "hi",
    }),
};

/** How a client names the end of a stream that reached its length. */
const ending: Record<DialectName, (url: string) => Promise<unknown>> = {
  chat: async (url) => {
    let reason: string | null = null;
    const client = new OpenAI({ ...key, baseURL: `${url}/v1` });
    const stream = await client.chat.completions.create({ model: "gpt-4o", messages, stream: true });
    for await (const { choices } of stream) reason = choices[0]?.finish_reason ?? reason;
    return reason;
  },
  responses: async (url) => {
    let last: string | undefined;
    const client = new OpenAI({ ...key, baseURL: `${url}/v1` });
    const stream = await client.responses.create({ model: "gpt-4o", input: "hi", stream: true });
    for await (const event of stream)
      last = event.type === "response.incomplete" ? event.response.incomplete_details?.reason : event.type;
    return last;
  },
  messages: async (url) => {
    const client = new Anthropic({ ...key, baseURL: url });
    const stream = client.messages.stream({ model: "claude-sonnet-5", max_tokens: 50, messages });
    return (await stream.finalMessage()).stop_reason;
  },
  gemini: async (url) => {
    let reason: string | undefined;
    const client = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: url } });
    const stream = await client.models.generateContentStream({ model: "gemini-2.5-pro", contents: "hi" });
    for await (const part of stream) reason = part.candidates?.[0]?.finishReason ?? reason;
    return reason;
  },
};
const lengthReached = {
  chat: "length",
  responses: "max_output_tokens",
  messages: "max_tokens",
  gemini: "MAX_TOKENS",
};
const names = Object.keys(ask) as DialectName[];

describeEngines("official clients", (engine) => {
  const start = (configuration: object, upstream: object = { body: { usage } }, more: object[] = []) =>
    engine.start({
      plugins: [{ plugin: "model-ratelimit", configuration }, ...more],
      upstreams: { "llm.static": upstream },
    });

  describe("a refusal", () => {
    const gateway = engine.shared({
      plugins: [
        {
          plugin: "model-ratelimit",
          configuration: { rules: [{ name: "day", unit: "requests", limit: 1, window_seconds: 86_400 }] },
        },
      ],
      upstreams: { "llm.static": { body: { usage } } },
    });

    test.each(names)("in the words of %s is their error of rate limits", async (dialect) => {
      const url = `http://127.0.0.1:${gateway.port}`;
      // One request passes, whoever asks it.
      await fetch(`${url}/`);
      const error = await ask[dialect](url).then(
        () => undefined,
        (error: Error & { status: number }) => error,
      );
      expect(error?.status).toBe(429);
      expect(error?.message).toMatch(/Limit day of requests is reached\. Try again in 86[34]\d\d s\./);
      if (dialect === "chat" || dialect === "responses") {
        expect(error).toBeInstanceOf(OpenAI.RateLimitError);
        expect(error).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
      } else if (dialect === "messages") {
        expect(error).toBeInstanceOf(Anthropic.RateLimitError);
        expect(error).toMatchObject({ error: { type: "error", error: { type: "rate_limit_error" } } });
      } else expect(error?.message).toContain("RESOURCE_EXHAUSTED");
    });
  });

  test.each(names)(
    "%s: a stream that uses up a limit ends as one that has reached its length",
    async (dialect) => {
      const gateway = await start(rules(200), {
        headers: { "content-type": "text/event-stream" },
        // A provider that would go on: the only end is the plugin's.
        chunks: sse(dialects[dialect].events.slice(0, 2000)),
      });
      expect(await ending[dialect](`http://127.0.0.1:${gateway.port}`)).toBe(lengthReached[dialect]);
    },
  );

  test("headers have the exact values of requests and tokens, in OpenAI's words and the IETF's", async () => {
    const gateway = await start({
      accounting: "after",
      rules: [
        { name: "requests", unit: "requests", limit: 3, window_seconds: 3600 },
        { name: "tokens", limit: 2000, window_seconds: 86_400 },
        { name: "input", unit: "input_tokens", limit: 5000, window_seconds: 60, algorithm: "token_bucket" },
      ],
    });
    const send = async () => {
      const answer = await gateway.send({ path: "/v1/chat/completions", body: "{}" });
      const found = Object.fromEntries(
        ["limit", "remaining", "reset"].flatMap((word) =>
          ["requests", "tokens"].map((kind) => {
            const name = `x-ratelimit-${word}-${kind}`;
            return [`${word}-${kind}`, answer.header(name)];
          }),
        ),
      );
      const fields = ["ratelimit", "ratelimit-policy", "retry-after"].map((name) => answer.header(name));
      return { status: answer.status, found, fields };
    };
    const policy = '"requests";q=3;w=3600, "tokens";q=2000;w=86400, "input";q=5000;w=60';
    expect(await send()).toEqual({
      status: 200,
      found: {
        "limit-requests": "3",
        "remaining-requests": "2",
        "reset-requests": "3600s",
        "limit-tokens": "2000",
        "remaining-tokens": "2000",
        "reset-tokens": "0s",
      },
      fields: ['"requests";r=2;t=3600, "tokens";r=2000;t=0, "input";r=5000;t=0', policy, undefined],
    });
    await send();
    // 3,000 of 2,000 tokens are used: the third request is refused, and not counted.
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(refused.found).toMatchObject({
      "limit-requests": "3",
      "remaining-requests": "1",
      "limit-tokens": "2000",
      "remaining-tokens": "0",
    });
    expect(refused.fields[0]).toMatch(
      /^"requests";r=1;t=3\d{3}, "tokens";r=0;t=86[34]\d\d, "input";r=[34]\d{3};t=\d+$/,
    );
    expect(refused.fields[1]).toBe(policy);
    expect(Number(refused.fields[2])).toBeGreaterThan(86_000);
  });

  test("money: cached tokens cost what they cost, and the rest of the input its own price", async () => {
    // 200 at 2, 800 at 0.5, 500 at 8 per million: 0.0048.
    const price = { input: 2, cached: 0.5, output: 8 };
    const prices = { "gpt*": { input: 999 }, "gpt-4o*": price, "gpt-4o-mini": { input: 999 } };
    const gateway = await start({
      accounting: "after",
      rules: [{ name: "money", unit: "money", limit: 0.0096, window_seconds: 86_400 }],
      prices,
    });
    const send = async (model: string) =>
      (await gateway.send({ path: "/v1/chat/completions", body: JSON.stringify({ model }) })).status;
    // A model without a price costs nothing.
    expect(await send("other")).toBe(200);
    expect([await send("gpt-4o"), await send("gpt-4o-2024"), await send("gpt-4o")]).toEqual([200, 200, 429]);
  });

  test("calls of a tool of rest-to-mcp are limited by consumer and tool, in MCP's own client", async () => {
    const tool = (name: string) => ({ name, requestTemplate: { url: `/${name}`, method: "GET" } });
    const gateway = await engine.start({
      plugins: [
        {
          plugin: "model-ratelimit",
          configuration: {
            rules: [
              { name: "tools", unit: "tool_calls", by: ["consumer", "tool"], limit: 2, window_seconds: 3600 },
            ],
          },
        },
        {
          plugin: "rest-to-mcp",
          configuration: {
            server: { name: "api" },
            allowOrigins: ["127.0.0.1"],
            tools: [tool("rain"), tool("sun")],
          },
        },
      ],
      upstreams: { "api.static": { body: "dry" } },
    });
    const client = async (consumer: string) => {
      const client = new Client({ name: "test", version: "1" });
      const url = new URL(`http://127.0.0.1:${gateway.port}/mcp`);
      const requestInit = { headers: { "x-mse-consumer": consumer } };
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
      return (name: string) =>
        client.callTool({ name, arguments: {} }).then(
          ({ content }) => (content as { text: string }[])[0]!.text,
          (error: Error) => error.message,
        );
    };
    const [ann, bob] = [await client("ann"), await client("bob")];
    expect([await ann("rain"), await ann("rain"), await ann("sun"), await bob("rain")]).toEqual(
      Array(4).fill("dry"),
    );
    expect(await ann("rain")).toContain("Limit tools of tool_calls is reached.");
    expect(await ann("sun")).toBe("dry");
  });

  test("an administrator reads, fills and changes a quota", async () => {
    const gateway = await start({ kind: "quota", admin_consumer: "admin", redis_key_prefix: "q:" });
    const path = "/v1/chat/completions";
    const as = (consumer: string, more: object) =>
      gateway.send({ headers: { "x-mse-consumer": consumer }, ...more } as never);
    const post = (consumer: string, call: string, body: string) =>
      as(consumer, { method: "POST", path: `${path}/quota/${call}`, body });
    expect((await post("admin", "refresh", "consumer=ann&quota=2000")).text).toBe("refresh quota successful");
    expect((await as("ann", { path, body: "{}" })).status).toBe(200);
    expect((await post("admin", "delta", "consumer=ann&value=-450")).text).toBe("delta quota successful");
    const left = await as("admin", { path: `${path}/quota?consumer=ann` });
    expect([left.status, left.header("content-type"), left.text]).toEqual([
      200,
      "application/json",
      '{"consumer":"ann","quota":50}',
    ]);
    expect((await post("ann", "refresh", "consumer=ann&quota=9")).status).toBe(403);
    expect((await as("ann", { path, body: "{}" })).status).toBe(200);
    const empty = await as("ann", { path, body: "{}" });
    expect([empty.status, empty.text]).toEqual([403, "Request denied by ai quota check, No quota left"]);
  });
});
