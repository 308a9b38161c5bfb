// MiniMax: what both of its APIs get, and the words of their answers.

import { describe, expect, test } from "vitest";
import { answering, chat, eventStream, json, message, provider, refusal } from "./proxy.ts";

const v2 = { type: "minimax", apiTokens: ["sk-provider"], modelMapping: { "*": "abab6.5s-chat" } };
const pro = { ...v2, minimaxApiType: "pro", minimaxGroupId: "group" };
const user = { role: "user", content: "Hi" };

const BOT = "MM智能助理";
const description =
  "MM智能助理是一款由MiniMax自研的，没有调用其他产品的接口的大型语言模型。MiniMax是一家中国科技公司，一直致力于进行大模型相关的研究。";

function sent(body: object, more: object = {}, calls: object = {}) {
  const { upstream } = provider({ ...pro, ...more }, calls).exchange(chat(body));
  return upstream!.text;
}

test("pro needs a group", async () => {
  expect(await refusal({ provider: { ...pro, minimaxGroupId: undefined } })).toContain(
    "missing minimaxGroupId in provider config when minimaxApiType is pro",
  );
});

describe("requests of pro", () => {
  test("have names for all, and a description of the bot that has none", () => {
    const messages = [
      user,
      { role: "assistant", content: "Yes?" },
      { ...user, content: [{ type: "text", text: "a" }] },
    ];
    expect(sent({ messages })).toBe(
      JSON.stringify({
        model: "abab6.5s-chat",
        mask_sensitive_info: true,
        messages: [
          { sender_type: "USER", sender_name: "小明", text: "Hi" },
          { sender_type: "BOT", sender_name: BOT, text: "Yes?" },
          { sender_type: "USER", sender_name: "小明", text: "a\n" },
        ],
        bot_setting: [{ bot_name: BOT, content: description }],
        reply_constraints: { sender_type: "BOT", sender_name: BOT },
      }),
    );
  });

  test("take the names and settings there are; zeros and false stay", () => {
    const messages = [
      { role: "developer", content: "Be brief.", name: "Brief" },
      { role: "system", content: "Be kind.", name: "Kind" },
      { ...user, name: "Ann" },
      { role: "assistant", content: "Yes?", name: "Kind" },
      { role: "tool", tool_call_id: "c", content: "lost" },
    ];
    const body = { messages, stream: false, max_tokens: 7, temperature: 0, top_p: 0, seed: 1, stop: "x" };
    expect(JSON.parse(sent(body))).toEqual({
      model: "abab6.5s-chat",
      stream: false,
      tokens_to_generate: 7,
      temperature: 0,
      top_p: 0,
      mask_sensitive_info: true,
      messages: [
        { sender_type: "USER", sender_name: "Ann", text: "Hi" },
        { sender_type: "BOT", sender_name: "Kind", text: "Yes?" },
      ],
      bot_setting: [
        { bot_name: "Brief", content: "Be brief." },
        { bot_name: "Kind", content: "Be kind." },
      ],
      reply_constraints: { sender_type: "BOT", sender_name: "Kind" },
    });
  });

  test.each([
    [[user], [{ bot_name: BOT, content: "file" }]],
    [
      [{ role: "system", content: "s", name: "Bob" }, user],
      [
        { bot_name: "Bob", content: "file" },
        { bot_name: "Bob", content: "s" },
      ],
    ],
  ])("have the text of the context file first: %j", (messages, settings) => {
    const context = { fileUrl: "http://files.example.com/a", serviceName: "files.dns", servicePort: 80 };
    const calls = { calls: { "outbound|80||files.dns": () => ({ body: "file" }) } };
    expect(JSON.parse(sent({ messages }, { context }, calls)).bot_setting).toEqual(settings);
  });

  test("12: of a Claude client are converted, with all shared steps", () => {
    const entry = { ...pro, mergeConsecutiveMessages: true };
    const body = { system: "s", max_tokens: 5, messages: [user, { role: "user", content: "there" }] };
    const { upstream } = provider(entry).exchange(message(body));
    expect(upstream!.header(":path")).toBe("/v1/text/chatcompletion_pro?GroupId=group");
    expect(JSON.parse(upstream!.text)).toMatchObject({
      tokens_to_generate: 5,
      messages: [{ sender_type: "USER", text: "Hi\n\nthere" }],
      bot_setting: [{ bot_name: BOT, content: "s" }],
    });
  });

  test("a request without a model is refused in the client's dialect", () => {
    const { client } = provider({ ...pro, modelMapping: {} }).exchange(chat({ model: undefined }));
    expect(client.status).toBe(400);
    expect(JSON.parse(client.text).error.message).toBe("missing model in request");
  });
});

describe("answers of pro", () => {
  const choice = (text: string, finish?: string) => ({
    finish_reason: finish,
    messages: [{ sender_type: "BOT", sender_name: BOT, text }],
  });
  const base = { created: 10, model: "abab6.5s-chat" };

  test("a stream is Go's byte for byte: messages, no [DONE]", () => {
    const pieces = [
      { ...base, choices: [choice("你")] },
      { ...base, choices: [choice("好", "stop")], usage: { total_tokens: 5 }, id: "i" },
    ];
    const reply = eventStream(pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`));
    const { client } = provider(pro, answering(reply)).exchange(chat({ stream: true }));
    expect(client.text).toBe(
      `data: {"choices":[{"index":0,"message":{"name":"MM智能助理","role":"assistant","content":"你"},"finish_reason":"","logprobs":null}],"created":10,"model":"abab6.5s-chat","object":"chat.completion","usage":{}}\n\n` +
        `data: {"id":"i","choices":[{"index":0,"message":{"name":"MM智能助理","role":"assistant","content":"好"},"finish_reason":"stop","logprobs":null}],"created":10,"model":"abab6.5s-chat","object":"chat.completion","usage":{"total_tokens":5}}\n\n`,
    );
  });

  test("each message is a choice, with the name of who speaks", () => {
    const two = { messages: [{ sender_name: "A", text: "1" }, { text: "2" }], finish_reason: "length" };
    const body = { ...base, choices: [two, choice("3", "stop")], id: "i", base_resp: { status_code: 0 } };
    const { client } = provider(pro, answering(json(body))).exchange(chat());
    expect(JSON.parse(client.text)).toEqual({
      id: "i",
      choices: [
        {
          index: 0,
          message: { name: "A", role: "assistant", content: "1" },
          finish_reason: "length",
          logprobs: null,
        },
        { index: 1, message: { role: "assistant", content: "2" }, finish_reason: "length", logprobs: null },
        {
          index: 2,
          message: { name: BOT, role: "assistant", content: "3" },
          finish_reason: "stop",
          logprobs: null,
        },
      ],
      created: 10,
      model: "abab6.5s-chat",
      object: "chat.completion",
      usage: null,
    });
  });
});

describe("v2", () => {
  const failed = {
    id: "x",
    choices: null,
    base_resp: { status_code: 1008, status_msg: "insufficient balance" },
  };
  const words = "minimax response error, error_code: 1008, error_message: insufficient balance";
  const answer = {
    id: "x",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
    base_resp: { status_code: 0, status_msg: "" },
  };

  test("13: an answer reaches a Claude client in its dialect, an error too", () => {
    let body: object = answer;
    const chain = provider(v2, { upstream: () => json(body) });
    expect(JSON.parse(chain.exchange(message()).client.text)).toMatchObject({
      type: "message",
      content: [{ type: "text", text: "Hello" }],
      stop_reason: "end_turn",
    });
    body = failed;
    const { client } = chain.exchange(message());
    expect([client.status, JSON.parse(client.text).error.message]).toEqual([500, words]);
  });

  test("a failed stream reaches a Claude client as an error", () => {
    const reply = eventStream([`data: ${JSON.stringify(failed)}\n\n`]);
    const { client } = provider(v2, answering(reply)).exchange(message({ stream: true }));
    expect(client.text).toContain(words);
  });

  test("an OpenAI client gets its answers as they are", () => {
    const { client } = provider(v2, answering(json(failed))).exchange(chat());
    expect([client.status, JSON.parse(client.text)]).toEqual([200, failed]);
  });
});

test.each([
  ["/v1/text/chatcompletion_v2", v2],
  ["/v1/text/chatcompletion_pro?GroupId=other", pro],
  ["/v1/chat/completions", pro],
])("with the provider's own protocol %s stays where it is", (path, entry) => {
  const { upstream } = provider({ ...entry, protocol: "original" }).exchange(chat({}, { path }));
  expect(upstream!.header(":path")).toBe(path);
  expect(upstream!.header(":authority")).toBe("api.minimax.chat");
});
