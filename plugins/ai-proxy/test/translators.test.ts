// Spark, Triton and DeepL: what they get, and the words of their answers.

import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import { answering, chat, events, eventStream, json, message, provider, refusal } from "./proxy.ts";

describe("spark", () => {
  const spark = { type: "spark", apiTokens: ["key:secret"], modelMapping: { "*": "generalv3.5" } };

  test("gets requests that are edited in place", () => {
    const text = '{"model": "gpt-4o", "messages": [{"role":"user","content":"Hi"}], "own": {"a": 1e400}}';
    const { upstream } = provider(spark).exchange(chat(text));
    expect(upstream!.text).toBe(text.replace("gpt-4o", "generalv3.5"));
    expect(upstream!.header("authorization")).toBe("Bearer key:secret");
  });

  test("25: calls and reasons to finish stay, id is the sid, chunks are chunks", () => {
    const call = { index: 0, id: "c", type: "function", function: { name: "f", arguments: "{}" } };
    const event = {
      ...{ code: 0, message: "Success", sid: "s", id: "x", created: 10 },
      choices: [
        {
          index: 0,
          delta: { role: "assistant", content: "", tool_calls: [call] },
          finish_reason: "tool_calls",
        },
      ],
    };
    const reply = eventStream([`data:${JSON.stringify(event)}\n\n`, "data:[DONE]\n\n"]);
    const { client } = provider(spark, answering(reply)).exchange(chat({ stream: true }));
    expect(client.text.endsWith("data: [DONE]\n\n")).toBe(true);
    const got = events(client.text);
    for (const chunk of got)
      expect(chunk).toMatchObject({
        id: "s",
        created: 10,
        model: "generalv3.5",
        object: "chat.completion.chunk",
      });
    expect(got.flatMap(({ choices }) => choices[0].delta.tool_calls ?? [])).toMatchObject([
      { id: "c", function: { name: "f" } },
      { function: { arguments: "{}" } },
    ]);
    expect(got.at(-1).choices[0].finish_reason).toBe("tool_calls");
  });

  test("a whole answer keeps its calls", () => {
    const call = { id: "c", type: "function", function: { name: "f", arguments: '{"a":1}' } };
    const choices = [
      { message: { role: "assistant", content: null, tool_calls: [call] }, finish_reason: "tool_calls" },
    ];
    const chain = provider(spark, answering(json({ code: 0, sid: "s", choices })));
    expect(JSON.parse(chain.exchange(chat()).client.text)).toMatchObject({
      id: "s",
      choices: [{ message: { tool_calls: [{ ...call, index: 0 }] }, finish_reason: "tool_calls" }],
    });
    expect(JSON.parse(chain.exchange(message()).client.text)).toMatchObject({
      content: [{ type: "tool_use", id: "c", name: "f", input: { a: 1 } }],
      stop_reason: "tool_use",
    });
  });
});

describe("triton", () => {
  const triton = { type: "triton", apiTokens: ["sk-provider"], tritonDomain: "triton.example.com" };
  const sent = (body: object, more: object = {}) =>
    provider({ ...triton, ...more }).exchange(chat(body)).upstream!;

  test("29: gets the last message, with the token", () => {
    const messages = [
      { role: "user", content: "old" },
      { role: "user", content: "new", id: "m2" },
    ];
    const upstream = sent({ messages });
    expect(upstream.text).toBe(
      '{"id":"m2","text_input":"new","parameters":{"stream":false,"temperature":0}}',
    );
    expect(upstream.header("authorization")).toBe("Bearer sk-provider");
    expect(sent({ stream: true, temperature: 0.7 }).text).toBe(
      '{"id":"","text_input":"Hi","parameters":{"stream":true,"temperature":0.7}}',
    );
  });

  test.each([
    [{}, false, "/v2/models/gpt-4o/generate"],
    [{}, true, "/v2/models/gpt-4o/generate_stream"],
    [{ tritonModelVersion: 2 }, true, "/v2/models/gpt-4o/versions/2/generate_stream"],
    [{ modelMapping: { "*": "a/../b c?d" } }, false, "/v2/models/a%2F..%2Fb%20c%3Fd/generate"],
    [{ providerBasePath: "/base" }, false, "/base/v2/models/gpt-4o/generate"],
  ])("%j, stream %j: %s", (more, stream, path) => {
    expect(sent({ stream }, more).header(":path")).toBe(path);
    expect(sent({ stream }, more).header(":authority")).toBe("triton.example.com");
  });

  test("29: answers have object and created, and streams end with [DONE]", () => {
    const reply = eventStream([
      'data: {"id":"t","text_output":"a"}\n\n',
      'data: {"id":"t","text_output":"b"}\n\n',
    ]);
    const { client } = provider(triton, answering(reply)).exchange(chat({ stream: true }));
    const got = events(client.text);
    expect(got.map(({ choices }) => choices[0].delta.content).join("")).toBe("ab");
    for (const chunk of got)
      expect(chunk).toMatchObject({ id: "t", object: "chat.completion.chunk", model: "gpt-4o" });
    expect(got.every(({ created }) => Number.isInteger(created))).toBe(true);
    expect(client.text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("several outputs: the first counts", () => {
    const { client } = provider(triton, answering(json({ text_output: ["a", "b"] }))).exchange(chat());
    expect(JSON.parse(client.text).choices[0].message.content).toBe("a");
  });

  test("a conversation that the client cleared is an empty text", () => {
    const entry = { ...triton, contextCleanupCommands: ["Hi"] };
    expect(JSON.parse(provider(entry).exchange(chat()).upstream!.text).text_input).toBe("");
  });

  test("with its own protocol the path stays", () => {
    const { upstream } = provider({ ...triton, protocol: "original" }).exchange(
      chat("{}", { path: "/v2/models/m/generate" }),
    );
    expect(upstream!.header(":path")).toBe("/v2/models/m/generate");
    expect(upstream!.header(":authority")).toBe("triton.example.com");
  });
});

describe("deepl", () => {
  const deepl = { type: "deepl", apiTokens: ["sk-provider"], targetLang: "DE" };

  test("needs a language", async () => {
    expect(await refusal({ provider: { ...deepl, targetLang: "" } })).toContain(
      "missing targetLang in deepl provider config",
    );
  });

  test.each([
    ["Free", "api-free.deepl.com"],
    ["Pro", "api.deepl.com"],
  ])("%s goes to %s, whatever the mapping", (model, host) => {
    const { upstream } = provider({ ...deepl, modelMapping: { "*": "Other" } }).exchange(chat({ model }));
    expect(upstream!.header(":authority")).toBe(host);
    expect(upstream!.header(":path")).toBe("/v2/translate");
    expect(upstream!.header("x-envoy-original-host")).toBe("gateway.example.com");
  });

  test.each([[chat()], [message()]])("another model is refused in Go's words", (request) => {
    const { client, upstream } = provider(deepl).exchange(request);
    expect(upstream).toBeUndefined();
    expect([client.status, client.text]).toEqual([
      500,
      'failed to process request body: deepl model should be "Free" or "Pro"',
    ]);
  });

  test("gets the texts, and the last system message as context", () => {
    const messages = [
      { role: "system", content: "first" },
      { role: "user", content: "Hello" },
      { role: "system", content: "A letter" },
      { role: "assistant", content: "World" },
    ];
    const { upstream } = provider(deepl).exchange(chat({ model: "Free", messages }));
    expect(upstream!.text).toBe('{"text":["Hello","World"],"target_lang":"DE","context":"A letter"}');
    expect(provider(deepl).exchange(chat({ model: "Free" })).upstream!.text).toBe(
      '{"text":["Hi"],"target_lang":"DE"}',
    );
  });

  test("a client that wants a stream gets one", () => {
    const whole = { translations: [{ detected_source_language: "EN", text: "Hallo" }] };
    for (const chunks of [[JSON.stringify(whole)], drip(Buffer.from(JSON.stringify(whole)))]) {
      const reply = { headers: { "content-type": "application/json" }, chunks };
      const { client } = provider(deepl, answering(reply)).exchange(chat({ model: "Free", stream: true }));
      expect(client.header("content-type")).toContain("text/event-stream");
      const got = events(client.text);
      expect(got.map(({ choices }) => choices[0].delta.content ?? "").join("")).toBe("Hallo");
      expect(got.at(-1).choices[0].finish_reason).toBe("stop");
      expect(client.text.endsWith("data: [DONE]\n\n")).toBe(true);
      const { client: claude } = provider(deepl, answering(reply)).exchange(
        message({ model: "Free", stream: true }),
      );
      expect(claude.text).toContain('"text":"Hallo"');
      expect(claude.text).toContain("message_stop");
    }
    const { client } = provider(deepl, answering(json({}, { body: "<html>" }))).exchange(
      chat({ model: "Free", stream: true }),
    );
    expect(events(client.text)[0].error.message).toBe("The provider's body is no answer.");
  });

  test("each translation is a choice with its language, a message is one too", () => {
    const translations = [
      { detected_source_language: "EN", text: "Hallo" },
      { detected_source_language: "FR", text: "Welt" },
    ];
    const answer = (body: object) =>
      JSON.parse(provider(deepl, answering(json(body))).exchange(chat({ model: "Pro" })).client.text);
    const choice = (index: number, name: string | undefined, content: string) => ({
      index,
      message: name === undefined ? { role: "assistant", content } : { name, role: "assistant", content },
      finish_reason: null,
      logprobs: null,
    });
    expect(answer({ translations })).toMatchObject({
      choices: [choice(0, "EN", "Hallo"), choice(1, "FR", "Welt")],
      model: "Pro",
      object: "chat.completion",
      usage: null,
    });
    expect(answer({ message: "Quota exceeded" }).choices).toEqual([choice(0, undefined, "Quota exceeded")]);
  });
});
