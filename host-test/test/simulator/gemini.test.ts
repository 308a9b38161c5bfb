// The Gemini dialect of the simulator, as the official client finds it.
import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Simulator } from "../../services/simulator/index.ts";
import { startSimulator } from "../../services/simulator/index.ts";
import { countTokens } from "../../services/simulator/tokens.ts";
import { collect } from "./collect.ts";

let simulator: Simulator;
let client: GoogleGenAI;
beforeAll(async () => {
  simulator = await startSimulator();
  client = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: simulator.url("gemini") } });
});
afterAll(() => simulator.close());

const model = "gemini-3.8-flash";
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ functionDeclarations: [{ name: "get_weather", parametersJsonSchema: parameters }] }];

test("an answer names the model and repeats the last user message", async () => {
  const answer = await client.models.generateContent({ model, contents: "Hello there" });
  const text = "Simulated answer of gemini-3.8-flash. You said: Hello there";
  expect(answer.text).toBe(text);
  expect(answer.candidates?.[0]?.finishReason).toBe("STOP");
  expect(answer.usageMetadata).toMatchObject({
    promptTokenCount: 2,
    candidatesTokenCount: countTokens(text),
  });
});

test("a stream with thoughts adds up to the answer that is given whole", async () => {
  const request = { model, contents: "Hello", config: { thinkingConfig: { includeThoughts: true } } };
  const whole = await client.models.generateContent(request);
  const parts = { thoughts: "", text: "" };
  let total: number | undefined;
  for await (const event of await client.models.generateContentStream(request)) {
    for (const part of event.candidates?.[0]?.content?.parts ?? []) {
      parts[part.thought ? "thoughts" : "text"] += part.text ?? "";
    }
    total = event.usageMetadata?.totalTokenCount;
  }
  const [thought] = whole.candidates?.[0]?.content?.parts ?? [];
  expect(parts).toEqual({ thoughts: thought?.text, text: whole.text });
  expect(thought?.thought).toBe(true);
  expect(total).toBe(whole.usageMetadata?.totalTokenCount);
});

test("without alt=sse a stream is one JSON array", async () => {
  const response = await fetch(`${simulator.url("gemini")}/v1beta/models/${model}:streamGenerateContent`, {
    method: "POST",
    headers: { "x-goog-api-key": "any" },
    body: JSON.stringify({ contents: [{ parts: [{ text: "Hello" }] }] }),
  });
  const events = (await response.json()) as { candidates: { content: { parts: { text: string }[] } }[] }[];
  const text = events.map((event) => event.candidates[0]?.content.parts[0]?.text).join("");
  expect(text).toBe("Simulated answer of gemini-3.8-flash. You said: Hello");
});

test("a function is called and its response is told in the next turn", async () => {
  const question = { role: "user", parts: [{ text: "What is the weather in Paris?" }] };
  const first = await client.models.generateContent({ model, contents: [question], config: { tools } });
  expect(first.functionCalls).toMatchObject([{ name: "get_weather", args: { city: "Paris" } }]);
  const response = { functionResponse: { name: "get_weather", response: { output: "18 °C" } } };
  const contents = [question, first.candidates![0]!.content!, { role: "user", parts: [response] }];
  const second = await client.models.generateContent({ model, contents, config: { tools } });
  expect(second.text).toBe("Simulated answer of gemini-3.8-flash. The tool answered: 18 °C");
});

test("the calling mode forces and forbids calls", async () => {
  const called = async (mode: FunctionCallingConfigMode): Promise<number> => {
    const config = { tools, toolConfig: { functionCallingConfig: { mode } } };
    const answer = await client.models.generateContent({ model, contents: "Hello", config });
    return answer.functionCalls?.length ?? 0;
  };
  expect(await called(FunctionCallingConfigMode.ANY)).toBe(1);
  expect(await called(FunctionCallingConfigMode.NONE)).toBe(0);
});

test("JSON answers follow the schema", async () => {
  const responseSchema = {
    type: "OBJECT",
    properties: { city: { type: "STRING" }, days: { type: "INTEGER" } },
  };
  const config = { responseMimeType: "application/json", responseSchema };
  const answer = await client.models.generateContent({
    model,
    contents: "A trip to Rome",
    config: config as object,
  });
  expect(JSON.parse(answer.text ?? "")).toEqual({ city: "Rome", days: 1 });
});

test("an answer stops at maxOutputTokens", async () => {
  const answer = await client.models.generateContent({
    model,
    contents: "Hello",
    config: { maxOutputTokens: 2 },
  });
  expect(answer.text).toBe("Simulated answer");
  expect(answer.candidates?.[0]?.finishReason).toBe("MAX_TOKENS");
});

test("texts are embedded in the dimensions asked for", async () => {
  const config = { outputDimensionality: 32 };
  const one = await client.models.embedContent({
    model: "gemini-embedding-001",
    contents: ["sun", "rain"],
    config,
  });
  expect(one.embeddings?.map((embedding) => embedding.values?.length)).toEqual([32, 32]);
  expect(one.embeddings?.[0]?.values).not.toEqual(one.embeddings?.[1]?.values);
});

test("tokens are counted and models listed", async () => {
  expect((await client.models.countTokens({ model, contents: "one two three" })).totalTokens).toBe(3);
  const names = (await collect(await client.models.list())).map((one) => one.name);
  expect(names).toContain("models/gemini-3.8-flash");
});

describe("refusals", () => {
  const post = (
    body: string,
    headers: Record<string, string> = { "x-goog-api-key": "any" },
  ): Promise<Response> =>
    fetch(`${simulator.url("gemini")}/v1beta/models/${model}:generateContent`, {
      method: "POST",
      headers,
      body,
    });

  test.each([
    ["no JSON", "{", "Invalid JSON payload received"],
    ["no contents", "{}", "contents is not specified"],
    ["a field of another dialect", '{"messages":[]}', 'Unknown name "messages"'],
    [
      "an unknown role",
      '{"contents":[{"role":"assistant","parts":[{"text":"a"}]}]}',
      "valid role: user, model",
    ],
    ["a content without parts", '{"contents":[{"role":"user"}]}', "parts must not be empty"],
  ])("%s is refused in Google's words", async (_, body, message) => {
    const response = await post(body);
    const { error } = (await response.json()) as { error: { message: string } };
    expect([response.status, error]).toMatchObject([400, { code: 400, status: "INVALID_ARGUMENT" }]);
    expect(error.message).toContain(message);
  });

  test("a request without a key is refused, a key in the query is taken", async () => {
    expect((await post("{}", {})).status).toBe(403);
    const byQuery = await fetch(`${simulator.url("gemini")}/v1beta/models?key=any`);
    expect(byQuery.status).toBe(200);
  });

  test("the client raises the status of a failure", async () => {
    const failing = client.models.generateContent({ model: "simulate-429", contents: "Hello" });
    await expect(failing).rejects.toThrow(ApiError);
    await expect(failing).rejects.toMatchObject({ status: 429 });
  });
});
