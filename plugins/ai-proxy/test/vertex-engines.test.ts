// vertex with real sockets on the Node host and on a real Envoy: the token call, streams, official clients.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { describeEngines, type GatewaySetup } from "../../../host-test/testing/scenario.ts";
import { account, claimOf } from "./vertex.ts";

const account1 = {
  vertexAuthKey: JSON.stringify(account),
  vertexRegion: "us-central1",
  vertexAuthServiceName: "google-auth",
};
const providers = [
  { id: "express", type: "vertex", apiTokens: ["sk-provider"], basePath: "/express" },
  { id: "standard", type: "vertex", ...account1, vertexProjectId: "p-1", basePath: "/standard" },
  {
    id: "compatible",
    type: "vertex",
    ...account1,
    vertexProjectId: "p-2",
    vertexOpenAICompatible: true,
    basePath: "/compatible",
  },
  {
    id: "lost",
    type: "vertex",
    ...account1,
    vertexProjectId: "p-3",
    vertexAuthServiceName: "lost",
    basePath: "/lost",
  },
];
const ids = providers.map(({ id }) => id);

const setup: GatewaySetup = {
  plugins: [
    {
      plugin: "ai-proxy",
      configuration: { providers },
      rules: ids.map((id) => ({ ingress: [id], config: { activeProviderId: id } })),
    },
  ],
  upstreams: {
    "provider.static": {},
    "google-auth.dns": { body: { access_token: "token-1", expires_in: 3599 } },
    "lost.dns": { state: "refused" },
  },
  routes: ids.map((id) => ({ name: id, to: "provider.static", path: `/${id}` })),
};

const answer = {
  candidates: [
    {
      content: { role: "model", parts: [{ text: "Hm.", thought: true }, { text: "Hello é" }] },
      finishReason: "STOP",
    },
  ],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
  responseId: "r-1",
};
const question = [{ role: "user" as const, content: "Hi" }];

describeEngines("vertex", (engine) => {
  const gateway = engine.shared(setup);
  const upstream = () => gateway.upstream("provider.static");
  const openai = (id: string) =>
    new OpenAI({ baseURL: `http://127.0.0.1:${gateway.port}/${id}/v1`, apiKey: "client-key", maxRetries: 0 });

  test("a token is fetched once, kept for all workers, and never shown to the client", async () => {
    upstream().reply({ body: answer });
    for (let i = 0; i < 3; i++) {
      const { choices } = await openai("standard").chat.completions.create({
        model: "gemini-2.5-flash",
        messages: question,
      });
      expect(choices[0]!.message.content).toBe("<think>Hm.</think>Hello é");
    }
    for (const seen of upstream().requests) {
      expect(seen.authority).toBe("us-central1-aiplatform.googleapis.com");
      expect(seen.path).toBe(
        "/v1/projects/p-1/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent",
      );
      expect(seen.header("authorization")).toBe("Bearer token-1");
      expect(seen.json()).toEqual({
        contents: [{ role: "user", parts: [{ text: "Hi" }] }],
        generationConfig: {},
      });
    }
    const calls = gateway.upstream("google-auth.dns").requests;
    expect(calls).toHaveLength(1);
    expect([calls[0]!.authority, calls[0]!.path]).toEqual(["oauth2.googleapis.com", "/token"]);
    expect(claimOf(calls[0]!.text).claims).toMatchObject({ iss: account.client_email });
  });

  test("a stream in pieces reaches OpenAI's and Anthropic's clients, with a key in the query", async () => {
    const stream = `data: ${JSON.stringify(answer)}\r\n\r\n`;
    const chunks = [stream.slice(0, 50), stream.slice(50)];
    upstream().reply({ headers: { "content-type": "text/event-stream" }, chunks });
    const streamed = await openai("express").chat.completions.create({
      model: "gemini-2.5-flash",
      messages: question,
      stream: true,
    });
    let text = "";
    for await (const chunk of streamed) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe("<think>Hm.</think>Hello é");
    expect(upstream().requests[0]!.path).toBe(
      "/v1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=sk-provider",
    );
    expect(upstream().requests[0]!.header("authorization")).toBeUndefined();
    const anthropic = new Anthropic({
      baseURL: `http://127.0.0.1:${gateway.port}/express`,
      apiKey: "client-key",
      maxRetries: 0,
    });
    const message = await anthropic.messages
      .stream({ model: "gemini-2.5-flash", max_tokens: 10, messages: question })
      .finalMessage();
    expect(message.content).toMatchObject([
      { type: "thinking", thinking: "Hm." },
      { type: "text", text: "Hello é" },
    ]);
  });

  test("OpenAI's client gets embeddings, which it asks for packed", async () => {
    const predictions = [{ embeddings: { values: [0.5, -1], statistics: { token_count: 3 } } }];
    upstream().reply({ body: { predictions } });
    const { data, usage } = await openai("express").embeddings.create({
      model: "text-embedding-005",
      input: "x",
    });
    expect(data[0]!.embedding).toEqual([0.5, -1]);
    expect(usage.total_tokens).toBe(3);
  });

  test("OpenAI's client sends a picture as a form and gets one back", async () => {
    const parts = [{ inlineData: { mimeType: "image/png", data: "AAAA" } }];
    upstream().reply({ body: { candidates: [{ content: { parts } }] } });
    const image = new File([Buffer.from("89504e470d0a1a0a", "hex")], "a.png", { type: "image/png" });
    const { data } = await openai("express").images.edit({
      model: "gemini-2.5-flash-image",
      image,
      prompt: "A cat",
    });
    expect(data).toEqual([{ b64_json: "AAAA" }]);
    expect(upstream().requests[0]!.header("content-type")).toBe("application/json");
    expect(upstream().requests[0]!.json()).toMatchObject({
      contents: [
        {
          role: "user",
          parts: [{ inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } }, { text: "A cat" }],
        },
      ],
    });
  });

  test("the compatible mode writes the characters of an answer", async () => {
    const body = String.raw`{"choices":[{"message":{"content":"\u00e9 \ud83d\ude00\n"}}]}`;
    upstream().reply({ headers: { "content-type": "application/json" }, body });
    const seen = await gateway.send({
      path: "/compatible/v1/chat/completions",
      body: { model: "google/g", messages: question },
    });
    expect(seen.text).toBe(String.raw`{"choices":[{"message":{"content":"é 😀\n"}}]}`);
    expect(upstream().requests[0]!.path).toBe(
      "/v1beta1/projects/p-2/locations/us-central1/endpoints/openapi/chat/completions",
    );
    expect(upstream().requests[0]!.header("authorization")).toBe("Bearer token-1");
  });

  test("no token is one error, and nothing is sent", async () => {
    const seen = await gateway.send({
      path: "/lost/v1/chat/completions",
      body: { model: "g", messages: question },
    });
    expect([seen.status, seen.text]).toEqual([500, "failed to load vertex ak"]);
    expect(upstream().requests).toEqual([]);
  });
});
