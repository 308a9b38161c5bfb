// Answers of providers with a dialect of their own reach clients of OpenAI's and Anthropic's dialect: whole, streamed,
// cut anywhere, broken off, and as errors. The clients are the official ones.

import fc from "fast-check";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { TestChain, TestReply, TestRequest } from "../../../host-test/testing/chain.ts";
import { everySingleCut, partitions } from "../../../host-test/testing/recordings.ts";
import { change, changed } from "../../../host-test/testing/changed-bytes.ts";
import { ownAnswers, type OwnAnswer } from "./own-answers.ts";
import { chat, events, eventStream, json, message, provider } from "./proxy.ts";

function open({ entry }: OwnAnswer, more: object = {}): { chain: TestChain; answer(reply: TestReply): void } {
  let current: TestReply = {};
  const chain = provider(
    { apiTokens: ["sk-provider"], ...entry, ...more },
    { upstream: () => current, logLevel: "error" },
  );
  return { chain, answer: (reply) => (current = reply) };
}

/** The client's `fetch`, which ends in the chain. */
function fetchThrough(chain: TestChain): typeof fetch {
  return async (url, init) => {
    const { client } = chain.exchange({
      method: init?.method ?? "GET",
      path: new URL(String(url)).pathname,
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: init?.body as string,
    });
    return new Response(new Uint8Array(client.body), {
      status: client.status,
      headers: client.headers.filter(([name]) => !name.startsWith(":")),
    });
  };
}

function openai(chain: TestChain): OpenAI {
  return new OpenAI({ baseURL: "http://a/v1", apiKey: "k", maxRetries: 0, fetch: fetchThrough(chain) });
}

function anthropic(chain: TestChain): Anthropic {
  return new Anthropic({ baseURL: "http://a", apiKey: "k", maxRetries: 0, fetch: fetchThrough(chain) });
}

/** A request of a Gemini client. */
function gemini(model: string, method: string): TestRequest {
  const body = { contents: [{ role: "user", parts: [{ text: "Hi" }] }] };
  return chat(JSON.stringify(body), { path: `/v1beta/models/${model}:${method}` });
}

const question = [{ role: "user" as const, content: "Hi" }];
const streamed = ownAnswers.filter(({ stream }) => stream !== undefined);

describe.each(ownAnswers)("$name", (own) => {
  const { model, whole, text, finish, usage } = own;

  test("a whole answer reaches OpenAI's client", async () => {
    const { chain, answer } = open(own);
    answer(json(whole));
    const got = await openai(chain).chat.completions.create({ model, messages: question });
    expect(got.choices).toMatchObject([
      { index: 0, message: { role: "assistant", content: text }, finish_reason: finish },
    ]);
    expect(got).toMatchObject({ object: "chat.completion", model });
    expect(typeof got.created).toBe("number");
    const counted = got.usage && [got.usage.prompt_tokens, got.usage.completion_tokens];
    expect(counted).toEqual(usage);
  });

  test("a whole answer reaches Anthropic's client", async () => {
    const { chain, answer } = open(own);
    answer(json(whole));
    const got = await anthropic(chain).messages.create({ model, max_tokens: 9, messages: question });
    expect(got).toMatchObject({ type: "message", role: "assistant", model });
    expect(got.content).toEqual([{ type: "text", text }]);
    expect(got.stop_reason).toBe("end_turn");
    if (usage !== null) expect(got.usage).toMatchObject({ input_tokens: usage[0], output_tokens: usage[1] });
  });

  test("a whole answer reaches a client of OpenAI's Responses and one of Gemini", async () => {
    const { chain, answer } = open(own);
    answer(json(whole));
    const got = await openai(chain).responses.create({ model, input: "Hi", store: false });
    expect([got.output_text, got.status]).toEqual([text, "completed"]);
    const { client } = chain.exchange(gemini(model, "generateContent"));
    expect(JSON.parse(client.text).candidates[0].content.parts).toEqual([{ text }]);
  });

  for (const [body, words] of own.errors ?? []) {
    test(`an error in a successful answer is one for the client: ${words}`, () => {
      const { chain, answer } = open(own);
      answer(json(body));
      const { client } = chain.exchange(chat({ model }));
      expect(client.status).toBe(500);
      expect(client.header("content-type")).toBe("application/json");
      expect(JSON.parse(client.text).error).toMatchObject({ message: words, type: "server_error" });
      const { client: claude } = chain.exchange(message({ model }));
      expect(claude.status).toBe(500);
      expect(JSON.parse(claude.text)).toEqual({
        type: "error",
        error: { type: "api_error", message: words },
      });
    });
  }

  test.each([["<html>"], ["[]"], ["{}"], [""], ['{"a":']])("the body %j is no answer", (body) => {
    const { chain, answer } = open(own);
    answer({ headers: { "content-type": "application/json" }, body });
    for (const request of [chat({ model }), message({ model })]) {
      const { client } = chain.exchange(request);
      // Without a body there is nothing to translate.
      if (body === "") continue;
      expect([client.status, client.text]).toEqual([
        500,
        "failed to process response body: the provider's body is no answer",
      ]);
    }
  });

  test("an error status reaches the client in its dialect", () => {
    const { chain, answer } = open(own);
    answer(json({ code: "invalid_param", message: "bad input", status: 400 }, { status: 400 }));
    const { client } = chain.exchange(message({ model }));
    expect(client.status).toBe(400);
    expect(JSON.parse(client.text)).toMatchObject({ type: "error", error: { message: "bad input" } });
  });

  test("with the provider's own protocol bodies pass as they are", () => {
    const { chain, answer } = open(own, { protocol: "original" });
    const body = ' {"any": [1.0] }';
    answer({ headers: { "content-type": "application/json" }, body: JSON.stringify(whole) });
    for (const path of [
      "/v1/chat/completions",
      "/v2/translate",
      "/v1/text/chatcompletion_pro",
      "/generate",
    ]) {
      const { client, upstream } = chain.exchange(chat(body, { path }));
      if (upstream === undefined) continue;
      expect(upstream.text).toBe(body);
      expect(client.text).toBe(JSON.stringify(whole));
    }
  });
});

describe.each(streamed)("$name, streamed", (own) => {
  const { model, text, usage } = own;
  const bytes = Buffer.from(own.stream!);
  const isPro = own.name === "minimax pro";

  test("reaches OpenAI's client", async () => {
    const { chain, answer } = open(own);
    answer(eventStream([bytes]));
    const parts: string[] = [];
    const reasons: unknown[] = [];
    let counted: unknown = null;
    const request = {
      model,
      messages: question,
      stream: true,
      stream_options: { include_usage: true },
    } as const;
    for await (const chunk of await openai(chain).chat.completions.create(request)) {
      const choice = chunk.choices[0] as any;
      if (choice) parts.push((choice.delta ?? choice.message).content ?? "");
      if (choice?.finish_reason) reasons.push(choice.finish_reason);
      const told = chunk.usage;
      if (told?.prompt_tokens && !("estimated" in told))
        counted = [told.prompt_tokens, told.completion_tokens];
      expect(chunk.object).toBe(isPro ? "chat.completion" : "chat.completion.chunk");
      expect(chunk.model).toBe(model);
    }
    // MiniMax repeats the text at the end, and Go's plugin hands that on.
    expect(parts.join("")).toBe(isPro ? text + text : text);
    expect(reasons).toEqual(["stop"]);
    expect(counted).toEqual(usage);
  });

  test("reaches Anthropic's client", async () => {
    const { chain, answer } = open(own);
    answer(eventStream([bytes]));
    const got = await anthropic(chain)
      .messages.stream({ model, max_tokens: 9, messages: question })
      .finalMessage();
    expect(got.content).toEqual([{ type: "text", text }]);
    expect(got.stop_reason).toBe("end_turn");
    expect(got.model).toBe(model);
    if (usage !== null) expect(got.usage).toMatchObject({ input_tokens: usage[0], output_tokens: usage[1] });
  });

  test("reaches a client of OpenAI's Responses and one of Gemini", async () => {
    const { chain, answer } = open(own);
    answer(eventStream([bytes]));
    const request = { model, input: "Hi", store: false, stream: true } as const;
    const parts: string[] = [];
    let last = "";
    for await (const event of await openai(chain).responses.create(request)) {
      last = event.type;
      if (event.type === "response.output_text.delta") parts.push(event.delta);
    }
    expect([parts.join(""), last]).toEqual([text, "response.completed"]);
    const { client } = chain.exchange(gemini(model, "streamGenerateContent?alt=sse"));
    const told = events(client.text).map(({ candidates }) => candidates?.[0].content?.parts?.[0]?.text ?? "");
    expect(told.join("")).toBe(text);
  });

  test.each([
    ["an OpenAI client", chat({ model, stream: true })],
    ["a Claude client", message({ model, stream: true })],
    [
      "a Responses client",
      chat(JSON.stringify({ model, input: "Hi", stream: true }), { path: "/v1/responses" }),
    ],
    ["a Gemini client", gemini(model, "streamGenerateContent?alt=sse")],
  ])("is the same for %s at every cut, with CRLF, comments and without its last blank line", (_, request) => {
    const { chain, answer } = open(own);
    answer(eventStream([bytes]));
    const { client } = chain.exchange(request);
    expect(client.complete).toBe(true);
    const expected = client.text;
    for (const cut of everySingleCut(bytes)) {
      answer(eventStream(cut));
      expect(chain.exchange(request).client.text).toBe(expected);
    }
    const others = [
      own.stream!.replaceAll("\n", "\r\n"),
      `: hello\n\n${own.stream!.replaceAll("data: ", "event: x\nid: 1\ndata:")}`,
      own.stream!.trimEnd(),
    ];
    for (const other of others) {
      answer(eventStream([other]));
      expect(chain.exchange(request).client.text).toBe(expected);
    }
    expect(chain.problems()).toEqual([]);
  });

  test.each(own.streamErrors ?? [])("the event %j ends it with an error", (event, words) => {
    const { chain, answer } = open(own);
    const first = own.stream!.slice(0, own.stream!.indexOf("\n\n", own.stream!.indexOf("Grüße")) + 2);
    answer(eventStream([`${first}data: ${JSON.stringify(event)}\n\n`, own.stream!]));
    const got = events(chain.exchange(chat({ model, stream: true })).client.text);
    expect(got.at(-1).error.message).toBe(words);
    const { client } = chain.exchange(message({ model, stream: true }));
    const last = client.text.trimEnd().split("\n\n").at(-1)!;
    expect(last.startsWith("event: error\ndata: ")).toBe(true);
    expect(JSON.parse(last.slice(last.indexOf("{"))).error.message).toBe(words);
  });

  // Triton does not tell its end.
  test.skipIf(own.name === "triton")("that breaks off ends with an error", () => {
    const { chain, answer } = open(own);
    answer(eventStream([own.stream!.slice(0, own.stream!.indexOf("👋"))]));
    const got = events(chain.exchange(chat({ model, stream: true })).client.text);
    expect(got.at(-1).error.message).toBe("The model's answer ended before it was complete.");
    const { client } = chain.exchange(message({ model, stream: true }));
    expect(client.text).toContain("The model's answer ended before it was complete.");
    expect(client.text).not.toContain("message_stop");
  });

  test("[DONE] comes once, and not at all where Go's clients know none", () => {
    const { chain, answer } = open(own);
    answer(eventStream([bytes]));
    const { client } = chain.exchange(chat({ model, stream: true }));
    const hasNone = isPro || own.entry.type === "dify";
    expect(client.text.split("[DONE]").length - 1).toBe(hasNone ? 0 : 1);
  });

  test("passes untouched with the provider's own protocol", () => {
    const { chain, answer } = open(own, { protocol: "original" });
    answer(eventStream([bytes]));
    const { client } = chain.exchange(chat({ model, stream: true }));
    expect(client.text).toBe(own.stream);
  });
});

describe("no request and no answer makes it fail", () => {
  const options = {
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
    stop: "x",
  };
  const content = [
    { type: "text", text: "Look" },
    { type: "image_url", image_url: { url: "https://a/b.png" } },
  ];
  const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
  const messages = [
    { role: "system", content: "s", name: "n" },
    { role: "user", content },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "c", content: "r" },
  ];

  test.each(ownAnswers)("$name", { timeout: 1_200_000 }, (own) => {
    const { chain, answer } = open(own, { promoteThinkingOnEmpty: true, mergeConsecutiveMessages: true });
    const { model } = own;
    const requests = [
      chat({ model, messages, ...options }),
      message({ model }),
      chat({ model, stream: true }),
    ];
    const bodies = [
      JSON.stringify(own.whole),
      own.stream ?? "",
      ...(own.errors ?? []).map(([body]) => JSON.stringify(body)),
    ];
    const hostile = fc.record({
      request: fc.constantFrom(...requests),
      requestChanges: fc.array(change, { maxLength: 3 }),
      body: fc.constantFrom(...bodies),
      bodyChanges: fc.array(change, { maxLength: 4 }),
      isStream: fc.boolean(),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(hostile, ({ request, requestChanges, body, bodyChanges, isStream, seed }) => {
        const [chunks] = partitions(changed(Buffer.from(body), bodyChanges), 1, seed);
        const type = isStream ? "text/event-stream" : "application/json";
        answer({ headers: { "content-type": type }, chunks: chunks! });
        const sent = changed(Buffer.from(request.body as string), requestChanges);
        const { client, record } = chain.exchange({ ...request, body: sent });
        expect([200, 400, 500]).toContain(client.status);
        expect(client.complete).toBe(true);
        expect(record!.details).not.toContain("wasm_fail");
      }),
      { numRuns: process.env.LONG ? 20_000 : 300 },
    );
    answer(json(own.whole));
    expect(chain.exchange(chat({ model })).client.status).toBe(200);
    chain.close();
  });
});
