// The main paths through the plugin with real sockets, on the Node host and on a real Envoy.

import { expect, test } from "vitest";
import {
  describeEngines,
  type ClientRequest,
  type GatewaySetup,
} from "../../../host-test/testing/scenario.ts";

const apiTokens = ["sk-provider"];
const providers = [
  { id: "groq", type: "groq", apiTokens, basePath: "/groq", modelMapping: { "gpt-4o": "mapped" } },
  {
    id: "claude",
    type: "claude",
    apiTokens,
    basePath: "/claude",
    modelMapping: { "*": "claude-sonnet-4-5" },
  },
  {
    id: "azure",
    type: "azure",
    apiTokens,
    basePath: "/azure",
    azureServiceUrl: "https://r.example.com/?api-version=1",
    modelMapping: { "gpt-image-1": "mapped" },
  },
  {
    id: "context",
    type: "yi",
    apiTokens,
    basePath: "/context",
    context: { fileUrl: "http://files.example.com/a.txt", serviceName: "files.static", servicePort: 80 },
  },
  {
    id: "lost",
    type: "yi",
    apiTokens,
    basePath: "/lost",
    context: { fileUrl: "http://files.example.com/a.txt", serviceName: "lost.static", servicePort: 80 },
  },
];
const ids = [...providers.map(({ id }) => id), "none"];

const setup: GatewaySetup = {
  plugins: [
    {
      plugin: "ai-proxy",
      configuration: { providers },
      rules: providers.map(({ id }) => ({ ingress: [id], config: { activeProviderId: id } })),
    },
  ],
  upstreams: {
    "provider.static": {},
    "files.static": { body: "From the file." },
    "lost.static": { state: "refused" },
    "refused.static": { state: "refused" },
  },
  routes: [
    { name: "groq", to: "refused.static", path: "/groq", headers: [{ name: "x-refused", exact: "1" }] },
    ...ids.map((id) => ({ name: id, to: "provider.static", path: `/${id}` })),
  ],
  // Envoy's own; the Node host raises its limit as the plugin asks.
  bufferLimit: 8 << 20,
};

const event = (text: string) => `data: {"id":"c","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
const last = 'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

function post(path: string, body: object, more: ClientRequest = {}): ClientRequest {
  return { path, body: { messages: [{ role: "user", content: "Hi" }], ...body }, ...more };
}

describeEngines("ai-proxy", (engine) => {
  const gateway = engine.shared(setup);
  const upstream = () => gateway.upstream("provider.static");

  for (const protocol of ["http1", "http2"] as const) {
    test(`a chat request over ${protocol} gets host, path, token and model of the provider`, async () => {
      upstream().reply({ body: { id: "c", choices: [] } });
      const headers = { authorization: "Bearer client", "x-api-key": "client", "accept-encoding": "gzip" };
      const answer = await gateway.send(
        post("/groq/v1/chat/completions?a=b", { model: "gpt-4o" }, { headers, protocol }),
      );
      expect(answer.json()).toEqual({ id: "c", choices: [] });
      const [seen] = upstream().requests;
      expect([seen!.authority, seen!.path]).toEqual(["api.groq.com", "/openai/v1/chat/completions?a=b"]);
      expect(seen!.header("authorization")).toBe("Bearer sk-provider");
      expect(seen!.header("x-api-key")).toBeUndefined();
      expect(seen!.header("accept-encoding")).toBeUndefined();
      expect(seen!.header("x-envoy-original-path")).toBe("/groq/v1/chat/completions?a=b");
      expect(seen!.header("x-envoy-original-host")).toBe("gateway.test");
      expect(seen!.json()).toEqual({ messages: [{ role: "user", content: "Hi" }], model: "mapped" });
    });

    test(`over ${protocol} a body of 3 MB is edited where the host holds it, in its last window`, async () => {
      const piece = "x".repeat(300_000);
      const chunks = [
        '{"messages":[{"role":"user","content":"',
        ...Array.from({ length: 10 }, () => piece),
        '"}],"model":"gpt-4o"}',
      ];
      const headers = { "content-type": "application/json" };
      await gateway.send({ path: "/groq/v1/chat/completions", headers, chunks, protocol });
      expect(upstream().requests[0]!.text).toBe(chunks.join("").replace("gpt-4o", "mapped"));
    });

    test(`over ${protocol} a converted event reaches the client before the provider sends the next`, async () => {
      const proceed = Promise.withResolvers<void>();
      upstream().reply({
        headers: { "content-type": "text/event-stream" },
        chunks: [event("first"), () => proceed.promise, event("second"), last],
      });
      const client = gateway.open({
        path: "/groq/v1/messages",
        headers: { "content-type": "application/json" },
        protocol,
      });
      await client.end({
        data: Buffer.from(
          '{"model":"gpt-4o","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}',
        ),
      });
      await client.until('"text":"first"');
      expect(client.received.text).not.toContain("second");
      proceed.resolve();
      const answer = await client.answer;
      expect(answer.text).toContain('"text":"second"');
      expect(answer.text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true);
      expect(upstream().requests[0]!.path).toBe("/openai/v1/chat/completions");
    });
  }

  // The Node host runs the build for Higress, whose last piece of a body may come unseen: no length, as Go has it.
  const lengthOf = (text: string) => (engine.name === "envoy" ? String(Buffer.byteLength(text)) : undefined);

  test("an edited body has the length it goes out with", async () => {
    await gateway.send(post("/groq/v1/chat/completions", { model: "gpt-4o", note: "é" }));
    await gateway.send(post("/claude/v1/chat/completions", { model: "gpt-4o" }));
    await gateway.send(post("/groq/v1/chat/completions", { model: "other" }));
    const seen = upstream().requests;
    expect(seen.map(({ text }) => text.includes("gpt-4o"))).toEqual([false, false, false]);
    expect(seen.map((request) => request.header("content-length"))).toEqual(
      seen.map(({ text }) => lengthOf(text)),
    );
  });

  test("a body that is not read keeps its length", async () => {
    const headers = { "content-type": "text/plain" };
    await gateway.send({ path: "/groq/v1/chat/completions", headers, body: "as it is" });
    expect(upstream().requests[0]!.text).toBe("as it is");
    expect(upstream().requests[0]!.header("content-length")).toBe(lengthOf("as it is"));
  });

  test("a body in chunks stays without a length", async () => {
    const headers = { "content-type": "application/json" };
    const chunks = ['{"model":"gpt-4o",', '"messages":[]}'];
    await gateway.send({ path: "/groq/v1/chat/completions", headers, chunks });
    expect(upstream().requests[0]!.text).toBe('{"model":"mapped","messages":[]}');
    expect(upstream().requests[0]!.header("content-length")).toBeUndefined();
  });

  test("an OpenAI client talks to Claude", async () => {
    upstream().reply({
      body: {
        id: "m",
        type: "message",
        role: "assistant",
        content: [{ type: "text", text: "Hello" }],
        stop_reason: "end_turn",
        usage: { input_tokens: 1, output_tokens: 2 },
      },
    });
    const answer = await gateway.send(
      post("/claude/v1/chat/completions", {
        model: "gpt-4o",
        messages: [
          { role: "system", content: "s" },
          { role: "user", content: "Hi" },
        ],
      }),
    );
    expect(answer.json()).toMatchObject({
      id: "m",
      model: "claude-sonnet-4-5",
      choices: [{ message: { content: "Hello" }, finish_reason: "stop" }],
    });
    expect(answer.header("content-length") ?? String(answer.body.length)).toBe(String(answer.body.length));
    const [seen] = upstream().requests;
    expect(seen!.path).toBe("/v1/messages");
    expect(seen!.header("anthropic-version")).toBe("2023-06-01");
    expect(seen!.json()).toMatchObject({
      model: "claude-sonnet-4-5",
      max_tokens: 4096,
      system: "s",
      messages: [{ role: "user", content: "Hi" }],
    });
  });

  test("an error of the provider reaches the client in its dialect, with its status", async () => {
    upstream().reply({
      status: 529,
      body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    });
    const answer = await gateway.send(post("/claude/v1/chat/completions", { model: "gpt-4o" }));
    expect(answer.status).toBe(529);
    expect(answer.json()).toEqual({
      error: { message: "Overloaded", type: "overloaded_error", param: null, code: null },
    });
  });

  test("an answer 200 that means an error is 500 with the provider's message", async () => {
    upstream().reply({ body: { type: "error", error: { type: "api_error", message: "Broken" } } });
    const answer = await gateway.send(post("/claude/v1/chat/completions", { model: "gpt-4o" }));
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ error: { message: "Broken" } });
  });

  test("an answer 200 that cannot be read is 500 in Go's words", async () => {
    upstream().reply({ body: "<html>", headers: { "content-type": "text/html" } });
    const answer = await gateway.send(post("/claude/v1/chat/completions", { model: "gpt-4o" }));
    expect([answer.status, answer.header("content-type")]).toEqual([500, "text/plain"]);
    expect(answer.text).toBe("failed to process response body: the provider's body is no answer");
  });

  test("a form's model is mapped, and azure's path follows it", async () => {
    const form = (model: string) =>
      `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n--b--\r\n`;
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    await gateway.send({ path: "/azure/v1/images/edits", headers, body: form("gpt-image-1") });
    expect(upstream().requests[0]!.path).toBe("/openai/deployments/mapped/images/edits?api-version=1");
    expect(upstream().requests[0]!.text).toBe(form("mapped"));
  });

  test("a context file is fetched once and put before every conversation", async () => {
    for (let i = 0; i < 2; i++) await gateway.send(post("/context/v1/chat/completions", { model: "m" }));
    for (const seen of upstream().requests)
      expect(seen.json()).toMatchObject({
        messages: [{ role: "system", content: "From the file." }, { role: "user" }],
      });
    expect(upstream().requests).toHaveLength(2);
    expect(gateway.upstream("files.static").requests.map(({ authority, path }) => [authority, path])).toEqual(
      [["files.example.com", "/a.txt"]],
    );
  });

  test("a context file that cannot be fetched is one error, and nothing is sent", async () => {
    const answer = await gateway.send(post("/lost/v1/chat/completions", { model: "m" }));
    expect([answer.status, answer.header("content-type")]).toEqual([500, "text/plain"]);
    expect(answer.text).toContain("failed to load context file");
    expect(upstream().requests).toEqual([]);
  });

  test("a provider that cannot be reached is the gateway's own answer", async () => {
    const answer = await gateway.send(
      post("/groq/v1/messages", { model: "m" }, { headers: { "x-refused": "1" } }),
    );
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("upstream connect error");
  });

  test("a route without a provider is left alone", async () => {
    const headers = { authorization: "Bearer client" };
    await gateway.send(post("/none/v1/chat/completions", { model: "gpt-4o" }, { headers }));
    const [seen] = upstream().requests;
    expect([seen!.authority, seen!.path, seen!.header("authorization")]).toEqual([
      "gateway.test",
      "/none/v1/chat/completions",
      "Bearer client",
    ]);
    expect(seen!.json()).toMatchObject({ model: "gpt-4o" });
  });
});
