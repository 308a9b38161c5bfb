// Conversations of all clients at random, to a provider of each dialect: what arrives is a request that its API takes, and
// whatever was said has arrived in its order, or its loss has a name.
//
// CONVERSATIONS_SEED=n repeats a run, CONVERSATIONS_RUNS=n sets its length for each client of each provider.

import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import { clientDialects, pathOf, type ClientDialect } from "./client-requests.ts";
import { conversations, type Conversation } from "./conversation-arbitrary.ts";
import { requestOf } from "./conversation-writer.ts";
import { chat, json, provider } from "./proxy.ts";
import * as grammar from "./request-grammar.ts";
import { account, cluster } from "./vertex.ts";

const numRuns = Number(process.env.CONVERSATIONS_RUNS ?? (process.env.LONG ? 3_000 : 60));
const seed = Number(process.env.CONVERSATIONS_SEED ?? Date.now() % 2 ** 31);

interface Target {
  entry: Record<string, unknown>;
  check: (body: any) => void;
  /** The dialect that passes as it is. */
  own?: ClientDialect;
}

const vertexAuthKey = JSON.stringify(account);
const vertex = {
  type: "vertex",
  vertexRegion: "us-central1",
  vertexProjectId: "p",
  vertexAuthServiceName: "google-auth",
  vertexAuthKey,
};
const bedrock = { type: "bedrock", awsRegion: "eu-west-1" };
const model = (name: string) => ({ modelMapping: { "*": name } });

const targets: Record<string, Target> = {
  "together-ai": {
    entry: { type: "together-ai", ...model("llama") },
    check: grammar.checkChat,
    own: "openai",
  },
  mistral: {
    entry: { type: "mistral", ...model("mistral-large") },
    check: grammar.checkMistral,
    own: "openai",
  },
  responses: {
    entry: { type: "openai", chatApi: "responses", ...model("gpt-5") },
    check: grammar.checkResponses,
    own: "responses",
  },
  claude: {
    entry: { type: "claude", ...model("claude-sonnet-4-5") },
    check: grammar.checkAnthropic,
    own: "anthropic",
  },
  "claude, adaptive": {
    entry: { type: "claude", ...model("claude-opus-4-7") },
    check: grammar.checkAnthropic,
    own: "anthropic",
  },
  "gemini 2.5": {
    entry: { type: "gemini", ...model("gemini-2.5-pro") },
    check: grammar.checkGemini,
    own: "gemini",
  },
  "vertex, gemini 3": {
    entry: { ...vertex, ...model("gemini-3-flash") },
    check: grammar.checkGemini,
    own: "gemini",
  },
  bedrock: {
    entry: { ...bedrock, ...model("anthropic.claude-sonnet-4-5-20250929-v1:0") },
    check: grammar.checkConverse,
  },
  "bedrock, nova": { entry: { ...bedrock, ...model("amazon.nova-pro-v1:0") }, check: grammar.checkConverse },
  cohere: {
    entry: { type: "cohere", cohereApiVersion: "v2", ...model("command-a") },
    check: grammar.checkCohereV2,
  },
};

const calls = { [cluster]: () => ({ body: JSON.stringify({ access_token: "t", expires_in: 3599 }) }) };
const failing = () => json({ error: { message: "no" } }, { status: 400 });

const marksOf = (text: string) => [...text.matchAll(/m\d+k/g)].map(([mark]) => mark);

/** Each mark is where it was, each picture and document is there; what is not has a name. */
function checkContent(conversation: Conversation, sent: string, body: any, dropped: string): void {
  const { rounds, system } = conversation;
  const aside = new Set(
    marksOf([...system, ...rounds.flatMap(({ steps }) => steps.map(({ thought }) => thought))].join()),
  );
  const inOrder = (text: string) => marksOf(text).filter((mark) => !aside.has(mark));
  const messages = JSON.stringify(body.messages ?? body.contents ?? body.input);
  // As Go does, Bedrock's OpenAI clients lose the text beside calls.
  if (!dropped.includes("beside tool_calls"))
    assert.deepEqual(inOrder(messages), inOrder(sent), "texts in order");
  const all = JSON.stringify(body);
  for (const text of system) assert.ok(all.includes(marksOf(text)[0]!), "the system's words");
  for (const mark of aside) if (!all.includes(mark)) assert.match(dropped, /reasoning|thinking/);
  for (const [data] of sent.matchAll(/(?<=")(JVBERi|iVBOR)[\w+/=]+|(?<=;base64,)[\w+/=]+/g)) {
    if (!all.includes(data))
      assert.match(dropped, /content\.(file|image)|application\/pdf/, "a picture, or a document");
  }
}

const settings: [asked: RegExp, sent: RegExp, dropped: RegExp][] = [
  [/"temperature":\d/, /temperature/, /temperature/],
  [/"(stop|stop_sequences|stopSequences)":\["/, /stop/i, /stop/],
  [/budget|_effort|"effort"/, /effort|thinking/i, /effort|thinking/],
  [/"parallel_tool_calls":false/, /parallel/, /parallel/],
  [/"tool_choice":"required"|"mode":"ANY"|"type":"any"/, /tool_?choice|"mode":"ANY"/i, /tool_choice/],
];

/** Each setting is there, or named. */
function checkSettings(sent: string, text: string, dropped: string): void {
  // Where no tool may be called there is no second one.
  const isNone = /"none"/.test(sent);
  for (const [asked, form, name] of settings) {
    if (asked.test(sent) && !form.test(text) && !(isNone && name.test("parallel")))
      assert.match(dropped, name);
  }
}

describe.each(Object.entries(targets))("%s", (_, { entry, check, own }) => {
  test.each(clientDialects.filter((client) => client !== own))("understands a client of %s", (client) => {
    const credential = entry.type === "vertex" ? {} : { apiTokens: ["k"] };
    const chain = provider({ ...credential, ...entry }, { upstream: failing, calls });
    const property = fc.property(conversations, (conversation) => {
      const request = JSON.stringify(requestOf(client, conversation));
      const { upstream, client: got } = chain.exchange(chat(request, { path: pathOf(client, "whole") }));
      const body = JSON.parse(upstream!.text);
      const dropped = got.header("x-ai-proxy-dropped") ?? "";
      check(body);
      checkContent(conversation, request, body, dropped);
      checkSettings(request, upstream!.text, dropped);
    });
    fc.assert(property, { numRuns, seed });
    chain.close();
  });
});
