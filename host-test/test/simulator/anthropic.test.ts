// The Anthropic dialect of the simulator, as the official client finds it.
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Simulator } from "../../services/simulator/index.ts";
import { startSimulator } from "../../services/simulator/index.ts";
import { countTokens } from "../../services/simulator/tokens.ts";
import { collect } from "./collect.ts";

let simulator: Simulator;
let client: Anthropic;
beforeAll(async () => {
  simulator = await startSimulator();
  client = new Anthropic({ baseURL: simulator.url("anthropic"), apiKey: "any", maxRetries: 0 });
});
afterAll(() => simulator.close());

const ask = (content: string): Anthropic.MessageCreateParamsNonStreaming => ({
  model: "claude-sonnet-5-5",
  max_tokens: 2048,
  messages: [{ role: "user", content }],
});

const weather: Anthropic.Tool = {
  name: "get_weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

describe("messages", () => {
  test("an answer names the model and repeats the last user message", async () => {
    const message = await client.messages.create({ ...ask("Hello there"), system: "Be brief." });
    const text = "Simulated answer of claude-sonnet-5-5. You said: Hello there";
    expect(message.content).toEqual([{ type: "text", text }]);
    expect(message.stop_reason).toBe("end_turn");
    expect(message.usage).toMatchObject({ input_tokens: 4, output_tokens: countTokens(text) });
  });

  test("a stream with thinking adds up to the message that is given whole", async () => {
    const request = { ...ask("Hello there"), thinking: { type: "enabled" as const, budget_tokens: 1024 } };
    const whole = await client.messages.create(request);
    const streamed = await client.messages.stream(request).finalMessage();
    expect(whole.content.map((block) => block.type)).toEqual(["thinking", "text"]);
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(streamed.stop_reason).toBe("end_turn");
  });

  test("a tool is called, streamed and whole alike, and its result is told in the next turn", async () => {
    const request = { ...ask("What is the weather in Paris?"), tools: [weather] };
    const whole = await client.messages.create(request);
    const streamed = await client.messages.stream(request).finalMessage();
    const [use] = whole.content;
    expect(whole.stop_reason).toBe("tool_use");
    expect(use).toMatchObject({ type: "tool_use", name: "get_weather", input: { city: "Paris" } });
    expect(streamed.content).toMatchObject([{ type: "tool_use", input: { city: "Paris" } }]);

    const id = use?.type === "tool_use" ? use.id : "";
    const next = await client.messages.create({
      ...request,
      messages: [
        ...request.messages,
        { role: "assistant", content: whole.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "18 °C" }] },
      ],
    });
    expect(next.content).toMatchObject([
      { text: "Simulated answer of claude-sonnet-5-5. The tool answered: 18 °C" },
    ]);
  });

  test("tool_choice any and tool force a call, none forbids it", async () => {
    const stop = async (tool_choice: Anthropic.ToolChoice): Promise<string | null> =>
      (await client.messages.create({ ...ask("Hello"), tools: [weather], tool_choice })).stop_reason;
    expect(await stop({ type: "any" })).toBe("tool_use");
    expect(await stop({ type: "tool", name: "get_weather" })).toBe("tool_use");
    expect(await stop({ type: "none" })).toBe("end_turn");
  });

  test("an answer stops at max_tokens and at a stop sequence", async () => {
    const short = await client.messages.create({ ...ask("Hello"), max_tokens: 3 });
    expect(short).toMatchObject({ stop_reason: "max_tokens", content: [{ text: "Simulated answer of" }] });
    const stopped = await client.messages.create({ ...ask("Hello"), stop_sequences: [" You"] });
    expect(stopped).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: " You" });
  });

  test("counted tokens are those that the answer's usage states", async () => {
    const { model, messages } = ask("What is the weather in Paris?");
    const counted = await client.messages.countTokens({ model, messages, tools: [weather] });
    const message = await client.messages.create({
      ...ask("What is the weather in Paris?"),
      tools: [weather],
    });
    expect(counted.input_tokens).toBe(message.usage.input_tokens);
  });

  test("models are listed, and each can be looked up", async () => {
    const ids = (await collect(client.models.list())).map((model) => model.id);
    expect(ids).toContain("claude-sonnet-5-5");
    expect((await client.models.retrieve("claude-haiku-5-5")).display_name).toBe("Claude Haiku 5.5");
  });

  test("providers of the OpenAI dialect serve it under /anthropic", async () => {
    const other = new Anthropic({
      baseURL: `${simulator.url("openai")}/anthropic`,
      apiKey: "any",
      maxRetries: 0,
    });
    expect((await other.messages.create(ask("Hello"))).stop_reason).toBe("end_turn");
    await expect(other.messages.create({ ...ask("Hello"), max_tokens: 0 })).rejects.toThrow(
      Anthropic.BadRequestError,
    );
  });
});

describe("refusals", () => {
  const headers = { "x-api-key": "any", "anthropic-version": "2023-06-01" };
  const post = (body: unknown, sent: Record<string, string> = headers): Promise<Response> =>
    fetch(`${simulator.url("anthropic")}/v1/messages`, {
      method: "POST",
      headers: sent,
      body: JSON.stringify(body),
    });
  const user = { role: "user", content: "Hi" };
  const use = { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "f", input: {} }] };
  const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "" }] };
  const base = { model: "m", max_tokens: 1, messages: [user] };

  test.each([
    ["no messages", { ...base, messages: undefined }, "messages: Field required"],
    ["no max_tokens", { ...base, max_tokens: undefined }, "max_tokens: Field required"],
    ["a field of another dialect", { ...base, stop: ["x"] }, "stop: Extra inputs are not permitted"],
    [
      "a tool message",
      { ...base, messages: [{ role: "tool" }] },
      "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ],
    [
      "an empty text",
      { ...base, messages: [{ role: "user", content: "" }] },
      "text content blocks must be non-empty",
    ],
    [
      "a block of another dialect",
      { ...base, messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      "messages.0.content.0: Input tag 'image_url'",
    ],
    [
      "a tool use without a result",
      { ...base, messages: [user, use, user] },
      "messages.1: `tool_use` ids were found",
    ],
    ["a tool use at the end", { ...base, messages: [user, use] }, "messages.1: `tool_use` ids were found"],
    ["a result without a tool use", { ...base, messages: [result] }, "unexpected `tool_use_id` found"],
    [
      "tool input as text",
      {
        ...base,
        messages: [user, { role: "assistant", content: [{ ...use.content[0], input: "{}" }] }, result],
      },
      "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ],
    [
      "too small a thinking budget",
      { ...base, thinking: { type: "enabled", budget_tokens: 100 } },
      "Input should be greater than or equal to 1024",
    ],
    [
      "a thinking budget above max_tokens",
      { ...base, max_tokens: 1024, thinking: { type: "enabled", budget_tokens: 1024 } },
      "`max_tokens` must be greater than `thinking.budget_tokens`",
    ],
  ])("%s is refused in Anthropic's words", async (_, body, message) => {
    const response = await post(body);
    const answer = (await response.json()) as { error: { message: string } };
    expect(response.status).toBe(400);
    expect(answer).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
    expect(answer.error.message).toContain(message);
    expect(answer).toHaveProperty("request_id", response.headers.get("request-id"));
  });

  test("results of parallel tool uses in one user message are accepted", async () => {
    const uses = ["toolu_1", "toolu_2"].map((id) => ({ type: "tool_use", id, name: "f", input: {} }));
    const results = ["toolu_2", "toolu_1"].map((id) => ({
      type: "tool_result",
      tool_use_id: id,
      content: "done",
    }));
    const messages = [user, { role: "assistant", content: uses }, { role: "user", content: results }];
    expect((await post({ ...base, messages })).status).toBe(200);
  });

  test("a request without a key gets 401, one without a version 400", async () => {
    const keyless = await post(base, { "anthropic-version": "2023-06-01" });
    expect([keyless.status, await keyless.json()]).toMatchObject([
      401,
      { error: { type: "authentication_error" } },
    ]);
    const versionless = await post(base, { "x-api-key": "any" });
    expect([versionless.status, await versionless.json()]).toMatchObject([
      400,
      { error: { message: "anthropic-version: header is required" } },
    ]);
  });

  test("an unknown path gets 404", async () => {
    const response = await fetch(`${simulator.url("anthropic")}/v1/nothing`, { headers });
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { type: "not_found_error" } },
    ]);
  });
});
