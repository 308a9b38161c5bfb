// The OpenAI dialect of the simulator, as the official client finds it.
import { Ajv } from "ajv";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Simulator } from "../../services/simulator/index.ts";
import { startSimulator } from "../../services/simulator/index.ts";
import { countTokens } from "../../services/simulator/tokens.ts";
import { collect } from "./collect.ts";

let simulator: Simulator;
let client: OpenAI;
beforeAll(async () => {
  simulator = await startSimulator({ now: () => 1_700_000_000_000 });
  client = new OpenAI({ baseURL: `${simulator.url("openai")}/v1`, apiKey: "any", maxRetries: 0 });
});
afterAll(() => simulator.close());

const ask = (content: string): { model: string; messages: OpenAI.ChatCompletionMessageParam[] } => ({
  model: "gpt-5.4-mini",
  messages: [{ role: "user", content }],
});

const weather: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

describe("chat completions", () => {
  test("an answer names the model and repeats the last user message", async () => {
    const answer = await client.chat.completions.create({
      model: "gpt-5.4-mini",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "First" },
        { role: "assistant", content: "One" },
        { role: "user", content: [{ type: "text", text: "Second" }] },
      ],
    });
    expect(answer.choices[0]?.message.content).toBe("Simulated answer of gpt-5.4-mini. You said: Second");
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    expect(answer.created).toBe(1_700_000_000);
  });

  test("usage counts the tokens of all messages and of the answer by the one rule", async () => {
    const answer = await client.chat.completions.create(ask("Hello there"));
    const spoken = countTokens(answer.choices[0]?.message.content ?? "");
    expect(answer.usage).toMatchObject({
      prompt_tokens: 2,
      completion_tokens: spoken,
      total_tokens: 2 + spoken,
    });
  });

  test("equal requests get equal answers, different requests different ids", async () => {
    const answers = await Promise.all(
      ["one", "one", "two"].map((text) => client.chat.completions.create(ask(text))),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.id).not.toBe(answers[2]?.id);
  });

  test("a stream adds up to the answer that is given whole, usage included", async () => {
    const request = { ...ask("What is new in München? 你好"), reasoning_effort: "low" as const };
    const whole = await client.chat.completions.create(request);
    const stream = client.chat.completions.stream({ ...request, stream_options: { include_usage: true } });
    let reasoning = "";
    stream.on("chunk", (chunk) => {
      reasoning +=
        (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? "";
    });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect(reasoning).toBe((whole.choices[0]?.message as { reasoning_content?: string }).reasoning_content);
    expect(reasoning).not.toBe("");
    expect(streamed.usage?.completion_tokens_details?.reasoning_tokens).toBe(countTokens(reasoning));
  });

  test("a stream has no usage unless it is asked for", async () => {
    const stream = await client.chat.completions.create({ ...ask("Hello"), stream: true });
    const chunks = await collect(stream);
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
    expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true);
  });

  test("a tool that the user asks for is called, and its result is told in the next turn", async () => {
    const request = { ...ask("What is the weather in Paris?"), tools: [weather] };
    const first = await client.chat.completions.create(request);
    const calls = first.choices[0]?.message.tool_calls ?? [];
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    expect(calls).toMatchObject([{ function: { name: "get_weather", arguments: '{"city":"Paris"}' } }]);

    const result = { role: "tool" as const, tool_call_id: calls[0]?.id ?? "", content: "18 °C" };
    const messages = [...request.messages, first.choices[0]!.message, result];
    const second = await client.chat.completions.create({ ...request, messages });
    expect(second.choices[0]?.message.content).toBe(
      "Simulated answer of gpt-5.4-mini. The tool answered: 18 °C",
    );
  });

  test("a streamed tool call adds up to the whole one", async () => {
    const request = { ...ask("What is the weather in Paris?"), tools: [weather] };
    const whole = await client.chat.completions.create(request);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    const callsOf = (answer: OpenAI.ChatCompletion): unknown =>
      answer.choices[0]?.message.tool_calls?.map(
        (call) => call.type === "function" && call.function.arguments,
      );
    expect(callsOf(streamed)).toEqual(callsOf(whole));
  });

  test("tools that nobody asks for are left alone, and tool_choice decides otherwise", async () => {
    const request = { ...ask("Hello"), tools: [weather] };
    const finish = async (tool_choice: OpenAI.ChatCompletionToolChoiceOption): Promise<string | undefined> =>
      (await client.chat.completions.create({ ...request, tool_choice })).choices[0]?.finish_reason;
    expect(await finish("auto")).toBe("stop");
    expect(await finish("required")).toBe("tool_calls");
    expect(await finish({ type: "function", function: { name: "get_weather" } })).toBe("tool_calls");
    expect(await finish("none")).toBe("stop");
  });

  test("structured output satisfies the schema that it was asked with", async () => {
    const schema = {
      type: "object",
      properties: {
        title: { type: "string", minLength: 3 },
        when: { type: "string", format: "date" },
        mood: { enum: ["calm", "excited"] },
        guests: { type: "array", items: { $ref: "#/$defs/guest" }, minItems: 2 },
        place: { anyOf: [{ type: "null" }, { type: "string" }] },
        size: { type: ["integer", "null"], minimum: 5, multipleOf: 5 },
      },
      required: ["title", "when", "mood", "guests", "place", "size"],
      additionalProperties: false,
      $defs: { guest: { type: "object", properties: { name: { type: "string" } }, required: ["name"] } },
    };
    const answer = await client.chat.completions.create({
      ...ask("Plan a party in Oslo"),
      response_format: { type: "json_schema", json_schema: { name: "party", strict: true, schema } },
    });
    const value: unknown = JSON.parse(answer.choices[0]?.message.content ?? "");
    const validate = new Ajv({ strict: false, formats: { date: /^\d{4}-\d\d-\d\d$/ } }).compile(schema);
    expect(validate(value) || validate.errors).toBe(true);
    expect(value).toMatchObject({ title: "Oslo" });
  });

  test("an answer stops at max_completion_tokens and at a stop sequence", async () => {
    const short = await client.chat.completions.create({ ...ask("Hello"), max_completion_tokens: 3 });
    expect(short.choices[0]).toMatchObject({
      finish_reason: "length",
      message: { content: "Simulated answer of" },
    });
    const stopped = await client.chat.completions.create({ ...ask("Hello"), stop: [" You said"] });
    expect(stopped.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { content: "Simulated answer of gpt-5.4-mini." },
    });
  });

  test("n choices are given whole and streamed", async () => {
    const whole = await client.chat.completions.create({ ...ask("Hello"), n: 2 });
    const streamed = await client.chat.completions.stream({ ...ask("Hello"), n: 2 }).finalChatCompletion();
    const textsOf = (answer: OpenAI.ChatCompletion): unknown =>
      answer.choices.map((choice) => [choice.index, choice.message.content]);
    expect(whole.choices.length).toBe(2);
    expect(textsOf(streamed)).toEqual(textsOf(whole));
  });

  test("providers that keep the API under another prefix are served as well", async () => {
    for (const prefix of ["", "/openai/v1", "/api/paas/v4", "/compatible-mode/v1", "/openai/deployments/x"]) {
      const other = new OpenAI({ baseURL: simulator.url("openai") + prefix, apiKey: "any", maxRetries: 0 });
      const answer = await other.chat.completions.create(ask("Hello"));
      expect(answer.choices[0]?.finish_reason).toBe("stop");
    }
  });
});

describe("responses", () => {
  test("a text response streams to what is given whole", async () => {
    const request = { model: "gpt-5.5", input: "Hello", reasoning: { effort: "low" as const } };
    const whole = await client.responses.create(request);
    const streamed = await client.responses.stream(request).finalResponse();
    expect(whole.output_text).toBe("Simulated answer of gpt-5.5. You said: Hello");
    expect(streamed.output_text).toBe(whole.output_text);
    expect(streamed.usage).toEqual(whole.usage);
    expect(whole.output.map((item) => item.type)).toEqual(["reasoning", "message"]);
  });

  test("a function is called and its output is told in the next turn", async () => {
    const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "What is the weather in Rome?" }];
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tools: OpenAI.Responses.Tool[] = [
      { type: "function", name: "get_weather", parameters, strict: true },
    ];
    const first = await client.responses.stream({ model: "gpt-5.5", input, tools }).finalResponse();
    const [call] = first.output;
    expect(call).toMatchObject({ type: "function_call", name: "get_weather", arguments: '{"city":"Rome"}' });
    if (call?.type !== "function_call") throw new Error("expected a function call");
    const output = { type: "function_call_output" as const, call_id: call.call_id, output: "20 °C" };
    const second = await client.responses.create({
      model: "gpt-5.5",
      input: [...input, call, output],
      tools,
    });
    expect(second.output_text).toBe("Simulated answer of gpt-5.5. The tool answered: 20 °C");
  });

  test("a response that is cut short says so", async () => {
    const request = { model: "gpt-5.5", input: "Hello", max_output_tokens: 2 };
    const response = await client.responses.create(request);
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
  });
});

describe("embeddings and models", () => {
  test("vectors are the same as floats and as base64, which the client asks for by default", async () => {
    const request = { model: "text-embedding-3-small", input: ["sunny day", "rainy day"], dimensions: 64 };
    const byDefault = await client.embeddings.create(request);
    const asFloats = await client.embeddings.create({ ...request, encoding_format: "float" });
    expect(byDefault.data.map((item) => item.embedding.length)).toEqual([64, 64]);
    byDefault.data.forEach((item, index) => {
      item.embedding.forEach((value, place) =>
        expect(value).toBeCloseTo(asFloats.data[index]!.embedding[place]!, 6),
      );
    });
    expect(byDefault.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
  });

  test("texts that share words lie closer than texts that do not", async () => {
    const input = ["how do I reset my password", "how can I reset the password", "best pizza in Naples"];
    const { data } = await client.embeddings.create({ model: "text-embedding-3-small", input });
    const [first, near, far] = data.map((item) => item.embedding);
    const cosine = (left: number[] = [], right: number[] = []): number =>
      left.reduce((sum, value, place) => sum + value * (right[place] ?? 0), 0);
    expect(cosine(first, first)).toBeCloseTo(1, 5);
    expect(cosine(first, near)).toBeGreaterThan(0.6);
    expect(cosine(first, far)).toBeLessThan(0.2);
  });

  test("models are listed, and each can be looked up", async () => {
    const ids = (await collect(client.models.list())).map((model) => model.id);
    expect(ids).toContain("gpt-5.4-mini");
    expect((await client.models.retrieve("gpt-5.4-mini")).id).toBe("gpt-5.4-mini");
    await expect(client.models.retrieve("gpt-0")).rejects.toThrow(OpenAI.NotFoundError);
  });
});

describe("refusals", () => {
  const post = (
    path: string,
    body: string,
    headers: Record<string, string> = { authorization: "Bearer any" },
  ) => fetch(simulator.url("openai") + path, { method: "POST", headers, body });
  const errorOf = async (body: unknown): Promise<unknown> => {
    const response = await post(
      "/v1/chat/completions",
      typeof body === "string" ? body : JSON.stringify(body),
    );
    expect(response.status).toBe(400);
    expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    return ((await response.json()) as { error: unknown }).error;
  };
  const asked = {
    role: "assistant",
    tool_calls: [{ id: "call_1", type: "function", function: { name: "f" } }],
  };
  const user = { role: "user", content: "Hi" };

  test.each([
    ["no JSON", "{", { message: expect.stringContaining("We could not parse the JSON body"), code: null }],
    ["no model", { messages: [user] }, { message: "you must provide a model parameter" }],
    ["no messages", { model: "m" }, { param: "messages", code: "missing_required_parameter" }],
    ["text for messages", { model: "m", messages: "Hi" }, { param: "messages", code: "invalid_type" }],
    ["empty messages", { model: "m", messages: [] }, { param: "messages", code: "empty_array" }],
    [
      "an unknown role",
      { model: "m", messages: [{ role: "bot", content: "" }] },
      { param: "messages[0].role" },
    ],
    ["no content", { model: "m", messages: [{ role: "user" }] }, { param: "messages[0].content" }],
    [
      "a content part of another dialect",
      { model: "m", messages: [{ role: "user", content: [{ type: "tool_result" }] }] },
      { param: "messages[0].content[0].type", code: "invalid_value" },
    ],
    [
      "a tool message that answers no call",
      { model: "m", messages: [user, { role: "tool", tool_call_id: "call_1", content: "" }] },
      { param: "messages.[1].role" },
    ],
    [
      "a tool call that nobody answers",
      { model: "m", messages: [user, asked, user] },
      { message: expect.stringContaining("did not have response messages: call_1") },
    ],
  ])("%s is refused in OpenAI's words", async (_, body, expected) => {
    expect(await errorOf(body)).toMatchObject({ type: "invalid_request_error", ...expected });
  });

  test("a request without a key gets 401", async () => {
    const response = await post("/v1/chat/completions", "{}", {});
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });

  test("an unknown path gets 404 and a wrong method 405", async () => {
    const unknown = await post("/v1/nothing", "{}");
    expect([unknown.status, await unknown.json()]).toMatchObject([
      404,
      { error: { message: "Invalid URL (POST /v1/nothing)" } },
    ]);
    expect((await post("/v1/models", "{}")).status).toBe(405);
  });
});
