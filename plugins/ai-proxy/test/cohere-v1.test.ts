// Version 1 of Cohere's chat API, which is what Higress speaks.

import { describe, expect, test } from "vitest";
import { drip, everySingleCut } from "../../../host-test/testing/recordings.ts";
import { sent, user, v1, weather, call } from "./cohere.ts";
import { answering, chat, events, json, message, provider } from "./proxy.ts";

describe("version 1", () => {
  test("gets the last message, what was said before it, and settings under its own names in Go's order", () => {
    const request = {
      messages: [
        { role: "system", content: "a" },
        user("One"),
        { role: "assistant", content: "Two" },
        { role: "system", content: "b" },
        user("Three"),
      ],
      stream: true,
      max_completion_tokens: 9,
      temperature: 0,
      top_k: 4,
      top_p: 0.5,
      seed: 0,
      stop: "END",
      frequency_penalty: 0.1,
      presence_penalty: 0,
    };
    expect(provider(v1).exchange(chat(request)).upstream!.text).toBe(
      '{"message":"Three","model":"command-a","stream":true,"max_tokens":9,"temperature":0,"k":4,"p":0.5,"seed":0,' +
        '"stop_sequences":["END"],"frequency_penalty":0.1,"presence_penalty":0,' +
        '"chat_history":[{"role":"USER","message":"One"},{"role":"CHATBOT","message":"Two"}],"preamble":"a\\nb"}',
    );
  });

  test("gets tools with the parameters that it can describe, and results with their calls", () => {
    const body = sent(
      {
        messages: [
          user("Hi"),
          { role: "assistant", content: "I look", tool_calls: [call] },
          { role: "tool", tool_call_id: "c1", content: "sunny" },
          { role: "tool", tool_call_id: "unknown", content: "?" },
        ],
        tools: [weather],
        response_format: { type: "json_object" },
      },
      v1,
    );
    const parameters = { city: "Ulm" };
    expect(body).toEqual({
      message: "",
      model: "command-a",
      chat_history: [
        { role: "USER", message: "Hi" },
        { role: "CHATBOT", message: "I look", tool_calls: [{ name: "weather", parameters }] },
      ],
      tools: [
        {
          name: "weather",
          description: "Sky",
          parameter_definitions: {
            city: { description: "Which one", type: "str", required: true },
            days: { type: "int", required: false },
            where: { type: "dict", required: false },
          },
        },
      ],
      tool_results: [
        { call: { name: "weather", parameters }, outputs: [{ result: "sunny" }] },
        { call: { name: "unknown", parameters: {} }, outputs: [{ result: "?" }] },
      ],
      response_format: { type: "json_object" },
    });
  });

  test("gets earlier results in the history", () => {
    const body = sent(
      {
        messages: [
          user("Hi"),
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", tool_call_id: "c1", content: "sunny" },
          { role: "assistant", content: "Sun" },
          user("Thanks"),
        ],
      },
      v1,
    );
    expect(body.message).toBe("Thanks");
    expect(body.chat_history.map(({ role }: any) => role)).toEqual(["USER", "CHATBOT", "TOOL", "CHATBOT"]);
    expect(body.chat_history[2].tool_results[0].outputs).toEqual([{ result: "sunny" }]);
  });

  test("OpenAI's clients get its answers, streams and errors as they are, as from Higress", () => {
    const answer = '{"text": "Hi",  "finish_reason": "COMPLETE"}';
    const whole = provider(v1, answering({ body: answer, headers: { "content-type": "application/json" } }));
    expect(whole.exchange(chat()).client.text).toBe(answer);
    const pieces = ['{"event_type":"text-gene', 'ration","text":"Hi"}\n'];
    const stream = answering({ headers: { "content-type": "application/stream+json" }, chunks: pieces });
    for (const more of [{}, { promoteThinkingOnEmpty: true }]) {
      const { client } = provider({ ...v1, ...more }, stream).exchange(chat({ stream: true }));
      expect(client.chunks.map(String)).toEqual(pieces);
      expect(client.header("content-type")).toBe("application/stream+json");
    }
    const error = '{"message": "No."}';
    const failed = provider(
      v1,
      answering({ status: 429, body: error, headers: { "content-type": "application/json" } }),
    );
    expect(failed.exchange(chat()).client.text).toBe(error);
  });

  const meta = {
    tokens: { input_tokens: 7, output_tokens: 3 },
    billed_units: { input_tokens: 1, output_tokens: 3 },
  };

  test("Anthropic's clients get its answers in their dialect", () => {
    const answer = {
      response_id: "r",
      text: "I look",
      finish_reason: "COMPLETE",
      tool_calls: [{ name: "weather", parameters: { city: "Ulm" } }],
      meta,
    };
    const { client } = provider(v1, answering(json(answer))).exchange(message());
    expect(JSON.parse(client.text)).toMatchObject({
      type: "message",
      content: [
        { type: "text", text: "I look" },
        { type: "tool_use", id: expect.stringMatching(/^call_/), name: "weather", input: { city: "Ulm" } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 7, output_tokens: 3 },
    });
  });

  const lines = [
    { event_type: "stream-start", generation_id: "g", is_finished: false },
    { event_type: "search-results", is_finished: false },
    { event_type: "text-generation", text: "Grü", is_finished: false },
    { event_type: "text-generation", text: "ße", is_finished: false },
    {
      event_type: "tool-calls-generation",
      text: "Grüße",
      tool_calls: [{ name: "weather", parameters: { city: "Ulm" } }],
    },
    {
      event_type: "stream-end",
      finish_reason: "COMPLETE",
      response: { text: "Grüße", tool_calls: [{ name: "weather", parameters: { city: "Ulm" } }], meta },
    },
  ].map((value) => JSON.stringify(value));
  const framings: [string, string, string][] = [
    ["lines", "application/stream+json", lines.join("\n") + "\n"],
    [
      "lines with CRLF, without the last one",
      "application/stream+json; charset=utf-8",
      "\r\n" + lines.join("\r\n"),
    ],
    ["events", "text/event-stream", lines.map((line) => `event: x\ndata: ${line}\n\n`).join("")],
  ];

  test.each(framings)(
    "Anthropic's clients get its streams of %s in their dialect, however they are cut",
    (_, type, text) => {
      let chunks: Uint8Array[] = [Buffer.from(text)];
      const chain = provider(v1, { upstream: () => ({ headers: { "content-type": type }, chunks }) });
      const ask = () => chain.exchange(message({ stream: true })).client;
      const whole = ask();
      expect(whole.header("content-type")).toMatch(/^text\/event-stream/);
      const values = events(whole.text);
      const texts = values.map(({ delta }) => delta?.text ?? "").join("");
      expect(texts).toBe("Grüße");
      expect(
        values
          .filter(({ type: name }) => name === "content_block_start")
          .map((value) => value.content_block.type),
      ).toEqual(["text", "tool_use"]);
      expect(values.map(({ delta }) => delta?.partial_json ?? "").join("")).toBe('{"city":"Ulm"}');
      expect(values.find(({ type: name }) => name === "message_delta")).toMatchObject({
        delta: { stop_reason: "tool_use" },
        usage: { output_tokens: 3 },
      });
      const bytes = Buffer.from(text);
      for (chunks of [...everySingleCut(bytes), drip(bytes)].map((pieces) => [...pieces])) {
        if (ask().text !== whole.text) expect(chunks.map(String)).toBe("the same");
      }
    },
  );

  test.each([
    [{ message: "No." }, "api_error"],
    [{ event_type: "stream-end", finish_reason: "ERROR", error: "No." }, "api_error"],
    [{ event_type: "stream-end", finish_reason: "TIMEOUT", error: "No." }, "timeout_error"],
  ])("an error in a stream, %j, is one for the client", (error, type) => {
    const text = `${lines[0]}\n${JSON.stringify(error)}\n`;
    const { client } = provider(
      v1,
      answering({ headers: { "content-type": "application/stream+json" }, body: text }),
    ).exchange(message({ stream: true }));
    expect(events(client.text).at(-1)).toMatchObject({ type: "error", error: { type, message: "No." } });
  });
});
