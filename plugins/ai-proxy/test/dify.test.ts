// Dify: what its kinds of applications get, and the words of their answers.

import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import { answering, chat, events, eventStream, json, message, provider } from "./proxy.ts";

const dify = (botType: string, more: object = {}) => ({ type: "dify", apiTokens: ["k"], botType, ...more });
const workflow = dify("Workflow", { inputVariable: "question", outputVariable: "out" });
const conversation = [
  { role: "system", content: "s" },
  {
    role: "user",
    content: [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
  },
  { role: "assistant", content: "Yes?" },
  { role: "tool", tool_call_id: "c", content: "r" },
  { role: "user", content: "Hi" },
];
const transcript = "SYSTEM: \ns\nUSER: \na\nb\n\nASSISTANT: \nYes?\nUSER: \nr\nUSER: \nHi\n";

const sent = (entry: object, body: object, headers: Record<string, string> = {}) =>
  provider(entry).exchange(chat(body, { headers })).upstream!.text;

describe("requests", () => {
  const rest = { response_mode: "blocking", user: "api-user", auto_generate_name: false };

  test.each([
    ["Chat", { inputs: {}, query: transcript, ...rest, conversation_id: "c1" }],
    ["Agent", { inputs: {}, query: transcript, ...rest, conversation_id: "c1" }],
    ["", { inputs: {}, query: transcript, ...rest, conversation_id: "c1" }],
    ["Completion", { inputs: { query: transcript }, query: "", ...rest, conversation_id: "" }],
    ["Workflow", { inputs: { question: transcript }, query: "", ...rest, conversation_id: "" }],
  ])("of the kind %j", (botType, expected) => {
    const entry = dify(botType, { inputVariable: "question" });
    expect(sent(entry, { messages: conversation }, { conversationid: "c1" })).toBe(JSON.stringify(expected));
  });

  test("name the client's user, and stream", () => {
    expect(JSON.parse(sent(dify("Chat"), { user: 'ann "1"', stream: true }))).toMatchObject({
      user: 'ann "1"',
      response_mode: "streaming",
    });
    for (const user of ["", null, 7]) expect(JSON.parse(sent(dify("Chat"), { user })).user).toBe("api-user");
  });

  test("have the pictures of the last message that have a URL", () => {
    const image = (url: string) => ({ type: "image_url", image_url: { url } });
    const content = [
      { type: "text", text: "Look" },
      image("https://a/b.png"),
      image("data:image/png;base64,AA"),
    ];
    const messages = [
      { role: "user", content: [image("https://a/old.png")] },
      { role: "user", content },
    ];
    const { upstream, client } = provider(dify("Chat"), answering(json({ answer: "x" }))).exchange(
      chat({ messages }),
    );
    expect(JSON.parse(upstream!.text)).toMatchObject({
      query: "USER: \n\nUSER: \nLook\n\n",
      files: [{ type: "image", transfer_method: "remote_url", url: "https://a/b.png" }],
    });
    expect(client.header("x-ai-proxy-dropped")).toBe("messages.content.image");
  });

  test("of a Claude client are converted", () => {
    const { upstream } = provider(dify("Chat")).exchange(message({ system: "s" }));
    expect(JSON.parse(upstream!.text).query).toBe("SYSTEM: \ns\nUSER: \nHi\n");
    expect(upstream!.header(":path")).toBe("/v1/chat-messages");
  });

  test("19: have the context file's text before they are converted", () => {
    const context = { fileUrl: "http://files.example.com/a", serviceName: "files.dns", servicePort: 80 };
    const { upstream } = provider(dify("Chat", { context }), {
      calls: { "outbound|80||files.dns": () => ({ body: "file" }) },
    }).exchange(chat());
    expect(JSON.parse(upstream!.text).query).toBe("SYSTEM: \nfile\nUSER: \nHi\n");
  });
});

describe("a stream for OpenAI's clients is Go's byte for byte", () => {
  const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
  const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
  const first = { event: "message", conversation_id: "c", message_id: "m", created_at: 10, answer: "U" };
  const last = {
    event: "message_end",
    conversation_id: "c",
    message_id: "m",
    answer: "S",
    metadata: { usage },
  };

  test.each([
    ["Chat", "c"],
    ["Agent", "c"],
    ["Completion", "m"],
  ])("%s", (botType, id) => {
    const reply = eventStream([event(first), event(last)]);
    const { client } = provider(dify(botType), answering(reply)).exchange(
      chat({ model: "dify", stream: true }),
    );
    expect(client.text).toBe(
      `data: {"id":"${id}","choices":[{"index":0,"delta":{"role":"assistant","content":"U"},"finish_reason":null,"logprobs":null}],"created":10,"model":"dify","object":"chat.completion.chunk","usage":null}\n\n` +
        `data: {"id":"${id}","choices":[{"index":0,"delta":{"role":"assistant","content":"S"},"finish_reason":"stop","logprobs":null}],"model":"dify","object":"chat.completion.chunk","usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}\n\n`,
    );
  });

  test("Workflow", () => {
    const data = { workflow_id: "w", status: "succeeded", outputs: { out: { a: [1, "é"] } } };
    const reply = eventStream([event({ event: "workflow_finished", data })]);
    const { client } = provider(workflow, answering(reply)).exchange(chat({ model: "dify", stream: true }));
    expect(client.text).toBe(
      String.raw`data: {"id":"w","choices":[{"index":0,"delta":{"role":"assistant","content":"{\"a\":[1,\"é\"]}"},"finish_reason":"stop","logprobs":null}],"model":"dify","object":"chat.completion.chunk","usage":null}` +
        "\n\n",
    );
  });

  test("a chat that is made of a workflow ends once", () => {
    const finished = {
      event: "workflow_finished",
      conversation_id: "c",
      data: { outputs: { answer: "US" } },
    };
    const reply = eventStream([event(first), event(finished), event(last)]);
    const got = events(provider(dify("Chat"), answering(reply)).exchange(chat({ stream: true })).client.text);
    expect(got.map(({ choices }) => choices[0].finish_reason)).toEqual([null, "stop"]);
  });

  test("what replaces the message comes as further text", () => {
    const reply = eventStream([
      event(first),
      event({ ...first, event: "message_replace", answer: "!" }),
      event(last),
    ]);
    const got = events(provider(dify("Chat"), answering(reply)).exchange(chat({ stream: true })).client.text);
    expect(got.map(({ choices }) => choices[0].delta.content)).toEqual(["U", "!", "S"]);
  });
});

describe("ConversationId", () => {
  const stream = Buffer.from(
    ': hi\n\ndata: {"event":"ping"}\n\ndata: {"event":"message","conversation_id":"c2","answer":"é"}\n\n' +
      'data: {"event":"message_end","conversation_id":"c2"}\n\n',
  );

  test("of a whole answer is a header", () => {
    const reply = answering(json({ answer: "x", conversation_id: "c2" }));
    for (const request of [chat(), message()])
      expect(provider(dify("Chat"), reply).exchange(request).client.header("conversationid")).toBe("c2");
    expect(
      provider(dify("Completion"), reply).exchange(chat()).client.header("conversationid"),
    ).toBeUndefined();
  });

  test("of a stream is a header too, however it is cut: the head waits for the first answer", () => {
    for (const chunks of [[stream], drip(stream), drip(stream, 40)]) {
      for (const request of [chat({ stream: true }), message({ stream: true })]) {
        const { client } = provider(dify("Agent"), answering(eventStream(chunks))).exchange(request);
        expect(client.header("conversationid")).toBe("c2");
        expect(client.complete).toBe(true);
        expect(client.text).toContain("é");
      }
    }
  });

  test("that the client sent comes back where the answer has none", () => {
    const reply = eventStream(['data: {"event":"message_end"}\n\n']);
    const { client } = provider(dify("Chat"), answering(reply)).exchange(
      chat({ stream: true }, { headers: { conversationid: "c1" } }),
    );
    expect(client.header("conversationid")).toBe("c1");
  });

  test("of a stream that has nothing for the client does not hold it for ever", () => {
    for (const chunks of [[], ["data: {"], [": a\n\n", ": b\n\n"]]) {
      const { client } = provider(dify("Chat"), answering(eventStream(chunks))).exchange(
        chat({ stream: true }),
      );
      expect([client.status, client.complete]).toEqual([200, true]);
    }
  });
});
