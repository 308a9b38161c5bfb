// Requests with very many of one thing: work and memory grow as the request does. Where they grow as its square, 40,000
// of a thing take minutes, or all of the VM's memory, instead of a second.

import { describe, expect, test } from "vitest";
import { chat, provider } from "./proxy.ts";

const targets = {
  claude: { type: "claude" },
  gemini: { type: "gemini" },
  bedrock: { type: "bedrock", awsAccessKey: "a", awsSecretKey: "b", awsRegion: "us-east-1" },
  cohere: { type: "cohere" },
  "cohere v2": { type: "cohere", cohereApiVersion: "v2" },
  responses: { type: "openai", chatApi: "responses" },
  qwen: { type: "qwen" },
  openai: { type: "openai" },
  mistral: { type: "mistral" },
  hunyuan: { type: "hunyuan", hunyuanAuthId: "a".repeat(36), hunyuanAuthKey: "b".repeat(32) },
  dify: { type: "dify" },
};
const names = Object.keys(targets) as (keyof typeof targets)[];

const user = { role: "user", content: "Hi" };
const object = { type: "object" };

function many<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** Members `prefix0`, `prefix1` and so on. */
function members(count: number, prefix: string, make: (i: number) => unknown): object {
  return Object.fromEntries(many(count, (i) => [prefix + i, make(i)]));
}

const openai = {
  toolOf: (name: string, parameters: object = object) => ({
    type: "function",
    function: { name, parameters },
  }),
  call: (id: string, name: string) => ({ id, type: "function", function: { name, arguments: "{}" } }),
  said: (calls: object[]) => ({ role: "assistant", content: null, tool_calls: calls }),
  result: (id: string) => ({ role: "tool", tool_call_id: id, content: "x" }),
  custom: (id: string, name: string) => ({ id, type: "custom", custom: { name, input: "x" } }),
};
const { toolOf, call, said, result, custom } = openai;
const toolUse = (id: string, name: string) => ({ type: "tool_use", id, name, input: {} });
const toolResult = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "x" });
const functionCall = (name: string) => ({ functionCall: { name, args: {} } });
const functionResponse = (name: string) => ({ functionResponse: { name, response: {} } });
const says = { role: "user", parts: [{ text: "Hi" }] };

/** Names need changing for most targets. */
const chats: Record<string, (n: number) => object> = {
  tools: (n) => ({ messages: [user], tools: many(n, (i) => toolOf(`a b ${i}`)) }),
  "calls of one turn": (n) => ({
    messages: [user, said(many(n, (i) => call(`c${i}`, `b ${i}`))), ...many(n, (i) => result(`c${i}`))],
    tools: many(n, (i) => toolOf(`a ${i}`)),
  }),
  "turns with a call": (n) => ({
    messages: many(n, (i) => [user, said([call(`c${i}`, `a ${i}`)]), result(`c${i}`)]).flat(),
  }),
  "results in reversed order": (n) => ({
    messages: many(n >> 8, () => [
      user,
      said(many(256, (i) => call(`c${i}`, "f"))),
      ...many(256, (i) => result(`c${255 - i}`)),
    ]).flat(),
  }),
  "messages with a call in a row": (n) => ({
    messages: [user, ...many(n, (i) => said([call(`c${i}`, "f")])), result("c0")],
  }),
  "answers in a row": (n) => ({
    messages: [user, ...many(n, () => ({ role: "assistant", content: "a" })), user],
  }),
  "results of one call": (n) => ({
    messages: [user, said([call("c0", "f")]), ...many(n, (i) => result(`c${i}`)), user],
  }),
  "results behind what the user said": (n) => ({
    messages: [...many(n, () => user), ...many(n, (i) => result(`c${i}`))],
  }),
  "messages of the system": (n) => ({
    messages: many(n, () => [{ role: "system", content: "s" }, user]).flat(),
  }),
  "custom tools": (n) => ({
    messages: [user, ...many(n, (i) => [said([custom(`c${i}`, `k ${i}`)]), result(`c${i}`)]).flat(), user],
    tools: many(n, (i) => ({ type: "custom", custom: { name: `k ${i}` } })),
  }),
  "allowed tools": (n) => ({
    messages: [user],
    tools: many(n, (i) => toolOf(`a${i}`)),
    tool_choice: {
      type: "allowed_tools",
      allowed_tools: {
        mode: "auto",
        tools: many(n, (i) => ({ type: "function", function: { name: `a${i}` } })),
      },
    },
  }),
  "systems in front": (n) => ({ messages: [...many(n, () => ({ role: "system", content: "s" })), user] }),
  "pictures in a result": (n) => ({
    messages: [
      user,
      said([call("c", "f")]),
      {
        ...result("c"),
        content: many(n, () => ({ type: "image_url", image_url: { url: "data:image/svg;base64,AA==" } })),
      },
    ],
  }),
  parts: (n) => ({ messages: [{ role: "user", content: many(n, () => ({ type: "text", text: "x" })) }] }),
  "texts that stop": (n) => ({ messages: [user], stop: many(n, (i) => `s${i}`) }),
  "unknown members": (n) => ({
    messages: [{ ...user, ...members(n, "u", (i) => i) }],
    ...members(n, "u", (i) => i),
  }),
  "properties of a schema": (n) => ({
    messages: [user],
    tools: [
      toolOf("f", {
        ...object,
        properties: members(n, "p", () => ({ type: "string" })),
        required: many(n, (i) => `p${i}`),
      }),
    ],
  }),
  "choices of a schema": (n) => ({
    messages: [user],
    tools: [
      toolOf("f", { anyOf: many(n, (i) => ({ ...object, properties: { [`p${i}`]: { type: "string" } } })) }),
    ],
  }),
  "definitions of a schema": (n) => ({
    messages: [user],
    tools: [
      toolOf("f", {
        ...object,
        properties: members(n, "p", (i) => ({ $ref: `#/$defs/d${i}` })),
        $defs: members(n, "d", () => ({ type: "string" })),
      }),
    ],
  }),
};

const messages: Record<string, (n: number) => object> = {
  tools: (n) => ({ messages: [user], tools: many(n, (i) => ({ name: `a ${i}`, input_schema: object })) }),
  "turns with a call": (n) => ({
    messages: many(n, (i) => [
      user,
      { role: "assistant", content: [toolUse(`t${i}`, `a ${i}`)] },
      { role: "user", content: [toolResult(`t${i}`)] },
    ]).flat(),
  }),
  "calls of one turn": (n) => ({
    messages: [
      user,
      { role: "assistant", content: many(n, (i) => toolUse(`t${i}`, `a ${i}`)) },
      { role: "user", content: many(n, (i) => toolResult(`t${n - i}`)) },
    ],
  }),
};

const responses: Record<string, (n: number) => object> = {
  "calls and results": (n) => ({
    input: [
      user,
      ...many(n, (i) => ({ type: "function_call", call_id: `c${i}`, name: `f ${i}`, arguments: "{}" })),
      ...many(n, (i) => ({ type: "function_call_output", call_id: `c${n - i}`, output: "x" })),
    ],
  }),
  "custom calls": (n) => ({
    input: [
      user,
      ...many(n, (i) => [
        { type: "custom_tool_call", call_id: `c${i}`, name: `k ${i}`, input: "x" },
        { type: "custom_tool_call_output", call_id: `c${i}`, output: "x" },
      ]).flat(),
    ],
    tools: many(n, (i) => ({ type: "custom", name: `k ${i}` })),
  }),
  "unknown items": (n) => ({ input: [...many(n, (i) => ({ type: `unknown${i}` })), user] }),
};

const contents: Record<string, (n: number) => object> = {
  "calls of one turn": (n) => ({
    contents: [
      says,
      { role: "model", parts: many(n, (i) => functionCall(`f ${i}`)) },
      { role: "user", parts: many(n, (i) => functionResponse(`f ${n - i}`)) },
    ],
  }),
  "calls of one function": (n) => ({
    contents: [
      says,
      { role: "model", parts: many(n, () => functionCall("f")) },
      { role: "user", parts: many(n, () => functionResponse("f")) },
    ],
  }),
  "calls without results": (n) => ({
    contents: many(n, (i) => [says, { role: "model", parts: [functionCall(`f ${i}`)] }]).flat(),
  }),
  "allowed functions": (n) => ({
    contents: [says],
    tools: [{ functionDeclarations: many(n, (i) => ({ name: `a b${i}`, parameters: { type: "OBJECT" } })) }],
    toolConfig: {
      functionCallingConfig: { mode: "ANY", allowedFunctionNames: many(n, (i) => `a b${i}`) },
    },
  }),
};

const clients = {
  "/v1/chat/completions": chats,
  "/v1/messages": messages,
  "/v1/responses": responses,
  "/v1beta/models/m:generateContent": contents,
};
const cases = Object.entries(clients).flatMap(([path, bodies]) =>
  Object.entries(bodies).map(([name, body]) => ({ path, name, body })),
);

const most = 40_000;

describe.each(names)("to %s", (target) => {
  // Each request to two targets, with LONG to all.
  const mine = cases.filter(
    (_, i) => process.env.LONG || [i, i + 5].some((turn) => names[turn % names.length] === target),
  );

  test.each(mine)("$path: 40,000 $name are sent on or refused", { timeout: 30_000 }, ({ path, body }) => {
    const entry = { apiTokens: ["k"], modelMapping: { "*": "m" }, ...targets[target] };
    const chain = provider(entry, {
      bufferLimit: 1 << 27,
      upstream: () => ({ status: 429, headers: { "content-type": "application/json" }, body: "{}" }),
    });
    const text = JSON.stringify({ model: "m", max_tokens: 9, ...body(most) });
    const { client, upstream } = chain.exchange(chat(text, { path }));
    chain.close();
    expect(["sent on", 400, 413]).toContain(upstream ? "sent on" : client.status);
  });
});
