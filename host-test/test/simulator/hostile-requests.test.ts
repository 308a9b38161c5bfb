// The simulator is an upstream in tests that send anything: whatever comes, it answers or refuses, and goes on.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anthropic } from "../../services/simulator/anthropic.ts";
import type { Dialect, SimulatedRequest, SimulatedResponse } from "../../services/simulator/dialect.ts";
import { gemini } from "../../services/simulator/gemini.ts";
import { openai } from "../../services/simulator/openai.ts";
import { Refusal } from "../../services/simulator/refusal.ts";
import { instanceOf } from "../../services/simulator/schema-instance.ts";
import { countTokens, tokensOf } from "../../services/simulator/tokens.ts";

const digest = "0".repeat(64);
const requestOf = (path: string, json: unknown): SimulatedRequest => ({
  method: "POST",
  path,
  query: new URLSearchParams("alt=sse"),
  headers: { authorization: "Bearer any", "anthropic-version": "2023-06-01" },
  body: Buffer.alloc(0),
  json,
  digest,
  now: 0,
});

/** The response's whole body; a refusal is an answer, any other error is not. */
function outcomeOf(dialect: Dialect, request: SimulatedRequest): string {
  let response: SimulatedResponse;
  try {
    response = dialect.respond(request);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    response = dialect.refuse(request, error);
  }
  return typeof response.body === "string" ? response.body : [...response.body].join("");
}

// Requests that are nearly right reach further than random ones.
const anything = fc.jsonValue({ maxDepth: 4 });
const nearly = (fields: string[]): fc.Arbitrary<unknown> =>
  fc.record(Object.fromEntries(fields.map((field) => [field, anything])), { requiredKeys: [] });
const part = nearly([
  "type",
  "text",
  "tool_use_id",
  "input",
  "content",
  "functionCall",
  "functionResponse",
  "thought",
]);
const message = fc.record({
  role: fc.constantFrom("user", "assistant", "system", "tool", "model"),
  content: fc.oneof(fc.string(), fc.array(part), anything),
  parts: fc.array(part),
  tool_calls: fc.oneof(fc.array(nearly(["id", "function"])), anything),
});
const schema = nearly([
  "type",
  "properties",
  "items",
  "enum",
  "anyOf",
  "allOf",
  "$ref",
  "minLength",
  "required",
]);
const tool = fc.record({ name: fc.string(), function: nearly(["name", "parameters"]), input_schema: schema });
const body = fc.record(
  {
    model: fc.oneof(fc.string(), anything),
    messages: fc.oneof(fc.array(message), anything),
    contents: fc.oneof(fc.array(message), anything),
    input: fc.oneof(fc.string(), fc.array(message), anything),
    requests: anything,
    max_tokens: fc.oneof(fc.integer(), anything),
    tools: fc.oneof(fc.array(tool), anything),
    tool_choice: fc.oneof(fc.constantFrom("required", "none", { type: "any" }), anything),
    stream: fc.oneof(fc.boolean(), anything),
    stop: anything,
    n: anything,
    system: anything,
    thinking: nearly(["type", "budget_tokens"]),
    response_format: fc.record({
      type: fc.constant("json_schema"),
      json_schema: fc.record({ name: fc.string(), schema }),
    }),
    generationConfig: nearly(["responseSchema", "responseMimeType", "stopSequences", "maxOutputTokens"]),
  },
  { requiredKeys: [] },
);

describe("any JSON is answered or refused", () => {
  test.each<[string, Dialect, string]>([
    ["OpenAI chat completions", openai, "/v1/chat/completions"],
    ["OpenAI responses", openai, "/v1/responses"],
    ["OpenAI embeddings", openai, "/v1/embeddings"],
    ["Anthropic messages", anthropic, "/v1/messages"],
    ["Anthropic token counts", anthropic, "/v1/messages/count_tokens"],
    ["Gemini contents", gemini, "/v1beta/models/m:generateContent"],
    ["Gemini streams", gemini, "/v1beta/models/m:streamGenerateContent"],
    ["Gemini embeddings", gemini, "/v1beta/models/m:batchEmbedContents"],
  ])("by %s", (_, dialect, path) => {
    fc.assert(
      fc.property(fc.oneof(body, anything), (json) => {
        expect(outcomeOf(dialect, requestOf(path, json))).not.toBe("");
      }),
      { numRuns: 150 },
    );
  });
});

test.each([
  ["OpenAI", openai],
  ["Anthropic", anthropic],
  ["Gemini", gemini],
])("a path whose percent-encoding is broken is refused by %s", (_, dialect) => {
  const request = { ...requestOf("/v1beta/models/%E0%A4%A:generateContent", {}), method: "GET" };
  expect(outcomeOf(dialect, request)).toMatch(/Not found|not exist|model: |Not Found/);
  expect(() => dialect.modelOf(request)).not.toThrow();
});

test("a schema that refers to itself many times over is answered within bounds", () => {
  const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
  const properties = Object.fromEntries(names.map((name) => [name, { $ref: "#" }]));
  const value = instanceOf({ type: "object", properties, required: names }, "text");
  expect(JSON.stringify(value).length).toBeLessThan(1_000_000);
});

test("a schema cannot ask for a value without end", () => {
  expect(String(instanceOf({ type: "string", minLength: 1e12 }, "text")).length).toBe(1000);
  expect(instanceOf({ type: "array", minItems: 1e12, items: { type: "boolean" } }, "")).toHaveLength(1000);
});

test("the tokens of any text add up to the text, and are counted the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const tokens = tokensOf(text);
      expect(tokens.join("")).toBe(text);
      expect(countTokens(text)).toBe(tokens.length);
    }),
  );
});
